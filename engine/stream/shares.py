"""The blocks of a table whose rows belong to several parts: to which one each row does, and the blocks of a share."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from engine.stream.blocks import Block, Blocks, Glimpse, Records, Tables, TextBlocks
from engine.tables import ColumnSource, Record, Source
from engine.tables.csv import CsvSource
from engine.tables.shares import Share, Split

__all__ = ["Cut", "RecordCuts", "TextCuts", "blocks_of", "parts_of"]

_NONE = -1
_PART = "="


class _Parts:
    """To which part of a table each row of a frame of its kept columns belongs; asked once for each combination of cells."""

    def __init__(self, split: Split) -> None:
        telling = [split.kept.index(column) for column in split.columns]
        self.columns = telling or [0]
        """The kept columns that must be read; one of them even where none tells, for the number of rows."""
        self._telling = [str(column) for column in telling]
        self._part_of = split.part_of

    def of(self, cells: pl.DataFrame) -> pl.Series:
        """The part of each row; -1 for none."""
        if not self._telling:
            return pl.Series([self._number(())], dtype=pl.Int64).new_from_index(0, cells.height)
        keys = cells.select(self._telling)
        distinct = keys.unique()
        numbers = pl.Series(_PART, map(self._number, distinct.iter_rows()), dtype=pl.Int64)
        told = distinct.with_columns(numbers)
        return keys.join(told, on=keys.columns, how="left", nulls_equal=True, maintain_order="left").get_column(_PART)

    def _number(self, cells: tuple[str | None, ...]) -> int:
        part = self._part_of(cells)
        return _NONE if part is None else part


def parts_of(split: Split) -> set[int]:
    """The parts of a table that have a row, found by whole columns where it is read so.

    Raises: TableError where the file cannot be read on.
    """
    blocks = blocks_of(split.table, split.kept, {})
    if blocks is None:
        return split.parts()
    parts = _Parts(split)
    found: set[int] = set()
    for chunk in blocks.chunks(parts.columns):
        glimpse = blocks.glimpse(chunk, parts.columns)
        found |= set(_found(split, glimpse, parts.of(glimpse.cells), found))
        if len(found) == split.count:
            break
    return found


def _found(split: Split, glimpse: Glimpse, told: pl.Series, known: Iterable[int]) -> Iterator[int]:
    """The parts that have a row in `glimpse`; what seems to be a row of one is looked at by itself, but for those `known`."""
    yield from (part for record in glimpse.records if (part := split.part(record)) is not None)
    for part in set(told.unique().to_list()) - {_NONE, *known}:
        records = map(glimpse.record, (told == part).arg_true().to_list())
        if any(record is not None and split.part(record) == part for record in records):
            yield part


class _ShareBlocks:
    """Of the blocks of a table those rows that belong to a share."""

    def __init__(self, blocks: TextBlocks, share: Share) -> None:
        self._blocks = blocks
        self._share = share
        self._parts = _Parts(share.split)

    def chunks(self, wanted: Sequence[int] | None = None) -> Iterator[Any]:
        """What is read at once, in order."""
        return self._blocks.chunks(None if wanted is None else self._with_own(wanted))

    def block(self, chunk: Any) -> Block:
        """The rows of the share in `chunk`."""
        block = self._blocks.block(chunk)
        return block.part(self._are_own(block.cells), filter(self._share.holds, block.records))

    def glimpse(self, chunk: Any, wanted: Sequence[int]) -> Glimpse:
        """The cells of the kept columns `wanted` in every row of `chunk`; blank in rows that are not of the share."""
        whole = self._blocks.glimpse(chunk, self._with_own(wanted))
        own = pl.lit(self._are_own(whole.cells))
        cells = whole.cells.select(pl.when(own).then(pl.col(str(index))).alias(str(index)) for index in wanted)
        return replace(whole, cells=cells, records=tuple(filter(self._share.holds, whole.records)))

    def _are_own(self, cells: pl.DataFrame) -> pl.Series:
        return self._parts.of(cells).is_in(list(self._share.parts))

    def _with_own(self, wanted: Sequence[int]) -> list[int]:
        return sorted({*wanted, *self._parts.columns})


def blocks_of(table: Source, kept: Sequence[int], plain: Mapping[int, str]) -> TextBlocks | None:
    """The blocks of a table whose cells are texts; None where they are anything else."""
    if isinstance(table, Share):
        whole = blocks_of(table.split.table, kept, plain)
        return None if whole is None else _ShareBlocks(whole, table)
    if isinstance(table, CsvSource):
        return Blocks(table, kept, plain)
    return Tables(table, kept) if isinstance(table, ColumnSource) else None


@dataclass(frozen=True)
class Cut:
    """Some rows of a table: those of each part as a block, and the records of those that belong to none.

    `done` is how far the table is read.
    """

    blocks: Mapping[int, Block]
    astray: Sequence[Record]
    done: int


class TextCuts:
    """The blocks of a table of texts, cut into the rows of the `parts` that have some."""

    def __init__(self, blocks: TextBlocks, split: Split, parts: Iterable[int]) -> None:
        self._blocks = blocks
        self._split = split
        self._parts = _Parts(split)
        self._own = frozenset(parts)

    def chunks(self) -> Iterator[Any]:
        """What is read at once, in order."""
        return self._blocks.chunks()

    def cut(self, chunk: Any) -> Cut:
        """The rows of `chunk`."""
        block = self._blocks.block(chunk)
        told = self._parts.of(block.cells)
        records = _sorted_out(self._split, block.records)
        found = [part for part in told.unique(maintain_order=True).to_list() if part in self._own]
        blocks = {
            part: block.part(told == part, records.pop(part, ()))
            for part in dict.fromkeys([*found, *self._own & set(records)])
        }
        astray = block.numbers.filter(~told.is_in(found)).to_list()
        read = (record for number in astray if (record := block.record(number)) is not None)
        return Cut(blocks, [*itertools.chain(*records.values()), *read], block.done)


class RecordCuts:
    """The records of a table, cut into the rows of each part; `records` makes them into blocks, each part in its own way."""

    def __init__(self, split: Split, records: Mapping[int, Records]) -> None:
        self._split = split
        self._records = records

    def chunks(self) -> Iterator[Sequence[Record]]:
        """What is read at once, in order."""
        return Records.chunks(self._split.table)

    def cut(self, chunk: Sequence[Record]) -> Cut:
        """The rows of `chunk`."""
        found = _sorted_out(self._split, chunk)
        blocks = {part: records.block(found.pop(part)) for part, records in self._records.items() if part in found}
        return Cut(blocks, [*itertools.chain(*found.values())], self._split.table.position()[0])


def _sorted_out(split: Split, records: Iterable[Record]) -> dict[int | None, list[Record]]:
    """The records of each part that has some."""
    found: dict[int | None, list[Record]] = {}
    for record in records:
        found.setdefault(split.part(record), []).append(record)
    return found
