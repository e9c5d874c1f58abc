"""Records of a table read again by their numbers, in any order and by several threads."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from engine.messages import say
from engine.source import Place, Problem
from engine.stream.blocks import Rows
from engine.tables import Record, TableError
from engine.tables.csv import CsvSource
from engine.tables.lines import opened

__all__ = ["Again", "lines_again", "rows_again"]

_PIECE = 1 << 11
"""Bytes between two places of which it is known how many lines stand before them."""

Again = Callable[[Iterable[int]], list[Record]]
"""The records of numbers that records of the table have, in that order."""


def lines_again(source: CsvSource) -> Again:
    """The records of a CSV file as it stands now, each by the line on which it begins.

    Raises: TableError where the file cannot be read, or is another one by then.
    """
    return _Lines(source).records


class _Lines:
    """The lines of a CSV file, and how many stand before every so many bytes; counted when the first is asked for."""

    def __init__(self, source: CsvSource) -> None:
        self._source = source
        self._path = Path(source.name)
        self._lock = Lock()
        with opened(self._path) as stream:
            self._state = _state(stream)

    def records(self, numbers: Iterable[int]) -> list[Record]:
        with self._lock, opened(self._path) as stream:
            if _state(stream) != self._state:
                wrong = say("The file has changed while it was read.")
                remedy = say("Run it again when nothing writes to the file.")
                raise TableError((Problem(Place(self._source.name), wrong, None, remedy),))
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
        with opened(self._path) as stream:
            while piece := stream.read(_PIECE):
                found.append(found[-1] + piece.count(b"\n"))
        return found


def _state(stream: BinaryIO) -> tuple[int, int, int]:
    """What is another for another file, and for one into which somebody has written."""
    found = os.fstat(stream.fileno())
    return found.st_ino, found.st_size, found.st_mtime_ns


def rows_again(parts: Sequence[Rows]) -> Again:
    """The rows of a table that will be held in `parts`, in their order."""

    def record(number: int) -> Record:
        found = parts[bisect_right(parts, number, key=lambda part: part.first) - 1].record(number)
        assert found is not None
        return found

    return lambda numbers: list(map(record, numbers))
