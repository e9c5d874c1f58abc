"""CSV: comma between cells, UTF-8 (with or without mark) or GB18030, read strictly.

Nothing is guessed behind a broken quote: the record is a problem, and reading goes on with the line below the one
in which the quote was opened, so that a quote left open costs one record and not the rest of the file.
The encoding is told by the file's mark, else by the bytes of its header; a byte that does not fit it later is a
problem of its record.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from engine.messages import Message, say
from engine.source import Place, Problem
from engine.tables import Cell, Record, Source, TableError, Target
from engine.tables.headings import Headings
from engine.tables.lines import (
    MOST_BYTES,
    UTF8_MARK,
    Line,
    Lines,
    decoded,
    opened,
    refuse_other_content,
    size,
)
from engine.tables.texts import aligned, is_formula, shown
from engine.tables.whole import readable, whole

__all__ = ["PLAIN_CELL", "CsvSource", "CsvTarget", "create_target", "open_source", "written"]

_MOST_CHARACTERS = 1_000_000
_MOST_LINES = 1_000
_MOST_SHOWN = 5_000
"""Characters of a cell that are kept of a record which is set aside: each may take four times as many where it is no character."""
_ENCODINGS = MappingProxyType(
    {"utf-8": "utf-8", "utf-8-sig": "utf-8-sig", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
)
_SHOWN = MappingProxyType({"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "gb18030": "GB18030"})
_NEEDS_QUOTES = re.compile('[",\r\n]')
_OTHER_DELIMITERS = MappingProxyType(
    {
        "\t": say("Tabs stand between the headings."),
        ";": say("Semicolons (;) stand between the headings."),
        "|": say("Vertical bars (|) stand between the headings."),
        "，": say("Full-width commas (，) stand between the headings."),
    }
)
_SAVE_AGAIN = say("Save the table as CSV UTF-8 (with commas).")


def open_source(path: Path, encoding: str | None, groups: Collection[str], sheet: str) -> Source:
    """The table in the CSV file `path`, which holds no lists and no sheets.

    Raises: TableError where it has no usable header, or is no CSV with commas in UTF-8 or GB18030.
    """
    asked = None if encoding is None else _known_encoding(encoding, path)
    with opened(path) as stream:
        found = _encoding(stream, str(path), asked)
    with opened(path) as stream:
        header = _Reader(stream, str(path), found).header()
    return CsvSource(path, found, _headings(header, str(path)))


class CsvSource:
    """A CSV file whose header has been read."""

    format = "csv"
    persons: Mapping[str, Source] = MappingProxyType({})

    def __init__(self, path: Path, encoding: str, headings: Headings) -> None:
        self.name = str(path)
        self.encoding = encoding
        self.header = headings.names
        self.headings = headings
        self._path = path
        self._lines: Lines | None = None

    def records(self) -> Iterator[Record]:
        """The records below the header."""
        with opened(self._path) as stream:
            reader = _Reader(stream, self.name, self.encoding)
            self._lines = reader.lines
            reader.header()
            for found in reader:
                record = self.headings.record(found, counted=True)
                if record is not None:
                    yield record

    def below_header(self, stream: BinaryIO) -> tuple[int, int]:
        """The byte at which the line below the header begins, and how many lines stand before it."""
        reader = _Reader(stream, self.name, self.encoding)
        reader.header()
        return reader.lines.reached()

    def record_at(self, stream: BinaryIO, number: int) -> tuple[Record | None, int, int]:
        """The record that begins where `stream` stands, behind `number` lines, and what is reached with it.

        None where there is none, or it is wholly blank.
        """
        reader = _Reader(stream, self.name, "utf-8" if self.encoding == "utf-8-sig" else self.encoding, number)
        found = next(iter(reader), None)
        record = None if found is None else self.headings.record(found, counted=True)
        return record, *reader.lines.reached()

    def record_of(self, line: str, number: int) -> Record | None:
        """The record that is written in one line, which is the line `number`; None where it is wholly blank."""
        found = next(iter(_Reader(io.BytesIO(line.encode()), self.name, "utf-8", number - 1)), None)
        return None if found is None else self.headings.record(found, counted=True)

    def position(self) -> tuple[int, int]:
        """Bytes read, bytes in all."""
        return (0 if self._lines is None else self._lines.bytes_done), size(self._path)


def _known_encoding(asked: str, path: Path) -> str:
    try:
        known = _ENCODINGS.get(codecs.lookup(asked).name)
    except LookupError:
        known = None
    if known is None:
        wrong = say("“{encoding}” is no encoding of a table.", encoding=asked)
        names = tuple(dict.fromkeys(_SHOWN.values()))
        expected = say("These encodings can be read and written: {encodings}.", encodings=names)
        raise TableError((Problem(Place(str(path)), wrong, expected, say("Name one of them, or none.")),))
    return known


def _encoding(stream: BinaryIO, name: str, asked: str | None) -> str:
    """The encoding of the file: told by its mark, else the one asked for, else told by the header's bytes."""
    refuse_other_content(stream, name, _SAVE_AGAIN)
    if stream.tell():
        if asked == "gb18030":
            wrong = say("The file begins with the mark of UTF-8, and was to be read as GB18030.")
            raise TableError((Problem(Place(name), wrong, None, say("Name UTF-8, or no encoding.")),))
        return "utf-8-sig"
    if asked is not None:
        return "utf-8" if asked == "utf-8-sig" else asked
    try:
        _header_bytes(stream).decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _header_bytes(stream: BinaryIO) -> bytes:
    """The lines of the first record that is not blank: as many as close every quote, and not too many."""
    found = b""
    for line in Lines(stream):
        found += line.content if found or line.content.strip() else b""
        if (found and found.count(b'"') % 2 == 0) or len(found) > MOST_BYTES or line.number > _MOST_LINES:
            break
    return found


