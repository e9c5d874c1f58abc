"""The households of one table under two policies: each row read and decided under both, or set aside from both."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.batch import Run
from engine.decision import Decision, decided
from engine.policy import Policy
from engine.source import Problem
from engine.tables import Cell, Record, Source, open_source
from engine.tables.intake import Household, HouseholdError, Intake

__all__ = ["Aside", "Households", "Pair", "Pairs", "Progress"]

Progress = Callable[[int, int], None]
"""Told after each row how far the run is, and how far it is in all."""


@dataclass(frozen=True)
class Households:
    """The table of households and how it is read; `persons` names for a group the table of its persons.

    `today` is what a blank reference date means.
    """

    path: Path
    today: datetime.date
    persons: Mapping[str, Path] = field(default_factory=dict)
    format: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Pair:
    """One household, with its cells as the table has them, decided under both policies."""

    row: int
    cells: tuple[Cell, ...]
    old: Decision
    new: Decision


@dataclass
class Aside:
    """The rows set aside: how many by where they are bad (`old`, `new`, `both`), and the problems of the first ones."""

    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    """The rows by the sentence that says what is wrong."""
    problems: list[Problem] = field(default_factory=list)
    most_shown: int = 50

    def add(self, old: tuple[Problem, ...], new: tuple[Problem, ...]) -> tuple[Problem, ...]:
        """Count in one row that has these problems under the policies; what is wrong with it, each thing once."""
        self.counts["both" if old and new else "old" if old else "new"] += 1
        found = tuple(dict.fromkeys((*old, *new)))
        self.kinds.update({problem.wrong.template for problem in found})
        self.problems += found[: max(self.most_shown - len(self.problems), 0)]
        return found


class Pairs:
    """One table and two policies: what the passes over it share."""

    def __init__(
        self, policies: tuple[Policy, Policy], source: Households, language: str, progress: Progress | None = None
    ) -> None:
        groups = {group.name for policy in policies for group in policy.groups}
        self.table: Source = open_source(source.path, format=source.format, encoding=source.encoding, groups=groups)
        self.runs = tuple(self._run(policy, groups, source, language, progress) for policy in policies)
        self.kept = [index for index in self.runs[0].kept if index in self.runs[1].kept]
        self.header = [self.table.header[index] for index in self.kept]
        self.progress = progress
        self.today = source.today
        self.aside = Aside()
        self.read = 0

    def _run(
        self, policy: Policy, groups: set[str], source: Households, language: str, progress: Progress | None
    ) -> Run:
        """The run for one policy; the persons of a group that only the other one has are none of its."""
        own = {group.name for group in policy.groups}
        persons = {name: path for name, path in source.persons.items() if name in own or name not in groups}
        return Run(policy, self.table, Intake(policy, source.today), language, persons, source.encoding, progress)

    def each(self, set_aside: Callable[[tuple[Cell, ...], tuple[Problem, ...]], None]) -> Iterator[Pair]:
        """Every household that can be decided under both, in the order of the rows; the others go to `set_aside`."""
        for record in self.table.records():
            self.read += 1
            cells = tuple(record.cells[index] if index < len(record.cells) else None for index in self.kept)
            old, new = (_decided(run, record) for run in self.runs)
            if isinstance(old, Decision) and isinstance(new, Decision):
                yield Pair(record.number, cells, old, new)
            else:
                set_aside(cells, self.aside.add(*(() if isinstance(one, Decision) else one for one in (old, new))))
            if self.progress is not None:
                size = self.runs[0].people.size
                done, total = self.table.position()
                self.progress(size + done, size + total)

    def strays(self) -> dict[str, int]:
        """For each group with a table of its own, the persons who belong to no household."""
        return {
            name: sum(1 for _ in roster.strays()) for run in self.runs for name, roster in run.people.rosters.items()
        }

    def households(self, rows: set[int]) -> Iterator[tuple[int, tuple[Household, Household]]]:
        """The households in `rows`, which can be decided, as both policies read them: the table is read once more."""
        left = set(rows)
        for record in self.table.records():
            if record.number in left:
                yield record.number, (self.runs[0].household(record), self.runs[1].household(record))
                left.discard(record.number)
            if not left:
                return


def _decided(run: Run, record: Record) -> Decision | tuple[Problem, ...]:
    """The decision of one policy for a row; the problems, at least one, where there is none."""
    try:
        return decided(run.policy, run.household(record), run.table.name, record.number)
    except HouseholdError as error:
        return error.problems
