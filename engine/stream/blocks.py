"""The rows of a table by the block: those that are plain as columns of texts, the others as records."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from engine.stream import scanning
from engine.stream.scanning import Chunk, chunks, texts
from engine.tables import ColumnSource, Record, Source
from engine.tables.cells import is_blank
from engine.tables.csv import CsvSource

__all__ = ["Block", "Blocks", "Records", "Rows", "Tables"]

_ROWS = 10_000


@dataclass(frozen=True)
class _Lines:
    """The lines of a chunk of a CSV file, to be read again by the strict reader."""

    source: CsvSource
    chunk: Chunk

    def record(self, number: int) -> Record | None:
        """The record in the line `number`; None where it is wholly blank."""
        return self.source.record_of(self._lines[number - self.chunk.first].decode(), number)

    @cached_property
    def _lines(self) -> list[bytes]:
        return self.chunk.content.split(b"\n")


@dataclass(frozen=True)
class Block:
    """Rows one below the other: those that are plain, and the records of all others that are not blank, in no order.

    `cells` holds the texts of the plain ones, null where nothing stands, in columns called by the numbers of the kept
    columns; `numbers` are their rows; `written` has their lines. `done` is how far the table is read.
    """

    numbers: pl.Series
    cells: pl.DataFrame
    records: tuple[Record, ...]
    done: int
    written: _Lines | Rows | None = None
    lines: pl.Series | None = None
    """Each plain row as it stands in the file, where its cells are those that are kept."""

    def record(self, number: int) -> Record | None:
        """The record of the plain row `number`; None where it is wholly blank."""
        assert self.written is not None
        return self.written.record(number)


class Blocks:
    """The blocks of `table`, of whose named columns those at `kept` count."""

    def __init__(self, table: CsvSource, kept: Sequence[int]) -> None:
        self._table = table
        columns = table.headings.columns
        self._columns = [columns[index] for index in kept]
        self._unnamed = [column for column in range(table.headings.width) if column not in columns]
        self._is_whole = self._columns == list(range(table.headings.width))

    def chunks(self) -> Iterator[Chunk]:
        """What is read at once, in order."""
        return chunks(self._table, scanning.BLOCK_BYTES)

    def block(self, chunk: Chunk, wanted: Sequence[int] | None = None) -> Block:
        """The rows of `chunk`; with `wanted` the cells of these kept columns only."""
        width = self._table.headings.width
        kept = range(len(self._columns)) if wanted is None else wanted
        asked = None if wanted is None else sorted({*(self._columns[index] for index in kept), *self._unnamed})
        found = texts(chunk, width, asked)
        is_plain = pl.all_horizontal("fits", *[pl.col(str(column)).is_null() for column in self._unnamed])
        if wanted is None:
            said = [pl.col(str(column)).is_not_null() for column in self._columns]
            is_plain = is_plain & pl.any_horizontal(said)
        told = found.with_columns(is_plain.alias(_PLAIN))
        others = told.filter(~pl.col(_PLAIN)).get_column("number")
        plain = told.filter(_PLAIN) if len(others) else told
        cells = plain.select(pl.col(str(self._columns[index])).alias(str(index)) for index in kept)
        lines = plain.get_column("line") if wanted is None and self._is_whole else None
        written = _Lines(self._table, chunk)
        more = [record for number in others.to_list() if (record := written.record(number)) is not None]
        records = (*chunk.records, *more)
        return Block(plain.get_column("number"), cells, records, chunk.done, written, lines)


@dataclass(frozen=True)
class Rows:
    """Rows of texts, the first of them the row `first`."""

    cells: pl.DataFrame
    first: int

    def record(self, number: int) -> Record | None:
        """The record of the row `number`; None where it is wholly blank."""
        cells = self.cells.row(number - self.first)
        return None if all(map(is_blank, cells)) else Record(number, cells)


class Tables:
    """The blocks of a table that is read by whole columns, of whose columns those at `kept` count."""

    def __init__(self, table: ColumnSource, kept: Sequence[int]) -> None:
        self._table = table
        self._kept = kept

    def chunks(self) -> Iterator[Rows]:
        """What is read at once, in order."""
        first = 1
        for batch in self._table.batches():
            frame = pl.DataFrame(pl.from_arrow(batch))
            yield Rows(frame, first)
            first += frame.height

    def block(self, chunk: Rows, wanted: Sequence[int] | None = None) -> Block:
        """The rows of `chunk`; with `wanted` the cells of these kept columns only."""
        kept = range(len(self._kept)) if wanted is None else wanted
        numbers = pl.int_range(chunk.first, chunk.first + chunk.cells.height, dtype=pl.Int64, eager=True)
        said = chunk.cells.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
        cells = chunk.cells.select(pl.col(str(self._kept[index])).alias(str(index)) for index in kept)
        done = chunk.first + chunk.cells.height - 1
        return Block(numbers.filter(said), cells.filter(said), (), done, chunk)


class Records:
    """The rows of a table whose cells are no plain texts, or bring persons: all of them as records."""

    def __init__(self, table: Source, kept: Sequence[int]) -> None:
        self._table = table
        self._cells = pl.DataFrame(schema={str(index): pl.String() for index in range(len(kept))})

    def blocks(self) -> Iterator[Block]:
        """The blocks, in order."""
        numbers = pl.Series([], dtype=pl.Int64)
        records = self._table.records()
        while part := tuple(itertools.islice(records, _ROWS)):
            yield Block(numbers, self._cells, part, self._table.position()[0])


_PLAIN = "plain"
