"""The lowest and the highest value that an expression can have: what is certain, possible or impossible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from engine.algebras.exact import round_to
from engine.expression import Algebra, Refusal
from engine.messages import say
from engine.policy import Fact, Group, Table
from engine.source import Place, Problem

__all__ = ["Dates", "Interval", "Range", "Span", "Texts", "Truths", "span_of"]

Bound = Fraction | None
"""An end of a range; None where there is none."""


@dataclass(frozen=True)
class Range:
    """Every number from `low` to `high`, both included; None is an open end."""

    low: Bound
    high: Bound

    def holds(self, value: int | Fraction) -> bool:
        """Whether `value` lies in the range."""
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


@dataclass(frozen=True)
class Truths:
    """Which truths are possible; one of them alone is certain."""

    can_hold: bool
    can_fail: bool


@dataclass(frozen=True)
class Texts:
    """Which texts are possible; None is any."""

    values: frozenset[str] | None


@dataclass(frozen=True)
class Dates:
    """Any date."""


Span = Range | Truths | Texts | Dates


def span_of(fact: Fact) -> Span:
    """Every value that `fact` may have; an optional number may also be absent, which the core carries as 0."""
    if fact.kind == "truth":
        return Truths(True, True)
    if fact.kind == "text":
        return Texts(frozenset(fact.choices) | ({""} if fact.is_optional else set()) if fact.choices else None)
    if fact.kind == "date":
        return Dates()
    if fact.is_optional and fact.at_least is not None and fact.at_most is not None:
        return Range(min(fact.at_least, Fraction(0)), max(fact.at_most, Fraction(0)))
    return Range(fact.at_least, fact.at_most)


_MOST_BITS = 512


class Interval(Algebra["Span"]):
    """Spans that contain every value that `exact` can give for facts within theirs.

    `problems` lists the products that can grow past every amount: numbers squared again and again would never be done.
    """

    def __init__(self, tables: Sequence[Table] = (), groups: Sequence[Group] = ()) -> None:
        self.problems: list[Problem] = []
        self._tables = {table.name: table for table in tables}
        self._sizes = {group.name: (group.at_least, group.at_most) for group in groups}

    def refused(self, refusal: Refusal, place: Place) -> Span:
        self.problems.append(Problem(place, refusal.wrong, refusal.expected, refusal.remedy))
        return Range(None, None)

    def number(self, value: Fraction) -> Span:
        return Range(Fraction(value), Fraction(value))

    def text(self, value: str) -> Span:
        return Texts(frozenset([value]))

    def truth(self, value: bool) -> Span:
        return Truths(value, not value)

    def negate(self, value: Span) -> Span:
        range_ = _range(value)
        return Range(_negative(range_.high), _negative(range_.low))

    def add(self, left: Span, right: Span) -> Span:
        one, two = _range(left), _range(right)
        return Range(_sum(one.low, two.low), _sum(one.high, two.high))

    def subtract(self, left: Span, right: Span) -> Span:
        return self.add(left, self.negate(right))

    def multiply(self, left: Span, right: Span) -> Span:
        one, two = _range(left), _range(right)
        if Range(Fraction(0), Fraction(0)) in (one, two):
            return Range(Fraction(0), Fraction(0))
        corners = [(a, b) for a in (one.low, one.high) for b in (two.low, two.high)]
        if all(a is not None and b is not None for a, b in corners):
            products = [_product(a, b) for a, b in corners if a is not None and b is not None]
            return Range(min(products), max(products))
        if _from_zero(one) and _from_zero(two):
            assert one.low is not None and two.low is not None
            return Range(_product(one.low, two.low), None)
        return Range(None, None)

    def divide(self, left: Span, right: Span) -> Span:
        divisor = _range(right)
        if divisor.low is None or divisor.low <= 0:
            return Range(None, None)
        inverse = Range(Fraction(0) if divisor.high is None else 1 / divisor.high, 1 / divisor.low)
        return self.multiply(left, inverse)

    def compare(self, operator: str, left: Span, right: Span) -> Span:
        if isinstance(left, Texts) and isinstance(right, Texts):
            return _compare_texts(operator, left, right)
        if not (isinstance(left, Range) and isinstance(right, Range)):
            return Truths(True, True)
        if operator in (">", ">="):
            return self.compare({">": "<", ">=": "<="}[operator], right, left)
        if operator in ("==", "!="):
            return _compare_equal(operator, left, right)
        strict = operator == "<"
        return Truths(_may_be_below(left.low, right.high, strict), _may_be_below(right.low, left.high, not strict))

    def both(self, left: Span, right: Span) -> Span:
        one, two = _truths(left), _truths(right)
        return Truths(one.can_hold and two.can_hold, one.can_fail or two.can_fail)

    def either(self, left: Span, right: Span) -> Span:
        one, two = _truths(left), _truths(right)
        return Truths(one.can_hold or two.can_hold, one.can_fail and two.can_fail)

    def opposite(self, value: Span) -> Span:
        truths = _truths(value)
        return Truths(truths.can_fail, truths.can_hold)

    def choose(self, condition: Span, chosen: Span, otherwise: Span) -> Span:
        truths = _truths(condition)
        if not truths.can_fail:
            return chosen
        return _hull(chosen, otherwise) if truths.can_hold else otherwise

    def minimum(self, values: Sequence[Span]) -> Span:
        ranges = [_range(value) for value in values]
        highs = [range_.high for range_ in ranges if range_.high is not None]
        lows = [range_.low for range_ in ranges]
        low = None if None in lows else min(low for low in lows if low is not None)
        return Range(low, min(highs) if highs else None)

    def maximum(self, values: Sequence[Span]) -> Span:
        return self.negate(self.minimum([self.negate(value) for value in values]))

    def absolute(self, value: Span) -> Span:
        return self.maximum([value, self.negate(value), self.number(Fraction(0))])

    def rounded(self, rounding: str, value: Span, step: Span) -> Span:
        range_, steps = _range(value), _range(step)
        if steps.low is None or steps.low <= 0:
            return Range(None, None)
        if steps.low != steps.high:
            widest = Range(_negative(steps.high), steps.high)
            return self.add(range_, widest)
        size = steps.low
        return Range(
            *(None if end is None else Fraction(round_to(rounding, end, size)) for end in (range_.low, range_.high))
        )

    def lookup(self, table: str, keys: Sequence[Span]) -> Span:
        found = self._tables.get(table)  # a table that is not there is told by its own check
        rows = () if found is None else found.rows
        values = [row.value for row in rows] + ([found.default] if found and found.default is not None else [])
        return Range(min(values), max(values)) if values else Range(None, None)

    def calendar(self, word: str, values: Sequence[Span]) -> Span:
        return _SPANS.get(word, Dates())

    def gather(self, word: str, group: str, values: Sequence[Span], nobody: Sequence[Span]) -> Span:
        """One of `values` stands for any person; how many there are, the group's bounds say."""
        least, most = self._sizes[group]
        size = Range(Fraction(least), Fraction(most))
        if word == "sum":
            return self.multiply(size, values[0])
        if word in ("min", "max"):
            return values[0] if least > 0 else _hull(values[0], nobody[0])
        truths = _truths(values[0])
        if word == "count":
            return Range(Fraction(0) if truths.can_fail else size.low, size.high if truths.can_hold else Fraction(0))
        if word == "any":
            return Truths(truths.can_hold and most > 0, truths.can_fail or least == 0)
        return Truths(truths.can_hold or least == 0, truths.can_fail and most > 0)

    def rank(self, group: str, values: Sequence[Span], index: int) -> Span:
        return Range(Fraction(1), Fraction(max(self._sizes[group][1], 1)))


