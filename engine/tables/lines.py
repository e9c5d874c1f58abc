"""The lines of a file: numbered, counted in bytes, none longer than memory allows."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from engine.messages import Message, say
from engine.source import Place, Problem
from engine.tables import TableError

__all__ = ["MOST_BYTES", "OLE_MARK", "UTF8_MARK", "Line", "Lines", "decoded", "opened", "refuse_other_content", "size"]

MOST_BYTES = 4_000_000
UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ZIP_MARK = b"PK\x03\x04"
OLE_MARK = bytes.fromhex("D0CF11E0A1B11AE1")


class Line(NamedTuple):
    """A line with its end, and the byte of the file at which it begins; of one that is too long, only the beginning."""

    number: int
    content: bytes
    start: int = 0
    is_whole: bool = True


class Lines:
    """The lines of a stream from where it stands, behind `number` lines; lines can be given back, to be read again."""

    def __init__(self, stream: BinaryIO, number: int = 0) -> None:
        self.bytes_done = stream.tell()
        self._stream = stream
        self._number = number
        self._returned: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        while (line := self.take()) is not None:
            yield line

    def take(self) -> Line | None:
        """The next line; None behind the last."""
        if self._returned:
            return self._returned.popleft()
        content = self._stream.readline(MOST_BYTES + 1)
        if not content:
            return None
        self._number += 1
        start = self.bytes_done
        self.bytes_done += len(content)
        if len(content) <= MOST_BYTES or content.endswith(b"\n"):
            return Line(self._number, content, start)
        self._pass_over_rest()
        return Line(self._number, content[:100], start, is_whole=False)

    def reached(self) -> tuple[int, int]:
        """The byte at which the next line begins, and how many lines stand before it."""
        if self._returned:
            return self._returned[0].start, self._returned[0].number - 1
        return self.bytes_done, self._number

    def give_back(self, lines: Iterable[Line]) -> None:
        """The lines taken last, in their order, come again."""
        self._returned.extendleft(reversed(list(lines)))

    def _pass_over_rest(self) -> None:
        while part := self._stream.readline(MOST_BYTES):
            self.bytes_done += len(part)
            if part.endswith(b"\n"):
                return


def decoded(content: bytes, encoding: str) -> tuple[str, int]:
    """The text of `content` and 0; or, where bytes are not `encoding`, a stand-in and the first such byte (from 1).

    The stand-in has the commas, quotes and line ends of the text, and is never to be used for anything else.
    """
    try:
        return content.decode(encoding), 0
    except UnicodeDecodeError as error:
        return content.decode(encoding, errors="surrogateescape"), error.start + 1


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of an ordinary file.

    Raises: TableError where it cannot be opened, or cannot be read on.
    """
    try:
        if path.exists() and not path.is_file():
            wrong = say("This is a folder.") if path.is_dir() else say("This is not an ordinary file.")
            raise TableError((Problem(Place(str(path)), wrong, None, say("Name the file that holds the table.")),))
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise TableError((Problem(Place(str(path)), *_unreadable(error)),)) from error


def _unreadable(error: OSError) -> tuple[Message, None, Message]:
    if isinstance(error, FileNotFoundError):
        return say("There is no such file."), None, say("Check the name and the folder.")
    if isinstance(error, PermissionError) or error.errno == errno.EACCES:
        remedy = say("Close it in other programs, or ask for the right to read it.")
        return say("The file may not be read."), None, remedy
    reason = error.strerror or str(error)
    return (
        say("The file cannot be read: {reason}.", reason=reason),
        None,
        say("Copy it to this machine and try again."),
    )


def size(path: Path) -> int:
    """The bytes of the file, 0 where it is gone."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def refuse_other_content(stream: BinaryIO, name: str, remedy: Message) -> None:
    """Leaves `stream` at its beginning, or behind the mark of UTF-8 there.

    Raises: TableError where its first bytes show that it is no text in UTF-8 or GB18030, or that there are none.
    """
    head = stream.read(8)
    if not head:
        raise TableError((Problem(Place(name), say("The file is empty."), None, remedy),))
    if head.startswith(_UTF16_MARKS):
        wrong = say("The file is written in UTF-16 (“Unicode text”).")
        raise TableError((Problem(Place(name), wrong, say("UTF-8 or GB18030 is expected."), remedy),))
    if head.startswith((_ZIP_MARK, OLE_MARK)):
        wrong = say("The file is a workbook, whatever its name says.")
        raise TableError((Problem(Place(name), wrong, None, say("Give it the ending .xlsx, or save it as .xlsx.")),))
    stream.seek(len(UTF8_MARK) if head.startswith(UTF8_MARK) else 0)
