"""A run over a table of households: rows in, rows out, bad rows set aside with their reasons; whole or not at all."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from engine.algebras.exact import Value
from engine.decision import Decision, decided, headings
from engine.messages import say
from engine.policy import Fact, Policy
from engine.source import Place, Problem, normal
from engine.tables import Cell, Record, Source, Target, create_target, open_source
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.tables.intake import Columns, HouseholdError, Intake

__all__ = ["Run", "Summary", "evaluate"]

Progress = Callable[[int, int], None]
"""Told after each row how far the run is, and how far it is in all."""


@dataclass
class Summary:
    """What a run came to: rows read, decided and set aside; number and money by category, aid, conclusion and approval."""

    policy: str
    year: str
    fingerprint: str
    algebra: str
    encoding: str
    output: str = ""
    rejects: str = ""
    read: int = 0
    decided: int = 0
    rejected: int = 0
    categories: Counter[str] = field(default_factory=Counter)
    conclusions: Counter[str] = field(default_factory=Counter)
    approvals: Counter[str] = field(default_factory=Counter)
    aids: Counter[str] = field(default_factory=Counter)
    money: dict[str, int | Fraction] = field(default_factory=dict)
    total: int | Fraction = 0
    payable: int | Fraction = 0
    problems: list[Problem] = field(default_factory=list)
    """The problems of the first rejected rows, at most `most_shown`."""
    most_shown: int = 50

    def add(self, decision: Decision) -> None:
        """Count one decision in."""
        self.decided += 1
        self.categories[decision.category] += 1
        self.conclusions[decision.conclusion] += 1
        self.approvals[decision.approval] += 1
        for aid in decision.aids:
            if aid.amount != 0:
                self.aids[aid.name] += 1
                self.money[aid.name] = self.money.get(aid.name, 0) + _number(aid.amount)
        self.total += _number(decision.total)
        self.payable += _number(decision.payable)

    def reject(self, problems: tuple[Problem, ...]) -> None:
        """Count one rejected row in."""
        self.rejected += 1
        self.problems += problems[: max(self.most_shown - len(self.problems), 0)]


def _number(value: Value) -> int | Fraction:
    return value if isinstance(value, (int, Fraction)) and not isinstance(value, bool) else 0


def evaluate(
    policy: Policy,
    source: Path,
    target: Path | None = None,
    *,
    rejects: Path | None = None,
    today: datetime.date | None = None,
    format: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
    each: Callable[[Record, Decision], None] | None = None,
    language: str = "en",
) -> Summary:
    """Every household in the table `source` decided under `policy`, in the order of the rows.

    `target` gets every good row: its own columns, then the decision's. Bad rows go to `rejects` (by default beside the
    target) with the reasons in `language` added. Both appear whole or not at all. `each` is called with each decided row.

    Raises: TableError where a file cannot be read or written; HouseholdError where the columns are wrong.
    """
    day = today or datetime.date.today()
    table = open_source(source, format=format, encoding=encoding)
    run = Run(policy, table, Intake(policy, day), language)
    if target is not None and rejects is None:
        rejects = target.with_name(f"{target.stem}.rejects{target.suffix}")
    with ExitStack() as files:
        if target is not None:
            run.good = files.enter_context(create_target(target, run.out_header(), like=table))
        if rejects is not None:
            run.bad = files.enter_context(create_target(rejects, run.rejects_header(), like=table))
        for record in table.records():
            run.take(record, each)
            if progress is not None:
                progress(*table.position())
    run.summary.output, run.summary.rejects = str(target or ""), str(rejects or "")
    return run.summary


class Run:
    """One pass over a table; what the rows share."""

    def __init__(self, policy: Policy, table: Source, intake: Intake, language: str) -> None:
        self.policy = policy
        self.table = table
        self.intake = intake
        self.language = language
        self.reason = policy.words["reason"]
        self.kept = [index for index, name in enumerate(table.header) if normal(name) != self.reason]
        header = [table.header[index] for index in self.kept]
        self.columns: Columns = intake.columns(header, table.name)
        self.repeated = _repeated(policy, table, self.columns, self.kept)
        self.good: Target | None = None
        self.bad: Target | None = None
        self.summary = Summary(policy.label, policy.year, policy.fingerprint, "exact", table.encoding or "")

    def out_header(self) -> list[str]:
        return [*self.columns.written, *headings(self.policy)]

    def rejects_header(self) -> list[str]:
        return [*self.columns.written, self.reason]

    def take(self, record: Record, each: Callable[[Record, Decision], None] | None) -> None:
        """Decide one row, or set it aside with every reason."""
        self.summary.read += 1
        cells = [record.cells[index] for index in self.kept] if record.problem is None else list(record.cells)
        try:
            decision = self._decide(record, cells)
        except HouseholdError as error:
            self.summary.reject(error.problems)
            if self.bad is not None:
                self.bad.write([*self._fitted(cells), self._reasons(error.problems)])
            return
        self.summary.add(decision)
        if each is not None:
            each(record, decision)
        if self.good is not None:
            self.good.write([*cells, *decision.row()])

    def _decide(self, record: Record, cells: list[Cell]) -> Decision:
        if record.problem is not None:
            place = Place(self.table.name, record.number)
            raise HouseholdError((Problem(place, record.problem),))
        problems: list[Problem] = list(self._duplicates(record, cells))
        try:
            facts = self.intake.row(self.columns, cells, self.table.name, record.number)
        except HouseholdError as error:
            raise HouseholdError((*problems, *error.problems)) from None
        if problems:
            raise HouseholdError(tuple(problems))
        return decided(self.policy, facts, self.table.name, record.number)

    def _duplicates(self, record: Record, cells: list[Cell]) -> Iterator[Problem]:
        for index, rows in self.repeated.items():
            value = _unique_value(self.policy, self.columns.facts[index], cells[index])
            if value in rows:
                wrong = say("“{value}” stands in {count} rows.", value=str(cells[index]), count=rows[value])
                place = Place(self.table.name, record.number, label=self.columns.written[index])
                expected = say("Expected: one row for each “{fact}”.", fact=self.columns.written[index])
                yield Problem(place, wrong, expected, say("Keep the right row, and remove the others."))

    def _fitted(self, cells: list[Cell]) -> list[Cell]:
        """The cells of a row that may be ragged, as many as there are columns."""
        return (cells + [None] * len(self.columns.written))[: len(self.columns.written)]

    def _reasons(self, problems: tuple[Problem, ...]) -> str:
        return self.policy.words["separator"].join(problem.text(self.language) for problem in problems)


def _unique_value(policy: Policy, fact: Fact | None, cell: Cell) -> str | None:
    if fact is None or is_blank(cell):
        return None
    try:
        return str(read_cell(fact, cell, policy.words))
    except BadCell:
        return None


def _repeated(policy: Policy, table: Source, columns: Columns, kept: list[int]) -> dict[int, dict[str, int]]:
    """For each column whose fact is unique: the values that stand in several rows, with their number. One pass."""
    unique = [index for index, fact in enumerate(columns.facts) if fact is not None and fact.is_unique]
    if not unique:
        return {}
    counts: dict[int, Counter[str]] = {index: Counter() for index in unique}
    for record in table.records():
        if record.problem is None:
            for index in unique:
                value = _unique_value(policy, columns.facts[index], record.cells[kept[index]])
                if value is not None:
                    counts[index][value] += 1
    return {index: {value: count for value, count in found.items() if count > 1} for index, found in counts.items()}
