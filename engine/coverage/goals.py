"""What cases can reach in an expression: outcomes of conditions, sides of `and` and `or`, branches, ends, bounds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from engine.algebras.interval import Interval, Range, Span, Truths
from engine.algebras.trace import Step
from engine.coverage.pairs import links, parts
from engine.expression import COMPARISONS

__all__ = ["BOUNDS", "SIGNS", "Goal", "Read", "goals", "met"]


class Read(Protocol):
    """What a part of an expression can come to; where the truth `failing` fails, if one is named."""

    def __call__(self, node: ast.expr, failing: ast.expr | None = None) -> Span: ...


BOUNDS = ("below", "on", "above")
SIGNS = {"below": "<", "on": "==", "above": ">"}
_ORDERS = ("<", "<=", ">", ">=")


@dataclass(frozen=True)
class Goal:
    """Something that a household can reach at a part of an expression.

    `wanted` is `holds` or `fails` (of a condition; of all that `and` or `or` joins), `alone` (one operand alone decides), `chosen`
    (the operand of min or max that is the end), or one of `BOUNDS`. `part` is told by the place of its node in `ast.walk`.
    """

    node: ast.expr
    wanted: str
    operand: int = 0

    @property
    def key(self) -> tuple[int, str, int]:
        """The same for the same goal of one expression."""
        return id(self.node), self.wanted, self.operand

    @property
    def kind(self) -> str:
        """`bounds` or `branches`."""
        return "bounds" if self.wanted in BOUNDS else "branches"


def goals(tree: ast.expr, read: Read) -> Iterator[Goal]:
    """Every goal in `tree` that the declared bounds of the facts leave possible; `read` gives what a part can come to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp):
            yield from _sides(node, read)
        elif isinstance(node, ast.Compare):
            yield from _bounds(node, read)
        elif isinstance(node, ast.Call) and _has_ends(node):
            yield from _ends(node, read)
    for condition in _conditions(tree, read):
        span = read(condition)
        assert isinstance(span, Truths)
        if span.can_hold:
            yield Goal(condition, "holds")
        if span.can_fail:
            yield Goal(condition, "fails")


def _sides(node: ast.BoolOp, read: Read) -> Iterator[Goal]:
    """All operands as `and` or `or` asks, and each operand alone otherwise."""
    is_all = isinstance(node.op, ast.And)
    if all(_can(read(value), is_all) for value in node.values):
        yield Goal(node, "holds" if is_all else "fails")
    for index, value in enumerate(node.values):
        others = (*node.values[:index], *node.values[index + 1 :])
        failing = value if is_all else None
        if _can(read(value), not is_all) and all(_can(read(other, failing), is_all) for other in others):
            yield Goal(node, "alone", index)


def _can(span: Span, truth: bool) -> bool:
    return isinstance(span, Truths) and (span.can_hold if truth else span.can_fail)


def _ends(node: ast.Call, read: Read) -> Iterator[Goal]:
    """Each operand of min or max as the one that alone is the end."""
    sign = "<" if isinstance(node.func, ast.Name) and node.func.id == "min" else ">"
    spans = [read(value) for value in node.args]
    for index, span in enumerate(spans):
        others = (Interval().compare(sign, span, other) for other in (*spans[:index], *spans[index + 1 :]))
        if all(isinstance(possible, Truths) and possible.can_hold for possible in others):
            yield Goal(node, "chosen", index)


def _has_ends(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in ("min", "max") and len(node.args) > 1


def _conditions(tree: ast.expr, read: Read) -> Iterator[ast.expr]:
    """The conditions of `tree` that hold or fail as a whole: not those that `and` or `or` joins, nor comparisons by order."""
    tests = [node.test for node in ast.walk(tree) if isinstance(node, ast.IfExp)]
    if isinstance(read(tree), Truths):
        tests.append(tree)
    for test in tests:
        while isinstance(test, ast.UnaryOp):
            test = test.operand
        if not isinstance(test, (ast.BoolOp, ast.IfExp, ast.Constant)) and not _is_order(test):
            yield test


def _is_order(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and COMPARISONS.get(type(node.ops[0])) in _ORDERS


def _bounds(node: ast.Compare, read: Read) -> Iterator[Goal]:
    left = node.left
    for index, (operator, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
        if COMPARISONS.get(type(operator)) in _ORDERS:
            one, other = read(left), read(right)
            for wanted in BOUNDS if isinstance(one, Range) and isinstance(other, Range) else ():
                possible = Interval().compare(SIGNS[wanted], one, other)
                if isinstance(possible, Truths) and possible.can_hold:
                    yield Goal(node, wanted, index)
        left = right


def met(node: ast.expr, step: Step) -> Iterator[Goal]:
    """What the household of `step` reaches at `node` itself."""
    if isinstance(node, ast.BoolOp):
        deciding = not isinstance(node.op, ast.And)
        alone = [index for index, (_, part) in enumerate(parts(node, step)) if part.value is deciding]
        yield from (Goal(node, "alone", index) for index in alone if len(alone) == 1)
    elif isinstance(node, ast.Compare):
        yield from _met_bounds(node, step)
    elif isinstance(node, ast.Call) and _has_ends(node):
        values = [part.value for _, part in parts(node, step)]
        if values.count(step.value) == 1:
            yield Goal(node, "chosen", values.index(step.value))
    if isinstance(step.value, bool):
        yield Goal(node, "holds" if step.value else "fails")


def _met_bounds(node: ast.Compare, step: Step) -> Iterator[Goal]:
    if isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return
    for index, link in enumerate(links(node, step)):
        left, right = (part.value for part in link.parts)
        if isinstance(left, bool) or not hasattr(left, "numerator") or not hasattr(right, "numerator"):
            continue
        yield Goal(node, "below" if left < right else "on" if left == right else "above", index)  # type: ignore[operator]  # both are numbers
