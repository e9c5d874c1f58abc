"""Which version of a policy decides a row: the one in force on the day that the row says itself."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.algebras.exact import Exact
from engine.expression import Reader, names_in
from engine.messages import Message, say
from engine.policy import Fact, Policy
from engine.source import Place, PolicyError, Problem, normal
from engine.tables import Cell, Record
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.timeline import Timeline, Version

__all__ = ["Router", "Versions"]

_MOST_KNOWN = 50_000
_NOT_ASKED = -1


@dataclass(frozen=True)
class Versions:
    """The versions that may decide, each with its policy, and the days of each."""

    timeline: Timeline
    policies: Mapping[Version, Policy]


class Router:
    """Tells which version decides a row of a table by the days that stand in its `columns`, by their numbers.

    Each version reads the column of its own reference date, and decides the row where it is in force on that day; exactly one must.
    `header` is that of the table `file`; a blank may mean `today`, the day of the run.

    Raises: PolicyError where a version has no reference date.
    """

    def __init__(self, versions: Versions, header: Sequence[str], file: str, today: datetime.date) -> None:
        self._timeline = versions.timeline
        self._policies = versions.policies
        self._versions = tuple(versions.policies)
        self._today = today
        self._file = file
        self._facts = {version: _reference(version, policy) for version, policy in self._policies.items()}
        columns = {version: _column(fact, header) for version, fact in self._facts.items()}
        self.columns = tuple(dict.fromkeys(column for column in columns.values() if column is not None))
        self._at = {
            version: None if column is None else self.columns.index(column) for version, column in columns.items()
        }
        self._known: dict[tuple[Cell, ...], int | None] = {}

    def number(self, days: tuple[Cell, ...]) -> int | None:
        """The version that decides a row with the cells `days` in `columns`, by its number among all; None where none does."""
        number = self._known.get(days, _NOT_ASKED)
        if number == _NOT_ASKED:
            found = self._found(days, 0)
            number = None if isinstance(found, Problem) else self._versions.index(found)
            if len(self._known) >= _MOST_KNOWN:
                self._known = {}
            self._known[days] = number
        return number

    def problem(self, record: Record) -> Problem:
        """Why no version decides the row."""
        if record.problem is not None:
            return Problem(Place(self._file, record.number), record.problem)
        found = self._found(tuple(record.cells[column] for column in self.columns), record.number)
        assert isinstance(found, Problem)
        return found

    def _found(self, days: tuple[Cell, ...], row: int) -> Version | Problem:
        found: list[Version] = []
        refused: list[Problem] = []
        for version in self._versions:
            day = self._day(version, days, row)
            if isinstance(day, Problem):
                refused.append(day)
            elif any(own.version is version and own.since <= day <= own.until for own in self._timeline.stretches):
                found.append(version)
            else:
                refused.append(self._out_of_force(version, days, day, row))
        if len(found) > 1:
            wrong = say("More than one policy decides this row: {names}.", names=tuple(each.name for each in found))
            return self._problem(found[-1], row, wrong, None, say("Correct the days in the row."))
        return found[0] if found else refused[-1]

    def _out_of_force(self, version: Version, days: tuple[Cell, ...], day: datetime.date, row: int) -> Problem:
        """What is wrong with a `day` on which no version is in force."""
        at = self._at[version]
        if at is not None and not is_blank(days[at]):
            wrong = say("No policy is in force on {day}.", day=day)
            remedy = say("Correct the day, or add the policy of that day.")
        else:
            wrong = say("No day is given, which is taken as {day}: no policy is in force then.", day=day)
            remedy = say("Fill it in, or add the policy of that day.")
        return self._problem(version, row, wrong, self._timeline.said(), remedy)

    def _day(self, version: Version, days: tuple[Cell, ...], row: int) -> datetime.date | Problem:
        """The reference date of the row as `version` reads it."""
        fact, at, policy = self._facts[version], self._at[version], self._policies[version]
        cell = None if at is None else days[at]
        if is_blank(cell):
            day = _absent(fact, policy, self._today)
            if day is None:
                wrong = say("“{fact}” is blank, and its day tells which policy decides.", fact=fact.name)
                return self._problem(version, row, wrong, None, say("Fill it in."))
            return day
        try:
            value = read_cell(fact, cell, policy.words)
        except BadCell as bad:
            return self._problem(version, row, bad.wrong, bad.expected, bad.remedy)
        assert isinstance(value, datetime.date)
        return value

    def _problem(
        self, version: Version, row: int, wrong: Message, expected: Message | None, remedy: Message | None
    ) -> Problem:
        return Problem(Place(self._file, row, label=self._facts[version].name), wrong, expected, remedy)


def _reference(version: Version, policy: Policy) -> Fact:
    """Raises: PolicyError where the policy has no reference date."""
    found = next((fact for fact in policy.facts if fact.is_reference and fact.kind == "date"), None)
    if found is None:
        wrong = say("“{name}” has no reference date, by which a row could be given to it.", name=version.name)
        remedy = say("Name the fact under “reference_date” in policy.yaml.")
        raise PolicyError((Problem(Place(str(version.folder / "policy.yaml")), wrong, None, remedy),))
    return found


def _column(fact: Fact, header: Sequence[str]) -> int | None:
    """The first column of `header` that brings `fact`."""
    names = {normal(name) for name in (fact.name, *fact.also_named)}
    return next((at for at, heading in enumerate(header) if normal(heading) in names), None)


def _absent(fact: Fact, policy: Policy, today: datetime.date) -> datetime.date | None:
    """The day that a blank means, where it depends on nothing but the day of the run."""
    if fact.absence is None or {node.id for node in names_in(fact.absence.value.tree)} - {"today"}:
        return None
    value = Reader(Exact(policy.tables), {"today": today}).read(fact.absence.value)
    return value if isinstance(value, datetime.date) else None
