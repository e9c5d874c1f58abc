"""One cell as people write it, read as the value of a fact: exact, or a sentence that says why it cannot be."""

from __future__ import annotations

import datetime
import re
import unicodedata
from decimal import Decimal
from fractions import Fraction

from engine.algebras.exact import Value
from engine.messages import Message, Words, plain, say
from engine.policy import Fact
from engine.source import nearest
from engine.tables.forms import FORMS

__all__ = ["MOST_CHARACTERS", "BadCell", "is_blank", "key_of", "quoted", "read_cell"]

MOST_CHARACTERS = 1_000
"""No cell of a fact is longer, and no number has more digits."""

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
_SERIAL = re.compile(r"[0-9]{5}")
_SERIAL_WITH_TIME = re.compile(r"[2-7][0-9]{4}\.[0-9]+")
_EXPONENT = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")
_LOST_DIGITS = 10**15
_MOST_SHOWN = 60
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_UNSEEN = dict.fromkeys((0xAD, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF))


class BadCell(Exception):
    """A cell that cannot be read: what is wrong with it, what was expected, what to do."""

    def __init__(self, wrong: Message, expected: Message | None = None, remedy: Message | None = None) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.expected = expected
        self.remedy = remedy


def is_blank(cell: object) -> bool:
    """Whether a cell says nothing: nothing stands there, or nothing that can be seen."""
    if not isinstance(cell, str):
        return cell is None
    return not cell.strip() or not (cell.isascii() or cell.translate(_UNSEEN).strip())


def read_cell(fact: Fact, cell: object, words: Words) -> Value:
    """The value of `fact` that `cell` (not blank) writes, exact and within the fact's bounds and step.

    Raises: BadCell where it writes none.
    """
    if isinstance(cell, float):  # a binary fraction has lost the decimal that somebody wrote
        wrong = say("{value} is a binary floating-point number.", value=repr(cell))
        raise BadCell(wrong, say("Amounts are exact."), say("Pass a text, an int, a Decimal or a Fraction."))
    if isinstance(cell, datetime.datetime):
        cell = cell.date() if cell.time() == datetime.time() else str(cell)
    _refuse_endless(cell)
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


def quoted(cell: object) -> str:
    """`cell` as a message quotes it: not too long, and unseen characters by their code (`[U+200B]`)."""
    text = plain(cell) if isinstance(cell, Fraction) else str(cell)
    seen = "".join(
        mark if mark.isprintable() or mark == "\u3000" else f"[U+{ord(mark):04X}]" for mark in text[:_MOST_SHOWN]
    )
    return seen if len(text) <= _MOST_SHOWN else seen + "…"


def _refuse_endless(cell: object) -> None:
    """Raises: BadCell where `cell` is longer than anybody writes, or is no finite number."""
    if isinstance(cell, str) and len(cell) <= MOST_CHARACTERS:
        return
    if isinstance(cell, Decimal):
        if not cell.is_finite():
            raise BadCell(say("“{value}” is not a number.", value=str(cell)), None, _FIGURES)
        is_endless = max(abs(cell.adjusted()), len(cell.as_tuple().digits)) > MOST_CHARACTERS
    elif isinstance(cell, (int, Fraction)):
        is_endless = max(abs(cell.numerator), cell.denominator) >= _ENDLESS
    elif len(text := str(cell)) > MOST_CHARACTERS:
        wrong = say("“{value}” has more than {most} characters.", value=quoted(text), most=MOST_CHARACTERS)
        raise BadCell(wrong, _NOT_SO_LONG, _CORRECT)
    else:
        return
    if is_endless:
        raise BadCell(say("The number has more than {most} digits.", most=MOST_CHARACTERS), _NOT_SO_LONG, _CORRECT)


_ENDLESS = 10**MOST_CHARACTERS
_NOT_SO_LONG, _CORRECT = say("No fact is that long."), say("Correct the cell.")


def _narrow(cell: object) -> str:
    """`cell` as text, full-width characters (１２，０００) as the ordinary ones, without blanks at the ends.

    Raises: BadCell where another character only looks like an ordinary one: ① and ² are no digits.
    """
    text = plain(cell) if isinstance(cell, Fraction) else str(cell)
    if text.isascii():
        return text.strip()
    text = text.translate(_FULL_WIDTH).strip()
    strange = next((mark for mark in text if unicodedata.normalize("NFKC", mark) != mark), None)
    if strange is not None:
        code = f"U+{ord(strange):04X}"
        wrong = say("“{value}” holds the character “{mark}” ({code}).", value=quoted(text), mark=strange, code=code)
        raise BadCell(wrong, say("It only looks like others."), say("Remove it, or write it with ordinary characters."))
    return text


