"""Parquet: columns with names and types; every cell is read as the text that writes its value exactly.

Binary floating-point numbers are refused, for they have lost the decimal that somebody wrote. What is written are texts,
but for the columns that say otherwise (`ParquetTarget.declare`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import pyarrow
from pyarrow import compute, parquet

from engine.messages import Message, say
from engine.source import Place, Problem, normal
from engine.tables import Cell, Record, Source, TableError, Target
from engine.tables.headings import Headings
from engine.tables.lines import opened
from engine.tables.texts import aligned, letter, shown
from engine.tables.whole import whole

__all__ = ["ParquetSource", "ParquetTarget", "create_target", "nameless", "open_source", "refusal", "texts"]

_ROWS = 20_000
_GROUP = 32_768
"""Rows of a row group, whatever number comes at once."""
_ENDLESS = 1 << 30
_AGAIN = 4
"""A value is written once where each comes so often on average."""

_SAVE_AGAIN = say("Write it again as Parquet, CSV or XLSX.")


def open_source(path: Path, encoding: str | None, groups: Collection[str], sheet: str) -> Source:
    """The table in the Parquet file `path`; `encoding` says nothing here.

    Raises: TableError where it is no such file, or a column holds what no cell can.
    """
    with opened(path) as stream, _damage_told(path):
        schema = parquet.ParquetFile(stream).schema_arrow
    place = Place(str(path))
    problems = [
        Problem(place, *refused) for field in schema if (refused := refusal(field.name, field.type)) is not None
    ]
    problems += nameless(schema.names, place)
    if problems:
        raise TableError(tuple(problems))
    return ParquetSource(path, Headings.read(schema.names, place))


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except pyarrow.ArrowException as error:
        wrong = say("The file is no Parquet, or is damaged.")
        raise TableError((Problem(Place(str(path)), wrong, None, _SAVE_AGAIN),)) from error


def nameless(names: Sequence[str], place: Place) -> Iterator[Problem]:
    """A problem for each column without a name: nobody could say what it holds, and whole columns are not asked if it is blank."""
    for column, name in enumerate(names):
        if not normal(name) and any(map(normal, names)):
            wrong = say("The column {column} has no heading.", column=letter(column))
            yield Problem(place, wrong, None, say("Give it one, or remove it."))


def refusal(name: str, kind: Any) -> tuple[Message, Message, Message] | None:
    """Why a column of this type cannot be read."""
    types = pyarrow.types
    if types.is_dictionary(kind):
        return refusal(name, kind.value_type)
    if types.is_floating(kind):
        wrong = say("The column “{name}” holds binary floating-point numbers.", name=name)
        return wrong, say("Amounts are exact."), say("Write it as decimals, whole numbers or texts.")
    tests = (
        types.is_string,
        types.is_large_string,
        types.is_integer,
        types.is_decimal,
        types.is_boolean,
        types.is_date,
    )
    if any(test(kind) for test in (*tests, types.is_timestamp, types.is_null, types.is_string_view)):
        return None
    wrong = say("The column “{name}” holds {kind}, which is no single value.", name=name, kind=str(kind))
    return wrong, say("Texts, whole numbers, decimals, truths and days can be read."), say("Write it as texts.")


class ParquetSource:
    """A Parquet file whose columns are known."""

    format = "parquet"
    encoding: str | None = None
    persons: Mapping[str, Source] = MappingProxyType({})

    def __init__(self, path: Path, headings: Headings) -> None:
        self.name = str(path)
        self.header = headings.names
        self._path = path
        self._headings = headings
        self._done = 0

    def batches(self, wanted: Collection[int] | None = None) -> Iterator[Any]:
        """The named columns as record batches, called by their numbers; nothing in others than those `wanted`.

        Raises: TableError where the file cannot be read on.
        """
        self._done = 0
        with opened(self._path) as stream, _damage_told(self._path):
            file = parquet.ParquetFile(stream)
            places = list(self._headings.columns)
            read = [place for number, place in enumerate(places) if wanted is None or number in wanted]
            names = [file.schema_arrow.names[place] for place in read]
            for batch in file.iter_batches(batch_size=_ROWS, columns=names):
                self._done += batch.num_rows
                found = dict(zip(read, map(batch.column, names), strict=True))
                nothing = pyarrow.nulls(batch.num_rows, pyarrow.string())
                columns = [found.get(place, nothing) for place in places]
                yield pyarrow.RecordBatch.from_arrays(columns, names=[str(number) for number in range(len(columns))])

    def texts(self, batch: Any) -> Any:
        """One of the batches as texts, null where nothing stands."""
        columns = [texts(column) for column in batch.columns]
        return pyarrow.RecordBatch.from_arrays(columns, names=batch.schema.names)

    def records(self) -> Iterator[Record]:
        """The rows, counted from 1."""
        number = 0
        for batch in map(self.texts, self.batches()):
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                record = self._headings.record(Record(number, cells), counted=False)
                if record is not None:
                    yield record

    def position(self) -> tuple[int, int]:
        """Rows read, rows in all."""
        with opened(self._path) as stream, _damage_told(self._path):
            return self._done, parquet.ParquetFile(stream).metadata.num_rows


def texts(column: Any) -> Any:
    """An Arrow array, of a type that is not refused, as texts; null where nothing stands."""
    plain = column.dictionary_decode() if pyarrow.types.is_dictionary(column.type) else column
    if pyarrow.types.is_timestamp(plain.type):
        plain = compute.strftime(plain, format="%Y-%m-%d %H:%M:%S")
    return plain.cast(pyarrow.string())


@contextmanager
def create_target(
    path: Path, header: Sequence[str], encoding: str | None, like: Source | None, decimals: Mapping[str, int]
) -> Iterator[Target]:
    """A new Parquet file.

    Raises: TableError where the file cannot be written.
    """
    with whole(path, like) as stream:
        target = ParquetTarget(stream, tuple(header))
        yield target
        target.close()


class ParquetTarget:
    """A Parquet file that is being written: all columns texts, but for those that are declared."""

    def __init__(self, stream: BinaryIO, header: tuple[str, ...]) -> None:
        self._stream = stream
        self._header = header
        self._schema: Any = pyarrow.schema(dict.fromkeys(header, pyarrow.string()))
        self._writer: Any = None
        self._rows: list[list[str | None]] = []
        self._waiting: list[Any] = []

    def declare(self, schema: Any) -> None:
        """The schema of all columns, before any row is written; without it all are texts."""
        self._schema = schema

    def beside(self, group: str, header: Sequence[str]) -> Target | None:
        """Nothing: the file holds one table."""
        return None

    def write(self, cells: Sequence[Cell]) -> None:
        """One more row, of texts."""
        self._rows.append([shown(cell) or None for cell in aligned(self._header, cells)])
        if len(self._rows) >= _GROUP:
            self._take_rows()

    def write_table(self, table: Any) -> None:
        """More rows, of the schema that was declared."""
        self._waiting.append(table.cast(self._schema))
        if sum(part.num_rows for part in self._waiting) >= _GROUP:
            self._write_groups(_GROUP)

    def close(self) -> None:
        """All that waits is written, and the end of the file."""
        self._take_rows()
        self._write_groups(1)
        self._begun().close()

    def _take_rows(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            columns = [pyarrow.array(column, pyarrow.string()) for column in zip(*rows, strict=True)]
            self.write_table(pyarrow.Table.from_arrays(columns, schema=self._schema))

    def _write_groups(self, least: int) -> None:
        """Write what waits in groups of always the same number of rows, for as long as there are `least`."""
        table = pyarrow.concat_tables(self._waiting) if self._waiting else None
        while table is not None and table.num_rows >= least:
            group = table.slice(0, _GROUP)
            self._begun(group).write_table(group, row_group_size=_GROUP)
            table = table.slice(_GROUP)
        self._waiting = [] if table is None else [table]

    def _begun(self, first: Any = None) -> Any:
        """The writer, which begins with the group `first`: it says in which columns values come again and again.

        The others are not looked up one by one; and of texts nobody asks which is the least. A group is one page of each column,
        or its pages would end where its tables do; how texts stood in Arrow is not told, for older readers know fewer ways.
        """
        if self._writer is None:
            group = self._schema.empty_table() if first is None else first
            again = [name for name in self._header if _comes_again(group.column(name))]
            typed = [field.name for field in self._schema if not _is_text(field.type)]
            self._writer = parquet.ParquetWriter(
                self._stream,
                self._schema,
                compression="zstd",
                use_dictionary=again,
                write_statistics=typed,
                store_schema=False,
                max_rows_per_page=_GROUP,
                data_page_size=_ENDLESS,
                dictionary_pagesize_limit=_ENDLESS,
            )
        return self._writer


def _comes_again(column: Any) -> bool:
    """Whether the values of `column` come again often enough to be written once and pointed at."""
    return len(column.unique()) * _AGAIN <= len(column)


def _is_text(kind: Any) -> bool:
    return any(test(kind) for test in (pyarrow.types.is_string, pyarrow.types.is_string_view))
