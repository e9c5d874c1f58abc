"""Cells and columns as the text that a file or a sentence shows."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import zip_longest

from engine.messages import plain
from engine.tables import Cell, Plain

__all__ = ["aligned", "is_formula", "letter", "shown"]

_BEGINS_FORMULA = tuple("=+-@＝＋－＠")
_UNSEEN = "\ufeff\u200b\u200c\u200d\u2060"
_PLAIN_NUMBER = re.compile(r"-[0-9]+(?:\.[0-9]+)?", re.ASCII)


_ENCODE = json.JSONEncoder(ensure_ascii=False).encode


def shown(cell: Cell, least: int = 0) -> str:
    """`cell` as text: numbers exact and without exponent, days as 2023-08-01, a blank as nothing, persons as JSON.

    A number that is not whole has at least so many decimals.
    """
    if isinstance(cell, list):
        return f"[{', '.join(_object(part) if isinstance(part, dict) else _value(part) for part in cell)}]"
    if isinstance(cell, dict):
        return _object(cell)
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, Fraction)):
        return plain(cell, least)
    assert isinstance(cell, datetime.date)
    return cell.isoformat()


def _object(person: dict[str, Plain]) -> str:
    return "{" + ", ".join(f"{_ENCODE(key)}: {_value(value)}" for key, value in person.items()) + "}"


def _value(value: Plain) -> str:
    if value is None:
        return "null"
    return shown(value) if isinstance(value, (int, Fraction)) else _ENCODE(shown(value))


def is_formula(text: str) -> bool:
    """Whether a spreadsheet that opens `text` might run it: it begins like a formula and is no plain number.

    Blanks and invisible characters before the sign do not hide it; full-width signs count too.
    """
    if not text:
        return False
    if text[0] in "\t\r":
        return True
    if text[0].isalnum():
        return False
    bare = text.lstrip().lstrip(_UNSEEN).strip()
    return bare.startswith(_BEGINS_FORMULA) and not _PLAIN_NUMBER.fullmatch(bare)


def letter(index: int) -> str:
    """The letters of the column `index` (from 0), as spreadsheets name it."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def aligned(header: Sequence[str], cells: Sequence[Cell]) -> Sequence[Cell]:
    """`cells`, one for each heading.

    Raises: ValueError where they are more or fewer: a mistake of the caller, not of the input.
    """
    if len(cells) != len(header):
        pairs = list(zip_longest(header, cells))
        raise ValueError(f"{len(cells)} cells for {len(header)} headings: {pairs}")
    return cells
