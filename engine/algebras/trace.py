"""Exact values with a note of every step: what `exact` computes, and how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.algebras.exact import Exact, Value
from engine.expression import Algebra
from engine.policy import Table

__all__ = ["Step", "Trace"]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: what was done (`operation`) with which steps, what came of it, and under which name it is known."""

    operation: str
    parts: tuple[Step, ...]
    value: Value
    name: str = ""


class Trace(Algebra[Step]):
    """The algebra whose values are steps; every step's value is that of `Exact`."""

    def __init__(self, tables: Sequence[Table] = ()) -> None:
        self._exact = Exact(tables)

    def named(self, name: str, value: Step) -> Step:
        return Step("name", (value,), value.value, name)

    def fact(self, value: Value) -> Step:
        """The step that a household's fact begins with."""
        return Step("constant", (), value)

    def number(self, value: Fraction) -> Step:
        return Step("constant", (), self._exact.number(value))

    def text(self, value: str) -> Step:
        return Step("constant", (), value)

    def truth(self, value: bool) -> Step:
        return Step("constant", (), value)

    def negate(self, value: Step) -> Step:
        return Step("negate", (value,), self._exact.negate(value.value))

    def add(self, left: Step, right: Step) -> Step:
        return Step("+", (left, right), self._exact.add(left.value, right.value))

    def subtract(self, left: Step, right: Step) -> Step:
        return Step("-", (left, right), self._exact.subtract(left.value, right.value))

    def multiply(self, left: Step, right: Step) -> Step:
        return Step("*", (left, right), self._exact.multiply(left.value, right.value))

    def divide(self, left: Step, right: Step) -> Step:
        return Step("/", (left, right), self._exact.divide(left.value, right.value))

    def compare(self, operator: str, left: Step, right: Step) -> Step:
        return Step(operator, (left, right), self._exact.compare(operator, left.value, right.value))

    def both(self, left: Step, right: Step) -> Step:
        return Step("and", (left, right), self._exact.both(left.value, right.value))

    def either(self, left: Step, right: Step) -> Step:
        return Step("or", (left, right), self._exact.either(left.value, right.value))

    def opposite(self, value: Step) -> Step:
        return Step("not", (value,), self._exact.opposite(value.value))

    def choose(self, condition: Step, chosen: Step, otherwise: Step) -> Step:
        value = self._exact.choose(condition.value, chosen.value, otherwise.value)
        return Step("choose", (condition, chosen, otherwise), value)

    def minimum(self, values: Sequence[Step]) -> Step:
        return Step("min", tuple(values), self._exact.minimum([step.value for step in values]))

    def maximum(self, values: Sequence[Step]) -> Step:
        return Step("max", tuple(values), self._exact.maximum([step.value for step in values]))

    def absolute(self, value: Step) -> Step:
        return Step("abs", (value,), self._exact.absolute(value.value))

    def rounded(self, rounding: str, value: Step, step: Step) -> Step:
        return Step(rounding, (value, step), self._exact.rounded(rounding, value.value, step.value))

    def lookup(self, table: str, keys: Sequence[Step]) -> Step:
        return Step("lookup", tuple(keys), self._exact.lookup(table, [step.value for step in keys]), table)

    def calendar(self, word: str, values: Sequence[Step]) -> Step:
        return Step(word, tuple(values), self._exact.calendar(word, [step.value for step in values]))

    def gather(self, word: str, group: str, values: Sequence[Step], nobody: Sequence[Step]) -> Step:
        found = self._exact.gather(word, group, [step.value for step in values], [step.value for step in nobody])
        return Step(word, (*nobody, *values), found, group)

    def rank(self, group: str, values: Sequence[Step], index: int) -> Step:
        found = self._exact.rank(group, [step.value for step in values], index)
        return Step("rank", (values[index], *values[:index], *values[index + 1 :]), found, group)

    def among(self, value: Step, options: Sequence[Step]) -> Step:
        found = self._exact.among(value.value, [option.value for option in options])
        return Step("in", (value, *options), found)
