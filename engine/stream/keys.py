"""What rows are told apart by, and which values of the unique facts stand in several rows of a whole file, in little memory.

There every value is seen as a number of 64 bits first; only where such a number comes again the values themselves are counted.
"""

from __future__ import annotations

import functools
import operator
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import polars as pl

from engine.kernel import Typed
from engine.messages import Words
from engine.policy import Fact, Policy
from engine.stream.blocks import Glimpse, TextBlocks
from engine.stream.intake import ColumnIntake
from engine.stream.ordered import in_order
from engine.stream.reading import Reader
from engine.tables import Record
from engine.tables.cells import key_of

__all__ = ["Keys", "Repeats", "repeated"]

Part = TypeVar("Part")


class Keys:
    """The values of a unique `fact` as `key_of` tells rows apart by them, a whole column at once."""

    def __init__(self, fact: Fact, words: Words) -> None:
        self._fact = fact
        self._words = words
        self._reader = Reader(fact, words, Typed("text", pl.String())) if fact.kind == "text" else None

    def of(self, cells: pl.Series) -> pl.Series:
        """A text for each of `cells`; null where it is blank or cannot be read."""
        if self._reader is not None:
            return self._reader.read(cells).values
        distinct = cells.unique().drop_nulls()
        found = [key_of(self._fact, cell, self._words) for cell in distinct.to_list()]
        return cells.replace_strict(distinct, pl.Series(found, dtype=pl.String), default=None, return_dtype=pl.String)


class Repeats:
    """Finds the values of the `unique` facts, by the kept columns that bring them, that stand in several rows."""

    def __init__(self, policy: Policy, unique: Mapping[int, Fact], intake: ColumnIntake, kept: Sequence[int]) -> None:
        self._words = policy.words
        self._unique = unique
        self._intake = intake
        self._kept = kept
        self._keys = {index: Keys(fact, policy.words) for index, fact in unique.items() if fact not in policy.facts}
        """For a column by which persons are joined, and which brings no fact."""
        self._again: dict[int, pl.Series] = {}
        self._known: dict[int, tuple[Keys, pl.Series]] = {}

    def know(self, repeated: Mapping[int, Mapping[str, int]]) -> None:
        """Take it from `repeated`, as `find` would give it, which values stand in several rows."""
        for index, found in repeated.items():
            self._known[index] = Keys(self._unique[index], self._words), pl.Series(list(found), dtype=pl.String)

    def find(self, blocks: TextBlocks) -> dict[int, dict[str, int]]:
        """For each column, each value that stands in several rows, with their number."""
        if not self._unique:
            return {}
        seen: dict[int, list[pl.Series]] = {index: [] for index in self._unique}
        for marks in self._each(blocks, lambda glimpse: [self._marks(glimpse, index) for index in self._unique]):
            for index, found in zip(self._unique, marks, strict=True):
                seen[index].append(found)
        self._again = {index: repeated(marks) for index, marks in seen.items() if marks}
        if not any(len(marks) for marks in self._again.values()):
            return {index: {} for index in self._unique}
        return self._counted(blocks)

    def told(self, cells: pl.DataFrame) -> pl.Series | None:
        """Which of these rows may hold a value that stands in several; None where none can."""
        told = [
            self._values(cells, index).hash().is_in(again.implode())
            for index, again in self._again.items()
            if len(again)
        ]
        told += [
            keys.of(cells.get_column(str(index))).is_in(known.implode()) for index, (keys, known) in self._known.items()
        ]
        return functools.reduce(operator.or_, told) if told else None

    def _each(self, blocks: TextBlocks, work: Callable[[Glimpse], Part]) -> Iterator[Part]:
        """What `work` makes of each part of the table, in order."""
        wanted = sorted(self._unique)
        return in_order(lambda chunk: work(blocks.glimpse(chunk, wanted)), blocks.chunks(wanted))

    def _values(self, cells: pl.DataFrame, index: int) -> pl.Series:
        if index in self._keys:
            return self._keys[index].of(cells.get_column(str(index)))
        return self._intake.read(self._unique[index], cells).values

    def _marks(self, glimpse: Glimpse, index: int) -> pl.Series:
        """A number of 64 bits for each value that stands in the rows."""
        others = [record.cells[self._kept[index]] for record in glimpse.records if record.problem is None]
        values = self._values(glimpse.cells, index).drop_nulls()
        more = self._values(pl.DataFrame({str(index): pl.Series(others, dtype=pl.String)}), index)
        return pl.concat([values.hash(), more.hash()])

    def _key(self, record: Record | None, index: int) -> str | None:
        if record is None or record.problem is not None:
            return None
        return key_of(self._unique[index], record.cells[self._kept[index]], self._words)

    def _counted(self, blocks: TextBlocks) -> dict[int, dict[str, int]]:
        counts: dict[int, Counter[str]] = {index: Counter() for index in self._unique}
        for found in self._each(blocks, self._again_in):
            for index, keys in found.items():
                counts[index].update(keys)
        return {index: {value: count for value, count in found.items() if count > 1} for index, found in counts.items()}

    def _again_in(self, glimpse: Glimpse) -> dict[int, list[str]]:
        """The values of the rows that may stand in several."""
        found = {}
        for index in self._unique:
            held = self._values(glimpse.cells, index).hash().is_in(self._again[index].implode())
            records = (*map(glimpse.record, held.arg_true().to_list()), *glimpse.records)
            found[index] = [key for record in records if (key := self._key(record, index)) is not None]
        return found


_PARTS = 16
"""Parts in which so many numbers are ordered, for little memory."""


def repeated(marks: Sequence[pl.Series]) -> pl.Series:
    """The numbers that stand in `marks` more than once."""
    found = []
    for part in range(_PARTS):
        ordered = pl.concat([some.filter(some % _PARTS == part) for some in marks], rechunk=True).sort()
        found.append(ordered.filter(ordered == ordered.shift(1)).unique())
    return pl.concat(found)
