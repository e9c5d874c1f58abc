"""Distinct combinations of values numbered as they are met, so that what comes of each is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from threading import Lock

import polars as pl

__all__ = ["Numbering"]

_UNKNOWN = 2**32 - 1
"""Stands for the number of a combination that has none yet."""

_WIDE = 2**20
"""So many numbers at most stand in a table with a place for every combination; with more, combinations are looked up."""

_NUMBER = "number"
_HALF = 2**32


class Numbering:
    """Numbers from 0 for combinations of values, in the order in which they were met; safe among threads.

    `learn` is told the columns of new combinations, without a null, before any of them is numbered.
    """

    def __init__(self, learn: Callable[[pl.DataFrame], None]) -> None:
        self._learn = learn
        self._lock = Lock()
        self._met: pl.DataFrame | None = None
        self._index: _Index | None = None

    def of(self, columns: Sequence[pl.Series]) -> pl.Series:
        """The number of the combination in each row."""
        index = self._index
        found = None if index is None else index.of(columns)
        if found is None or found.max() == _UNKNOWN:
            rows = _frame(columns)
            unknown = rows if found is None else rows.filter(found == _UNKNOWN)
            index = self._with(unknown.unique(maintain_order=True), 0 if index is None else index.count)
            found = index.of(columns)
            assert found.max() != _UNKNOWN
        elif index is not None and index.recent.height:
            self._settle()
        return found

    def _settle(self) -> None:
        """Take what was met last into the index: rows have been seen in which nothing was new."""
        with self._lock:
            assert self._met is not None
            self._index = _Index.over(self._met)

    def _with(self, rows: pl.DataFrame, known: int) -> _Index:
        """The index with numbers for all of `rows`, none of which is among the first `known` combinations."""
        with self._lock:
            met = rows.clear() if self._met is None else self._met
            new = rows.join(met.slice(known), on=rows.columns, how="anti", maintain_order="left")
            self._learn(new)
            self._met = pl.concat([met, new], rechunk=True)
            self._index = _Index.over(self._met) if self._index is None else self._index.grown(self._met)
            return self._index


def _frame(columns: Sequence[pl.Series]) -> pl.DataFrame:
    return pl.DataFrame([column.alias(str(number)) for number, column in enumerate(columns)])


def _keyed(columns: Sequence[pl.Series]) -> pl.DataFrame:
    """What combinations are told apart by: two numbers are one column, which is looked up in half the time."""
    if [column.dtype for column in columns] == [pl.UInt32(), pl.UInt32()]:
        left, right = columns
        columns = [left.cast(pl.Int64) * _HALF + right.cast(pl.Int64)]
    return _frame(columns)


def _numbered(met: pl.DataFrame, first: int) -> pl.DataFrame:
    """The combinations of `met` with their numbers, from `first` on."""
    return _keyed(met.get_columns()).with_row_index(_NUMBER, first)


def _looked_up(columns: Sequence[pl.Series], known: pl.DataFrame) -> pl.Series:
    asked = _keyed(columns)
    found = asked.join(known, on=asked.columns, how="left", maintain_order="left").get_column(_NUMBER)
    return found.fill_null(_UNKNOWN) if found.null_count() else found


@dataclass(frozen=True)
class _Index:
    """Finds numbers: of the first `size` combinations by `quick`, or in `known`, of those met since in `recent`.

    It is made anew when half as many have been met since: all the making together then costs little more than the last.
    """

    size: int
    known: pl.DataFrame
    quick: _Dense | _Hashed | None
    recent: pl.DataFrame

    @classmethod
    def over(cls, met: pl.DataFrame) -> _Index:
        """The index over all of `met`."""
        known = _numbered(met, 0)
        return cls(met.height, known, _dense(met) or _hashed(met, known), known.clear())

    @property
    def count(self) -> int:
        """How many combinations have numbers."""
        return self.size + self.recent.height

    def grown(self, met: pl.DataFrame) -> _Index:
        """The index over all of `met`, whose first combinations it has."""
        if 2 * (met.height - self.size) > self.size:
            return _Index.over(met)
        return replace(self, recent=_numbered(met.slice(self.size), self.size))

    def of(self, columns: Sequence[pl.Series]) -> pl.Series:
        """The number of the combination in each row; `_UNKNOWN` where it has none."""
        found = None if self.quick is None else self.quick.of(columns)
        if found is None:
            found = _looked_up(columns, self.known)
        if not self.recent.height or found.max() != _UNKNOWN:
            return found
        is_unknown = found == _UNKNOWN
        others = _looked_up([column.filter(is_unknown) for column in columns], self.recent)
        return found.scatter(is_unknown.arg_true(), others)


@dataclass(frozen=True)
class _Dense:
    """A table with a place for every combination of values, each value from a least one on, so many of them."""

    starts: tuple[int, ...]
    counts: tuple[int, ...]
    numbers: pl.Series

    def of(self, columns: Sequence[pl.Series]) -> pl.Series | None:
        """The number of the combination in each row; None where a value has no place."""
        places: pl.Series | None = None
        for column, start, count in zip(columns, self.starts, self.counts, strict=True):
            values = column.to_physical()
            ends = _ends(values)
            if ends is None or ends[0] < start or ends[1] >= start + count:
                return None
            offsets = (values - start if start else values).cast(pl.UInt32)
            places = offsets if places is None else places * count + offsets
        assert places is not None
        return self.numbers.gather(places)


def _dense(met: pl.DataFrame) -> _Dense | None:
    """The table for the combinations of `met`; None where it would be too wide, or a column holds texts."""
    columns = [column.to_physical() for column in met.get_columns()]
    ends = [_ends(column) if column.dtype.is_integer() else None for column in columns]
    found = [(low, high - low + 1) for low, high in (end for end in ends if end is not None)]
    if len(found) < len(ends) or prod(count for _, count in found) > _WIDE:
        return None
    starts, counts = zip(*found, strict=True)
    empty = pl.Series([_UNKNOWN], dtype=pl.UInt32).new_from_index(0, prod(counts)).rechunk()
    places = pl.Series([0], dtype=pl.UInt32).new_from_index(0, met.height)
    for column, (start, count) in zip(columns, found, strict=True):
        places = places * count + (column - start).cast(pl.UInt32)
    return _Dense(starts, counts, empty.scatter(places, range(met.height)))


@dataclass(frozen=True)
class _Hashed:
    """Numbers at places that the values of a combination are scattered to; what met another at its place stands apart."""

    bits: int
    numbers: pl.Series
    met: tuple[pl.Series, ...]
    apart: pl.DataFrame

    def of(self, columns: Sequence[pl.Series]) -> pl.Series:
        """The number of the combination in each row; `_UNKNOWN` where it has none."""
        found = self.numbers.gather(_scattered(columns, self.bits))
        is_other: pl.Series | None = None
        for met, column in zip(self.met, columns, strict=True):
            differs = met.gather(found) != column
            is_other = differs if is_other is None else is_other | differs
        assert is_other is not None
        if not is_other.any():
            return found
        others = _looked_up([column.filter(is_other) for column in columns], self.apart)
        return found.scatter(is_other.arg_true(), others)


_FACTORS = (2_654_435_761, 2_246_822_519, 3_266_489_917, 668_265_263, 374_761_393)
"""Odd numbers without a pattern, which spread values over 32 bits (those of the hash function xxHash)."""


def _scattered(columns: Sequence[pl.Series], bits: int) -> pl.Series:
    total: pl.Series | None = None
    for column, factor in zip(columns, _FACTORS, strict=False):
        part = column * factor  # the lowest 32 bits of it: the type wraps
        total = part if total is None else total + part
    assert total is not None
    found: pl.Series = total // 2 ** (32 - bits)
    return found


def _hashed(met: pl.DataFrame, known: pl.DataFrame) -> _Hashed | None:
    """The places of the combinations of `met`, numbered in `known`; None where they are not whole numbers of 32 bits."""
    columns = met.get_columns()
    if not met.height or len(columns) > len(_FACTORS) or {column.dtype for column in columns} != {pl.UInt32()}:
        return None
    bits = min((8 * met.height).bit_length(), 22)
    places, numbers = _scattered(columns, bits), known.get_column(_NUMBER)
    scattered = pl.Series([0], dtype=pl.UInt32).new_from_index(0, 2**bits).rechunk().scatter(places, numbers)
    return _Hashed(bits, scattered, tuple(columns), known.filter(scattered.gather(places) != numbers))


def _ends(values: pl.Series) -> tuple[int, int] | None:
    low, high = values.min(), values.max()
    return (low, high) if isinstance(low, int) and isinstance(high, int) else None