def _number(fact: Fact, cell: object, words: Words) -> Value:
    if isinstance(cell, (bool, datetime.date)):
        raise BadCell(say("“{value}” is not a number.", value=str(cell)), _expected_number(fact), _FIGURES)
    value = Fraction(cell) if isinstance(cell, (int, Fraction, Decimal)) else _written_number(fact, _narrow(cell))
    if fact.step is not None and value.numerator * fact.step.denominator % (value.denominator * fact.step.numerator):
        wrong = say("“{value}” is finer than {step}.", value=quoted(cell), step=fact.step)
        raise BadCell(wrong, _expected_number(fact), say("Round it as the bill does, and write it again."))
    too_low = fact.at_least is not None and value < fact.at_least
    if too_low or (fact.at_most is not None and value > fact.at_most):
        wrong = say("“{value}” is outside the range.", value=quoted(cell))
        raise BadCell(wrong, _expected_number(fact), say("Correct the number."))
    return value.numerator if value.denominator == 1 else value


_FIGURES = say("Write the number in figures only.")


def _written_number(fact: Fact, text: str) -> Fraction:
    if _NUMBER.fullmatch(text):
        return Fraction(text)
    if _GROUPED.fullmatch(text):
        return Fraction(text.replace(",", ""))
    if _EXPONENT.fullmatch(text):
        wrong = say("“{value}” is a number that a spreadsheet has shortened.", value=quoted(text))
        raise BadCell(wrong, _expected_number(fact), say("Widen the column and write the number in full."))
    if text.startswith("#"):
        wrong = say("“{value}” is a spreadsheet's error.", value=quoted(text))
        raise BadCell(wrong, _expected_number(fact), say("Mend the formula, or leave the cell blank."))
    raise BadCell(say("“{value}” is not a number.", value=quoted(text)), _expected_number(fact), _FIGURES)


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
    text = _narrow(cell).lower()
    if text in words.yes:
        return True
    if text in words.no:
        return False
    expected = say("Expected: {yes} or {no}.", yes=words.yes[0], no=words.no[0])
    raise BadCell(say("“{value}” is neither yes nor no.", value=quoted(cell)), expected, say("Write one of the two."))


def _text(fact: Fact, cell: object, words: Words) -> Value:
    if isinstance(cell, (bool, Fraction, Decimal)):
        raise BadCell(
            say("“{value}” is not a text.", value=quoted(cell)),
            say("Expected: a text."),
            say("Format the cell as text and write it again."),
        )
    text = _formed(fact.form, cell) if fact.form else _ordinary(str(cell))
    if fact.choices and text not in fact.choices:
        close = nearest(text, fact.choices)
        remedy = say("Did you mean “{close}”?", close=close) if close else say("Write one of these.")
        raise BadCell(
            say("“{value}” is not one of the choices.", value=quoted(text)),
            say("The choices are {choices}.", choices=fact.choices),
            remedy,
        )
    return text


def _ordinary(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(_UNSEEN)).strip()


def _formed(form: str, cell: object) -> str:
    """The text of `form` in `cell`, without what is only typing; whether it is valid is not asked here."""
    text = str(cell).translate(_UNSEEN).translate(_FULL_WIDTH).strip()
    expected = say("Expected: the number as text, with all its digits.")
    if _EXPONENT.fullmatch(text):
        wrong = say("“{value}” is a number from which a spreadsheet has cut the last digits.", value=quoted(text))
        raise BadCell(wrong, expected, say("Format the column as text and write it again."))
    if isinstance(cell, int) and cell >= _LOST_DIGITS:
        wrong = say("“{value}” is a number, and many programs cut its last digits.", value=quoted(text))
        raise BadCell(
            wrong, expected, say("In JSON put it in quotes; in a spreadsheet format the column as text first.")
        )
    cleaned = FORMS[form].clean(text)
    if not cleaned:
        raise BadCell(say("“{value}” is not a text.", value=quoted(text)), None, say("Fill it in, or leave it blank."))
    return cleaned


def _date(fact: Fact, cell: object, words: Words) -> Value:
    if isinstance(cell, datetime.date):
        return cell
    expected = say("Expected: a day such as 2023-08-01.")
    text = _narrow(cell)
    if _SERIAL.fullmatch(text) and int(text) in _SERIALS:
        return _SERIAL_ORIGIN + datetime.timedelta(days=int(text))
    if not isinstance(cell, bool) and _SERIAL_WITH_TIME.fullmatch(text):
        wrong = say("“{value}” is a day with a time of day, as a spreadsheet counts them.", value=quoted(text))
        raise BadCell(wrong, expected, say("Write the day alone."))
    for pattern in _DAYS:
        if found := pattern.fullmatch(text):
            try:
                return datetime.date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError:
                wrong = say("“{value}” is no day of the calendar.", value=quoted(text))
                raise BadCell(wrong, expected, _DAY) from None
    raise BadCell(say("“{value}” is not a day.", value=quoted(text)), expected, _DAY)


_DAY = say("Write year, month, day.")
