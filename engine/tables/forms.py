"""The forms that a text fact may declare: what is only typing in such a text, and what may be wrong with it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["EXAMPLES", "FORMS", "Form"]


@dataclass(frozen=True)
class Form:
    """How a text of this form is written: `clean` takes away what is only typing, `fault` names what is wrong with the rest.

    A fault is one of the `engine.policy.FAULTS` of the form; None where the text is valid.
    """

    clean: Callable[[str], str]
    fault: Callable[[str], str | None]


_TYPING = re.compile("[\\s\\-\u2010-\u2015\u2212]")
_QUOTES = "'\"`´‘’“”′"
_ROMAN_TEN = {0x2169: "X", 0x2179: "X"}
_SEVENTEEN = re.compile("[0-9]{17}")


def _clean_id_number(text: str) -> str:
    """`text` without blanks, hyphens and the quotes around it, in capital letters."""
    return _TYPING.sub("", text.strip().strip(_QUOTES)).translate(_ROMAN_TEN).upper()


def _fault_of_id_number(text: str) -> str | None:
    """What keeps `text` from being a citizen's ID number: 17 digits with a real birth date, and the right check character.

    The region code (the first six digits) is not checked, so that made-up people can carry 99.
    Source: GB 11643-1999; the check character is ISO 7064 MOD 11-2.
    """
    if len(text) != 18:
        return "id_length"
    if not _SEVENTEEN.fullmatch(text[:17]) or text[17] not in _CHECK_CHARACTERS:
        return "id_characters"
    try:
        datetime.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return "id_date"
    return None if _check_character(text[:17]) == text[17] else "id_check"


_CHECK_CHARACTERS = "0123456789X"


def _check_character(digits: str) -> str:
    remainder = 0
    for digit in digits:
        remainder = (remainder + int(digit)) * 2 % 11
    return _CHECK_CHARACTERS[(12 - remainder) % 11]


FORMS: Mapping[str, Form] = MappingProxyType({"id_number": Form(_clean_id_number, _fault_of_id_number)})
"""Each form by its name."""

EXAMPLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id_number": (
            "990101198503070017",
            "99010119850307005X",
            "990101198503070018",
            "99010119850230001X",
            "99010119850307001",
            "99010119850307OO17",
        )
    }
)
"""Made-up texts for each form: some that have it, some that just miss it."""
