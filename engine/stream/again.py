"""Records of a table read again by their numbers, in any order and by several threads."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from engine.messages import say
from engine.source import Place, Problem
from engine.tables import ColumnSource, Record, Source, TableError
from engine.tables.csv import CsvSource
from engine.tables.lines import opened

__all__ = ["Again", "again"]

_PIECE = 1 << 11
"""Bytes between two places of which it is known how many lines stand before them."""

Again = Callable[[Iterable[int]], list[Record]]
"""The records of numbers that records of the table have, in that order."""


def again(source: Source) -> Again:
    """The records of a table as it stands now: of a CSV file those alone; of one that is only read by whole columns all are
    read, and held as they stand there, when the first is asked for.

    Raises: TableError where the file cannot be read, or is another one by then.
    """
    if isinstance(source, CsvSource):
        return _Lines(source).records
    assert isinstance(source, ColumnSource)
    return _Rows(source.name, source).records


class _File:
    """A file that may not change."""

    def __init__(self, name: str) -> None:
        self._path = Path(name)
        with opened(self._path) as stream:
            self._state = _state(stream)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The bytes of the file.

        Raises: TableError where it cannot be read, or has changed.
        """
        with opened(self._path) as stream:
            if _state(stream) != self._state:
                wrong = say("The file has changed while it was read.")
                remedy = say("Run it again when nothing writes to the file.")
                raise TableError((Problem(Place(str(self._path)), wrong, None, remedy),))
            yield stream


def _state(stream: BinaryIO) -> tuple[int, int, int]:
    """What is another for another file, and for one into which somebody has written."""
    found = os.fstat(stream.fileno())
    return found.st_ino, found.st_size, found.st_mtime_ns


class _Lines:
    """The lines of a CSV file, and how many stand before every so many bytes; counted when the first is asked for."""

    def __init__(self, source: CsvSource) -> None:
        self._source = source
        self._file = _File(source.name)
        self._lock = Lock()

    def records(self, numbers: Iterable[int]) -> list[Record]:
        with self._lock, self._file.opened() as stream:
            return [self._record(stream, number) for number in numbers]

    def _record(self, stream: BinaryIO, number: int) -> Record:
        self._seek(stream, number - 1)
        record, _, _ = self._source.record_at(stream, number - 1)
        assert record is not None
        return record

    def _seek(self, stream: BinaryIO, lines: int) -> None:
        """Put `stream` behind so many lines."""
        before = self._before
        piece = max(bisect_left(before, lines) - 1, 0)
        stream.seek(piece * _PIECE)
        left = lines - before[piece]
        while left:
            left -= stream.readline(_PIECE).endswith(b"\n")

    @cached_property
    def _before(self) -> array[int]:
        """How many lines end before each piece of the file."""
        found = array("Q", [0])
        with self._file.opened() as stream:
            while piece := stream.read(_PIECE):
                found.append(found[-1] + piece.count(b"\n"))
        return found


class _Rows:
    """The rows of a table that is read by whole columns, in the batches in which it is read."""

    def __init__(self, name: str, source: ColumnSource) -> None:
        self._file = _File(name)
        self._source = source
        self._lock = Lock()

    def records(self, numbers: Iterable[int]) -> list[Record]:
        with self._lock:
            return list(map(self._record, numbers))

    def _record(self, number: int) -> Record:
        firsts, batches = self._batches
        at = bisect_right(firsts, number) - 1
        row = self._source.texts(batches[at].slice(number - firsts[at], 1))
        return Record(number, tuple(column[0].as_py() for column in row.columns))

    @cached_property
    def _batches(self) -> tuple[list[int], list[Any]]:
        """The batches, and the number of the first row of each."""
        with self._file.opened():
            batches = list(self._source.batches())
        return list(accumulate((batch.num_rows for batch in batches), initial=1)), batches
