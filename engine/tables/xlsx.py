"""XLSX: a workbook's one sheet of households, sheets of persons beside it; and workbooks with one sheet of results.

The first row of a sheet holds its headings. A sheet called like a group holds the persons of that group.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, TypeGuard

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import WorkbookAlreadySaved
from openpyxl.writer.excel import ExcelWriter

from engine.messages import Message, plain, say
from engine.source import Place, Problem, normal, width
from engine.tables import Cell, Record, Source, TableError, Target
from engine.tables.cells import is_blank
from engine.tables.headings import Headings
from engine.tables.sheets import Sheet, Workbook, damage_told
from engine.tables.texts import aligned, is_formula, letter, shown
from engine.tables.whole import unwritable, whole

__all__ = ["create_target", "open_source"]

_INPUT_SHEETS = ("填报", "households")
_MOST_DIGITS = 15
_TOO_LONG = 10**_MOST_DIGITS
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
_MOST_TITLE = 31
_MOST_CHARACTERS = 32_767
_FIRST_DAY = datetime.date(1900, 3, 1)
_LIKE_A_CODE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_CONTROL = re.compile("[\x01-\x08\x0b-\x1f\ufffe\uffff]")
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_DIGIT = re.compile("[0-9]", re.ASCII)
_LONG_NUMBER = 12
_SAMPLE = 200
_NARROWEST, _WIDEST = 8, 60
_MOST_KEPT = 500_000
"""Cells of a sheet that are kept in memory, where it is read again."""
_NOT_AS_IT_IS = re.compile("^[=#]|_x[0-9A-Fa-f]{4}_|[\0-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")


def open_source(path: Path, encoding: str | None, groups: Collection[str], sheet: str) -> Source:
    """The table in the workbook `path`; `encoding` says nothing here, for a workbook knows its own.

    Raises: TableError where it is no .xlsx workbook within the limits, or has no one sheet that can be meant.
    """
    workbook = Workbook(path)
    firsts = [(found, next(workbook.rows(found), None)) for found in workbook.sheets if found.is_visible]
    groups_of = {_title(group): group for group in groups}
    persons = {
        group: _XlsxSource(path, workbook, found, first if _holds_headings(first) else Record(1, ()), is_beside=True)
        for found, first in firsts
        if (group := groups_of.get(_title(found.title))) is not None
    }
    others = [(found, first) for found, first in firsts if _title(found.title) not in groups_of]
    if persons and not others:
        raise _only_persons(str(path), tuple(persons))
    chosen, first = _chosen(others, (sheet,) if sheet else _INPUT_SHEETS, str(path))
    return _XlsxSource(path, workbook, chosen, first, persons)


def _title(name: str) -> str:
    """`name` as the titles of sheets are compared: without regard to case, as many characters as a title may have."""
    return normal(name).casefold()[:_MOST_TITLE]


def _only_persons(name: str, groups: tuple[str, ...]) -> TableError:
    wrong = say("Every visible sheet holds persons: {sheets}.", sheets=groups)
    expected = say("A sheet of households is expected beside them.")
    return TableError((Problem(Place(name), wrong, expected, say("Add it, or show it where it is hidden.")),))


class _XlsxSource:
    """A workbook whose sheet has been chosen and whose header has been read."""

    format = "xlsx"
    encoding = None

    def __init__(
        self,
        path: Path,
        workbook: Workbook,
        sheet: Sheet,
        first: Record,
        persons: Mapping[str, Source] = MappingProxyType({}),
        *,
        is_beside: bool = False,
    ) -> None:
        self.name = f"{path}:{sheet.title}" if is_beside else str(path)
        self.persons = persons
        place = Place(self.name, first.number)
        if first.problem is not None:
            raise TableError((Problem(place, first.problem),))
        self._headings = Headings.read([shown(cell) for cell in first.cells], place)
        self.header = self._headings.names
        measured = workbook.survey(sheet)
        self._merged = _Merged.read(measured.merged, self._headings.width, self.name)
        self._workbook = workbook
        self._sheet = sheet
        self._rows = measured.rows
        self._done = 0
        self._is_small = measured.rows * len(self.header) <= _MOST_KEPT
        self._kept: list[tuple[int, Record]] = []
        """The records of a small sheet, once all were read, each with how many rows were read by then."""

    def records(self) -> Iterator[Record]:
        """The rows below the headings, hidden ones too."""
        kept: list[tuple[int, Record]] = []
        for done, record in self._kept or self._read():
            self._done = done
            if self._is_small:
                kept.append((done, record))
            yield record
        self._kept = kept

    def _read(self) -> Iterator[tuple[int, Record]]:
        for done, found in enumerate(self._workbook.rows(self._sheet), 1):
            record = self._headings.record(found, counted=False) if done > 1 else None
            if record is not None:
                yield done, self._merged.refused(record)

    def position(self) -> tuple[int, int]:
        """Rows read, rows in all."""
        return self._done, self._rows


def _chosen(firsts: Sequence[tuple[Sheet, Record | None]], names: Sequence[str], name: str) -> tuple[Sheet, Record]:
    """The sheet that is meant, with its first row: the only one filled in, or the one that has one of `names`.

    Raises: TableError where no sheet has headings in its first row, or several have and none has such a name.
    """
    found = [(sheet, first) for sheet, first in firsts if _holds_headings(first)]
    if not found:
        sheets = tuple(sheet.title for sheet, _ in firsts)
        wrong = say("No visible sheet has anything in its first row.")
        looked = say("These sheets were looked at: {sheets}.", sheets=sheets) if sheets else None
        raise TableError((Problem(Place(name), wrong, looked, say("Write the headings into row 1.")),))
    titles = [_title(title) for title in names]
    named = [pair for pair in found if _title(pair[0].title) in titles]
    if len(found) > 1 and len(named) != 1:
        wrong = say("Several sheets are filled in: {sheets}.", sheets=tuple(sheet.title for sheet, _ in found))
        expected = say("One sheet is expected, or one of the name {names}.", names=tuple(names))
        remedy = say("Rename the sheet that is meant, or hide or delete the others.")
        raise TableError((Problem(Place(name), wrong, expected, remedy),))
    return (named or found)[0]


@lru_cache(maxsize=10_000)
def _is_as_it_is(text: str) -> bool:
    """Whether openpyxl writes `text` as just that text, and no spreadsheet takes it for anything else."""
    is_short = len(text) <= _MOST_CHARACTERS and len(_DIGIT.findall(text)) < _LONG_NUMBER
    return is_short and _NOT_AS_IT_IS.search(text) is None and not is_formula(text)


def _holds_headings(first: Record | None) -> TypeGuard[Record]:
    return (
        first is not None and first.number == 1 and (first.problem is not None or not all(map(is_blank, first.cells)))
    )


class _Merged:
    """The merged ranges of the rows below the headings, in order of their first rows."""

    def __init__(self, ranges: list[tuple[int, int, str]]) -> None:
        self._ranges = sorted(ranges)
        self._tops = [top for top, _, _ in self._ranges]
        self._reach: list[tuple[int, str]] = []
        for _, bottom, written in self._ranges:
            self._reach.append(max([*self._reach[-1:], (bottom, written)]))

    @classmethod
    def read(cls, written: Sequence[str], columns: int, name: str) -> _Merged:
        """The ranges of `written` that touch the first `columns` columns.

        Raises: TableError where one of them touches the headings.
        """
        found: list[tuple[int, int, str]] = []
        with damage_told(name):
            for text in written:
                left, top, _, bottom = (edge or 0 for edge in range_boundaries(text))
                if left <= columns:
                    found.append((top, bottom, text))
        for top, _, text in found:
            if top == 1:
                wrong = say("The cells {cells} in the first row are merged.", cells=text)
                expected = say("Row 1 holds the headings, one a cell.")
                raise TableError(
                    (Problem(Place(name, 1), wrong, expected, say("Undo it, or delete the title above the headings.")),)
                )
        return cls(found)

    def refused(self, record: Record) -> Record:
        """`record`, with a problem where one of its cells belongs to a merged range."""
        before = bisect_right(self._tops, record.number)
        if record.problem is not None or not before or self._reach[before - 1][0] < record.number:
            return record
        wrong = say(
            "The cells {cells} are merged. Undo it, and write each value into every row that it holds for.",
            cells=self._reach[before - 1][1],
        )
        return Record(record.number, record.cells, wrong)


@contextmanager
def create_target(
    path: Path, header: Sequence[str], encoding: str | None, like: Source | None, decimals: Mapping[str, int]
) -> Iterator[Target]:
    """A new workbook with one sheet: headings bold and frozen, long numbers as text, formulas never.

    Raises: TableError where the file cannot be written.
    """
    with whole(path, like) as stream:
        target = _XlsxTarget(path, tuple(header))
        try:
            yield target
            target.save(stream)
        finally:
            target.discard()


class _XlsxTarget:
    """A workbook that is being written: a sheet of households, and sheets of persons beside it."""

    def __init__(self, path: Path, header: tuple[str, ...]) -> None:
        self._path = path
        self._workbook = openpyxl.Workbook(write_only=True)
        self._sheets = [_SheetTarget(self._workbook.create_sheet(), path, header)]

    def beside(self, group: str, header: Sequence[str]) -> Target:
        """A sheet called `group`."""
        sheet = self._workbook.create_sheet(group[:_MOST_TITLE])
        self._sheets.append(_SheetTarget(sheet, self._path, tuple(header)))
        return self._sheets[-1]

    def write(self, cells: Sequence[Cell]) -> None:
        """One more row of the first sheet."""
        self._sheets[0].write(cells)

    def save(self, stream: BinaryIO) -> None:
        """The workbook, written to `stream`."""
        for sheet in self._sheets:
            sheet.begin()
        try:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                ExcelWriter(self._workbook, archive).write_data()
        except OSError as error:  # of the folder for temporary files; those of `stream` are told already
            raise unwritable(self._path, error) from error

    def discard(self) -> None:
        """Leaves no temporary file of openpyxl's, whatever came before."""
        for sheet in self._sheets:
            sheet.discard()


