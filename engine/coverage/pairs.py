"""An expression beside the steps of its trace: which step each part of the expression came to."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from engine.algebras.trace import Step
from engine.expression import is_gathering

__all__ = ["Pair", "links", "needed", "parts"]

Pair = tuple[ast.expr, Step]


def parts(node: ast.expr, step: Step) -> Iterator[Pair]:
    """The parts of `node`, each with its step: all that was read, in order."""
    if isinstance(node, ast.BinOp):
        yield from zip((node.left, node.right), step.parts, strict=True)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand, step.parts[0]
    elif isinstance(node, ast.BoolOp):
        yield from zip(node.values, _joined(step, len(node.values)), strict=True)
    elif isinstance(node, ast.Compare):
        yield from _compared(node, step)
    elif isinstance(node, ast.IfExp):
        yield from zip((node.test, node.body, node.orelse), step.parts, strict=True)
    elif isinstance(node, ast.Call):
        yield from _called(node, step)


def needed(node: ast.expr, step: Step) -> Iterable[Pair]:
    """The parts of `node` on which what it came to rests: the branch taken, the operands of `and` and `or` that decide."""
    found = tuple(parts(node, step))
    if isinstance(node, ast.IfExp):
        return found[0], found[1 if found[0][1].value is True else 2]
    if isinstance(node, ast.BoolOp):
        deciding = step.value
        if deciding is not isinstance(node.op, ast.And):
            return tuple(pair for pair in found if pair[1].value is deciding)
    return found


def links(node: ast.Compare, step: Step) -> Sequence[Step]:
    """The step of each link of a chain of comparisons."""
    return _joined(step, len(node.ops))


def _joined(step: Step, count: int) -> Sequence[Step]:
    """The steps of `count` operands that one sign joins from the left."""
    found: list[Step] = []
    for _ in range(count - 1):
        step, last = step.parts
        found.append(last)
    return [step, *reversed(found)]


def _compared(node: ast.Compare, step: Step) -> Iterator[Pair]:
    if isinstance(node.ops[0], (ast.In, ast.NotIn)):
        among = step.parts[0] if isinstance(node.ops[0], ast.NotIn) else step
        options: list[ast.expr] = node.comparators[0].elts  # type: ignore[attr-defined]  # the allow-list has only lists there
        yield from zip((node.left, *options), among.parts, strict=True)
        return
    steps = links(node, step)
    yield node.left, steps[0].parts[0]
    yield from ((right, link.parts[1]) for right, link in zip(node.comparators, steps, strict=True))


def _called(node: ast.Call, step: Step) -> Iterator[Pair]:
    if is_gathering(node):
        nobody = len(node.args) - 1
        yield from zip(node.args[1:], step.parts[:nobody], strict=True)
        yield from ((node.args[0], person) for person in step.parts[nobody:])
        return
    is_lookup = isinstance(node.func, ast.Name) and node.func.id == "lookup"
    yield from zip(node.args[1:] if is_lookup else node.args, step.parts, strict=True)
