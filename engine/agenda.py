"""What is still open in a year: figures nobody has confirmed, tables without a row of the year, questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.folders import of_one_year
from engine.loading import load, read_folder, unconfirmed
from engine.messages import Message, plain, say
from engine.policy import Policy, Row, Saying, Table
from engine.source import Leaf, Problem, normal

__all__ = ["due"]


def due(folder: Path) -> tuple[Problem, ...]:
    """Each thing that is open in the policy in `folder`, at the place that last said it: figures, tables, questions.

    A figure is open until the year states it or says on which day it was `checked`. Of a table each key is looked at:
    its last row must be of the year and hold until the last day. None of it hinders a decision.
    Raises: PolicyError where the policy has problems.
    """
    policy, found = load(folder), read_folder(folder)
    assert found.tree is not None
    files = frozenset(str(path / "tables.yaml") for path in of_one_year(found.layers))
    return (
        *_figures(policy, unconfirmed(found.tree, found.layers)),
        *(problem for table in policy.tables for problem in _table(policy, table, files)),
        *_questions(policy),
    )


def _figures(policy: Policy, found: Iterator[tuple[str, Leaf]]) -> Iterator[Problem]:
    figures = {figure.name: figure for figure in policy.figures}
    for name, leaf in found:
        figure = figures[normal(name)]
        value = " ".join(part for part in (leaf.text, figure.unit.text) if part)
        wrong = say("The figure “{name}” ({value}) is neither stated nor confirmed.", name=name, value=value)
        yield Problem(leaf.place, wrong, _said(figure.saying))


def _said(saying: Saying) -> Message | None:
    if saying.clause and saying.quote:
        return say("Clause {clause} says “{quote}”.", clause=saying.clause, quote=saying.quote)
    if saying.clause:
        return say("It is said in clause {clause}.", clause=saying.clause)
    return say("Its reason: {because}.", because=saying.because) if saying.because else None


def _table(policy: Policy, table: Table, files: frozenset[str]) -> Iterator[Problem]:
    """What is open in a table: one problem for the keys without a row of the year, one for those whose last row ends in it."""
    last: dict[tuple[object, ...], Row] = {}
    for row in table.rows:
        held = last.get(row.keys)
        if held is None or (row.since or policy.since) >= (held.since or policy.since):
            last[row.keys] = row
    before = [row for row in last.values() if not _is_of_year(policy, row, files)]
    ending = [row for row in last.values() if row not in before and row.until is not None and row.until < policy.until]
    if not table.rows:
        yield Problem(table.place, say("The table “{table}” has no row.", table=table.name))
    if before:
        wrong = say("The table “{table}” has no row of the year for {keys}.", table=table.name, keys=_keys(before))
        yield Problem(before[0].place, wrong)
    if ending:
        wrong = say(
            "The table “{table}” ends before {until} for {keys}.",
            table=table.name,
            until=policy.until,
            keys=_keys(ending),
        )
        yield Problem(ending[0].place, wrong)


def _is_of_year(policy: Policy, row: Row, files: frozenset[str]) -> bool:
    """Whether a row begins in the year, or stands in a file of the year and has not ended before it."""
    if row.until is not None and row.until < policy.since:
        return False
    return row.place.file in files or (row.since is not None and policy.since <= row.since <= policy.until)


def _keys(rows: list[Row]) -> tuple[str, ...]:
    return tuple(" ".join(key if isinstance(key, str) else plain(key) for key in row.keys) for row in rows)


def _questions(policy: Policy) -> Iterator[Problem]:
    for question in policy.questions:
        wrong = say("The question “{name}” is open: “{text}”.", name=question.name, text=question.text)
        yield Problem(question.place, wrong, say("The reading taken is “{reading}”.", reading=question.reading))
