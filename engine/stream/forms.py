"""Texts of a declared form of which the same is known beyond doubt, a whole column at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import polars as pl

__all__ = ["ALIKE", "GROUPS"]

_PART = 4
_PARTS = 5
_DAYS = pl.Series([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, *[0] * 87], dtype=pl.Int64)
"""The days of each month by its number, of any year; no month has another number."""
_CHECKS = pl.Series(list("10X98765432"))


def _weights() -> pl.Series:
    """For every number of four digits: the sum of each digit with its weight, modulo 11."""
    number = pl.col("")
    digits = [number // 10**place % 10 * 2 ** (place + 1) for place in range(_PART)]
    return pl.DataFrame({"": pl.int_range(10**_PART, eager=True)}).select(pl.sum_horizontal(digits) % 11).to_series()


_WEIGHTS = _weights()


def _id_numbers(texts: pl.Series) -> pl.Series:
    """1 where a text is 17 digits, with the day of birth a real one of any year, and the right check character; 2 where
    nothing but the check character is wrong; 0 for all else.

    Source: GB 11643-1999; the check character is ISO 7064 MOD 11-2.
    """
    digits = texts.str.slice(0, 17).cast(pl.Int64, strict=False)
    day = digits // 1000 % 10**8
    is_day = (day // 10000 > 0) & (day % 100 > 0) & (day % 100 <= _DAYS.gather((day // 100 % 100).cast(pl.UInt32)))
    plain = (is_day & texts.str.contains("^[0-9]{17}[0-9X]$")).fill_null(False)
    total = _WEIGHTS.gather((digits % 10**_PART).cast(pl.UInt32))
    for part in range(1, _PARTS):
        weight = 2 ** (_PART * part) % 11
        total = total + weight * _WEIGHTS.gather((digits // 10 ** (_PART * part) % 10**_PART).cast(pl.UInt32))
    check = _CHECKS.gather((total % 11).cast(pl.UInt32))
    is_right = (check == texts.str.slice(17, 1)).fill_null(False)
    return plain.cast(pl.UInt32) * 2 - (plain & is_right).cast(pl.UInt32)


GROUPS = 3
"""How many groups there are, that of texts which may be like no other among them."""

ALIKE: Mapping[str, Callable[[pl.Series], pl.Series]] = MappingProxyType({"id_number": _id_numbers})
"""For each form: the number of a group (below `GROUPS`) for each text; of all texts in a group above 0 the same is known.

A text that is like others may be missed (a birth on 29 February), never the reverse.
"""
