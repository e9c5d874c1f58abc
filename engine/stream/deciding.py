"""A block decided: its good rows by the kernel, all others by the intake of single rows, whose word is final."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from engine.batch import Run
from engine.decision import refuse
from engine.kernel import ROW, Kernel
from engine.source import Problem
from engine.stream.blocks import Block
from engine.stream.intake import ColumnIntake, Taken
from engine.stream.keys import Repeats
from engine.stream.persons import Persons
from engine.tables import Cell, Record
from engine.tables.intake import Household, HouseholdError

__all__ = ["Decided", "Decider", "Plain", "Rejected"]


@dataclass(frozen=True)
class Rejected:
    """A row that is set aside, and why (the error itself would hold whatever was at hand when it was raised)."""

    record: Record
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Plain:
    """Rows that were brought in by whole columns."""

    numbers: pl.Series
    cells: pl.DataFrame
    lines: pl.Series | None


@dataclass(frozen=True)
class Decided:
    """What a block came to, in the order of its rows: `decided` is what the kernel gave for the rows `numbers`.

    `alone` has the records of those that were brought in by themselves; `single` the kept cells of all rows but those
    whose cells the block has as they were brought.
    """

    block: Block
    numbers: pl.Series
    decided: pl.DataFrame
    alone: Mapping[int, Record]
    single: Mapping[int, Sequence[Cell]]
    rejected: Sequence[Rejected]

    def record(self, number: int) -> Record:
        """The record of the decided row `number`."""
        found = self.alone.get(number) or self.block.record(number)
        assert found is not None
        return found

    def plain(self) -> Plain:
        """The decided rows that were brought in by whole columns."""
        block, numbers = self.block, self.numbers
        if self.single:
            numbers = numbers.filter(~numbers.is_in(list(self.single)))
        if len(numbers) == len(block.numbers):
            return Plain(numbers, block.cells, block.lines)
        kept = block.numbers.is_in(numbers.implode())
        return Plain(numbers, block.cells.filter(kept), None if block.lines is None else block.lines.filter(kept))

    def order(self, plain: Plain) -> pl.Series:
        """Where each decided row stands among all that are `plain`, followed by those of `single`."""
        return pl.concat([plain.numbers, pl.Series(list(self.single), dtype=pl.Int64)]).arg_sort()


class Decider:
    """Decides blocks for one run; blocks may be decided at once in several threads."""

    def __init__(
        self, run: Run, kernel: Kernel, intake: ColumnIntake, repeats: Repeats, persons: Persons | None
    ) -> None:
        self._run = run
        self._kernel = kernel
        self._intake = intake
        self._repeats = repeats
        self._persons = persons
        self._refusals = sorted({remark.when for remark in run.policy.refusals})

    def decide(self, block: Block) -> Decided:
        """Every row of `block`, decided or set aside."""
        taken, good, persons = self._taken(block)
        doubtful = block.numbers.filter(~good).to_list()
        records = [record for number in doubtful if (record := block.record(number)) is not None]
        alone, households, rejected = self._one_by_one([*block.records, *records])
        numbers = block.numbers.filter(good)
        core = taken.core.filter(good)
        if alone:
            numbers, core = _merged(numbers, core, list(alone), self._intake.frame(households))
        people = [(block.numbers, persons), (pl.Series(list(alone)), self._intake.persons(households))]
        decided = self._kernel.decide(core, self._persons_of(numbers, people))
        refused = self._refused(decided)
        if refused is not None:
            rejected += self._refusals_of(block, alone, numbers.filter(refused), decided.filter(refused))
            numbers, decided = numbers.filter(~refused), decided.filter(~refused)
        rejected.sort(key=lambda found: found.record.number)
        single = {number: self._run.cells(record) for number, record in alone.items()}
        if not block.is_of_texts:
            plain = [number for number in numbers.to_list() if number not in single]
            single |= {
                number: self._run.cells(record) for number in plain if (record := block.record(number)) is not None
            }
        return Decided(block, numbers, decided, alone, single, rejected)

    def _taken(self, block: Block) -> tuple[Taken, pl.Series, Mapping[str, pl.DataFrame]]:
        """What the plain rows of `block` bring, which of them are good, and the persons of each group of those.

        Where persons are not read by whole columns, no household is known to be good.
        """
        taken = self._intake.take(block.cells, is_plain=block.is_plain)
        good = taken.good
        repeated = self._repeats.told(block.cells)
        if repeated is not None:
            good = good & ~repeated.fill_null(False)
        if self._persons is not None:
            return taken, *self._persons.take(block.cells, taken, good)
        return taken, good & (not self._run.policy.groups), {}

    def _persons_of(
        self, numbers: pl.Series, brought: Sequence[tuple[pl.Series, Mapping[str, pl.DataFrame]]]
    ) -> dict[str, pl.DataFrame]:
        """The persons of the rows `numbers` for the kernel; `brought` are those of some rows, with the numbers of these."""
        found = {}
        for group in self._kernel.persons:
            frames = [
                people[group].with_columns(rows.gather(people[group].get_column(ROW)).alias(ROW))
                for rows, people in brought
                if group in people
            ]
            people = pl.concat(frames).filter(pl.col(ROW).is_in(numbers.implode()))
            rows = numbers.search_sorted(people.get_column(ROW)).cast(pl.Int64)
            found[group] = people.with_columns(rows.alias(ROW)).sort(ROW, maintain_order=True)
        return found

    def _one_by_one(self, records: Sequence[Record]) -> tuple[dict[int, Record], list[Household], list[Rejected]]:
        """The rows that are good after all, with their households, and those that are not."""
        alone: dict[int, Record] = {}
        households: list[Household] = []
        rejected: list[Rejected] = []
        for record in sorted(records, key=lambda record: record.number):
            try:
                households.append(self._run.household(record))
                alone[record.number] = record
            except HouseholdError as error:
                rejected.append(Rejected(record, error.problems))
        return alone, households, rejected

    def _refused(self, decided: pl.DataFrame) -> pl.Series | None:
        """The rows in which one of the policy's refusals holds; None where there are none."""
        found = decided.select(pl.any_horizontal(self._refusals)).to_series() if self._refusals else None
        return found if found is not None and found.any() else None

    def _refusals_of(
        self, block: Block, alone: dict[int, Record], numbers: pl.Series, decided: pl.DataFrame
    ) -> Iterator[Rejected]:
        """The rows `numbers`, all of them refused, with what the policy has against each."""
        for number, names in zip(numbers.to_list(), decided.select(self._refusals).iter_rows(named=True), strict=True):
            record = alone.pop(number, None) or block.record(number)
            assert record is not None
            try:
                refuse(self._run.policy, names, self._run.table.name, number)
            except HouseholdError as error:
                yield Rejected(record, error.problems)


def _merged(
    numbers: pl.Series, core: pl.DataFrame, more: Sequence[int], frame: pl.DataFrame
) -> tuple[pl.Series, pl.DataFrame]:
    """Rows of two frames in the order of their numbers."""
    both = pl.concat([numbers, pl.Series(more, dtype=pl.Int64)])
    order = both.arg_sort()
    return both.gather(order), pl.concat([core, frame.select(core.columns)])[order]
