"""Tables in and out: one contract, and one module for each file format, loaded when it is first used.

`csv`, `jsonl`, `parquet` and `xlsx` read and write the formats; `lines` and `headings` are what they share, `texts` is how they
write a cell; `container` and `sheets` are the inside of a workbook; `whole` makes a file appear whole or not at all.
`columns` says which column brings which fact, `persons` and `rolls` who belongs to which household; `intake` turns the
cells of a row into facts.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Protocol, TypeAlias, runtime_checkable

from engine.messages import Message, say
from engine.source import Place, Problem, Problems

__all__ = [
    "FORMATS",
    "NESTING",
    "Cell",
    "ColumnSource",
    "ColumnTarget",
    "Plain",
    "Record",
    "Source",
    "TableError",
    "Target",
    "create_target",
    "open_source",
]

Plain: TypeAlias = str | int | Fraction | bool | datetime.date | None
"""One value; None and "" are blank. CSV gives texts only."""

Cell: TypeAlias = Plain | list[Plain | dict[str, Plain]] | dict[str, Plain]
"""What one cell holds: one value, or in the formats of `NESTING` under the name of a group the persons, as written."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row under the header, as many cells as the header; with a problem its cells are only to be shown.

    `number` is the row as its program shows it: in CSV the line on which the record begins, in XLSX the row of
    the sheet, in JSONL the line.
    """

    number: int
    cells: tuple[Cell, ...]
    problem: Message | None = None
    lines: Mapping[str, int] | None = None
    """Where each cell stands, by its heading, in a file whose records take several lines, a cell each."""

    def placed(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """`problems` of this record, each at the line of the cell that it is about."""
        lines = self.lines or {}
        places = ((one, lines.get(one.place.label.partition(":")[0], one.place.line)) for one in problems)
        return tuple(replace(one, place=replace(one.place, line=line)) for one, line in places)


class TableError(Problems):
    """What keeps a file from being read or written as a whole."""


class Source(Protocol):
    """A table that can be read, again and again, from its first record on."""

    @property
    def header(self) -> tuple[str, ...]:
        """The headings as written, without blanks at the ends; columns that have none are left out."""

    @property
    def name(self) -> str:
        """The file as it was given."""

    @property
    def format(self) -> str:
        """One of `FORMATS`."""

    @property
    def encoding(self) -> str | None:
        """How the file turns characters into bytes; None where its format leaves no choice to anyone."""

    @property
    def persons(self) -> Mapping[str, Source]:
        """The tables of persons that the file holds besides, by the name of their group: the sheets of a workbook."""

    def records(self) -> Iterator[Record]:
        """The records in the order of the file; wholly blank ones are passed over.

        Raises: TableError where the file cannot be read on.
        """

    def position(self) -> tuple[int, int]:
        """How far `records` has come, and how far it is: in bytes, for XLSX in rows."""


class Target(Protocol):
    """A table that is being written."""

    def beside(self, group: str, header: Sequence[str]) -> Target | None:
        """A table of the persons of `group` in the same file; None where it needs a file of its own."""

    def write(self, cells: Sequence[Cell]) -> None:
        """One more row, as many cells as the header has.

        Raises: TableError where the file cannot hold a cell or the disk cannot hold the file.
        """


@runtime_checkable
class ColumnSource(Protocol):
    """A table that can also be read by whole columns."""

    def batches(self, wanted: Collection[int] | None = None) -> Iterator[Any]:
        """The named columns as Arrow record batches, called by their numbers; rows are counted from 1.

        In others than those `wanted`, by their numbers, nothing stands.

        Raises: TableError where the file cannot be read on.
        """

    def texts(self, batch: Any) -> Any:
        """One of the batches as texts, null where nothing stands."""


@runtime_checkable
class ColumnTarget(Protocol):
    """A table that can also be written by whole columns."""

    def declare(self, schema: Any) -> None:
        """The Arrow schema of all columns, before any row is written; without it all are texts."""

    def write_table(self, table: Any) -> None:
        """More rows, an Arrow table of that schema.

        Raises: TableError where the disk cannot hold the file.
        """


@dataclass(frozen=True)
class _Format:
    module: str
    package: str = ""
    extra: str = ""
    is_written: bool = True
    nests: bool = False


_FORMATS: Mapping[str, _Format] = MappingProxyType(
    {
        "csv": _Format("engine.tables.csv"),
        "jsonl": _Format("engine.tables.jsonl", nests=True),
        "parquet": _Format("engine.tables.parquet", "pyarrow", "batch"),
        "xlsx": _Format("engine.tables.xlsx", "openpyxl", "excel"),
        "yaml": _Format("engine.tables.household", is_written=False, nests=True),
        "yml": _Format("engine.tables.household", is_written=False, nests=True),
    }
)
FORMATS = tuple(_FORMATS)
"""The formats by the ending of their files."""

NESTING = tuple(name for name, format in _FORMATS.items() if format.nests)
"""The formats in which a cell can hold a list of persons."""

_SPREADSHEETS = frozenset({"et", "ett", "numbers", "ods", "xls", "xlsb", "xlsm", "xlt", "xltm", "xltx"})


def open_source(
    path: Path,
    *,
    format: str | None = None,
    encoding: str | None = None,
    groups: Collection[str] = (),
    sheet: str = "",
) -> Source:
    """The table in `path`, its header read; the format is told by the file's ending where it is not named.

    Under a key called like one of `groups` a cell may hold a list of persons, and a sheet called so is none of households.
    In a workbook the sheet called `sheet` is read, where there is one.

    Raises: TableError where the file cannot be read, or what its format needs is not known or not installed.
    """
    source: Source = _module(path, format, to_write=False).open_source(path, encoding, groups, sheet)
    return source


def create_target(
    path: Path,
    header: Sequence[str],
    *,
    format: str | None = None,
    encoding: str | None = None,
    like: Source | None = None,
    decimals: Mapping[str, int] = MappingProxyType({}),
) -> AbstractContextManager[Target]:
    """A new table in `path`, which appears when the block ends well, and not at all otherwise.

    `like` is the table that is read meanwhile: it is never written over, and CSV keeps its encoding. `decimals` are those
    of a number under a heading that is not whole, where the format keeps numbers as texts.

    Raises: TableError where the file cannot be written, or what its format needs is not known or not installed.
    """
    target: AbstractContextManager[Target] = _module(path, format, to_write=True).create_target(
        path, header, encoding, like, decimals
    )
    return target


def _module(path: Path, asked: str | None, *, to_write: bool) -> ModuleType:
    ending = path.suffix.lower().removeprefix(".") if asked is None else asked
    found = _FORMATS.get(ending)
    if found is None or (to_write and not found.is_written):
        raise TableError((_unknown(path, ending, to_write),))
    try:
        return import_module(found.module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != found.package:
            raise
    wrong = say(
        "{format} files need the package {package}, which is not installed.",
        format=ending,
        package=found.package,
    )
    remedy = say('Run: pip install "bangfu[{extra}]"', extra=found.extra)
    raise TableError((Problem(Place(str(path)), wrong, None, remedy),))


def _unknown(path: Path, ending: str, to_write: bool) -> Problem:
    written = tuple(name for name, format in _FORMATS.items() if format.is_written)
    remedy = say("Give the file one of these endings, or name its format.")
    if to_write:
        known = say("These formats can be written: {formats}.", formats=written)
        wrong = say("A .{ending} file cannot be written here.", ending=ending)
    else:
        known = say("These formats can be read: {formats}.", formats=FORMATS)
        wrong = say("A .{ending} file cannot be read here.", ending=ending)
    if not ending:
        wrong = say("The file's name has no ending that says what its format is.")
    elif ending in _SPREADSHEETS and not to_write:
        remedy = say("Open it in its program and save it as .xlsx.")
    return Problem(Place(str(path)), wrong, known, remedy)
