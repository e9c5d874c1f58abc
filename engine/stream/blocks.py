"""The rows of a table by the block: those that are plain as columns of texts, the others as records."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any, Protocol

import polars as pl

from engine.messages import Words, plain
from engine.messages.numbers import ends
from engine.stream import scanning
from engine.stream.scanning import Chunk, chunks
from engine.tables import Cell, ColumnSource, Record, Source
from engine.tables.cells import is_blank
from engine.tables.csv import CsvSource

__all__ = ["Block", "Blocks", "Glimpse", "Records", "Rows", "Tables", "TextBlocks"]

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
class _Kept:
    """Records by their numbers."""

    records: Mapping[int, Record]

    def record(self, number: int) -> Record:
        """The record `number`."""
        return self.records[number]


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
    written: _Lines | Rows | _Kept | None = None
    lines: pl.Series | None = None
    """Each plain row as it stands in the file, where its cells are those that are kept."""
    is_plain: bool = False
    """Whether every cell is blank, or written plainly for the fact that it brings, or begins with a letter or a digit."""

    @property
    def is_of_texts(self) -> bool:
        """Whether `cells` are all that the rows brought, as they brought it."""
        return not isinstance(self.written, _Kept)

    def record(self, number: int) -> Record | None:
        """The record of the plain row `number`; None where it is wholly blank."""
        assert self.written is not None
        return self.written.record(number)

    def part(self, rows: pl.Series, records: Iterable[Record]) -> Block:
        """Those of the plain rows of which `rows` says so, and of the records these `records`."""
        own = replace(self, records=tuple(records))
        if rows.all():
            return own
        lines = None if self.lines is None else self.lines.filter(rows)
        return replace(own, numbers=self.numbers.filter(rows), cells=self.cells.filter(rows), lines=lines)


@dataclass(frozen=True)
class Glimpse:
    """Some columns of rows one below the other, the first of them the row `first`; `records` were read by themselves.

    A row that is no record, or has too few or too many cells, has something there too: only its record tells.
    """

    cells: pl.DataFrame
    first: int
    written: _Lines | Rows
    records: tuple[Record, ...] = ()

    def record(self, row: int) -> Record | None:
        """The record of one of the rows, counted from 0; None where it is wholly blank."""
        return self.written.record(self.first + row)


class TextBlocks(Protocol):
    """The blocks of a table whose cells are texts."""

    def chunks(self, wanted: Sequence[int] | None = None) -> Iterator[Any]:
        """What is read at once, in order; of the kept columns only those `wanted` need be there, where not all are."""

    def block(self, chunk: Any) -> Block:
        """The rows of `chunk`."""

    def glimpse(self, chunk: Any, wanted: Sequence[int]) -> Glimpse:
        """The cells of the kept columns `wanted` in every row of `chunk`."""


class Blocks:
    """The blocks of `table`, of whose named columns those at `kept` count; `plain` is what their plain cells match.

    What the columns at other numbers hold is plain where it begins with a letter or a digit.
    """

    def __init__(self, table: CsvSource, kept: Sequence[int], plain: Mapping[int, str]) -> None:
        self._table = table
        self._width = table.headings.width
        columns = table.headings.columns
        self._columns = [columns[index] for index in kept]
        self._unnamed = [column for column in range(self._width) if column not in columns]
        self._is_whole = self._columns == list(range(self._width))
        cells = {column: plain.get(number, _PLAIN_BEGINNING) for number, column in enumerate(self._columns)}
        cells |= dict.fromkeys(self._unnamed, "")
        self._plain_line = (
            f"^{','.join(f'(?:{cells.get(column, _PLAIN_BEGINNING)})?' for column in range(self._width))}$"
        )

    def chunks(self, wanted: Sequence[int] | None = None) -> Iterator[Chunk]:
        """What is read at once, in order: whole lines, whatever columns are wanted."""
        return chunks(self._table, scanning.BLOCK_BYTES)

    def block(self, chunk: Chunk) -> Block:
        """The rows of `chunk`."""
        lines = scanning.lines(chunk)
        cells = scanning.texts(chunk, self._width, range(self._width))
        kept = cells.select(pl.col(str(column)).alias(str(index)) for index, column in enumerate(self._columns))
        plain = None if chunk.has_quotes else lines.str.contains(self._plain_line)
        is_plain = plain is not None and int((~plain).sum()) <= len(lines) // _FEW
        said = kept.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
        is_good = said & (plain.fill_null(False) if plain is not None and is_plain else self._fits(chunk, cells))
        numbers = pl.int_range(chunk.first, chunk.first + len(lines), dtype=pl.Int64, eager=True)
        more: list[Record] = []
        if not is_good.all():
            others = ~is_good & lines.is_not_null()
            apart = zip(numbers.filter(others).to_list(), lines.filter(others).to_list(), strict=True)
            more = [record for number, line in apart if (record := self._table.record_of(line, number)) is not None]
            numbers, kept, lines = numbers.filter(is_good), kept.filter(is_good), lines.filter(is_good)
        return Block(
            numbers=numbers,
            cells=kept,
            records=(*chunk.records, *more),
            done=chunk.done,
            written=_Lines(self._table, chunk),
            lines=lines if self._is_whole else None,
            is_plain=is_plain,
        )

    def _fits(self, chunk: Chunk, cells: pl.DataFrame) -> pl.Series:
        """Which lines have a cell for each column, and none in those without a name."""
        unnamed = [pl.col(str(column)).is_null() for column in self._unnamed]
        return cells.select(pl.all_horizontal(pl.lit(scanning.fits(chunk, self._width)), *unnamed)).to_series()

    def glimpse(self, chunk: Chunk, wanted: Sequence[int]) -> Glimpse:
        """The cells of the kept columns `wanted` in every line of `chunk`."""
        columns = {index: self._columns[index] for index in wanted}
        cells = scanning.texts(chunk, self._width, list(columns.values()))
        found = cells.select(pl.col(str(column)).alias(str(index)) for index, column in columns.items())
        return Glimpse(found, chunk.first, _Lines(self._table, chunk), chunk.records)


@dataclass(frozen=True)
class Rows:
    """Rows of texts, `height` of them, the first the row `first`; `read` makes their cells when they are needed."""

    read: Callable[[], pl.DataFrame]
    first: int
    height: int

    @cached_property
    def cells(self) -> pl.DataFrame:
        """The texts, null where nothing stands, in columns called by their numbers."""
        return self.read()

    def record(self, number: int) -> Record | None:
        """The record of the row `number`; None where it is wholly blank."""
        cells = self.cells.row(number - self.first)
        return None if all(map(is_blank, cells)) else Record(number, cells)


class Tables:
    """The blocks of a table that is read by whole columns, of whose columns those at `kept` count."""

    def __init__(self, table: ColumnSource, kept: Sequence[int]) -> None:
        self._table = table
        self._kept = kept

    def chunks(self, wanted: Sequence[int] | None = None) -> Iterator[Rows]:
        """What is read at once, in order; of the kept columns only those `wanted`, where not all are."""
        first = 1
        for batch in self._table.batches(None if wanted is None else {self._kept[index] for index in wanted}):
            yield self.rows(batch, first)
            first += batch.num_rows

    def rows(self, batch: Any, first: int) -> Rows:
        """The rows of a `batch` of the table, the first of them the row `first`."""
        return Rows(partial(self._texts, batch), first, batch.num_rows)

    def block(self, chunk: Rows) -> Block:
        """The rows of `chunk`."""
        numbers = pl.int_range(chunk.first, chunk.first + chunk.height, dtype=pl.Int64, eager=True)
        said = chunk.cells.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
        cells = self._columns(chunk, range(len(self._kept))).filter(said)
        return Block(numbers.filter(said), cells, (), chunk.first + chunk.height - 1, chunk)

    def glimpse(self, chunk: Rows, wanted: Sequence[int]) -> Glimpse:
        """The cells of the kept columns `wanted` in every row of `chunk`."""
        return Glimpse(self._columns(chunk, wanted), chunk.first, chunk)

    def _texts(self, batch: Any) -> pl.DataFrame:
        return pl.DataFrame(pl.from_arrow(self._table.texts(batch)))

    def _columns(self, chunk: Rows, wanted: Iterable[int]) -> pl.DataFrame:
        return chunk.cells.select(pl.col(str(self._kept[index])).alias(str(index)) for index in wanted)


class Records:
    """The rows of a table whose cells are not all texts, or that brings persons.

    `kinds` are the kinds of the facts that kept columns bring; None where a policy reads persons. A row without persons whose
    cells all come to the same as texts is plain; `words` are those in which a truth is written.
    """

    def __init__(self, table: Source, kept: Sequence[int], kinds: Mapping[int, str] | None, words: Words) -> None:
        self._table = table
        self._kept = kept
        self._kinds = kinds
        self._words = words

    @staticmethod
    def chunks(table: Source) -> Iterator[Sequence[Record]]:
        """What is read of `table` at once, in order."""
        records = table.records()
        while part := tuple(itertools.islice(records, _ROWS)):
            yield part

    def block(self, chunk: Sequence[Record]) -> Block:
        """The rows of `chunk`."""
        plain: dict[int, list[str | None]] = {}
        for record in chunk:
            cells = None if self._kinds is None else self._plain(record, self._kinds)
            if cells is not None:
                plain[record.number] = cells
        columns = [list(column) for column in zip(*plain.values(), strict=True)] or [[] for _ in self._kept]
        return Block(
            numbers=pl.Series(list(plain), dtype=pl.Int64),
            cells=pl.DataFrame({str(at): pl.Series(column, dtype=pl.String) for at, column in enumerate(columns)}),
            records=tuple(record for record in chunk if record.number not in plain),
            done=self._table.position()[0],
            written=_Kept({record.number: record for record in chunk if record.number in plain}),
        )

    def _plain(self, record: Record, kinds: Mapping[int, str]) -> list[str | None] | None:
        """The cells of the kept columns as texts that come to the same; None where one has no such text.

        Of a column that brings no fact there is nothing to be read.
        """
        found: list[str | None] = []
        if record.problem is not None:
            return None
        for at, index in enumerate(self._kept):
            cell = record.cells[index] if index < len(record.cells) else None
            if cell is None or at not in kinds:
                found.append(None)
                continue
            text = self._text(cell, kinds[at])
            if text is None:
                return None
            found.append(text or None)
        return found

    def _text(self, cell: Cell, kind: str) -> str | None:
        if isinstance(cell, str):
            return cell
        if isinstance(cell, bool):
            return self._words["true" if cell else "false"] if kind == "truth" else None
        if isinstance(cell, (int, Fraction)):
            return plain(cell) if kind in _NUMBERS and ends(cell) else None
        return cell.isoformat() if kind == "date" and isinstance(cell, datetime.date) else None


_NUMBERS = ("money", "count")
_FEW = 64
"""Where no more than one line of so many is not plain, those are read by themselves, and all others at once."""

_PLAIN_BEGINNING = "[0-9A-Za-z\u4e00-\u9fff][^,]*"
