"""Two results row by row: which cells differ by value, which rows are too many, and which are missing."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from engine.tables import Cell, Record, Source

__all__ = ["MOST_SHOWN", "Compared", "Difference", "compared"]

MOST_SHOWN = 20
_AHEAD = 200
"""So many rows ahead a row is looked for that does not stand where it should."""
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True)
class Difference:
    """A cell that is otherwise: its row and heading in the result, what stands there, and what the run made again says.

    Without a heading it is a whole row, of which `stands` or `again` is empty: one too many, or one that is missing where
    the row of that number stands. Row 0 is the header.
    """

    row: int
    heading: str
    stands: str
    again: str


@dataclass(frozen=True)
class Compared:
    """What came of all rows: the columns compared, the first differences, and how many there are of each sort.

    `same` and `differing` count the rows that both have, `cells` the cells that differ in them.
    """

    columns: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    same: int = 0
    differing: int = 0
    cells: int = 0
    extra: int = 0
    missing: int = 0

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def compared(one: Source, other: Source, names: Sequence[str], own: Sequence[str]) -> Compared:
    """The result `one` held against `other`, made again, in the columns called `names`.

    Rows are told apart by what the household brought: the columns called `own`. Where a row stands elsewhere, it is looked
    for some rows ahead, so that one row too many or too few does not hide the rest.
    """
    first, second = ({name: at for at, name in enumerate(table.header)} for table in (one, other))
    found = _Found(
        [Difference(0, name, *_where(name, first, second)) for name in names if name not in first.keys() & second]
    )
    shared = [(name, first[name], second[name]) for name in names if name in first and name in second]
    keys = [name for name in own if name in first and name in second]
    left = _Ahead(one, [first[name] for name in keys])
    right = _Ahead(other, [second[name] for name in keys])
    for stands, again in _aligned(left, right):
        found.take(left.number(stands), stands, again, shared)
    return Compared(
        tuple(names), tuple(found.first), found.same, found.differing, found.cells, found.extra, found.missing
    )


def _where(name: str, first: dict[str, int], second: dict[str, int]) -> tuple[str, str]:
    return name if name in first else "—", name if name in second else "—"


class _Found:
    """The first differences, and the number of all."""

    def __init__(self, first: list[Difference]) -> None:
        self.first = first
        self.same = self.differing = self.cells = self.extra = self.missing = 0

    def take(
        self, row: int, stands: Record | None, again: Record | None, shared: Sequence[tuple[str, int, int]]
    ) -> None:
        """Count in what differs between two rows that are the same household's, or a row that only one side has."""
        if stands is None or again is None:
            self.extra += again is None
            self.missing += stands is None
            self._keep([Difference(row, "", _line(stands), _line(again))])
            return
        differing = list(_cells(row, stands, again, shared))
        self.cells += len(differing)
        self.differing += bool(differing)
        self.same += not differing
        self._keep(differing)

    def _keep(self, differences: list[Difference]) -> None:
        self.first += differences[: MOST_SHOWN + 1 - len(self.first)]


def _cells(row: int, stands: Record, again: Record, shared: Sequence[tuple[str, int, int]]) -> Iterator[Difference]:
    if stands.problem is not None or again.problem is not None:
        yield Difference(row, "", _line(stands), _line(again))
        return
    for name, at, other in shared:
        before, now = stands.cells[at], again.cells[other]
        if _value(before) != _value(now):
            yield Difference(row, name, str(before or ""), str(now or ""))


class _Ahead:
    """The rows of a table with a look ahead; `keys` are the columns by which a row is known again."""

    def __init__(self, table: Source, keys: Sequence[int]) -> None:
        self._rows = iter(table.records())
        self._keys = keys
        self._held: deque[tuple[object, Record]] = deque()
        self._absent = 0
        self._last = 1  # the header

    def key(self, at: int) -> object:
        """What the row so many rows ahead is known by; None where there is none."""
        self._fill(at + 1)
        return self._held[at][0] if at < len(self._held) else None

    def places(self) -> dict[object, int]:
        """Where each row that is held stands, the first of equal ones."""
        self._fill(_AHEAD)
        return {key: at for at, (key, _) in reversed(list(enumerate(self._held)))}

    def pop(self) -> Record:
        """The next row."""
        self._fill(1)
        record = self._held.popleft()[1]
        self._last, self._absent = record.number, 0
        return record

    def number(self, record: Record | None) -> int:
        """The row in which `record` stands, or where one that is missing should: behind the last."""
        if record is not None:
            return record.number
        self._absent += 1
        return self._last + self._absent

    def _fill(self, count: int) -> None:
        for record in islice(self._rows, max(0, count - len(self._held))):
            cells = () if record.problem is not None else tuple(str(record.cells[at]) for at in self._keys)
            self._held.append((cells, record))


def _aligned(left: _Ahead, right: _Ahead) -> Iterator[tuple[Record | None, Record | None]]:
    """The rows of both, each with the row of the other that is the same household's, where there is one."""
    while left.key(0) is not None or right.key(0) is not None:
        lefts, rights = (1, 1) if left.key(0) == right.key(0) else _apart(left, right)
        for _ in range(min(lefts, rights)):
            yield left.pop(), right.pop()
        for _ in range(lefts - rights):
            yield left.pop(), None
        for _ in range(rights - lefts):
            yield None, right.pop()


def _apart(left: _Ahead, right: _Ahead) -> tuple[int, int]:
    """How many rows of each stand before the next one that both have; where none is near, one of each that there is."""
    places, others = left.places(), right.places()
    shared = [(at + others[key], at, others[key]) for key, at in places.items() if key in others]
    if shared:
        _, *found = min(shared)
        return found[0], found[1]
    if not places or not others:
        return len(places), len(others)
    return 1, 1


def _line(record: Record | None) -> str:
    """The first cells of a row; empty where there is no row."""
    return "" if record is None else " | ".join("" if cell is None else str(cell) for cell in record.cells[:5])


def _value(cell: Cell) -> object:
    """What a cell says, however its format writes it: a number as a number, all else as text."""
    text = "" if cell is None else str(cell)
    return Fraction(text) if _NUMBER.fullmatch(text) else text
