"""The cells of one fact, a whole column at once.

What is plain beyond doubt (digits, a point, an ID number) is read here, and comes to what `read_cell` makes of it; of
every other text `read_cell` is asked once, however many rows have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from threading import Lock

import polars as pl

from engine.algebras.exact import Value
from engine.kernel import Typed
from engine.messages import Words
from engine.policy import Fact
from engine.tables.cells import BadCell, is_blank, read_cell

__all__ = ["Reader", "Values", "dtype_of", "stored"]

_MOST_KNOWN = 200_000
_MOST_DIGITS = 12
_MOST_PLACES = 6
_POWERS = pl.Series([0, *(10**digits for digits in range(1, _MOST_DIGITS + 1))], dtype=pl.Int64)
"""The least whole number that is written with so many digits and one more; 0 has one digit."""
_TENS = pl.Series([10**places for places in range(_MOST_PLACES + 1)], dtype=pl.Int64)
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


def stored(value: Value, found: Typed) -> object:
    """`value` as it stands in a column: a number as a whole number of `1/scale`.

    Raises: ValueError where it is no multiple of that.
    """
    if found.kind != "number":
        return value
    assert isinstance(value, (int, Fraction))
    whole = Fraction(value) * found.scale
    if whole.denominator != 1:
        raise ValueError(f"{value} is no multiple of 1/{found.scale}")
    return whole.numerator


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
        whole = _digits(cells)
        size = 10**places
        numbers = whole * size
        if places and whole.null_count() > cells.null_count():
            broken = _with_point(cells, places)
            numbers = numbers.zip_with(whole.is_not_null(), broken)
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
        return numbers.to_frame("").select(pl.when(fits).then(made)).to_series()

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

    A number below 10**n that is written with n characters, and not below 10**(n-1), is written in digits: nothing else fits.
    """
    numbers = cells.cast(pl.Int64, strict=False)
    sizes = cells.str.len_bytes()
    fits = (sizes <= _MOST_DIGITS) & (sizes > 0)
    least = _POWERS.gather(pl.select(pl.when(fits).then(sizes - 1)).to_series())
    return pl.select(pl.when((numbers >= least) & (numbers >= 0)).then(numbers)).to_series()


def _with_point(cells: pl.Series, places: int) -> pl.Series:
    """The numbers with a point and up to `places` digits behind it, as whole numbers of that many places."""
    at = cells.str.find(".", literal=True)
    sizes = cells.str.len_bytes()
    behind = sizes.cast(pl.Int64) - at.cast(pl.Int64) - 1
    numbers = _digits(cells.str.replace(".", "", literal=True))
    fits = (at >= 1) & (behind >= 1) & (behind <= places)
    missing = pl.select(pl.when(fits).then(places - behind)).to_series()
    return numbers * _TENS.gather(missing.cast(pl.UInt32))
