"""Terms over whole numbers, truths, texts and days: each written once, bounded, and as simple as it can be said.

A term is what `columns` computes for every row. Equal terms are one term, a term with one possible value is that value, and
each number knows the bounds of what it can come to (from `interval`), so that the width of every integer is proved.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

from engine.algebras.interval import Dates, Interval, Range, Span, Texts, Truths
from engine.expression import Refusal
from engine.messages import say
from engine.policy import Group, Table

__all__ = ["MOST_64", "MOST_128", "Constant", "Term", "Terms", "facts_of", "parts_of", "scheduled", "weighed"]

Constant = int | bool | str | datetime.date

MOST_64, MOST_128 = 2**63 - 1, 2**127 - 1
"""The greatest whole number of 64 and of 128 bits; the least is kept at its negative, so that signs can always turn."""


@dataclass(frozen=True, eq=False, slots=True)
class Term:
    """One value of every row: an operation over other terms.

    `kind` is number, truth, text or date; `of` the group whose persons it is read for, empty for the household.
    `detail` is what the operation needs besides terms: a constant's value, a fact's name, a sum's weights.
    """

    operation: str
    kind: str
    parts: tuple[Term, ...]
    detail: Hashable
    span: Span
    of: str
    index: int

    @property
    def value(self) -> Constant | None:
        """The one value that the term has in every row; None where it is not constant."""
        return self.detail if self.operation == "constant" else None  # type: ignore[return-value]  # as `constant` made it

    @property
    def low(self) -> int:
        """The least that a number can be."""
        assert isinstance(self.span, Range) and self.span.low is not None
        return int(self.span.low)

    @property
    def high(self) -> int:
        """The most that a number can be."""
        assert isinstance(self.span, Range) and self.span.high is not None
        return int(self.span.high)

    @property
    def most(self) -> int:
        """The most that a number can be without its sign."""
        return max(abs(self.low), abs(self.high))


def weighed(term: Term) -> tuple[dict[Term, int], int]:
    """A number as a sum: terms with their whole weights, and a constant."""
    if term.operation == "sum":
        weights, constant = _sum_of(term)
        return dict(zip(term.parts, weights, strict=True)), constant
    if isinstance(term.value, int):
        return {}, term.value
    return {term: 1}, 0


def _sum_of(term: Term) -> tuple[tuple[int, ...], int]:
    assert isinstance(term.detail, tuple)
    weights, constant = term.detail
    return weights, constant


def parts_of(roots: Iterable[Term]) -> list[Term]:
    """Every term that `roots` need, each before those that need it."""
    found: set[Term] = set()
    left = list(roots)
    while left:
        term = left.pop()
        if term not in found:
            found.add(term)
            left.extend(term.parts)
    return sorted(found, key=lambda term: term.index)


def scheduled(roots: Iterable[Term]) -> list[Term]:
    """Every term that `roots` need, each close before the first that needs it, so that few have to be kept at a time."""
    found: dict[Term, None] = {}
    left = [(root, False) for root in reversed(list(roots))]
    while left:
        term, is_ready = left.pop()
        if is_ready:
            found[term] = None
        elif term not in found:
            left.append((term, True))
            left += [(part, False) for part in reversed(term.parts)]
    return list(found)


def facts_of(term: Term) -> list[Term]:
    """The facts that `term` is made of."""
    return [part for part in parts_of([term]) if part.operation == "fact"]


class Terms:
    """The maker of terms: everything is made here, and nothing twice."""

    def __init__(self, tables: Sequence[Table] = (), groups: Sequence[Group] = ()) -> None:
        self._made: dict[tuple[object, ...], Term] = {}
        self._interval = Interval(tables, groups)

    def constant(self, value: Constant) -> Term:
        """The same value in every row."""
        if isinstance(value, bool):
            return self._make("constant", "truth", (), value, Truths(value, not value))
        if isinstance(value, int):
            return self._make("constant", "number", (), value, Range(Fraction(value), Fraction(value)))
        if isinstance(value, str):
            return self._make("constant", "text", (), value, Texts(frozenset([value])))
        return self._make("constant", "date", (), value, Dates())

    def fact(self, name: str, kind: str, span: Span, of: str = "") -> Term:
        """What each row brings under `name`."""
        return self._make("fact", kind, (), (name, of), span, of)

    def _make(
        self, operation: str, kind: str, parts: tuple[Term, ...], detail: Hashable, span: Span, of: str | None = None
    ) -> Term:
        key = (operation, kind, parts, detail, type(detail))
        found = self._made.get(key)
        if found is not None:
            return found
        if operation != "constant" and (one := _only_value(span)) is not None:
            return self.constant(one)
        home = max((part.of for part in parts), default="") if of is None else of
        term = Term(operation, kind, parts, detail, span, home, len(self._made))
        if kind == "number":
            _refuse_too_wide(term)
        self._made[key] = term
        return term

    # Numbers

    def sum(self, weights: Mapping[Term, int], constant: int = 0) -> Term:
        """The terms of `weights`, each as often as its weight says, and `constant`."""
        kept = sorted(((term, weight) for term, weight in weights.items() if weight), key=lambda pair: pair[0].index)
        if not kept:
            return self.constant(constant)
        if len(kept) == 1 and kept[0][1] == 1 and constant == 0:
            return kept[0][0]
        parts = tuple(term for term, _ in kept)
        span = _span_of_sum(dict(kept), constant)
        return self._make("sum", "number", parts, (tuple(weight for _, weight in kept), constant), span)

    def plus(self, left: Term, right: Term, times: int = 1) -> Term:
        """`left + times * right`."""
        weights, constant = weighed(left)
        others, more = weighed(right)
        for term, weight in others.items():
            weights[term] = weights.get(term, 0) + times * weight
        return self.sum(weights, constant + times * more)

    def times(self, term: Term, factor: int) -> Term:
        """`factor * term`."""
        return self.plus(self.constant(0), term, factor)

    def content(self, term: Term) -> int:
        """The greatest whole number that divides `term` whatever it comes to."""
        weights, constant = weighed(term)
        return gcd(constant, *weights.values())

    def divided(self, term: Term, divisor: int) -> Term:
        """`term / divisor`, where `divisor` divides its content."""
        weights, constant = weighed(term)
        return self.sum({part: weight // divisor for part, weight in weights.items()}, constant // divisor)

    def product(self, left: Term, right: Term) -> Term:
        """`left * right`."""
        for one, other in ((left, right), (right, left)):
            if isinstance(one.value, int):
                return self.times(other, one.value)
        factor = self.content(left) * self.content(right)
        bare = [self.divided(left, self.content(left)), self.divided(right, self.content(right))]
        parts = sorted(bare, key=lambda part: part.index)
        span = self._interval.multiply(parts[0].span, parts[1].span)
        return self.times(self._make("product", "number", tuple(parts), None, span), factor)

    def quotient(self, left: Term, right: Term) -> Term:
        """`left / right` rounded down; `right` is above zero."""
        if isinstance(right.value, int):
            return self._quotient_by(left, right.value)
        common = gcd(self.content(left), self.content(right))
        if left.value == 0:
            return left
        above, below = self.divided(left, common), self.divided(right, common)
        span = self._interval.rounded(
            "round_down", self._interval.divide(above.span, below.span), self._interval.number(Fraction(1))
        )
        return self._make("quotient", "number", (above, below), None, span)

    def _quotient_by(self, term: Term, divisor: int) -> Term:
        """What `divisor` divides is taken out; only the rest is divided, by as little as can be."""
        weights, constant = weighed(term)
        whole = {part: weight // divisor for part, weight in weights.items() if weight % divisor == 0}
        rest = {part: weight for part, weight in weights.items() if weight % divisor}
        common = gcd(divisor, *rest.values())
        inner = self.sum({part: weight // common for part, weight in rest.items()}, constant % divisor // common)
        if common == divisor:
            inner = self.constant(0)
        else:
            inner = self._divided_inside(inner, divisor // common) or self._floored(inner, divisor // common)
        return self.plus(self.sum(whole, constant // divisor), inner)

    def _floored(self, term: Term, divisor: int) -> Term:
        interval = self._interval
        size = interval.number(Fraction(divisor))
        span = interval.rounded("round_down", interval.divide(term.span, size), interval.number(Fraction(1)))
        return self._make("quotient", "number", (term, self.constant(divisor)), None, span)

    def _divided_inside(self, term: Term, divisor: int) -> Term | None:
        """The quotient of a least, a greatest or a choice as one of quotients, where that leaves one division or none."""
        weights, constant = weighed(term)
        if len(weights) != 1:
            return None
        [(inner, weight)] = weights.items()
        if inner.operation not in ("least", "greatest", "choose"):
            return None
        options = [part for part in inner.parts if part.kind == "number"]
        found = [self._quotient_by(self.plus(self.constant(constant), option, weight), divisor) for option in options]
        if len(_quotients(found) - _quotients(options)) > 1:
            return None
        if inner.operation == "choose":
            return self.choose(inner.parts[0], *found)
        return self.least(found) if (inner.operation == "least") == (weight > 0) else self.greatest(found)

    def least(self, terms: Sequence[Term]) -> Term:
        """The lowest of `terms`."""
        kept = self._undominated("least", terms)
        return kept[0] if len(kept) == 1 else self._extreme("least", kept)

    def greatest(self, terms: Sequence[Term]) -> Term:
        """The highest of `terms`."""
        kept = self._undominated("greatest", terms)
        return kept[0] if len(kept) == 1 else self._extreme("greatest", kept)

    def _extreme(self, operation: str, terms: Sequence[Term]) -> Term:
        spans = [term.span for term in terms]
        span = self._interval.minimum(spans) if operation == "least" else self._interval.maximum(spans)
        return self._make(operation, "number", tuple(terms), None, span)

    def _undominated(self, operation: str, terms: Sequence[Term]) -> list[Term]:
        """`terms` without those that another of them makes superfluous in every row."""
        flat = [part for term in terms for part in (term.parts if term.operation == operation else (term,))]
        kept: list[Term] = []
        for term in dict.fromkeys(flat):
            if any(self._is_superfluous(operation, term, other) for other in kept):
                continue
            kept = [other for other in kept if not self._is_superfluous(operation, other, term)]
            kept.append(term)
        return sorted(kept, key=lambda term: term.index)

    def _is_superfluous(self, operation: str, term: Term, other: Term) -> bool:
        above, below = (term, other) if operation == "least" else (other, term)
        weights, constant = weighed(above)
        others, more = weighed(below)
        for part, weight in others.items():
            weights[part] = weights.get(part, 0) - weight
        low = _span_of_sum(weights, constant - more).low
        return low is not None and low >= 0

    # Truths

    def is_from_zero(self, term: Term) -> Term:
        """Whether a number is zero or above."""
        weights, constant = weighed(term)
        if not weights:
            return self.constant(constant >= 0)
        common = gcd(*weights.values())
        bare = {part: weight // common for part, weight in weights.items()}
        return self._from_zero(self.sum(bare, constant // common))

    def _from_zero(self, term: Term) -> Term:
        if term.low >= 0 or term.high < 0:
            return self.constant(term.low >= 0)
        weights, constant = weighed(term)
        if len(weights) == 1:
            found = self._compared_inside(*next(iter(weights.items())), constant)
            if found is not None:
                return found
        if len(weights) == 2 and sum(weights.values()) == 0:
            more, less = sorted(weights, key=lambda part: -weights[part])
            if constant >= 0 and self._is_never_below(more, less):
                return self.constant(True)
            if constant < 0 and self._is_never_below(less, more):
                return self.constant(False)
        if next(iter(weights.values())) < 0:
            return self.opposite(self._make_truth("from zero", self.plus(self.constant(-1), term, -1)))
        return self._make_truth("from zero", term)

    def _is_never_below(self, above: Term, below: Term) -> bool:
        """Whether `above` is shown to be `below` or more in every row: by bounds, or part by part where both are alike."""
        if self.plus(above, below, -1).low >= 0:
            return True
        if below.operation in ("greatest", "choose"):
            return all(self._is_never_below(above, part) for part in _numbers(below))
        if above.operation in ("least", "choose"):
            return all(self._is_never_below(part, below) for part in _numbers(above))
        if above.operation == "greatest":
            return any(self._is_never_below(part, below) for part in above.parts)
        if below.operation == "least":
            return any(self._is_never_below(above, part) for part in below.parts)
        if above.operation == below.operation == "quotient" and above.parts[1] is below.parts[1]:
            return self._is_never_below(above.parts[0], below.parts[0])
        return False

    def _make_truth(self, operation: str, *parts: Term) -> Term:
        return self._make(operation, "truth", parts, None, Truths(True, True))

    def _compared_inside(self, inner: Term, weight: int, constant: int) -> Term | None:
        """A least, a greatest or a choice compared with a constant, by its parts, where all but one are certain."""
        if inner.operation not in ("least", "greatest", "choose"):
            return None
        options = [part for part in inner.parts if part.kind == "number"]
        bounds = [self.plus(self.constant(constant), option, weight) for option in options]
        if sum(bound.low < 0 <= bound.high for bound in bounds) > 1:
            return None
        found = [self.is_from_zero(bound) for bound in bounds]
        if inner.operation == "choose":
            return self.choose(inner.parts[0], *found)
        return self.both(found) if (inner.operation == "least") == (weight > 0) else self.either(found)

    def is_zero(self, term: Term) -> Term:
        """Whether a number is zero."""
        weights, constant = weighed(term)
        common = gcd(*weights.values()) if weights else 1
        if constant % common or term.low > 0 or term.high < 0:
            return self.constant(False)
        if not weights:
            return self.constant(constant == 0)
        sign = common if next(iter(weights.values())) > 0 else -common
        bare = self.sum({part: weight // sign for part, weight in weights.items()}, constant // sign)
        if bare.low == 0 or bare.high == 0:
            return self.opposite(self.is_from_zero(self.plus(self.constant(-1), bare, 1 if bare.low == 0 else -1)))
        return self._make_truth("zero", bare)

    def same(self, left: Term, right: Term) -> Term:
        """Whether two texts or two days are the same."""
        if left is right:
            return self.constant(True)
        if left.value is not None and right.value is not None:
            return self.constant(left.value == right.value)
        for one, other in ((left, right), (right, left)):
            if one.operation == "choose":
                condition, chosen, otherwise = one.parts
                return self.choose(condition, self.same(chosen, other), self.same(otherwise, other))
        certain = self._interval.compare("==", left.span, right.span)
        if certain == Truths(False, True):
            return self.constant(False)
        return self._make_truth("same", *sorted((left, right), key=lambda term: term.index))

    def is_before(self, left: Term, right: Term) -> Term:
        """Whether one day is before another."""
        if isinstance(left.value, datetime.date) and isinstance(right.value, datetime.date):
            return self.constant(left.value < right.value)
        return self.constant(False) if left is right else self._make_truth("before", left, right)

    def both(self, terms: Iterable[Term]) -> Term:
        """Whether every one of `terms` holds."""
        return self._joined("both", terms)

    def either(self, terms: Iterable[Term]) -> Term:
        """Whether one of `terms` holds."""
        return self._joined("either", terms)

    def _joined(self, operation: str, terms: Iterable[Term]) -> Term:
        neutral = operation == "both"
        flat: dict[Term, None] = {}
        for term in terms:
            flat.update(dict.fromkeys(term.parts if term.operation == operation else (term,)))
        kept = [term for term in flat if term.value is not neutral]
        if any(term.value is (not neutral) or _is_denied(term, flat) for term in kept):
            return self.constant(not neutral)
        plain = self._unabsorbed(operation, kept)
        if len(plain) < 2:
            return plain[0] if plain else self.constant(neutral)
        return self._make_truth(operation, *sorted(plain, key=lambda term: term.index))

    def _unabsorbed(self, operation: str, terms: Sequence[Term]) -> list[Term]:
        """`a or a and b` is a; `a or not a and b` is a or b; likewise the other way round."""
        inner = "either" if operation == "both" else "both"
        found: dict[Term, None] = {}
        for term in terms:
            if term.operation != inner:
                found[term] = None
                continue
            others = [other for other in terms if other is not term]
            if not any(self._flat(operation, [part]).keys() <= set(others) for part in term.parts):
                left = [part for part in term.parts if not _is_denied(part, others)]
                found[term if len(left) == len(term.parts) else self._joined(inner, left)] = None
        changed = len(found) != len(terms) or any(term not in found for term in terms)
        return self._unabsorbed(operation, list(self._flat(operation, found))) if changed else list(found)

    def _flat(self, operation: str, terms: Iterable[Term]) -> dict[Term, None]:
        parts = (part for term in terms for part in (term.parts if term.operation == operation else (term,)))
        return dict.fromkeys(parts)

    def opposite(self, term: Term) -> Term:
        """Whether `term` does not hold."""
        if isinstance(term.value, bool):
            return self.constant(not term.value)
        return term.parts[0] if term.operation == "not" else self._make_truth("not", term)

    # Any kind

    def choose(self, condition: Term, chosen: Term, otherwise: Term) -> Term:
        """`chosen` where `condition` holds, else `otherwise`."""
        if isinstance(condition.value, bool):
            return chosen if condition.value else otherwise
        if chosen is otherwise:
            return chosen
        if condition.operation == "not":
            return self.choose(condition.parts[0], otherwise, chosen)
        if chosen.kind == "truth":
            return self.either([self.both([condition, chosen]), self.both([self.opposite(condition), otherwise])])
        if self._is_needless(condition, chosen, otherwise):
            return chosen
        if self._is_needless(self.opposite(condition), otherwise, chosen):
            return otherwise
        return self._merged(condition, chosen, otherwise) or self._make(
            "choose",
            chosen.kind,
            (condition, chosen, otherwise),
            None,
            self._interval.choose(Truths(True, True), chosen.span, otherwise.span),
        )

    def _merged(self, condition: Term, chosen: Term, otherwise: Term) -> Term | None:
        """A choice with a choice inside as one choice, where they share a value or the condition."""
        if otherwise.operation == "choose":
            inner, one, two = otherwise.parts
            if condition is inner:
                return self.choose(condition, chosen, two)
            if one is chosen:
                return self.choose(self.either([condition, inner]), chosen, two)
            if two is chosen:
                return self.choose(self.both([self.opposite(condition), inner]), one, chosen)
        if chosen.operation == "choose":
            inner, one, two = chosen.parts
            if condition is inner:
                return self.choose(condition, one, otherwise)
            if two is otherwise:
                return self.choose(self.both([condition, inner]), one, otherwise)
            if one is otherwise:
                return self.choose(self.both([condition, self.opposite(inner)]), two, otherwise)
        return None

    def _is_needless(self, condition: Term, chosen: Term, otherwise: Term) -> bool:
        """Whether `chosen` comes to `otherwise` by itself wherever `condition`, that a number is not some value, fails."""
        known = self._where_it_fails(condition)
        if known is None or known[0] not in parts_of([chosen]):
            return False
        return self.where(chosen, {known[0]: self.constant(known[1])}) is otherwise

    def where(self, term: Term, known: Mapping[Term, Term]) -> Term:
        """What `term` comes to wherever each term of `known` comes to the other that it names."""
        found = dict(known)
        for part in parts_of([term]):
            if part not in found:
                changed = any(found[inner] is not inner for inner in part.parts)
                found[part] = self._rebuilt(part, [found[inner] for inner in part.parts]) if changed else part
        return found[term]

    def _where_it_fails(self, condition: Term) -> tuple[Term, int] | None:
        """The one value that a number has wherever `condition` fails, and the number; None where there is no such."""
        is_equal = condition.operation == "not" and condition.parts[0].operation == "zero"
        weights, constant = (
            weighed((condition.parts[0] if is_equal else condition).parts[0]) if condition.parts else ({}, 0)
        )
        if len(weights) != 1 or condition.operation not in ("not", "from zero"):
            return None
        [(term, weight)] = weights.items()
        if is_equal and weight == 1:
            return term, -constant
        is_above_least = condition.operation == "from zero" and weight == 1 and -constant == term.low + 1
        return (term, term.low) if is_above_least else None

    def _rebuilt(self, term: Term, parts: Sequence[Term]) -> Term:
        """`term` over other parts that come to the same; `term` itself where the operation is none of the plain ones."""
        if term.operation == "sum":
            weights, constant = _sum_of(term)
            found = self.constant(constant)
            for part, weight in zip(parts, weights, strict=True):
                found = self.plus(found, part, weight)
            return found
        plain: Mapping[str, Callable[[], Term]] = {
            "product": lambda: self.product(*parts),
            "quotient": lambda: self.quotient(*parts),
            "least": lambda: self.least(parts),
            "greatest": lambda: self.greatest(parts),
            "choose": lambda: self.choose(*parts),
            "from zero": lambda: self.is_from_zero(*parts),
            "zero": lambda: self.is_zero(*parts),
            "both": lambda: self.both(parts),
            "either": lambda: self.either(parts),
            "not": lambda: self.opposite(*parts),
        }
        return plain[term.operation]() if term.operation in plain else term

    def computed(self, operation: str, kind: str, parts: Sequence[Term], detail: Hashable, span: Span, of: str) -> Term:
        """Any other operation, about which nothing is known but the span of what it gives."""
        return self._make(operation, kind, tuple(parts), detail, span, of)


def _numbers(term: Term) -> Iterator[Term]:
    return (part for part in term.parts if part.kind == "number")


def _quotients(terms: Iterable[Term]) -> set[Term]:
    return {part for part in parts_of(terms) if part.operation == "quotient"}


def _span_of_sum(weights: Mapping[Term, int], constant: int) -> Range:
    """Everything that a sum can come to, each of its terms anywhere in its own bounds."""
    low = constant + sum(weight * (part.low if weight > 0 else part.high) for part, weight in weights.items())
    high = constant + sum(weight * (part.high if weight > 0 else part.low) for part, weight in weights.items())
    return Range(Fraction(low), Fraction(high))


def _only_value(span: Span) -> Constant | None:
    """The one value of a span; None where there are several."""
    if isinstance(span, Range) and span.low is not None and span.low == span.high and span.low.denominator == 1:
        return int(span.low)
    if isinstance(span, Truths) and span.can_hold != span.can_fail:
        return span.can_hold
    if isinstance(span, Texts) and span.values is not None and len(span.values) == 1:
        return next(iter(span.values))
    return None


def _is_denied(term: Term, others: Iterable[Term]) -> bool:
    """Whether the opposite of `term` is among `others`."""
    if term.operation == "not":
        return term.parts[0] in others
    return any(other.operation == "not" and other.parts[0] is term for other in others)


def _refuse_too_wide(term: Term) -> None:
    """Raises: Refusal where a number, or a sum on the way to it, could pass 128 bits or has no bounds."""
    span = term.span
    assert isinstance(span, Range)
    if span.low is None or span.high is None:
        raise Refusal(
            say("How large this number can be is not known."),
            None,
            say("Declare the lowest and the highest value (at_least, at_most) of {facts}.", facts=tuple(_open(term))),
        )
    weights, constant = weighed(term) if term.operation == "sum" else ({}, term.most)
    most = abs(constant) + sum(abs(weight) * part.most for part, weight in weights.items())
    if most > MOST_128:
        wide = max(facts_of(term), key=lambda fact: fact.most if fact.kind == "number" else 0, default=None)
        name = str(wide.detail[0]) if wide is not None else ""  # type: ignore[index]  # as `Terms.fact` made it
        raise Refusal(
            say("Exact whole numbers of 128 bits do not hold what this can come to."),
            say("It could have {digits} digits; 38 fit.", digits=len(str(most))),
            say("Tighten the bounds (at_least, at_most) of “{fact}”, the widest fact in it.", fact=name),
        )


def _open(term: Term) -> Iterator[str]:
    for fact in facts_of(term):
        if isinstance(fact.span, Range) and None in (fact.span.low, fact.span.high):
            yield str(fact.detail[0])  # type: ignore[index]  # as `Terms.fact` made it
