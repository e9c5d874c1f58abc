"""The sheets of a workbook as rows of exact cells.

Numbers: a workbook stores a binary number, and Excel writes it with 17 digits (0.29 as 0.28999999999999998), so the
text in the XML is not what the officer wrote. The shortest decimal that means the same binary number is, up to 15
significant digits, which is as many as Excel itself keeps; `repr` gives it, and it is read exactly. More digits are a
problem. Whole numbers of 16 digits and more are handed on, though a program may have cut their last digits.
"""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError, iterparse

import openpyxl
from openpyxl.worksheet import _reader as parts

from engine.messages import Message, say
from engine.source import Place, Problem
from engine.tables import Cell, Record, TableError
from engine.tables.container import Survey, refuse_unsafe, survey
from engine.tables.lines import opened
from engine.tables.texts import letter

__all__ = ["Sheet", "Workbook", "damage_told"]

_MOST_DIGITS = 15
_MOST_WRITTEN = 400
_MOST_COLUMNS = 16_384
_DAYS = 2_958_466
_CODE = re.compile("_x(005F|00[01][0-9A-F]|FFF[EF])_", re.IGNORECASE)
_DAMAGE = (ParseError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
_MISREAD = (LookupError, ValueError, TypeError, AttributeError)


@contextmanager
def damage_told(name: str) -> Iterator[None]:
    """Whatever the reading of a workbook stumbles on, as a problem of the file."""
    try:
        yield
    except (*_DAMAGE, *_MISREAD) as error:
        remedy = say("Open it in Excel or WPS, and save it anew as .xlsx.")
        raise TableError((Problem(Place(name), say("The workbook is damaged."), None, remedy),)) from error


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook, and the part of its zip that holds it."""

    title: str
    part: str
    is_visible: bool


class Workbook:
    """A workbook within the limits, its sheets to be read row by row.

    Raises: TableError where the file is no such workbook.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with opened(path) as stream:
            refuse_unsafe(stream, str(path))
            with damage_told(str(path)), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # openpyxl speaks of styles and extensions, which nobody reads
                found: Any = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        self._strings: list[str] = found.worksheets[0]._shared_strings if found.worksheets else []
        self._epoch = found.epoch
        self._styles_of_days: set[int] = found._date_formats
        self._styles_of_spans: set[int] = found._timedelta_formats
        self.sheets = tuple(
            Sheet(sheet.title, sheet._worksheet_path, sheet.sheet_state == "visible") for sheet in found.worksheets
        )

    def survey(self, sheet: Sheet) -> Survey:
        """The number of rows of `sheet`, and its merged ranges."""
        with self._unpacked(sheet) as stream:
            return survey(stream, str(self._path))

    def rows(self, sheet: Sheet) -> Iterator[Record]:
        """The rows of `sheet` with all their cells, numbered as the sheet shows them; missing ones passed over."""
        with self._unpacked(sheet) as stream:
            parser = parts.WorkSheetParser(
                stream, self._strings, True, self._epoch, self._styles_of_days, self._styles_of_spans
            )
            number = 0
            for _, element in iterparse(stream):
                if element.tag == parts.DATA_TAG:
                    return
                if element.tag == parts.ROW_TAG:
                    number = int(element.get("r") or number + 1)
                    parser.row_counter, parser.col_counter = number, 0
                    yield self._row(number, element, parser)
                    element.clear()

    @contextmanager
    def _unpacked(self, sheet: Sheet) -> Iterator[IO[bytes]]:
        name = str(self._path)
        part = sheet.part.lstrip("/")
        with (
            opened(self._path) as packed,
            damage_told(name),
            zipfile.ZipFile(packed) as archive,
            archive.open(part) as stream,
        ):
            yield stream

    def _row(self, number: int, row: Element, parser: Any) -> Record:
        cells: list[Cell] = []
        problem: Message | None = None
        for element in row:
            try:
                column, cell = self._cell(element, parser)
            except _BadCell as bad:
                column, cell = bad.column, None
                problem = problem or bad.problem
            if column >= _MOST_COLUMNS:
                raise ValueError(f"column {column}")
            cells += [None] * (column + 1 - len(cells))
            cells[column] = cell
        return Record(number, tuple(cells), problem)

    def _cell(self, element: Element, parser: Any) -> tuple[int, Cell]:
        """The column (from 0) and the exact value of a cell.

        Raises: _BadCell where it has none.
        """
        beyond = self._is_beyond_calendar(element)
        if beyond:
            element.attrib.pop("s")  # openpyxl would warn, and make an error of it
        endless = self._is_endless(element)
        if endless is not None:
            endless.text = "0"  # nobody reads thousands of digits, and Python refuses to
        found = parser.parse_cell(element)
        column: int = found["column"] - 1
        if endless is not None:
            raise _BadCell(column, _too_large(column))
        if beyond:
            raise _BadCell(column, _no_day(column))
        if found["value"] is None and element.find(parts.FORMULA_TAG) is not None and not _is_blank_text(element):
            raise _BadCell(column, _not_worked_out(column))
        return column, _exact(found["value"], column)

    @staticmethod
    def _is_endless(element: Element) -> Element | None:
        """Where a number is written with more characters than any number has, the part that holds it."""
        found = element.find(parts.VALUE_TAG) if element.get("t", "n") == "n" else None
        return found if found is not None and len(found.text or "") > _MOST_WRITTEN else None

    def _is_beyond_calendar(self, element: Element) -> bool:
        style = element.get("s", "0")
        if element.get("t", "n") != "n" or not style.isdecimal() or int(style) not in self._styles_of_days:
            return False
        written = element.findtext(parts.VALUE_TAG)
        try:
            return bool(written) and not 0 <= Decimal(written or 0) < _DAYS
        except InvalidOperation:
            return False


def _is_blank_text(element: Element) -> bool:
    """Whether a formula came to a text without characters, as =IF(A1="","",A1) may."""
    return element.get("t") == "str" and element.find(parts.VALUE_TAG) is not None


class _BadCell(Exception):
    """A cell that says nothing exact."""

    def __init__(self, column: int, problem: Message) -> None:
        super().__init__(problem)
        self.column = column
        self.problem = problem


def _not_worked_out(column: int) -> Message:
    return say(
        "The formula in column {column} has no stored value. "
        "Open the workbook in Excel or WPS, let it calculate, and save it.",
        column=letter(column),
    )


def _too_large(column: int) -> Message:
    return say("The number in column {column} is too large. Correct it.", column=letter(column))


def _no_day(column: int) -> Message:
    return say(
        "The number in column {column} is formatted as a day, but lies outside the calendar. "
        "Format it as a number, or correct it.",
        column=letter(column),
    )


def _exact(value: Any, column: int) -> Cell:
    """A value as openpyxl hands it on, exact: days without a time as days, other times as text."""
    if isinstance(value, str):
        return _CODE.sub(lambda code: chr(int(code[1], 16)), value) if "_x" in value else value
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime.datetime):
        return value.date() if value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, (datetime.time, datetime.timedelta)):
        return str(value)
    return _decimal(repr(value), column)


def _decimal(text: str, column: int) -> int | Fraction:
    """The exact value of `text`, the shortest decimal of a binary number; a whole number keeps all its digits."""
    value = Decimal(text)
    if not value.is_finite():
        raise _BadCell(column, _too_large(column))
    exact = Fraction(value)
    if exact.denominator == 1:
        return exact.numerator
    if len(value.as_tuple().digits) > _MOST_DIGITS:
        problem = say(
            "The number {number} in column {column} has more digits than a workbook keeps exactly. "
            "Round it in the workbook, for example with ROUND( ,2).",
            number=text,
            column=letter(column),
        )
        raise _BadCell(column, problem)
    return exact