_SPANS: Mapping[str, Span] = MappingProxyType(
    {
        "full_years": Range(Fraction(-9999), Fraction(9999)),
        "full_months": Range(Fraction(-120_000), Fraction(120_000)),
        "days_between": Range(Fraction(-3_660_000), Fraction(3_660_000)),
        "year": Range(Fraction(1), Fraction(9999)),
        "month": Range(Fraction(1), Fraction(12)),
    }
)
"""Everything that a word over days can count, for the days of the calendar."""


def _product(one: Fraction, two: Fraction) -> Fraction:
    found = one * two
    if max(found.numerator.bit_length(), found.denominator.bit_length()) > _MOST_BITS:
        raise Refusal(
            say("This product can have more than {digits} digits.", digits=_MOST_BITS * 3 // 10),
            say("Numbers that large are no amounts, and multiplied again and again they would never be done."),
            say("Correct the rule, or the bounds of the facts that it reads."),
        )
    return found


def _range(span: Span) -> Range:
    return span if isinstance(span, Range) else Range(None, None)


def _truths(span: Span) -> Truths:
    return span if isinstance(span, Truths) else Truths(True, True)


def _negative(bound: Bound) -> Bound:
    return None if bound is None else -bound


def _sum(left: Bound, right: Bound) -> Bound:
    return None if left is None or right is None else left + right


def _from_zero(range_: Range) -> bool:
    return range_.low is not None and range_.low >= 0


def _may_be_below(left: Bound, right: Bound, strict: bool) -> bool:
    if left is None or right is None:
        return True
    return left < right if strict else left <= right


def _compare_equal(operator: str, left: Range, right: Range) -> Truths:
    meet = _may_be_below(left.low, right.high, False) and _may_be_below(right.low, left.high, False)
    same = left == right and left.low is not None and left.low == left.high
    equal = Truths(meet, not same)
    return equal if operator == "==" else Truths(equal.can_fail, equal.can_hold)


def _compare_texts(operator: str, left: Texts, right: Texts) -> Truths:
    if operator not in ("==", "!=") or left.values is None or right.values is None:
        return Truths(True, True)
    equal = Truths(bool(left.values & right.values), not (left.values == right.values and len(left.values) == 1))
    return equal if operator == "==" else Truths(equal.can_fail, equal.can_hold)


def _extreme(pick: Callable[[Fraction, Fraction], Fraction], left: Bound, right: Bound) -> Bound:
    return None if left is None or right is None else pick(left, right)


def _hull(one: Span, two: Span) -> Span:
    if isinstance(one, Range) and isinstance(two, Range):
        return Range(_extreme(min, one.low, two.low), _extreme(max, one.high, two.high))
    if isinstance(one, Truths) and isinstance(two, Truths):
        return Truths(one.can_hold or two.can_hold, one.can_fail or two.can_fail)
    if isinstance(one, Texts) and isinstance(two, Texts):
        return Texts(None if one.values is None or two.values is None else one.values | two.values)
    return one
