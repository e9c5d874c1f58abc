"""Single values beside what the algebras say of them: the span of one value, whether a span holds it, its kind."""

import datetime
from fractions import Fraction

from engine.algebras.exact import Value
from engine.algebras.interval import Dates, Range, Span, Texts, Truths


def point(value: Value) -> Span:
    """The span that holds `value` only."""
    if isinstance(value, bool):
        return Truths(value, not value)
    if isinstance(value, str):
        return Texts(frozenset([value]))
    if isinstance(value, datetime.date):
        return Dates()
    assert isinstance(value, int | Fraction)
    return Range(Fraction(value), Fraction(value))


def contains(span: Span, value: Value) -> bool:
    """Whether `value` is one of the values of `span`, of the same kind."""
    if isinstance(value, bool):
        return isinstance(span, Truths) and (span.can_hold if value else span.can_fail)
    if isinstance(value, str):
        return isinstance(span, Texts) and (span.values is None or value in span.values)
    if isinstance(value, datetime.date):
        return isinstance(span, Dates)
    return isinstance(span, Range) and isinstance(value, int | Fraction) and span.holds(value)


def kind_name(value: Value) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, str):
        return "text"
    return "date" if isinstance(value, datetime.date) else "number"
