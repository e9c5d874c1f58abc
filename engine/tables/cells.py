"""One cell as people write it, read as the value of a fact: exact, or a sentence that says why it cannot be."""

from __future__ import annotations

import datetime
import re
import unicodedata
from decimal import Decimal
from fractions import Fraction

from engine.algebras.exact import Value
from engine.messages import Message, Words, say
from engine.policy import Fact
from engine.source import nearest

__all__ = ["BadCell", "is_blank", "key_of", "read_cell"]

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_GROUPED = re.compile(r"-?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DAYS = (
    re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]0?0:00(?::00(?:\.0+)?)?)?"),
    re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(?: 0?0:00(?::00)?)?"),
    re.compile(r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})"),
    re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"),
    re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})"),
)
_SERIAL_ORIGIN = datetime.date(1899, 12, 30)
_SERIALS = range(20_000, 80_000)
_EXPONENT = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")
_LOST_DIGITS = 10**15


class BadCell(Exception):
    """A cell that cannot be read: what is wrong with it, what was expected, what to do."""

    def __init__(self, wrong: Message, expected: Message | None = None, remedy: Message | None = None) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.expected = expected
        self.remedy = remedy


def is_blank(cell: object) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def read_cell(fact: Fact, cell: object, words: Words) -> Value:
    """The value of `fact` that `cell` (not blank) writes, exact and within the fact's bounds and step.

    Raises: BadCell where it writes none.
    """
    if isinstance(cell, float):  # a binary fraction has lost the decimal that somebody wrote
        wrong = say("{value} is a binary floating-point number.", value=repr(cell))
        raise BadCell(wrong, say("Amounts are exact."), say("Pass a text, an int, a Decimal or a Fraction."))
    if isinstance(cell, datetime.datetime):
        cell = cell.date() if cell.time() == datetime.time() else str(cell)
    reader = {"truth": _truth, "text": _text, "date": _date}.get(fact.kind, _number)
    return reader(fact, cell, words)


def key_of(fact: Fact, cell: object, words: Words) -> str | None:
    """The value of `fact` in `cell` as rows are told apart by it; None where it is blank or cannot be read."""
    if is_blank(cell):
        return None
    try:
        return str(read_cell(fact, cell, words))
    except BadCell:
        return None


def _ordinary(cell: object) -> str:
    return unicodedata.normalize("NFKC", str(cell)).strip()


def _number(fact: Fact, cell: object, words: Words) -> Value:
    if isinstance(cell, (bool, datetime.date)):
        raise BadCell(say("“{value}” is not a number.", value=str(cell)), _expected_number(fact), _FIGURES)
    value = Fraction(cell) if isinstance(cell, (int, Fraction, Decimal)) else _written_number(fact, _ordinary(cell))
    shown = str(cell) if not isinstance(cell, Fraction) else say("{value}", value=cell)
    if fact.step is not None and (value / fact.step).denominator != 1:
        wrong = say("“{value}” is finer than {step}.", value=shown, step=fact.step)
        raise BadCell(wrong, _expected_number(fact), say("Round it as the bill does, and write it again."))
    too_low = fact.at_least is not None and value < fact.at_least
    if too_low or (fact.at_most is not None and value > fact.at_most):
        raise BadCell(
            say("“{value}” is outside the range.", value=shown), _expected_number(fact), say("Correct the number.")
        )
    return value.numerator if value.denominator == 1 else value


_FIGURES = say("Write the number in figures only.")


def _written_number(fact: Fact, text: str) -> Fraction:
    if _NUMBER.fullmatch(text):
        return Fraction(text)
    if _GROUPED.fullmatch(text):
        return Fraction(text.replace(",", ""))
    if _EXPONENT.fullmatch(text):
        wrong = say("“{value}” is a number that a spreadsheet has shortened.", value=text)
        raise BadCell(wrong, _expected_number(fact), say("Widen the column and write the number in full."))
    if text.startswith("#"):
        wrong = say("“{value}” is a spreadsheet's error.", value=text)
        raise BadCell(wrong, _expected_number(fact), say("Mend the formula, or leave the cell blank."))
    raise BadCell(say("“{value}” is not a number.", value=text), _expected_number(fact), _FIGURES)


def _expected_number(fact: Fact) -> Message:
    unit = fact.unit.text
    return say(
        "Expected: a number from {low} to {high} in steps of {step}{unit}.",
        low=fact.at_least if fact.at_least is not None else "−∞",
        high=fact.at_most if fact.at_most is not None else "∞",
        step=fact.step if fact.step is not None else "—",
        unit=f" ({unit})" if unit else "",
    )


def _truth(fact: Fact, cell: object, words: Words) -> Value:
    if isinstance(cell, bool):
        return cell
    text = _ordinary(cell).lower()
    if text in words.yes:
        return True
    if text in words.no:
        return False
    expected = say("Expected: {yes} or {no}.", yes=words.yes[0], no=words.no[0])
    raise BadCell(say("“{value}” is neither yes nor no.", value=str(cell)), expected, say("Write one of the two."))


def _text(fact: Fact, cell: object, words: Words) -> Value:
    if isinstance(cell, (bool, Fraction, Decimal)):
        raise BadCell(
            say("“{value}” is not a text.", value=str(cell)),
            say("Expected: a text."),
            say("Format the cell as text and write it again."),
        )
    text = str(cell).strip() if fact.form else _ordinary(cell)
    if fact.form:
        lost = _EXPONENT.fullmatch(text) or (isinstance(cell, int) and cell >= _LOST_DIGITS)
        if lost:
            wrong = say("“{value}” is a number from which a spreadsheet has cut the last digits.", value=text)
            raise BadCell(
                wrong,
                say("Expected: the number as text, with all its digits."),
                say("Format the column as text and write it again."),
            )
        text = unicodedata.normalize("NFKC", text).removeprefix("'").upper()
    if fact.choices and text not in fact.choices:
        close = nearest(text, fact.choices)
        remedy = say("Did you mean “{close}”?", close=close) if close else say("Write one of these.")
        raise BadCell(
            say("“{value}” is not one of the choices.", value=text),
            say("The choices are {choices}.", choices=fact.choices),
            remedy,
        )
    return text


def _date(fact: Fact, cell: object, words: Words) -> Value:
    if isinstance(cell, datetime.date):
        return cell
    expected = say("Expected: a day such as 2023-08-01.")
    text = _ordinary(cell)
    if isinstance(cell, bool):
        raise BadCell(say("“{value}” is not a day.", value=text), expected, _DAY)
    if text.isascii() and text.isdecimal() and int(text) in _SERIALS:
        return _SERIAL_ORIGIN + datetime.timedelta(days=int(text))
    for pattern in _DAYS:
        if found := pattern.fullmatch(text):
            try:
                return datetime.date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError:
                raise BadCell(say("“{value}” is no day of the calendar.", value=text), expected, _DAY) from None
    raise BadCell(say("“{value}” is not a day.", value=text), expected, _DAY)


_DAY = say("Write year, month, day.")
