"""Why a truth holds or does not: the comparisons and names that decided it, in the words of the policy's language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from engine.algebras.trace import Step
from engine.explanation.wording import number, spoken, written
from engine.messages import Words

__all__ = ["Reasons", "compares", "deciding", "distance", "needed"]

ORDERS = {"<": "sign_less", "<=": "sign_at_most", ">": "sign_more", ">=": "sign_at_least"}
"""The comparisons by order, each with the word for its sign."""

_INCLUDES = {"<": "excludes", ">": "excludes", "<=": "includes", ">=": "includes"}


def needed(step: Step) -> Iterator[str]:
    """The names that `step` came from: of a choice only the branch that was taken."""
    if step.operation == "name":
        yield step.name
        return
    parts = step.parts
    if step.operation == "choose":
        parts = (parts[0], parts[1] if parts[0].value is True else parts[2])
    for part in parts:
        yield from needed(part)


def deciding(step: Step) -> list[Step]:
    """The comparisons and names for which the truth `step` is what it is.

    Of a conjunction that fails only what fails, of one that holds everything; the other way round for an alternative. A
    name that the engine made stands for what it was made of.
    """
    if step.operation in ("and", "or"):
        is_joint = (step.operation == "and") == (step.value is True)
        parts = [part for part in step.parts if is_joint or part.value is step.value]
        return [found for part in parts for found in deciding(part)]
    if step.operation == "not":
        return deciding(step.parts[0])
    if step.operation == "choose":
        condition, chosen, otherwise = step.parts
        return [*deciding(condition), *deciding(chosen if condition.value is True else otherwise)]
    if step.operation == "name" and "·" in step.name and step.parts[0].operation != "constant":
        return deciding(step.parts[0])
    return [] if step.operation == "constant" else [step]


def compares(step: Step) -> bool:
    """Whether a value is compared in the truth `step`: then its numbers tell something."""
    if step.operation in ("and", "or", "not", "choose"):
        return any(map(compares, step.parts))
    return step.operation in (*ORDERS, "==", "!=", "in")


class Reasons:
    """Says why truths are what they are; `unit` gives the unit of a name, `why` says what is wrong with a text of a form."""

    def __init__(self, words: Words, unit: Callable[[str], str], why: Callable[[str], str]) -> None:
        self._words = words
        self._unit = unit
        self._why = why

    def of(self, step: Step) -> str:
        """Everything that decided the truth `step`, joined."""
        found = [text for part in deciding(step) if (text := self._one(part))]
        return self._words["stop"].join(dict.fromkeys(found))

    def margin(self, step: Step) -> str:
        """How far the two sides of the comparison by order `step` are apart; empty where it is none of numbers."""
        apart = distance(step)
        if apart is None:
            return ""
        if apart == 0:
            return self._words["margin_none"].format(**self._sign(step))
        word = "margin_below" if apart < 0 else "margin_above"
        return self._words[word].format(margin=number(self._words, abs(apart)), unit=self._unit_in(step))

    def _one(self, step: Step) -> str:
        if step.operation in ORDERS:
            return self._by_order(step)
        if step.operation in ("==", "!="):
            return self._by_equality(step)
        if step.operation == "in":
            return self._is(step.parts[0])
        return self._by_name(step)

    def _by_order(self, step: Step) -> str:
        left, right = (written(self._words, part) for part in step.parts)
        apart = distance(step)
        if apart is None:
            return self._words["stop"].join(self._is(part) for part in step.parts if part.operation != "constant")
        if apart == 0:
            return self._words["reason_on_the_line"].format(left=left, right=right, **self._sign(step))
        margin = number(self._words, abs(apart))
        word = "reason_below" if apart < 0 else "reason_above"
        return self._words[word].format(left=left, right=right, margin=margin, unit=self._unit_in(step))

    def _by_equality(self, step: Step) -> str:
        one, other = step.parts
        if not (_is_number(one) and _is_number(other)):
            return self._words["stop"].join(self._is(part) for part in step.parts if part.operation != "constant")
        left, right = written(self._words, one), written(self._words, other)
        if one.value == other.value:
            return self._words["reason_equals"].format(left=left, right=right)
        value, unit = spoken(self._words, one.value), self._unit_in(step)
        return self._words["reason_unequal"].format(left=left, value=value, unit=unit, right=right)

    def _is(self, step: Step) -> str:
        value = spoken(self._words, step.value)
        return self._words["reason_is"].format(name=written(self._words, step), value=value)

    def _by_name(self, step: Step) -> str:
        words, holds = self._words, step.value is True
        subject, _, about = step.name.rpartition("·")
        known = {"given": "not_given", "valid": "invalid", "in_force": "out_of_force"}
        for word, denied in known.items():
            if step.operation == "name" and subject and about == words[word]:
                text = words[f"reason_{word if holds else denied}"]
                return text.format(name=subject) if holds or word != "valid" else self._why(subject)
        if step.operation == "name" and step.parts[0].operation == "constant":
            return self._is(step)
        return words["reason_holds" if holds else "reason_fails"].format(name=written(words, step))

    def _sign(self, step: Step) -> dict[str, str]:
        words = self._words
        return {"operator": words[ORDERS[step.operation]], "includes": words[_INCLUDES[step.operation]]}

    def _unit_in(self, step: Step) -> str:
        """The unit of the first name with a unit on either side of a comparison."""
        return next((unit for part in step.parts for name in needed(part) if (unit := self._unit(name))), "")


def distance(step: Step) -> Fraction | None:
    """The left side less the right side of a comparison by order of numbers; None where `step` is none."""
    if step.operation not in ORDERS or not all(map(_is_number, step.parts)):
        return None
    left, right = (part.value for part in step.parts)
    assert isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction))
    return Fraction(left) - right


def _is_number(step: Step) -> bool:
    return isinstance(step.value, (int, Fraction)) and not isinstance(step.value, bool)
