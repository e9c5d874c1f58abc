"""A step of a trace in the words of the policy's language: as written, and with its numbers. One wording everywhere."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction

from engine.algebras.exact import Value
from engine.algebras.trace import Step
from engine.expression import ROUNDINGS
from engine.messages import Words, plain
from engine.messages.numbers import approximate, ends, grouped

__all__ = ["equals", "number", "numbers", "spoken", "written"]

_SIGNS = {
    "+": ("+", 4),
    "-": ("sign_minus", 4),
    "*": ("sign_times", 5),
    "/": ("sign_divide", 5),
    "<": ("sign_less", 3),
    "<=": ("sign_at_most", 3),
    ">": ("sign_more", 3),
    ">=": ("sign_at_least", 3),
    "==": ("sign_equal", 3),
    "!=": ("sign_unequal", 3),
    "and": ("sign_and", 2),
    "or": ("sign_or", 1),
}
_ATOM = 9
_LIST = 0
"""What is said with commas: put in brackets wherever it is a part of something."""


def number(words: Words, value: int | Fraction) -> str:
    """`value` as a person reads it: grouped digits; where it has no end, rounded to two places and marked as such."""
    if ends(value):
        return grouped(plain(value))
    return words["about"].format(short=grouped(approximate(value)))


def spoken(words: Words, value: Value) -> str:
    """Any value as a person reads it."""
    if isinstance(value, bool):
        return words["true" if value else "false"]
    if isinstance(value, (int, Fraction)):
        return number(words, value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return f"“{value}”" if value else words["empty"]


def equals(words: Words, value: Value) -> str:
    """The sign for “is” with `value` behind it: another sign where the value is only shown to two places."""
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool) and not ends(value):
        return words["about_equals"] + grouped(approximate(value))
    return words["equals"] + spoken(words, value)


def written(words: Words, step: Step) -> str:
    """`step` as the policy writes it: names stay names."""
    return _said(words, step, lambda inner: inner.name or spoken(words, inner.value))[0]


def numbers(words: Words, step: Step) -> str:
    """`step` with every name replaced by its value in this household."""
    return _said(words, step, lambda inner: spoken(words, inner.value))[0]


def _said(words: Words, step: Step, leaf: Callable[[Step], str]) -> tuple[str, int]:
    """The step in words, and how tightly its outermost sign binds."""
    if step.operation in ("name", "constant"):
        return leaf(step), _ATOM
    if step.operation == "date" and all(part.operation == "constant" for part in step.parts):
        return spoken(words, step.value), _ATOM
    if step.operation in _SIGNS:
        return _infix(words, step, leaf)
    if step.name and step.operation != "lookup":
        return _gathering(words, step, leaf)
    parts = [_inside(words, part, leaf, _LIST + 1) for part in step.parts]
    if step.operation == "negate":
        return words["sign_minus"] + _inside(words, step.parts[0], leaf, 6), 6
    if step.operation == "not":
        return words["sign_not"] + _inside(words, step.parts[0], leaf, 3), 3
    if step.operation == "choose":
        held = step.parts[0].value is True
        truth = words["holds" if held else "fails"]
        condition = _said(words, step.parts[0], lambda inner: inner.name or spoken(words, inner.value))[0]
        return words["word_choose"].format(value=parts[1 if held else 2], condition=condition, truth=truth), _ATOM
    if step.operation == "max" and len(parts) == 2 and parts[1] == "0":
        return words["word_not_below"].format(value=parts[0]), _LIST
    template = words[f"word_{step.operation}"]
    if step.operation in ROUNDINGS:
        return template.format(value=parts[0], step=parts[1]), _LIST
    joined = words["comma"].join(parts[1:] if step.operation == "in" else parts)
    strength = _LIST if step.operation in ("min", "max") else _ATOM
    return template.format(value=parts[0], values=joined, table=step.name), strength


def _gathering(words: Words, step: Step, leaf: Callable[[Step], str]) -> tuple[str, int]:
    """What is gathered over persons, and how; a single value is the highest and the lowest itself."""
    values = _gathered(words, step, leaf)
    if step.operation in ("min", "max") and len(step.parts) == 1:
        return values, _LIST
    return words[f"word_{step.operation}"].format(values=values), _ATOM if step.operation in ("any", "all") else _LIST


def _gathered(words: Words, step: Step, leaf: Callable[[Step], str]) -> str:
    """What is gathered over the persons of a group: as written once, with its numbers once for each person."""
    is_counted = step.operation == "count" and all(part.parts[0].operation == "constant" for part in step.parts)
    if is_counted:
        return step.name  # count(group) counts whoever is there
    texts = []
    for part in step.parts:
        body = part.parts[0] if part.operation == "name" else part
        texts.append(_said(words, body if body.operation == "name" else part, leaf)[0])
    is_as_written = leaf(_PROBE) == _PROBE.name
    return words["comma"].join(dict.fromkeys(texts) if is_as_written else texts) or words["nobody"]


_PROBE = Step("name", (), 0, "?")


def _misleads(step: Step) -> bool:
    """Whether both sides of a comparison round to the same two places and yet differ: then only fractions tell."""
    left, right = (part.value for part in step.parts)
    if step.operation not in _COMPARISONS or isinstance(left, bool) or isinstance(right, bool):
        return False
    numeric = isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction))
    return numeric and left != right and approximate(left) == approximate(right)  # type: ignore[arg-type]  # both are numbers


_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def _as_fractions(leaf: Callable[[Step], str]) -> Callable[[Step], str]:
    """`leaf`, but numbers as the exact fractions that they are."""

    def exact(step: Step) -> str:
        text = leaf(step)
        value = step.value
        is_number = isinstance(value, (int, Fraction)) and not isinstance(value, bool)
        return plain(value) if is_number and text != step.name else text  # type: ignore[arg-type]  # a number, as just asked

    return exact


def _infix(words: Words, step: Step, leaf: Callable[[Step], str]) -> tuple[str, int]:
    sign, strength = _SIGNS[step.operation]
    if _misleads(step):
        leaf = _as_fractions(leaf)
    text = words[sign] if sign != "+" else "+"
    left = _inside(words, step.parts[0], leaf, strength)
    right = _inside(words, step.parts[1], leaf, strength + (step.operation in ("-", "/")))
    joint = text if step.operation in ("and", "or") else f" {text} "
    return f"{left}{joint}{right}", strength


def _inside(words: Words, step: Step, leaf: Callable[[Step], str], strength: int) -> str:
    text, own = _said(words, step, leaf)
    return f"({text})" if own < strength else text
