"""What the facts' declared bounds show: divisors above zero, tests that can go either way, scales without a hole."""

from __future__ import annotations

import ast
import calendar
import datetime
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from engine.algebras.interval import Range, Span, Truths
from engine.checks.examined import Examined
from engine.checks.lookups import is_whole
from engine.expression import ROUNDINGS, Expression, calls, nodes_in
from engine.messages import Message, say
from engine.policy import Figure, Policy
from engine.source import Place, Problem

__all__ = ["certainties", "days", "divisors", "not_days", "not_positive", "products", "tiling"]


def products(examined: Examined) -> Iterator[Problem]:
    """No product can grow past every amount."""
    assert examined.reading
    yield from tuple(examined.algebra.problems)


def divisors(examined: Examined) -> Iterator[Problem]:
    """Every divisor and every rounding step is shown to be above zero by the declared bounds."""
    reading = examined.reading
    figures = {figure.name: figure for figure in examined.policy.figures if figure.value <= 0}
    for rule in examined.policy.rules:
        person = reading.persons[rule.of][0] if rule.of else {}
        found = set()
        for node, _ in _must_be_positive(rule.expression.tree):
            if isinstance(node, ast.Name) and node.id in figures:
                found.add(rule.expression.place_of(node))
                yield _not_above(figures[node.id], rule.expression.place_of(node))
        others = not_positive(rule.expression, partial(reading.reader.read_for, person))
        yield from (problem for problem in others if problem.place not in found)


def _not_above(figure: Figure, place: Place) -> Problem:
    wrong = say(
        "The figure “{name}” is {value}, and something is divided by it or rounded to it.",
        name=figure.name,
        value=figure.value,
    )
    return Problem(figure.place, wrong, say("It is used at {place}.", place=str(place)), say("Write a number above 0."))


def not_positive(expression: Expression, read: Callable[[Expression], Span]) -> Iterator[Problem]:
    """The divisors and steps of `expression` that `read` does not show to be above zero."""
    for node, wrong in _must_be_positive(expression.tree):
        span = read(Expression(expression.text, node, expression.leaf))
        if isinstance(span, Range) and (span.low is None or span.low <= 0):
            low = say("It can be {low}.", low=span.low) if span.low is not None else say("It has no lowest value.")
            divisor = ast.unparse(node)
            shown = say("{wrong}: “{divisor}”.", wrong=wrong, divisor=divisor)
            remedy = say(
                "Raise the lowest value (at_least) of the facts in it, or write max({divisor}, …).", divisor=divisor
            )
            yield Problem(expression.place_of(node), shown, low, remedy)


def _must_be_positive(tree: ast.expr) -> Iterator[tuple[ast.expr, Message]]:
    for node in nodes_in(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield node.right, say("The divisor is not shown to be above 0")
    for rounding in ROUNDINGS:
        for call in calls(tree, rounding):
            yield call.args[1], say("The step of a rounding is not shown to be above 0")


def certainties(examined: Examined) -> Iterator[Problem]:
    """A test that holds always or never, whatever the household, is probably a slip: a warning."""
    policy = examined.policy
    spans = examined.reading.names
    rules = {rule.name: rule for rule in policy.rules}
    tests = [category.test for category in policy.categories] + [rule for _, rule in policy.gates]
    tests += [rule.name for rule in policy.rules if rule.name.startswith(policy.words["approval"] + "·")]
    for name in tests:
        span = spans.get(name)
        if isinstance(span, Truths) and name in rules and span.can_hold != span.can_fail:
            wrong = (
                say("“{name}” can never hold.", name=name)
                if not span.can_hold
                else say("“{name}” always holds.", name=name)
            )
            remedy = say("Check the operator and the figure.")
            yield Problem(rules[name].place, wrong, say("The facts' declared bounds show it."), remedy, is_warning=True)


def tiling(examined: Examined) -> Iterator[Problem]:
    """The bands of a scale cover every value that what they measure can have."""
    policy = examined.policy
    reading = examined.reading
    groups = {rule.name: rule.of for rule in policy.rules}
    for scale in policy.scales:
        person = reading.persons[groups[scale.rule]][0] if groups.get(scale.rule) else {}
        span = reading.reader.read_for(person, scale.subject)
        if not isinstance(span, Range):
            continue
        below = scale.low is not None and (
            span.low is None or span.low < scale.low or (span.low == scale.low and not scale.includes_low)
        )
        above = scale.high is not None and (
            span.high is None or span.high > scale.high or (span.high == scale.high and not scale.includes_high)
        )
        if below or above:
            shown = scale.subject.text
            wrong = say(
                "The bands leave out what lies {where} {end}.",
                where=say("below") if below else say("above"),
                end=scale.low if below else scale.high,
            )
            low, high = (say("without end") if end is None else end for end in (span.low, span.high))
            expected = say("“{subject}” goes from {low} to {high}.", subject=shown, low=low, high=high)
            yield Problem(scale.place, wrong, expected, say("Leave the outer end of the first and the last band open."))


def days(examined: Examined) -> Iterator[Problem]:
    """Every day that a rule makes of a year, a month and a day is shown to be one of the calendar."""
    reading = examined.reading
    for rule in examined.policy.rules:
        person = reading.persons[rule.of][0] if rule.of else {}
        yield from not_days(examined.policy, rule.expression, partial(reading.reader.read_for, person))


def not_days(policy: Policy, expression: Expression, read: Callable[[Expression], Span]) -> Iterator[Problem]:
    """The days in `expression` that `read` does not show to be of the calendar."""
    for call in calls(expression.tree, "date"):
        spans = [read(Expression(expression.text, part, expression.leaf)) for part in call.args]
        if not (_are_days(spans) and all(is_whole(policy, part) for part in call.args)):
            wrong = say("“{date}” may be no day of the calendar.", date=ast.unparse(call))
            remedy = say("Write a day that there is in each year, for example date(2023, 7, 1).")
            yield Problem(expression.place_of(call), wrong, None, remedy)


def _are_days(spans: Sequence[Span]) -> bool:
    """Whether every year, month and day of `spans` make a day; a fixed day of a fixed month is tried in its year."""
    ends = [(span.low, span.high) for span in spans if isinstance(span, Range)]
    lows = [int(low) for low, _ in ends if low is not None]
    highs = [int(high) for _, high in ends if high is not None]
    if not len(lows) == len(highs) == 3 or lows[0] < datetime.MINYEAR or highs[0] > datetime.MAXYEAR:
        return False
    if lows[1:] != highs[1:]:
        return lows[1] >= 1 and highs[1] <= 12 and lows[2] >= 1 and highs[2] <= 28
    year = lows[0] if lows[0] == highs[0] else _COMMON_YEAR
    return 1 <= lows[1] <= 12 and 1 <= lows[2] <= calendar.monthrange(year, lows[1])[1]


_COMMON_YEAR = 2001
