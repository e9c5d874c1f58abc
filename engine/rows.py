"""One household out of a file, by its row or its ID, for an explanation."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from engine.explanation import Explanation, explained
from engine.messages import say
from engine.policy import Policy
from engine.source import Place, Problem
from engine.tables import Record, Source, open_source
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.tables.columns import Columns
from engine.tables.intake import HouseholdError, Intake
from engine.tables.persons import households

__all__ = ["explain_row"]


def explain_row(
    policy: Policy,
    source: Path,
    *,
    persons: Mapping[str, Path] = MappingProxyType({}),
    row: int | None = None,
    id: str | None = None,
    today: datetime.date | None = None,
    format: str | None = None,
    encoding: str | None = None,
) -> Explanation:
    """The explanation of one household of the table `source`: that in `row` (as its program counts), that whose unique
    fact is `id`, or the first. `persons` names for a group the table of its persons.

    Raises: HouseholdError where there is no such household or it cannot be decided; TableError where the file is bad.
    """
    groups = tuple(group.name for group in policy.groups)
    table = open_source(source, format=format, encoding=encoding, groups=groups)
    intake = Intake(policy, today or datetime.date.today())
    columns, people = households(policy, table, table.header, persons, encoding=encoding)
    people.read()
    record = _found(policy, table, columns, row, id)
    if record.problem is not None:
        raise HouseholdError((Problem(Place(table.name, record.number), record.problem),))
    people.see(record.number, record.cells)
    rolls = people.rolls(record.number, record.cells)
    try:
        facts = intake.row(columns, record.cells, rolls, table.name, record.number)
    except HouseholdError as error:
        raise HouseholdError(record.placed(error.problems)) from None
    return explained(policy, facts, table.name, record.number)


def _found(policy: Policy, table: Source, columns: Columns, row: int | None, id: str | None) -> Record:
    numbers: list[int] = []
    for record in table.records():
        numbers.append(record.number)
        if id is not None:
            if _has_id(policy, columns, record, id):
                return record
        elif row is None or record.number == row:
            return record
    place = Place(table.name)
    if not numbers:
        raise HouseholdError(
            (Problem(place, say("The file holds no household."), None, say("Add a row below the headings.")),)
        )
    if id is not None:
        raise HouseholdError((Problem(place, say("No row has the ID “{id}”.", id=id), None, say("Check the number.")),))
    wrong = say("Row {row} holds no household.", row=row)
    expected = say("The households stand in rows {first} to {last}.", first=numbers[0], last=numbers[-1])
    raise HouseholdError(
        (Problem(place, wrong, expected, say("Count as the file's program does, the headings included.")),)
    )


def _has_id(policy: Policy, columns: Columns, record: Record, id: str) -> bool:
    for fact, cell in zip(columns.facts, record.cells, strict=False):
        if fact is not None and fact.is_unique and not is_blank(cell):
            try:
                return read_cell(fact, cell, policy.words) == read_cell(fact, id, policy.words)
            except BadCell:
                return False
    return False
