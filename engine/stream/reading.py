"""The cells of one fact, a whole column at once.

What is written plainly beyond doubt (digits, a point, an ID number) is read here, and comes to what `read_cell` makes of
it; of every other text `read_cell` is asked once, however many rows have it.
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
_MOST_PLACES = 6
_DIGITS = 24
_DTYPES: Mapping[str, pl.DataType] = {"truth": pl.Boolean(), "text": pl.String(), "date": pl.Date()}
_TEXT, _MOST_CHARACTERS = "[0-9A-Za-z\u4e00-\u9fff]+", 100
_FORM = "[0-9]{17}[0-9X]"
_NUMBER = "(?:0|[1-9][0-9]*)"
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
        self.plain = self._pattern()
        """What a cell matches as a whole that is written plainly; empty where the fact has no plain way of writing."""

    def _pattern(self) -> str:
        if self.found.kind == "number":
            behind = rf"(?:\.[0-9]{{1,{self._places}}})?" if self._places else ""
            return "" if self._places is None else _NUMBER + behind
        if self.found.kind != "text" or self._fact.choices:
            return ""
        return _FORM if self._fact.form else _TEXT

    def read(self, cells: pl.Series) -> Values:
        """The values that `cells`, texts with null for blank ones, write."""
        if cells.null_count() == len(cells):
            return self.nothing(len(cells))
        if not self.plain:
            return self._asked(cells)
        fits = cells.str.contains(f"^{self.plain}$")
        values = cells.to_frame("").select_seq(self.reading("")).to_series()
        if not fits.all():
            values = values.zip_with(fits.fill_null(False), _nothing(values))
        return self.settled(cells, values)

    def reading(self, column: str) -> pl.Expr:
        """What plain cells write: texts, or whole numbers of the fact's last place, null where they have too many digits.

        What comes of cells that are not plain is worth nothing.
        """
        cells = pl.col(column)
        if self.found.kind == "text":
            return cells
        if not self._places:
            return cells.cast(pl.Int64, strict=False)
        return cells.cast(pl.Decimal(_DIGITS, self._places), strict=False).to_physical().cast(pl.Int64, strict=False)

    def settled(self, cells: pl.Series, values: pl.Series) -> Values:
        """The values of `cells` by `values`, what the plain ones of them write, null for the others."""
        plain = self._short(values) if self.found.kind == "text" else self._within(values)
        if plain.null_count() == cells.null_count():
            return Values(plain, None)
        left = cells.is_not_null() & plain.is_null()
        asked = self._asked(pl.select(pl.when(left).then(cells)).to_series())
        return Values(plain.zip_with(plain.is_not_null(), asked.values), asked.bad)

    def nothing(self, rows: int) -> Values:
        """So many rows in which the fact is blank."""
        return Values(pl.Series([None], dtype=self._dtype).new_from_index(0, rows), None)

    @staticmethod
    def _short(cells: pl.Series) -> pl.Series:
        """Those of `cells` that are not too long to be plain."""
        is_short = cells.str.len_bytes() <= _MOST_CHARACTERS
        if is_short.all():
            return cells
        return cells.zip_with(cells.str.len_chars() <= _MOST_CHARACTERS, _nothing(cells))

    def _within(self, numbers: pl.Series) -> pl.Series:
        """Those of `numbers`, whole numbers of the last place, that the fact allows, as whole numbers of the column's own scale."""
        size, step = 10 ** (self._places or 0), self._fact.step
        assert step is not None and self._fact.at_least is not None and self._fact.at_most is not None
        least, most = -(-self._fact.at_least * size // 1), self._fact.at_most * size // 1
        low, high = numbers.min(), numbers.max()
        if isinstance(low, int) and isinstance(high, int) and (low < least or high > most):
            numbers = numbers.zip_with(numbers.is_between(int(least), int(most)), _nothing(numbers))
        steps = int(step * size)
        if steps != 1:
            numbers = numbers.zip_with(numbers % steps == 0, _nothing(numbers))
        return numbers if self.found.scale == size else numbers * self.found.scale // size

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


def _nothing(like: pl.Series) -> pl.Series:
    return pl.Series([None], dtype=like.dtype).new_from_index(0, len(like))
