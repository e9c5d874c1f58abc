"""The households of one table under two policies: each row read and decided under both, or set aside from both."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from engine.batch import Columns, Run, columns_for
from engine.decision import Decision
from engine.effects.grouping import Grouping
from engine.effects.standings import Cell, Key, Measured, Outputs, both, cell_of
from engine.messages import Message
from engine.policy import Policy
from engine.source import Problem
from engine.tables import Cell as TableCell
from engine.tables import Record, Source, open_source
from engine.tables.intake import Household, HouseholdError, Intake

__all__ = ["Aside", "Bad", "Households", "Pairs", "Part", "Progress", "Row"]

Progress = Callable[[int, int], None]
"""Told after each row how far the run is, and how far it is in all."""


@dataclass(frozen=True)
class Households:
    """The table of households and how it is read; `persons` names for a group the table of its persons.

    `today` is what a blank reference date means. `algebra` is one of those of a batch, and makes no difference to the result.
    """

    path: Path
    today: datetime.date
    persons: Mapping[str, Path] = field(default_factory=dict)
    format: str | None = None
    encoding: str | None = None
    algebra: str | None = None


@dataclass(frozen=True)
class Row:
    """One household decided under both policies: its cells as the table has them, its key and its outputs."""

    cells: Sequence[TableCell]
    key: Key
    found: Outputs


@dataclass(frozen=True)
class Bad:
    """A row that cannot be decided under both policies, with its problems under each."""

    cells: Sequence[TableCell]
    old: tuple[Problem, ...]
    new: tuple[Problem, ...]


@dataclass(frozen=True)
class Part:
    """Some rows of the table, in order: the households counted in `cells`, and where asked for one by one; bad rows.

    `read` is how many rows they are, `done` how far the table is read.
    """

    read: int
    done: int
    cells: Sequence[tuple[Key, Cell]] = ()
    rows: Sequence[Row] = ()
    bad: Sequence[Bad] = ()


@dataclass
class Aside:
    """The rows set aside: how many by where they are bad (`old`, `new`, `both`), and the problems of the first ones."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    most_shown: int = 50

    def add(self, bad: Bad) -> tuple[Problem, ...]:
        """Count in one row; what is wrong with it, each thing once."""
        self.counts["both" if bad.old and bad.new else "old" if bad.old else "new"] += 1
        found = tuple(dict.fromkeys((*bad.old, *bad.new)))
        self.problems += found[: max(self.most_shown - len(self.problems), 0)]
        return found


class Pairs:
    """One table and two policies: what the passes over it share."""

    def __init__(
        self,
        policies: tuple[Policy, Policy],
        source: Households,
        measured: Measured,
        grouping: Grouping,
        language: str,
        progress: Progress | None = None,
    ) -> None:
        groups = {group.name for policy in policies for group in policy.groups}
        self.table: Source = open_source(source.path, format=source.format, encoding=source.encoding, groups=groups)
        self.source = source
        self.measured = measured
        self.grouping = grouping
        self.today = source.today
        begun = [columns_for(policy, self.table, source.algebra, self.wanted(at)) for at, policy in enumerate(policies)]
        self.because: Message | None = next((because for _, because in begun if because is not None), None)
        begins = [begin for begin, _ in begun]
        is_exact = None in begins or policies[0].words["reason"] != policies[1].words["reason"]
        self.algebra = "exact" if is_exact else "columns"
        self.runs = tuple(
            self._run(policy, groups, source, language, progress, None if is_exact else begin)
            for policy, begin in zip(policies, begins, strict=True)
        )
        self.kept = [index for index in self.runs[0].kept if index in self.runs[1].kept]
        self.header = [self.table.header[index] for index in self.kept]

    def _run(
        self,
        policy: Policy,
        groups: set[str],
        source: Households,
        language: str,
        progress: Progress | None,
        begin: Callable[[Run], Columns] | None,
    ) -> Run:
        """The run for one policy; the persons of a group that only the other one has are none of its."""
        own = {group.name for group in policy.groups}
        persons = {name: path for name, path in source.persons.items() if name in own or name not in groups}
        intake = Intake(policy, source.today)
        return Run(policy, self.table, intake, language, persons, source.encoding, progress, begin)

    def wanted(self, at: int) -> list[str]:
        """What is wanted of the old (0) or the new policy (1): the headings compared, and the fact that groups households."""
        found = [heading for heading, names in self.measured.headings.items() if names[at]]
        return [*found, *([self.grouping.heading] if self.grouping.heading and self.grouping.side == at else [])]

    def parts(self, *, one_by_one: bool) -> Iterator[Part]:
        """Every row of the table, in order; with `one_by_one` each household as well as what they come to."""
        if self.algebra == "columns":
            yield from import_module("engine.effects.blocks").parts(self, one_by_one=one_by_one)
            return
        for record in self.table.records():
            old, new = (_decided(run, record) for run in self.runs)
            done = self.table.position()[0]
            if isinstance(old, Decision) and isinstance(new, Decision):
                found = self._found(old, new)
                key, cell = cell_of(self.measured, record.number, self._group(old, new), found)
                yield Part(1, done, cells=((key, cell),), rows=(Row(self.cells(record), key, found),))
            else:
                problems = (() if isinstance(one, Decision) else one for one in (old, new))
                yield Part(1, done, bad=(Bad(self.cells(record), *problems),))

    def cells(self, record: Record) -> list[TableCell]:
        """The cells of a row under `header`."""
        return [record.cells[index] if index < len(record.cells) else None for index in self.kept]

    def _group(self, old: Decision, new: Decision) -> str:
        return self.grouping.group(self.grouping.raw(old.names, new.names))

    def _found(self, old: Decision, new: Decision) -> Outputs:
        headings = self.measured.headings.items()
        return {heading: both(old.names.get(names[0]), new.names.get(names[1])) for heading, names in headings}

    def strays(self) -> dict[str, int]:
        """For each group with a table of its own, the persons who belong to no household."""
        return {
            name: sum(1 for _ in roster.strays()) for run in self.runs for name, roster in run.people.rosters.items()
        }

    def households(self, rows: set[int]) -> Iterator[tuple[int, tuple[Household, Household]]]:
        """The households in `rows`, which can be decided, as both policies read them: the table is read once more."""
        left = set(rows)
        for record in self.table.records():
            if not left:
                return
            if record.number in left:
                yield record.number, (self.runs[0].household(record), self.runs[1].household(record))
                left.discard(record.number)


def _decided(run: Run, record: Record) -> Decision | tuple[Problem, ...]:
    """The decision of one policy for a row; the problems, at least one, where there is none."""
    try:
        return run.decision(record)
    except HouseholdError as error:
        return error.problems
