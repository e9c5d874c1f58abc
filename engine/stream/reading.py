"""The cells of one fact, a whole column at once.

What is plain beyond doubt (digits, a point, an ID number) is read here, and comes to what `read_cell` makes of it; of
every other text `read_cell` is asked once, however many rows have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

import polars as pl

from engine.kernel import Typed, stored
from engine.messages import Words
from engine.policy import Fact
from engine.tables.cells import BadCell, is_blank, read_cell

__all__ = ["Reader", "Values", "dtype_of"]

_MOST_KNOWN = 50_000
_MOST = 10**12 - 1
_MOST_PLACES = 6
_DIGITS = 24
_DTYPES: Mapping[str, pl.DataType] = {"truth": pl.Boolean(), "text": pl.String(), "date": pl.Date()}
_PLAIN_TEXT = "^[0-9A-Za-z\u4e00-\u9fff]{1,100}$"
_BLANK, _BAD = object(), object()
_MOST_64 = 2**62


@dataclass(frozen=True)
class Values:
    """A value for each row, null where the cell is blank or bad; `bad` tells those, None where there are none."""

    values: pl.Series
    bad: pl.Series | None


def dtype_of(found: Typed) -> pl.DataType:
    """The type of a column of `found` before the kernel narrows it."""
    return _DTYPES.get(found.kind, pl.Int128() if found.dtype == pl.Int128 else pl.Int64())


class Reader:
    """Reads the cells of `fact` as values of `found`, the type of its column."""

    def __init__(self, fact: Fact, words: Words, found: Typed) -> None:
        self.found = found
        self._fact = fact
        self._words = words
        self._dtype = dtype_of(found)
        self._known: dict[str, object] = {}
        self._lock = Lock()
        self._places = _places(fact, found)

    def read(self, cells: pl.Series) -> Values:
        """The values that `cells`, texts with null for blank ones, write."""
        if cells.null_count() == len(cells):
            return self.nothing(len(cells))
        plain = self._plain(cells)
        if plain is None:
            return self._asked(cells)
        left = cells.is_not_null() & plain.is_null()
        if not left.any():
            return Values(plain, None)
        asked = self._asked(pl.select(pl.when(left).then(cells)).to_series())
        return Values(plain.zip_with(plain.is_not_null(), asked.values), asked.bad)

    def nothing(self, rows: int) -> Values:
        """So many rows in which the fact is blank."""
        return Values(pl.Series([None], dtype=self._dtype).new_from_index(0, rows), None)

    def _plain(self, cells: pl.Series) -> pl.Series | None:
        """The values of the plain cells, null for the others; None where the fact has no plain form."""
        if self.found.kind == "number":
            return None if self._places is None else self._numbers(cells, self._places)
        if self.found.kind != "text" or self._fact.choices:
            return None
        pattern = "^[0-9]{17}[0-9X]$" if self._fact.form else _PLAIN_TEXT
        return pl.select(pl.when(cells.str.contains(pattern)).then(cells)).to_series()

    def _numbers(self, cells: pl.Series, places: int) -> pl.Series:
        """The numbers written in digits only, or with a point and no more than `places` digits behind it."""
        size = 10**places
        numbers = _digits(cells)
        if places and numbers.null_count() > cells.null_count():
            left = (cells.is_not_null() & numbers.is_null()).arg_true()
            numbers = (numbers * size).scatter(left, _decimals(cells.gather(left), places))
        elif places:
            numbers = numbers * size
        return self._within(numbers, size)

    def _within(self, numbers: pl.Series, size: int) -> pl.Series:
        """Those of `numbers`, whole numbers of `1/size`, that fact allows, as whole numbers of the column's own scale."""
        fact, step = self._fact, self._fact.step
        number, fits = pl.col(""), pl.lit(True)
        if fact.at_least is not None:
            fits &= number >= -(-fact.at_least * size // 1)
        if fact.at_most is not None:
            fits &= number <= fact.at_most * size // 1
        if step is not None and (step * size).denominator == 1 and step * size != 1:
            fits &= number % int(step * size) == 0
        made = number if self.found.scale == size else number * self.found.scale // size
        frame = numbers.to_frame("")
        if frame.select_seq(fits.all()).item() and self.found.scale == size:
            return numbers
        return frame.select_seq(pl.when(fits).then(made)).to_series()

    def _asked(self, cells: pl.Series) -> Values:
        """What `read_cell` makes of each."""
        distinct = cells.unique().drop_nulls().to_list()
        known = self._learnt(distinct)
        values = [known[text] for text in distinct]
        bad = [text for text, value in zip(distinct, values, strict=True) if value is _BAD]
        plain = [None if value is _BAD or value is _BLANK else value for value in values]
        old, new = pl.Series(distinct, dtype=pl.String), pl.Series(plain, dtype=self._dtype)
        read = cells.replace_strict(old, new, default=None, return_dtype=self._dtype)
        return Values(read, cells.is_in(bad).fill_null(False) if bad else None)

    def _learnt(self, texts: list[str]) -> dict[str, object]:
        with self._lock:
            if len(self._known) > _MOST_KNOWN:
                self._known = {}
            known = self._known
            for text in texts:
                if text not in known:
                    known[text] = self._value(text)
            return known

    def _value(self, text: str) -> object:
        if is_blank(text):
            return _BLANK
        try:
            return stored(read_cell(self._fact, text, self._words), self.found)
        except BadCell:
            return _BAD


def _places(fact: Fact, found: Typed) -> int | None:
    """The digits behind the point that `fact` may need; None where numbers can be too long to be read here."""
    step, bounds = fact.step, (fact.at_least, fact.at_most)
    if step is None or None in bounds:
        return None
    places = next((places for places in range(_MOST_PLACES + 1) if (step * 10**places).denominator == 1), None)
    most = max(abs(bound) for bound in bounds if bound is not None)
    return places if places is not None and most * found.scale * 10**places <= _MOST_64 else None


def _digits(cells: pl.Series) -> pl.Series:
    """The whole numbers that are written in digits alone, without a needless 0 in front; null for all else.

    A number of so many digits that is written with as many characters is written in digits: nothing else fits.
    """
    numbers = cells.cast(pl.Int64, strict=False)
    most, power = numbers.max(), 10
    assert most is None or isinstance(most, int)
    digits = pl.Series([1], dtype=pl.UInt32).new_from_index(0, len(cells))
    while power <= min(most or 0, _MOST):
        digits = digits + (numbers >= power).cast(pl.UInt32)
        power *= 10
    fits = (digits == cells.str.len_bytes()) & (numbers <= _MOST)
    return numbers if fits.all() else numbers.zip_with(fits.fill_null(False), _nothing(numbers))


def _decimals(cells: pl.Series, places: int) -> pl.Series:
    """The numbers with a point and up to `places` digits behind it, as whole numbers of that many places; null for all else."""
    fits = cells.str.contains(rf"^(?:0|[1-9][0-9]{{0,11}})\.[0-9]{{1,{places}}}$")
    plain = cells.zip_with(fits, _nothing(cells))
    return plain.cast(pl.Decimal(_DIGITS, places), strict=False).to_physical().cast(pl.Int64)


def _nothing(like: pl.Series) -> pl.Series:
    return pl.Series([None], dtype=like.dtype).new_from_index(0, len(like))
