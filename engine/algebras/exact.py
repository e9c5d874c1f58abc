"""Exact numbers, texts, truths and dates: the definition of what an expression means."""

from __future__ import annotations

import calendar
import datetime
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from engine.expression import Algebra
from engine.policy import Table

__all__ = ["Exact", "Missing", "Value"]

Value = int | Fraction | str | bool | datetime.date | None
"""A whole number may be an `int`: the same number as the `Fraction`, and faster. None is an absent optional fact."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "==": operator.eq,
        "!=": operator.ne,
    }
)


class Missing(Exception):
    """A table has no figure under these keys; only a fact that is looked up when absent can meet this."""

    def __init__(self, table: Table, keys: tuple[Value, ...]) -> None:
        super().__init__(table.name, keys)
        self.table = table
        self.keys = keys


class Exact(Algebra["Value"]):
    """The values of one household, exact: `int` or `Fraction`, `str`, `bool`, `datetime.date`."""

    def __init__(self, tables: Sequence[Table] = ()) -> None:
        self._tables = {table.name: table for table in tables}

    def number(self, value: Fraction) -> Value:
        return value.numerator if value.denominator == 1 else value

    def text(self, value: str) -> Value:
        return value

    def truth(self, value: bool) -> Value:
        return value

    def negate(self, value: Value) -> Value:
        return -_exact(value)

    def add(self, left: Value, right: Value) -> Value:
        return _exact(left) + _exact(right)

    def subtract(self, left: Value, right: Value) -> Value:
        return _exact(left) - _exact(right)

    def multiply(self, left: Value, right: Value) -> Value:
        return _exact(left) * _exact(right)

    def divide(self, left: Value, right: Value) -> Value:
        return Fraction(_exact(left), _exact(right))

    def compare(self, operator: str, left: Value, right: Value) -> Value:
        return _COMPARE[operator](left, right)

    def both(self, left: Value, right: Value) -> Value:
        return left is True and right is True

    def either(self, left: Value, right: Value) -> Value:
        return left is True or right is True

    def opposite(self, value: Value) -> Value:
        return value is not True

    def choose(self, condition: Value, chosen: Value, otherwise: Value) -> Value:
        return chosen if condition is True else otherwise

    def minimum(self, values: Sequence[Value]) -> Value:
        return min(_exact(value) for value in values)

    def maximum(self, values: Sequence[Value]) -> Value:
        return max(_exact(value) for value in values)

    def absolute(self, value: Value) -> Value:
        number = _exact(value)
        return -number if number < 0 else number

    def rounded(self, rounding: str, value: Value, step: Value) -> Value:
        return round_to(rounding, _exact(value), _exact(step))

    def lookup(self, table: str, keys: Sequence[Value]) -> Value:
        found = self._tables[table]
        texts, days = (keys[:-1], keys[-1:]) if found.is_dated else (keys, ())
        day = days[0] if days and isinstance(days[0], datetime.date) else None
        known = [key for key in texts if isinstance(key, (str, int, Fraction)) and key != ""]
        row = found.find(known, day) if len(known) == len(texts) and (day or not found.is_dated) else None
        if row is not None:
            return self.number(row.value)
        if found.default is None:
            raise Missing(found, tuple(keys))
        return self.number(found.default)

    def calendar(self, word: str, values: Sequence[Value]) -> Value:
        return _CALENDAR[word](*values)

    def gather(self, word: str, group: str, values: Sequence[Value], nobody: Sequence[Value]) -> Value:
        if word == "sum":
            return sum((_exact(value) for value in values), 0)
        if word == "count":
            return sum(1 for value in values if value is True)
        if word in ("any", "all"):
            found = [value is True for value in values]
            return any(found) if word == "any" else all(found)
        chosen = values or nobody
        return self.minimum(chosen) if word == "min" else self.maximum(chosen)

    def rank(self, group: str, values: Sequence[Value], index: int) -> Value:
        before = [self.compare("<=", value, values[index]) for value in values[:index]]
        behind = [self.compare("<", value, values[index]) for value in values[index + 1 :]]
        return 1 + sum(1 for is_first in before + behind if is_first is True)


def _exact(value: Value) -> int | Fraction:
    assert isinstance(value, (int, Fraction)), value
    return value


def _day(value: Value) -> datetime.date:
    assert isinstance(value, datetime.date), value
    return value


def _year_start(date: Value) -> Value:
    return datetime.date(_day(date).year, 1, 1)


def _years_before(date: Value, years: Value) -> Value:
    day = _day(date)
    year = min(max(day.year - int(_exact(years)), datetime.MINYEAR), datetime.MAXYEAR)
    has_no_such_day = (day.month, day.day) == (2, 29) and not calendar.isleap(year)
    return datetime.date(year, 2, 28) if has_no_such_day else day.replace(year=year)


def _full_years(since: Value, until: Value) -> Value:
    first, last = _day(since), _day(until)
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


def _full_months(since: Value, until: Value) -> Value:
    first, last = _day(since), _day(until)
    return 12 * (last.year - first.year) + last.month - first.month - (last.day < first.day)


def _days_between(since: Value, until: Value) -> Value:
    return (_day(until) - _day(since)).days


def _date(year: Value, month: Value, day: Value) -> Value:
    return datetime.date(int(_exact(year)), int(_exact(month)), int(_exact(day)))


_CALENDAR: Mapping[str, Callable[..., Value]] = MappingProxyType(
    {
        "date": _date,
        "year_start": _year_start,
        "years_before": _years_before,
        "full_years": _full_years,
        "full_months": _full_months,
        "days_between": _days_between,
        "year": lambda date: _day(date).year,
        "month": lambda date: _day(date).month,
    }
)


def round_to(rounding: str, value: int | Fraction, step: int | Fraction) -> int | Fraction:
    """`value` rounded to a multiple of `step` (above zero, in the same unit), exact.

    `round_half_up` takes halves towards +∞ (for amounts from zero up: 四舍五入), `round_half_even` to the even multiple.
    """
    if rounding == "round_down":
        multiple = value // step
    elif rounding == "round_up":
        multiple = -(-value // step)
    else:
        multiple = (2 * value + step) // (2 * step)
        on_half = (2 * value + step) % (2 * step) == 0
        if rounding == "round_half_even" and on_half and multiple % 2:
            multiple -= 1
    return multiple * step
