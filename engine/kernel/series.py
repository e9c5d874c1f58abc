"""What each operation of a term is over polars series of one block: whole numbers, truths, texts and days, never null.

A series of length one stands for the same value in every row.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

import polars as pl

from engine.policy import Table

__all__ = ["CALENDAR", "choose", "gather", "greatest", "least", "looker", "rank", "repeat", "spread"]

Run = Callable[..., pl.Series]

_ROW, _VALUE, _DAY = "row", "value", "day"


def choose(condition: pl.Series, chosen: pl.Series, otherwise: pl.Series) -> pl.Series:
    """`chosen` where `condition` holds, else `otherwise`."""
    return chosen.zip_with(condition, otherwise)


def least(left: pl.Series, right: pl.Series) -> pl.Series:
    """The lower of two numbers (`min_horizontal` costs a plan of its own)."""
    return left.zip_with(left < right, right)


def greatest(left: pl.Series, right: pl.Series) -> pl.Series:
    """The higher of two numbers."""
    return left.zip_with(left > right, right)


def _whole(columns: Sequence[pl.Series]) -> list[pl.Series]:
    """`columns` with as many rows as the one of them that is no constant."""
    rows = next((len(column) for column in columns if len(column) != 1), 1)
    return [column if len(column) == rows else column.new_from_index(0, rows) for column in columns]


# Persons: `parents` holds for each person the number of the household within the block, in rising order


def spread(values: pl.Series, parents: pl.Series) -> pl.Series:
    """The household's value for each of its persons."""
    return values.gather(parents)


def repeat(value: pl.Series, parents: pl.Series) -> pl.Series:
    """The same value for each person."""
    return value.new_from_index(0, len(parents))


def gather(word: str) -> Run:
    """What `word` makes of the values of each household's persons; `rows` is the number of households."""
    made = {"sum": pl.Expr.sum, "count": pl.Expr.sum, "min": pl.Expr.min, "max": pl.Expr.max}

    def found(values: pl.Series, *rest: pl.Series) -> pl.Series:
        *nobody, parents, rows = rest
        if word in ("any", "all"):
            counted = numbered(values.cast(pl.Int64), _one(0 if word == "any" else 1), parents, rows)
            return counted != _one(0)
        neutral = nobody[0] if nobody else _one(0).cast(values.dtype if values.dtype != pl.Boolean else pl.Int64)
        return numbered(values.cast(neutral.dtype), neutral, parents, rows)

    def numbered(values: pl.Series, neutral: pl.Series, parents: pl.Series, rows: pl.Series) -> pl.Series:
        expression = made[{"any": "max", "all": "min"}.get(word, word)](pl.col(_VALUE))
        people = pl.DataFrame({_ROW: parents, _VALUE: values}).group_by(_ROW).agg(expression)
        households = pl.DataFrame({_ROW: pl.int_range(int(rows[0]), eager=True)})
        joined = households.join(people, on=_ROW, how="left", maintain_order="left")[_VALUE].cast(neutral.dtype)
        return neutral.zip_with(joined.is_null(), joined) if joined.null_count() else joined

    return found


def rank(values: pl.Series, parents: pl.Series) -> pl.Series:
    """The place of each person among those of the household, from the lowest value; of equal ones the first comes first."""
    people = pl.DataFrame({_ROW: parents, _VALUE: values})
    return people.select_seq(pl.col(_VALUE).rank("ordinal").over(_ROW).cast(pl.Int64)).to_series()


def _one(value: int) -> pl.Series:
    return pl.Series([value], dtype=pl.Int64)


# Days


def _year_start(day: pl.Series) -> pl.Series:
    return _dated(day.dt.year(), _one(1), _one(1))


def _years_before(day: pl.Series, years: pl.Series) -> pl.Series:
    found = day.dt.year().cast(pl.Int64) - years
    found = least(greatest(found, _one(datetime.MINYEAR)), _one(datetime.MAXYEAR))
    month, number = day.dt.month().cast(pl.Int64), day.dt.day().cast(pl.Int64)
    is_leap = (found % _one(4) == _one(0)) & ((found % _one(100) != _one(0)) | (found % _one(400) == _one(0)))
    has_no_such_day = (month == _one(2)) & (number == _one(29)) & ~is_leap
    return _dated(found, month, _one(28).zip_with(has_no_such_day, number))


def _full_years(since: pl.Series, until: pl.Series) -> pl.Series:
    years = until.dt.year().cast(pl.Int64) - since.dt.year().cast(pl.Int64)
    return years - (_in_year(until) < _in_year(since)).cast(pl.Int64)


