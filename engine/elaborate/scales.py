"""Scales as data: bands with an amount each, and marginal rates, checked to tile without gap or overlap."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.algebras.exact import Exact
from engine.elaborate.declarations import unit_of
from engine.elaborate.draft import ANY_UNIT, Draft
from engine.expression import COMPARISONS, Expression, Reader, names_in
from engine.messages import say
from engine.policy import Figure, Rule, Saying, Scale, Unit
from engine.source import Branch, Leaf, Node, Place, Problem, number

__all__ = ["write_scale"]

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class _End:
    """One end of a band: its value, whether the band includes it, and the text that the core compares with."""

    value: Fraction
    is_included: bool
    text: str


@dataclass(frozen=True)
class _Band:
    """What is measured, from where to where (None: open), and the amount or rate there."""

    subject: str
    low: _End | None
    high: _End | None
    amount: str
    place: Place


def write_scale(draft: Draft, name: str, branch: Branch, saying: Saying) -> None:
    """Write the rule `name` that `bands` (an amount each) or `marginal` (a rate each) describe."""
    is_marginal = branch.get("marginal") is not None
    items = branch.listing("marginal" if is_marginal else "bands")
    unit = unit_of(draft, branch.leaf("unit"))
    found = [
        _band(draft, name, index, item, "rate" if is_marginal else "is", unit) for index, item in enumerate(items, 1)
    ]
    bands = [band for band in found if band is not None]
    if len(bands) < len(items) or not bands or not _tile(draft, bands):
        draft.broken.add(name)
        return
    text = _marginal(bands) if is_marginal else _chosen(bands)
    whole = draft.parsed(Leaf(text, bands[0].place, shift=-1))
    if whole is None:
        draft.broken.add(name)
        return
    draft.add(Rule(name, draft.settled(whole), saying, unit))
    subject = draft.parsed(Leaf(bands[0].subject, bands[0].place, shift=-1))
    assert subject is not None
    low, high = bands[0].low, bands[-1].high
    draft.scales.append(
        Scale(
            name,
            draft.settled(subject),
            low.value if low else None,
            low is not None and low.is_included,
            high.value if high else None,
            high is not None and high.is_included,
            bands[0].place,
        )
    )


def _band(draft: Draft, rule: str, index: int, item: Node, key: str, unit: Unit) -> _Band | None:
    if not isinstance(item, Branch):
        return None
    when = draft.parsed(item.leaf("when"))
    amount = _amount(draft, f"{rule}·{draft.words['band']}{index}", item.leaf(key), unit)
    if when is None or amount is None:
        return None
    ends = _ends(draft, rule, index, when)
    if ends is None:
        wrong = say("The band is no interval of one thing measured between fixed ends.")
        remedy = say("Write for example 10000 < x <= 20000, x <= 10000 or x > 20000, with numbers or figures as ends.")
        draft.problems.append(Problem(when.place, wrong, None, remedy))
        return None
    subject, low, high = ends
    return _Band(subject, low, high, amount, when.place)


def _amount(draft: Draft, name: str, leaf: Leaf | None, unit: Unit) -> str | None:
    """The text of a band's amount: a number becomes a figure with the rule's unit, an expression stays one."""
    if leaf is None:
        return None
    value = number(leaf.text)
    if value is not None:
        draft.figures[name] = Figure(name, value, unit if unit.text or value else ANY_UNIT, Saying(), leaf.place)
        return name
    expression = draft.parsed(leaf)
    return None if expression is None else f"({expression.canonical})"


def _ends(draft: Draft, rule: str, index: int, when: Expression) -> tuple[str, _End | None, _End | None] | None:
    """What the band measures and its ends, from `low < subject <= high` or a half of it."""
    tree = when.tree
    if not isinstance(tree, ast.Compare) or len(tree.ops) > 2:
        return None
    sides = [tree.left, *tree.comparators]
    operators = [COMPARISONS.get(type(operator), "") for operator in tree.ops]
    if any(operator not in _TURNED for operator in operators):
        return None
    middle = 1 if len(sides) == 3 else next((at for at, side in enumerate(sides) if _fixed(draft, side) is None), -1)
    if middle < 0 or _fixed(draft, sides[middle]) is not None:
        return None
    low = high = None
    for at, side in enumerate(sides):
        if at == middle:
            continue
        operator = operators[0] if at == 0 else operators[-1]
        below = _TURNED[operator] if at > middle else operator
        value = _fixed(draft, side)
        if value is None:
            return None
        end = _End(
            value,
            below.endswith("="),
            _end_text(draft, rule, f"{index}{'' if below[0] == '<' else '+'}", side, value, when),
        )
        if below[0] == "<":
            low = end
        else:
            high = end
    return ast.unparse(sides[middle]), low, high


def _fixed(draft: Draft, tree: ast.expr) -> Fraction | None:
    """The value of an end that reads nothing but numbers and figures."""
    names = [node.id for node in names_in(tree)]
    if any(name not in draft.figures for name in names):
        return None
    exact = Exact()
    reader = Reader(exact, {name: exact.number(draft.figures[name].value) for name in names})
    value = reader.read(Expression("", tree, Leaf("", Place(""))))
    return Fraction(value) if isinstance(value, (int, Fraction)) and not isinstance(value, bool) else None


def _end_text(draft: Draft, rule: str, label: str, tree: ast.expr, value: Fraction, when: Expression) -> str:
    """An end as the core compares with it: a bare number takes the unit of what it meets."""
    if any(True for _ in names_in(tree)):
        return f"({ast.unparse(tree)})"
    name = f"{rule}·{draft.words['end']}{label.replace('+', draft.words['upper'])}"
    draft.figures[name] = Figure(name, value, ANY_UNIT, Saying(), when.place)
    return name


def _tile(draft: Draft, bands: Sequence[_Band]) -> bool:
    """Whether each band begins where the one before it ends, that end belonging to exactly one of the two."""
    well = True
    for before, after in itertools.pairwise(bands):
        problem = None
        if before.subject != after.subject:
            problem = say("The bands measure “{one}” and “{two}”.", one=before.subject, two=after.subject)
        elif before.high is None or after.low is None:
            problem = say("A band without an end stands in the middle of the scale.")
        elif before.high.value != after.low.value:
            kind = say("a gap") if before.high.value < after.low.value else say("an overlap")
            problem = say(
                "There is {kind} between the bands: one ends at {high}, the next begins at {low}.",
                kind=kind,
                high=before.high.value,
                low=after.low.value,
            )
        elif before.high.is_included == after.low.is_included:
            problem = (
                say("The end {end} belongs to two bands.", end=after.low.value)
                if after.low.is_included
                else say("The end {end} belongs to no band.", end=after.low.value)
            )
        if problem is not None:
            well = False
            remedy = say("Let each band begin where the one above it ends, with < on one side and <= on the other.")
            draft.problems.append(Problem(after.place, problem, None, remedy))
    return well


def _chosen(bands: Sequence[_Band]) -> str:
    """The amount of the band in which the subject lies."""
    text = bands[-1].amount
    for band in reversed(bands[:-1]):
        assert band.high is not None
        operator = "<=" if band.high.is_included else "<"
        text = f"{band.amount} if ({band.subject}) {operator} {band.high.text} else ({text})"
    return text


def _marginal(bands: Sequence[_Band]) -> str:
    """Each rate times the part of the subject that lies in its band."""
    parts = []
    for band in bands:
        inside = f"min({band.subject}, {band.high.text})" if band.high else f"({band.subject})"
        part = f"max({inside} - {band.low.text}, 0)" if band.low else inside
        parts.append(f"{band.amount} * {part}")
    return " + ".join(parts)
