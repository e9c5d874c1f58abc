"""The zip in which a workbook comes, looked at before anything in it is unpacked.

A small file can unpack to more than a machine has (a “zip bomb”), so entries, sizes and ratios have limits.
So do the rows of the sheet that is read; they are measured without building anything from them.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import IO, BinaryIO

from engine.messages import Message, say
from engine.source import Place, Problem
from engine.tables import TableError
from engine.tables.lines import OLE_MARK

__all__ = ["Survey", "refuse_unsafe", "survey"]

_MOST_ENTRIES = 2_000
_MOST_UNPACKED = 500_000_000
_MOST_RATIO = 200
_SMALL = 1_000_000
_MOST_UNPACKED_AT_ONCE = 50_000_000
_READ_PIECEMEAL = re.compile(r"xl/(?:worksheets/[^/]+|sharedStrings)\.xml", re.IGNORECASE)
_MOST_ROWS = 1_048_576
_MOST_ROW_BYTES = 16_000_000
_CHUNK = 1 << 20
_TAG = re.compile(
    rb"<(?:\w+:)?(?:(?P<row>row)(?=[\s/>])|mergeCell\s[^>]*?\bref=[\"'](?P<merged>\w+:\w+)[\"'])|</(?:\w+:)?sheetData"
)
_COPY = say("Copy the sheet into a new workbook, as values, and save that as .xlsx.")
_SAVE_AS = say("Open it in its program and save it as .xlsx.")


def refuse_unsafe(stream: BinaryIO, name: str) -> None:
    """Leaves `stream` at its beginning.

    Raises: TableError where it is no .xlsx workbook, is protected, holds macros, or unpacks beyond the limits.
    """
    head = stream.read(8)
    if not head:
        raise _error(
            name,
            say("The file is empty."),
            say("Save the table as .xlsx again."),
        )
    if head.startswith(OLE_MARK):
        wrong = say("The file is an .xls workbook of old, or is protected by a password.")
        raise _error(name, wrong, say("Remove the password, and save it as .xlsx."))
    if not head.startswith(b"PK"):
        raise _error(name, say("The file is not a workbook, whatever its name says."), _SAVE_AS)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _error(name, say("The workbook is damaged."), say("Fetch it anew, or save it again.")) from error
    for refusal in (_foreign(entries), _oversized(entries)):
        if refusal is not None:
            raise _error(name, *refusal)
    stream.seek(0)


def _error(name: str, wrong: Message, remedy: Message) -> TableError:
    return TableError((Problem(Place(name), wrong, None, remedy),))


def _foreign(entries: list[zipfile.ZipInfo]) -> tuple[Message, Message] | None:
    """Why these are not the entries of an .xlsx workbook."""
    names = {entry.filename.lower().lstrip("/") for entry in entries}
    if any(entry.flag_bits & 1 for entry in entries):
        return say("The file is protected by a password."), say("Remove the password, and save it as .xlsx.")
    if any(name.endswith("vbaproject.bin") for name in names):
        return say("The workbook holds macros."), say("Save it as .xlsx, which holds none.")
    has_sheets = "[content_types].xml" in names and any(name.startswith("xl/") for name in names)
    if not has_sheets or "xl/workbook.bin" in names:
        return say("The file is not an .xlsx workbook, whatever its name says."), _SAVE_AS
    return None


def _oversized(entries: list[zipfile.ZipInfo]) -> tuple[Message, Message] | None:
    """Which limit the entries pass."""
    if len(entries) > _MOST_ENTRIES:
        return say("The workbook holds more than {most} parts.", most=_MOST_ENTRIES), _COPY
    if sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
        return say("The workbook would unpack to more than {most} bytes.", most=_MOST_UNPACKED), _COPY
    for entry in entries:
        if entry.file_size > _SMALL and entry.file_size > _MOST_RATIO * entry.compress_size:
            return _too_dense(entry), _COPY
        if entry.file_size > _MOST_UNPACKED_AT_ONCE and not _READ_PIECEMEAL.fullmatch(entry.filename):
            return _too_large(entry), _COPY
    return None


def _too_dense(entry: zipfile.ZipInfo) -> Message:
    part = entry.filename
    return say("The part “{part}” would unpack to more than {most} times its size.", part=part, most=_MOST_RATIO)


def _too_large(entry: zipfile.ZipInfo) -> Message:
    most = _MOST_UNPACKED_AT_ONCE
    return say("The part “{part}” would unpack to more than {most} bytes.", part=entry.filename, most=most)


@dataclass(frozen=True)
class Survey:
    """The number of a sheet's rows, and its merged ranges (`A1:C1`)."""

    rows: int
    merged: tuple[str, ...]


def survey(sheet: IO[bytes], name: str) -> Survey:
    """The rows and merged ranges of the XML of a sheet; the ranges stand behind the rows, but are needed first.

    Raises: TableError where a row, or their number, is beyond what a workbook may hold.
    """
    rows, position = 0, 0
    row_began: int | None = None
    merged: list[str] = []
    rest = b""
    while chunk := sheet.read(_CHUNK):
        text = rest + chunk
        cut = text.rfind(b"<")
        whole = text[:cut] if cut > 0 else text
        for tag in _TAG.finditer(whole):
            if tag["merged"]:
                merged.append(tag["merged"].decode("ascii", "replace"))
            elif tag["row"]:
                rows, row_began = rows + 1, position + tag.start()
            else:
                row_began = None
        position += len(whole)
        rest = text[len(whole) :]
        if rows > _MOST_ROWS or (row_began is not None and position - row_began > _MOST_ROW_BYTES):
            raise _error(name, say("The sheet holds more than a workbook may."), _COPY)
    return Survey(rows, tuple(merged))