def _in_year(day: pl.Series) -> pl.Series:
    return day.dt.month().cast(pl.Int64) * _one(100) + day.dt.day().cast(pl.Int64)


def _full_months(since: pl.Series, until: pl.Series) -> pl.Series:
    years = until.dt.year().cast(pl.Int64) - since.dt.year().cast(pl.Int64)
    months = until.dt.month().cast(pl.Int64) - since.dt.month().cast(pl.Int64)
    return years * _one(12) + months - (until.dt.day() < since.dt.day()).cast(pl.Int64)


def _days_between(since: pl.Series, until: pl.Series) -> pl.Series:
    return until.to_physical().cast(pl.Int64) - since.to_physical().cast(pl.Int64)


def _dated(year: pl.Series, month: pl.Series, day: pl.Series) -> pl.Series:
    parts = zip("ymd", _whole([year, month, day]), strict=True)
    named = pl.DataFrame([part.alias(name) for name, part in parts])
    return named.select_seq(pl.date("y", "m", "d")).to_series()


CALENDAR: Mapping[str, Run] = MappingProxyType(
    {
        "date": _dated,
        "year_start": _year_start,
        "years_before": _years_before,
        "full_years": _full_years,
        "full_months": _full_months,
        "days_between": _days_between,
        "year": lambda day: day.dt.year().cast(pl.Int64),
        "month": lambda day: day.dt.month().cast(pl.Int64),
    }
)
"""The words over days."""


# Tables


def looker(table: Table, below: tuple[int, ...], scale: int, dtype: pl.DataType) -> Run:
    """Looks keys up in `table`: its figures as whole numbers of `1/scale`, number keys as whole numbers of `1/below`."""
    names = [str(number) for number in range(len(table.keys))]
    frame = _rows(table, below, scale, dtype)
    spellings = dict(table.spellings)

    def look(*keys: pl.Series) -> pl.Series:
        plain = [_plain_key(key, spellings) for key in _whole(keys)]
        asked = pl.DataFrame([key.alias(name) for key, name in zip(plain, [*names, _DAY], strict=False)])
        if not table.is_dated:
            return asked.join(frame, on=names, how="left", maintain_order="left")[_VALUE]
        asked = asked.with_row_index(_ROW).sort(_DAY)
        found = asked.join_asof(frame.sort(_DAY), on=_DAY, by=names or None, check_sortedness=False)
        return found.sort(_ROW)[_VALUE]

    def complete(*keys: pl.Series) -> pl.Series:
        found = look(*keys)
        if table.default is None or not found.null_count():
            return found
        return found.fill_null(pl.lit(int(table.default * scale), dtype))

    return complete


def _plain_key(key: pl.Series, spellings: Mapping[str, str]) -> pl.Series:
    if key.dtype.is_integer():
        return key.cast(pl.Int64)
    return key.replace(spellings) if key.dtype == pl.String and spellings else key


def _rows(table: Table, below: tuple[int, ...], scale: int, dtype: pl.DataType) -> pl.DataFrame:
    """The figures of `table` under its keys, and the first day of each stretch of days in which one of them holds."""
    names = [str(number) for number in range(len(table.keys))]
    rows: dict[tuple[object, ...], int | None] = {}
    for row in table.rows:
        keys = [key * size if isinstance(key, Fraction) else key for key, size in zip(row.keys, below, strict=False)]
        if all(key.denominator == 1 for key in keys if isinstance(key, Fraction)):
            whole = [int(key) if isinstance(key, Fraction) else key for key in keys]
            for day in _turns(table, row.keys) if table.is_dated else [None]:
                found = table.find(row.keys, day)
                value = table.default if found is None else found.value
                rows[(*whole, day)] = None if value is None else int(value * scale)
    numbers = [name in table.number_keys for name in table.keys]
    schema = {name: pl.Int64() if number else pl.String() for name, number in zip(names, numbers, strict=True)}
    frame = pl.DataFrame(
        [(*keys, value) for keys, value in rows.items()], {**schema, _DAY: pl.Date(), _VALUE: dtype}, orient="row"
    )
    return frame if table.is_dated else frame.drop(_DAY)


def _turns(table: Table, keys: tuple[str | Fraction, ...]) -> list[datetime.date]:
    """Every day on which what holds for `keys` can change."""
    rows = [row for row in table.rows if row.keys == keys]
    days = {row.since or datetime.date.min for row in rows} | {datetime.date.min}
    ends = [row.until for row in rows if row.until is not None and row.until != datetime.date.max]
    days |= {end + datetime.timedelta(1) for end in ends}
    return sorted(days)