def _headings(header: Record, name: str) -> Headings:
    """The headings in the record `header`.

    Raises: TableError where its cells are not parted by commas, or the headings cannot be used.
    """
    place = Place(name, header.number)
    if header.problem is not None:
        raise TableError((Problem(place, header.problem),))
    written = [shown(cell) for cell in header.cells]
    if written[0].lower().startswith("sep="):
        wrong = say("The line “{line}” stands above the headings.", line=",".join(written))
        raise TableError((Problem(place, wrong, say("Only Excel reads it."), say("Delete the line.")),))
    for mark, wrong in _OTHER_DELIMITERS.items():
        if len(written) == 1 and mark in written[0]:
            raise TableError((Problem(place, wrong, say("Commas are expected."), _SAVE_AGAIN),))
    return Headings.read(written, place)


class _Broken(Exception):
    """A record that cannot be told apart into cells; `line` is the last one that surely belongs to it."""

    def __init__(self, problem: Message, line: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


class _Reader:
    """The records of a stream, blank lines passed over; a broken one costs no more than its own lines."""

    def __init__(self, stream: BinaryIO, name: str, encoding: str, number: int = 0) -> None:
        if encoding == "utf-8-sig":
            stream.seek(len(UTF8_MARK))
        self.lines = Lines(stream, number)
        self._name = name
        self._encoding = "utf-8" if encoding == "utf-8-sig" else encoding

    def header(self) -> Record:
        """The first record that is not blank.

        Raises: TableError where there is none.
        """
        for record in self:
            if record.problem is not None or any(shown(cell).strip() for cell in record.cells):
                return record
        raise TableError((Problem(Place(self._name), say("The file is empty."), None, _SAVE_AGAIN),))

    def __iter__(self) -> Iterator[Record]:
        for line in self.lines:
            if b'"' in line.content:
                yield self._quoted(line)
            elif line.content.strip():
                yield self._plain(line)

    def _plain(self, line: Line) -> Record:
        """The record of a line without quotes."""
        if not line.is_whole:
            return Record(line.number, (), _too_long(line))
        text, unreadable = decoded(line.content, self._encoding)
        if unreadable:
            return Record(line.number, _as_it_stands(text), self._not_encoded(line.number, unreadable))
        cells = _without_end(text).split(",")
        return _told(line.number, cells, text)

    def _quoted(self, first: Line) -> Record:
        """The record that begins on `first`, over as many lines as its quotes hold together."""
        scan = _Scan(self.lines, first, self._encoding)
        try:
            cells = scan.cells()
        except _Broken as broken:
            self.lines.give_back(line for line in scan.taken if line.number > broken.line)
            own = b"".join(line.content for line in (first, *scan.taken) if line.number <= broken.line)
            return Record(first.number, _as_it_stands(decoded(own, self._encoding)[0]), broken.problem)
        if scan.unreadable is not None:
            return Record(first.number, _writable(cells), self._not_encoded(*scan.unreadable))
        return _told(first.number, cells)

    def _not_encoded(self, line: int, byte: int) -> Message:
        return say(
            "Line {line} holds a byte that is not {encoding} (byte {byte} of the line). "
            "Save the table as CSV UTF-8, or name the encoding that it has.",
            line=line,
            encoding=_SHOWN[self._encoding],
            byte=byte,
        )


def _without_end(text: str) -> str:
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")


def _too_long(line: Line) -> Message:
    return say(
        "Line {line} is longer than {most} bytes. Look for a missing line end, and save the table again.",
        line=line.number,
        most=MOST_BYTES,
    )


def _told(number: int, cells: list[str], text: str = "") -> Record:
    problem = _unfit(cells, text)
    return Record(number, tuple(cells) if problem is None else _writable(cells), problem)


def _as_it_stands(text: str) -> tuple[Cell, ...]:
    """The cells of a record that cannot be told apart for certain: what stands between its commas."""
    return _writable(_without_end(text).split(","))


def _writable(cells: Sequence[str]) -> tuple[Cell, ...]:
    """`cells` as they can be written into any table: what is no character by its code (`\\xff`), and no cell endless."""
    shortened = (cell if len(cell) <= _MOST_SHOWN else cell[:_MOST_SHOWN] + "…" for cell in cells)
    return tuple(readable(cell).replace("\0", "\\x00") for cell in shortened)


def _unfit(cells: list[str], text: str = "") -> Message | None:
    """What no cell may hold; `text` is a line without quotes, so that no line end may stand within."""
    joined = text or "".join(cells)
    if "\0" in joined:
        return say("The record holds a NUL character. Remove it, or save the table as CSV again.")
    if "\r" in text and "\r" in _without_end(text):
        return _old_line_end()
    if len(joined) > _MOST_CHARACTERS and max(map(len, cells)) > _MOST_CHARACTERS:
        return _too_many_characters()
    return None


def _old_line_end() -> Message:
    return say("A line ends with CR alone, as on old Macintosh machines. Save the table as CSV UTF-8.")


def _too_many_characters() -> Message:
    return say(
        "A cell is longer than {most} characters. Look for a quote that is missing, and shorten it.",
        most=_MOST_CHARACTERS,
    )


class _Scan:
    """One record with quotes, read from the beginning of its first line to the end of its last."""

    def __init__(self, lines: Lines, first: Line, encoding: str) -> None:
        self.taken: list[Line] = []
        self.unreadable: tuple[int, int] | None = None
        self._lines = lines
        self._encoding = encoding
        self._size = 0
        self._bytes = 0
        self._begin(first)

    def cells(self) -> list[str]:
        """The cells of the record.

        Raises: _Broken where a quote is not closed, or stands where none may stand.
        """
        self._refuse_too_long()
        cells = [self._cell()]
        while self._at < len(self._text):
            self._at += 1
            cells.append(self._cell())
        return cells

    def _begin(self, line: Line) -> None:
        self._line = line
        self._bytes += len(line.content)
        text, byte = decoded(line.content, self._encoding)
        if byte and self.unreadable is None:
            self.unreadable = line.number, byte
        self._text = _without_end(text)
        self._end = text[len(self._text) :]
        self._at = 0

    def _refuse_too_long(self, opened_in: int | None = None) -> None:
        if not self._line.is_whole:
            raise _Broken(_too_long(self._line), self._line.number if opened_in is None else opened_in)

    def _cell(self) -> str:
        """The cell that begins here; behind it stands a comma, or the record ends."""
        if self._text.startswith('"', self._at):
            return self._quoted_cell()
        end = self._text.find(",", self._at)
        end = len(self._text) if end < 0 else end
        cell = self._text[self._at : end]
        if '"' in cell:
            wrong = say(
                "A quote stands inside a cell in line {line} that does not begin with one. "
                "Put the whole cell in quotes, and write each quote inside it twice.",
                line=self._line.number,
            )
            raise _Broken(wrong, self._line.number)
        if "\r" in cell:
            raise _Broken(_old_line_end(), self._line.number)
        self._at = end
        return cell

    def _quoted_cell(self) -> str:
        opened_in = self._line.number
        self._at += 1
        self._size = 0
        parts: list[str] = []
        while True:
            close = self._text.find('"', self._at)
            if close < 0:
                parts.append(self._rest_of_line(opened_in))
                continue
            parts.append(self._text[self._at : close])
            if not self._text.startswith('""', close):
                break
            parts.append('"')
            self._at = close + 2
        self._at = close + 1
        if self._at < len(self._text) and self._text[self._at] != ",":
            raise _Broken(self._text_behind(opened_in), opened_in)
        return "".join(parts)

    def _rest_of_line(self, opened_in: int) -> str:
        """What is left of the line, with its end; the scan goes on with the next line."""
        rest = self._text[self._at :] + self._end
        self._size += len(rest)
        if self._size > _MOST_CHARACTERS or self._bytes > 2 * MOST_BYTES:
            raise _Broken(_too_many_characters(), opened_in)
        following = self._lines.take() if len(self.taken) < _MOST_LINES else None
        if following is None:
            wrong = say(
                "The quote opened in line {line} is not closed before the file or {most} lines end. "
                "Close it; the lines below it were read on their own.",
                line=opened_in,
                most=_MOST_LINES,
            )
            raise _Broken(wrong, opened_in)
        self.taken.append(following)
        self._begin(following)
        self._refuse_too_long(opened_in)
        return rest

    def _text_behind(self, opened_in: int) -> Message:
        return say(
            "Text stands behind the quote that closes in line {line} and was opened in line {opened}. "
            "Write a comma between cells, and each quote inside a cell twice.",
            line=self._line.number,
            opened=opened_in,
        )


@contextmanager
def create_target(
    path: Path, header: Sequence[str], encoding: str | None, like: Source | None, decimals: Mapping[str, int]
) -> Iterator[Target]:
    """A new CSV file, encoded as asked, else like the CSV file that is read, else in UTF-8 with its mark.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.

    Raises: TableError where the file cannot be written.
    """
    if encoding is not None:
        chosen = _known_encoding(encoding, path)
    else:
        chosen = like.encoding or "utf-8-sig" if like is not None and like.format == "csv" else "utf-8-sig"
    with whole(path, like) as stream:
        target = CsvTarget(stream, str(path), tuple(header), chosen, decimals)
        target.write(header)
        yield target


class CsvTarget:
    """A CSV file that is being written, line by line."""

    def __init__(
        self, stream: BinaryIO, name: str, header: tuple[str, ...], encoding: str, decimals: Mapping[str, int]
    ) -> None:
        self._decimals = tuple(decimals.get(heading, 0) for heading in header)
        self._stream = stream
        self._name = name
        self._header = header
        self._encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self._number = 0
        if encoding == "utf-8-sig":
            stream.write(UTF8_MARK)

    def beside(self, group: str, header: Sequence[str]) -> Target | None:
        """Nothing: the file holds one table."""
        return None

    def write(self, cells: Sequence[Cell]) -> None:
        """One more line."""
        self._number += 1
        line = ",".join(map(written, aligned(self._header, cells), self._decimals))
        try:
            content = (line or '""').encode(self._encoding)
        except UnicodeEncodeError as error:
            raise TableError((self._not_encodable(line[error.start]),)) from error
        self._stream.write(content + b"\r\n")

    def write_lines(self, text: memoryview, count: int) -> None:
        """`count` more lines in UTF-8, each with the end and the cells as `written` writes them."""
        self._number += count
        self._stream.write(text if self._encoding == "utf-8" else str(text, "utf-8").encode(self._encoding))

    def _not_encodable(self, character: str) -> Problem:
        code = f"U+{ord(character):04X}"
        wrong = say(
            "The character {code} cannot be written in {encoding}.",
            code=code,
            encoding=_SHOWN[self._encoding],
        )
        return Problem(Place(self._name, self._number), wrong, None, say("Remove it from the table that is read."))


PLAIN_CELL = '[0-9A-Za-z\u4e00-\u9fff][^",\r\n]*'
"""A cell that CSV writes as it is."""
_PLAIN_CELL = re.compile(PLAIN_CELL)


def written(cell: Cell, least: int = 0) -> str:
    """`cell` as CSV writes it: no spreadsheet takes it for a formula, and quotes stand where they must."""
    if isinstance(cell, str) and _PLAIN_CELL.fullmatch(cell):
        return cell
    text = shown(cell, least)
    if is_formula(text):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
