"""Whole columns of households at once, exact: each number one whole number over another, each above zero below the line.

A number is a `Ratio` of terms, a truth, a text or a day a term of its own. What is the same in every row is folded here;
comparisons multiply across and never divide; a rounding is one division of whole numbers, rounded down.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd, lcm
from types import MappingProxyType

from engine.algebras.exact import Exact
from engine.algebras.interval import Dates, Interval, Range, Span, Truths, span_of
from engine.expression import Algebra, Reader, Refusal
from engine.messages import say
from engine.policy import Fact, Group, Policy, Table
from engine.source import Place, PolicyError, Problem
from engine.terms import Term, Terms

__all__ = ["Column", "Columns", "Ratio", "declared", "refused"]


@dataclass(frozen=True)
class Ratio:
    """A number of every row: `above / below`, both whole, `below` above zero (one constant wherever it can be)."""

    above: Term
    below: Term


Column = Ratio | Term


class Columns(Algebra[Column]):
    """Reads each expression as terms over whole numbers. `read` lists the names known so far, in order."""

    def __init__(self, tables: Sequence[Table] = (), groups: Sequence[Group] = ()) -> None:
        self.terms = Terms(tables, groups)
        self.read: list[str] = []
        self._tables = {table.name: table for table in tables}
        self._interval = Interval(tables, groups)

    def named(self, name: str, value: Column) -> Column:
        self.read.append(name)
        return value

    def fact(self, name: str, kind: str, span: Span, scale: int = 1, of: str = "") -> Column:
        """The fact `name`; a number comes in as a whole number of `1/scale`."""
        if kind not in ("money", "count"):
            return self.terms.fact(name, kind, span, of)
        assert isinstance(span, Range)
        low = None if span.low is None else Fraction(ceil(span.low * scale))
        high = None if span.high is None else Fraction(floor(span.high * scale))
        return self._ratio(self.terms.fact(name, "number", Range(low, high), of), self.terms.constant(scale))

    def number(self, value: Fraction) -> Column:
        return Ratio(self.terms.constant(value.numerator), self.terms.constant(value.denominator))

    def text(self, value: str) -> Column:
        return self.terms.constant(value)

    def truth(self, value: bool) -> Column:
        return self.terms.constant(value)

    def negate(self, value: Column) -> Column:
        number = _ratio(value)
        return Ratio(self.terms.times(number.above, -1), number.below)

    def add(self, left: Column, right: Column) -> Column:
        (one, two), below = self._over_one(left, right)
        return self._ratio(self.terms.plus(one, two), below)

    def subtract(self, left: Column, right: Column) -> Column:
        (one, two), below = self._over_one(left, right)
        return self._ratio(self.terms.plus(one, two, -1), below)

    def multiply(self, left: Column, right: Column) -> Column:
        one, two = _ratio(left), _ratio(right)
        return self._ratio(self.terms.product(one.above, two.above), self.terms.product(one.below, two.below))

    def divide(self, left: Column, right: Column) -> Column:
        one, two = _ratio(left), _ratio(right)
        if two.above.low <= 0:
            raise Refusal(say("The divisor can be {low}.", low=Fraction(two.above.low)))
        return self._ratio(self.terms.product(one.above, two.below), self.terms.product(one.below, two.above))

    def compare(self, operator: str, left: Column, right: Column) -> Column:
        if isinstance(left, Term) and isinstance(right, Term):
            return self._compare_terms(operator, left, right)
        (one, two), _ = self._over_one(left, right)
        terms = self.terms
        if operator in ("==", "!="):
            equal = terms.is_zero(terms.plus(one, two, -1))
            return equal if operator == "==" else terms.opposite(equal)
        if operator in ("<", ">="):
            is_from = terms.is_from_zero(terms.plus(one, two, -1))
            return is_from if operator == ">=" else terms.opposite(is_from)
        return self.compare({">": "<", "<=": ">="}[operator], right, left)

    def _compare_terms(self, operator: str, left: Term, right: Term) -> Term:
        terms = self.terms
        if operator in ("==", "!="):
            if left.kind == "truth":
                equal = terms.choose(left, right, terms.opposite(right))
            else:
                equal = terms.same(left, right)
            return equal if operator == "==" else terms.opposite(equal)
        if operator in ("<", ">="):
            before = terms.is_before(left, right)
            return before if operator == "<" else terms.opposite(before)
        return self._compare_terms({">": "<", "<=": ">="}[operator], right, left)

    def both(self, left: Column, right: Column) -> Column:
        return self.terms.both([_term(left), _term(right)])

    def either(self, left: Column, right: Column) -> Column:
        return self.terms.either([_term(left), _term(right)])

    def opposite(self, value: Column) -> Column:
        return self.terms.opposite(_term(value))

    def choose(self, condition: Column, chosen: Column, otherwise: Column) -> Column:
        if isinstance(chosen, Term) and isinstance(otherwise, Term):
            return self.terms.choose(_term(condition), chosen, otherwise)
        (one, two), below = self._over_one(chosen, otherwise)
        return self._ratio(self.terms.choose(_term(condition), one, two), below)

    def minimum(self, values: Sequence[Column]) -> Column:
        numbers, below = self._over_one(*values)
        return self._ratio(self.terms.least(numbers), below)

    def maximum(self, values: Sequence[Column]) -> Column:
        numbers, below = self._over_one(*values)
        return self._ratio(self.terms.greatest(numbers), below)

    def absolute(self, value: Column) -> Column:
        return self.maximum([value, self.negate(value)])

    def rounded(self, rounding: str, value: Column, step: Column) -> Column:
        number, size = _ratio(value), _ratio(step)
        terms = self.terms
        above, below = terms.product(number.above, size.below), terms.product(number.below, size.above)
        multiple = _ROUNDED[rounding](terms, above, below)
        return self._ratio(terms.product(multiple, size.above), size.below)

    def lookup(self, table: str, keys: Sequence[Column]) -> Column:
        found = self._tables[table]
        values = [row.value for row in found.rows] + ([] if found.default is None else [found.default])
        scale = lcm(*(value.denominator for value in values))
        span = self._interval.lookup(table, [])
        whole = self._interval.multiply(span, self._interval.number(Fraction(scale)))
        below = tuple(self.below(key) for key in keys)
        parts = [key.above if isinstance(key, Ratio) else key for key in keys]
        home = max((part.of for part in parts), default="")
        term = self.terms.computed("lookup", "number", parts, (table, below, scale), whole, home)
        return self._ratio(term, self.terms.constant(scale))

    def calendar(self, word: str, values: Sequence[Column]) -> Column:
        parts = [self._whole(value) if isinstance(value, Ratio) else value for value in values]
        given = [part.value for part in parts]
        if all(value is not None for value in given):
            found = Exact().calendar(word, given)
            return self.number(Fraction(found)) if isinstance(found, int) else self.terms.constant(_day(found))
        span = self._interval.calendar(word, [part.span for part in parts])
        home = max(part.of for part in parts)
        if isinstance(span, Range):
            return self._ratio(self.terms.computed(word, "number", parts, None, span, home), self.terms.constant(1))
        return self.terms.computed(word, "date", parts, None, Dates(), home)

    def gather(self, word: str, group: str, values: Sequence[Column], nobody: Sequence[Column]) -> Column:
        """`values` is one column, which has a row for each person."""
        [value] = values
        if isinstance(value, Term):
            span = self._interval.gather(word, group, [value.span], [])
            kind = "number" if word == "count" else "truth"
            found = self.terms.computed("gather", kind, [value], (word, group), span, "")
            return self._ratio(found, self.terms.constant(1)) if word == "count" else found
        self.below(value)
        numbers, below = self._over_one(value, *nobody)
        span = self._interval.gather(word, group, [numbers[0].span], [number.span for number in numbers[1:]])
        return self._ratio(self.terms.computed("gather", "number", numbers, (word, group), span, ""), below)

    def rank(self, group: str, values: Sequence[Column], index: int) -> Column:
        """`values` is one column, which has a row for each person."""
        [value] = values
        self.below(value)
        part = value.above if isinstance(value, Ratio) else value
        span = self._interval.rank(group, [part.span], 0)
        return self._ratio(self.terms.computed("rank", "number", [part], None, span, group), self.terms.constant(1))

    def _ratio(self, above: Term, below: Term) -> Ratio:
        """`above / below` in the lowest terms that hold for every row."""
        if above.value == 0:
            return Ratio(above, self.terms.constant(1))
        common = gcd(self.terms.content(above), self.terms.content(below))
        return Ratio(self.terms.divided(above, common), self.terms.divided(below, common))

    def _over_one(self, *values: Column) -> tuple[list[Term], Term]:
        """What stands above the line once every number of `values` has the same below it, and that."""
        terms = self.terms
        numbers = [_ratio(value) for value in values]
        sizes = [terms.content(number.below) for number in numbers]
        bare = [terms.divided(number.below, size) for number, size in zip(numbers, sizes, strict=True)]
        size = lcm(*sizes)
        columns = dict.fromkeys(term for term in bare if term.value is None)
        above = []
        for number, own, column in zip(numbers, sizes, bare, strict=True):
            others = terms.constant(size // own)
            for other in columns:
                others = others if other is column else terms.product(others, other)
            above.append(terms.product(number.above, others))
        below = terms.constant(size)
        for column in columns:
            below = terms.product(below, column)
        return above, below

    def below(self, value: Column) -> int:
        """What stands below the line of a number that must have one denominator in every row; 1 for any other value."""
        below = value.below.value if isinstance(value, Ratio) else 1
        if not isinstance(below, int):
            raise Refusal(
                say("A number divided by a fact is a key or is gathered here."),
                say("Columns need one denominator for all rows there."),
                say("Round the number first."),
            )
        return below

    def _whole(self, value: Ratio) -> Term:
        """The whole part of a number, towards zero."""
        terms = self.terms
        down = terms.quotient(value.above, value.below)
        up = terms.times(terms.quotient(terms.times(value.above, -1), value.below), -1)
        return terms.choose(terms.is_from_zero(value.above), down, up)


def declared(
    policy: Policy,
    columns: Columns,
    facts: Sequence[Fact],
    absent: dict[str, Column],
    of: str = "",
    household: Mapping[str, Column] = MappingProxyType({}),
) -> dict[str, Column]:
    """The column of every core name of `facts`, fine enough for what absence means, which is kept in `absent`.

    Those of a person, of the group `of`, may mean what is in the columns of the `household`.

    Raises: PolicyError where a number is too wide, or what absence means has no one denominator.
    """
    names: dict[str, Column] = {}
    figures = {figure.name: columns.number(figure.value) for figure in policy.figures}
    reader = Reader(columns, {**figures, **household, "today": columns.fact("today", "date", Dates(), of=of)})
    for fact in sorted(facts, key=lambda fact: fact.absence is not None):
        scale = 1 if fact.step is None else fact.step.denominator
        try:
            if fact.absence is not None:
                absent[fact.name] = reader.read_for(names, fact.absence.value)
                scale = lcm(scale, columns.below(absent[fact.name]))
            names[fact.name] = columns.fact(fact.name, fact.kind, span_of(fact), scale, of)
        except Refusal as refusal:
            raise refused(fact.name, fact.place, refusal) from None
        for name in fact.core_names(policy.words)[1:]:
            names[name] = columns.fact(name, "truth", Truths(True, True), of=of)
    return names


def refused(name: str, place: Place, refusal: Refusal) -> PolicyError:
    """The problem that columns cannot compute `name`."""
    wrong = say("“{name}” cannot be computed in columns. {reason}", name=name, reason=refusal.wrong)
    return PolicyError((Problem(place, wrong, refusal.expected, refusal.remedy),))


def _ratio(value: Column) -> Ratio:
    assert isinstance(value, Ratio), value
    return value


def _term(value: Column) -> Term:
    assert isinstance(value, Term), value
    return value


def _day(value: object) -> datetime.date:
    assert isinstance(value, datetime.date), value
    return value


def _down(terms: Terms, above: Term, below: Term) -> Term:
    return terms.quotient(above, below)


def _up(terms: Terms, above: Term, below: Term) -> Term:
    return terms.times(terms.quotient(terms.times(above, -1), below), -1)


def _half_up(terms: Terms, above: Term, below: Term) -> Term:
    return terms.quotient(terms.plus(below, above, 2), terms.times(below, 2))


def _half_even(terms: Terms, above: Term, below: Term) -> Term:
    multiple = _half_up(terms, above, below)
    beyond = terms.plus(terms.plus(below, above, 2), terms.product(multiple, below), -2)
    half = terms.quotient(multiple, terms.constant(2))
    is_odd = terms.opposite(terms.is_zero(terms.plus(multiple, half, -2)))
    is_tied = terms.both([terms.is_zero(beyond), is_odd])
    return terms.plus(multiple, terms.choose(is_tied, terms.constant(1), terms.constant(0)), -1)


_ROUNDED: Mapping[str, Callable[[Terms, Term, Term], Term]] = MappingProxyType(
    {"round_down": _down, "round_up": _up, "round_half_up": _half_up, "round_half_even": _half_even}
)
"""How many steps a number above the line comes to, over what stands below it."""
