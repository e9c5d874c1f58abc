"""Which values of the unique facts stand in several rows, over a whole file, in little memory.

Every value is seen as a number of 64 bits first; only where such a number comes again the values themselves are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import polars as pl

from engine.policy import Fact, Policy
from engine.stream.blocks import Block, Blocks, Tables
from engine.stream.intake import ColumnIntake
from engine.tables import Record
from engine.tables.cells import key_of

__all__ = ["Repeats"]


class Repeats:
    """Finds the values of the `unique` facts, by the kept columns that bring them, that stand in several rows."""

    def __init__(self, policy: Policy, unique: Mapping[int, Fact], intake: ColumnIntake, kept: Sequence[int]) -> None:
        self._words = policy.words
        self._unique = unique
        self._intake = intake
        self._kept = kept
        self._again: dict[int, pl.Series] = {}

    def find(self, blocks: Blocks | Tables) -> dict[int, dict[str, int]]:
        """For each column, each value that stands in several rows, with their number."""
        seen: dict[int, list[pl.Series]] = {index: [] for index in self._unique}
        for block in self._blocks(blocks):
            for index in self._unique:
                seen[index].append(self._marks(block, index))
        self._again = {index: _again(marks) for index, marks in seen.items() if marks}
        if not any(len(marks) for marks in self._again.values()):
            return {index: {} for index in self._unique}
        return self._counted(blocks)

    def told(self, cells: pl.DataFrame) -> pl.Series | None:
        """Which of these rows may hold a value that stands in several; None where none can."""
        found: pl.Series | None = None
        for index, again in self._again.items():
            if len(again):
                held = self._values(cells, index).hash().is_in(again.implode())
                found = held if found is None else found | held
        return found

    def _blocks(self, blocks: Blocks | Tables) -> Iterator[Block]:
        wanted, source = sorted(self._unique), cast(Any, blocks)
        return (source.block(chunk, wanted) for chunk in source.chunks())

    def _values(self, cells: pl.DataFrame, index: int) -> pl.Series:
        return self._intake.read(self._unique[index], cells).values

    def _marks(self, block: Block, index: int) -> pl.Series:
        """A number of 64 bits for each value that stands in the block."""
        others = [record.cells[self._kept[index]] for record in block.records if record.problem is None]
        values = self._values(block.cells, index).drop_nulls()
        more = self._values(pl.DataFrame({str(index): pl.Series(others, dtype=pl.String)}), index)
        return pl.concat([values.hash(), more.hash()])

    def _key(self, record: Record, index: int) -> str | None:
        if record.problem is not None:
            return None
        return key_of(self._unique[index], record.cells[self._kept[index]], self._words)

    def _counted(self, blocks: Blocks | Tables) -> dict[int, dict[str, int]]:
        counts: dict[int, Counter[str]] = {index: Counter() for index in self._unique}
        for block in self._blocks(blocks):
            for index, fact in self._unique.items():
                held = self._values(block.cells, index).hash().is_in(self._again[index].implode())
                texts = block.cells.get_column(str(index)).filter(held).to_list()
                keys = [key_of(fact, text, self._words) for text in texts]
                keys += [self._key(record, index) for record in block.records]
                counts[index].update(key for key in keys if key is not None)
        return {index: {value: count for value, count in found.items() if count > 1} for index, found in counts.items()}


_PARTS = 16
"""Parts in which so many numbers are ordered, for little memory."""


def _again(marks: Sequence[pl.Series]) -> pl.Series:
    """The numbers that stand in `marks` more than once."""
    found = []
    for part in range(_PARTS):
        ordered = pl.concat([some.filter(some % _PARTS == part) for some in marks], rechunk=True).sort()
        found.append(ordered.filter(ordered == ordered.shift(1)).unique())
    return pl.concat(found)
