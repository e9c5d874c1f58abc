"""The forms that a text fact may declare, and when a text has that form."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

__all__ = ["FORMS", "is_id_number"]

_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)


def is_id_number(text: str) -> bool:
    """Whether `text` is a citizen's ID number: 17 digits with a real birth date, and the right check character.

    The region code (the first six digits) is not checked, so that made-up people can carry 99.
    Source: GB 11643-1999; the check character is ISO 7064 MOD 11-2.
    """
    if not _ID_NUMBER.fullmatch(text):
        return False
    try:
        datetime.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return _check_character(text[:17]) == text[17]


def _check_character(digits: str) -> str:
    remainder = 0
    for digit in digits:
        remainder = (remainder + int(digit)) * 2 % 11
    return "0123456789X"[(12 - remainder) % 11]


FORMS: Mapping[str, Callable[[str], bool]] = MappingProxyType({"id_number": is_id_number})
"""Each form with its test."""