_UNFINISHED = (OSError, TableError, TypeError, ValueError, WorkbookAlreadySaved)
"""What closing a sheet that was broken off may bring up: it is thrown away, and its own error is told already."""


class _SheetTarget:
    """A sheet that is being written; the first rows wait until they have told how wide the columns are."""

    def __init__(self, sheet: Any, path: Path, header: tuple[str, ...]) -> None:
        self._path = path
        self._header = header
        self._sheet = sheet
        self._waiting: list[Sequence[Cell]] | None = []
        self._number = 0
        self._formatted: dict[str, Any] = {}
        if len(header) > _MOST_COLUMNS:
            raise self._refused(say("A workbook cannot hold more than {most} columns.", most=_MOST_COLUMNS))

    def beside(self, group: str, header: Sequence[str]) -> Target | None:
        """Nothing: a sheet holds one table."""
        return None

    def write(self, cells: Sequence[Cell]) -> None:
        """One more row."""
        if self._waiting is None:
            self._append(aligned(self._header, cells))
            return
        self._waiting.append(tuple(aligned(self._header, cells)))
        if len(self._waiting) >= _SAMPLE:
            self.begin()

    def discard(self) -> None:
        """Leaves no temporary file of the sheet."""
        writer = self._sheet._writer
        if writer is not None:
            with suppress(*_UNFINISHED):
                self._sheet.close()
            with suppress(*_UNFINISHED):
                writer.cleanup()

    def begin(self) -> None:
        """The widths, the headings and the rows that waited."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        for column in range(len(self._header)):
            widest = max(width(shown(row[column])) for row in [self._header, *waiting])
            self._sheet.column_dimensions[letter(column)].width = min(max(widest + 2, _NARROWEST), _WIDEST)
        self._sheet.freeze_panes = "A2"
        self._append(self._header, is_bold=True)
        for row in waiting:
            self._append(row)

    def _append(self, row: Sequence[Cell], *, is_bold: bool = False) -> None:
        self._number += 1
        if self._number > _MOST_ROWS:
            wrong = say("A workbook cannot hold more than {most} rows.", most=_MOST_ROWS)
            raise self._refused(wrong, say("Write the result as CSV."))
        made = self._headings(row) if is_bold else map(self._cell, row)
        try:
            self._sheet.append(cell for cell in made)  # openpyxl takes and writes them one by one
        except OSError as error:
            raise unwritable(self._path, error) from error

    def _headings(self, row: Sequence[Cell]) -> Iterator[Any]:
        for cell in row:
            made = self._text(shown(cell))
            made.font = Font(bold=True)
            yield made

    def _cell(self, cell: Cell) -> Any:
        """`cell` for openpyxl: as it is where openpyxl writes just that, else a cell of its own."""
        if isinstance(cell, str):
            return cell if _is_as_it_is(cell) else self._text(cell)
        if isinstance(cell, bool) or cell is None or (isinstance(cell, int) and abs(cell) < _TOO_LONG):
            return cell
        if isinstance(cell, datetime.date):
            return self._day(cell)
        if isinstance(cell, (list, dict)):
            return self._text(shown(cell))
        text = plain(cell)
        is_written_out = "/" not in text and len(_DIGIT.findall(text)) <= _MOST_DIGITS
        return self._number_of(text) if is_written_out else self._text(text)

    def _number_of(self, text: str) -> Any:
        """A cell with the digits of `text` as they are (openpyxl writes a Decimal as the nearest binary number).

        It is the same cell for every number of one format, and holds the last: making cells takes longer than writing them.
        """
        number_format = "0." + "0" * max(2, len(text.partition(".")[2]))
        made = self._formatted.get(number_format)
        if made is None:
            made = self._formatted[number_format] = WriteOnlyCell(self._sheet)
            made.number_format = number_format
        made.value = text
        made.data_type = "n"
        return made

    def _day(self, day: datetime.date) -> Any:
        if day < _FIRST_DAY:  # spreadsheets count a day there that never was, or none at all
            return self._text(day.isoformat())
        made = WriteOnlyCell(self._sheet, value=datetime.datetime.combine(day, datetime.time()))
        made.number_format = "yyyy-mm-dd"
        return made

    def _text(self, text: str) -> Any:
        if found := _UNWRITABLE.search(text):
            code = f"U+{ord(found[0]):04X}"
            raise self._refused(
                say("The character {code} cannot be written in {encoding}.", code=code, encoding="XLSX")
            )
        coded = _CONTROL.sub(lambda control: f"_x{ord(control[0]):04X}_", _LIKE_A_CODE.sub("_x005F_", text))
        if len(coded) > _MOST_CHARACTERS:
            raise self._refused(
                say("A cell of a workbook cannot hold more than {most} characters.", most=_MOST_CHARACTERS)
            )
        made = WriteOnlyCell(self._sheet, value=coded)
        made.data_type = "s"  # openpyxl makes a formula of what begins with =, and an error of #N/A
        if is_formula(text) or len(_DIGIT.findall(text)) >= _LONG_NUMBER:
            made.number_format = "@"
        return made

    def _refused(self, wrong: Message, remedy: Message | None = None) -> TableError:
        remedy = remedy or say("Remove it from the table that is read, or write the result as CSV.")
        return TableError((Problem(Place(str(self._path), self._number), wrong, None, remedy),))
