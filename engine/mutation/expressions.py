"""An expression with one thing changed: a comparison, a condition, an operand, a rounding, a term, a number."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.expression import ROUNDINGS, Expression, rewritten
from engine.messages import plain

__all__ = ["Changed", "changed", "moved"]

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_TURNED = {"any": "all", "all": "any", "highest": "lowest", "lowest": "highest", "true": "false", "false": "true"}


@dataclass(frozen=True)
class Changed:
    """What sort of change it is, the part that was changed, what stands there now, and the whole expression that came of it."""

    kind: str
    node: ast.expr
    fresh: ast.expr
    text: str

    @property
    def parts(self) -> tuple[str, str]:
        """The part as it was, and as it is now."""
        return ast.unparse(self.node), ast.unparse(self.fresh)


def changed(expression: Expression) -> Iterator[Changed]:
    """Every change of one thing in `expression`; no text twice, and none that is the expression itself."""
    seen = {expression.canonical}
    nodes = (node for node in ast.walk(expression.tree) if isinstance(node, ast.expr))
    for node in nodes:
        for kind, fresh in _changes(node):
            text = _with(expression, node, fresh).canonical
            if text not in seen:
                seen.add(text)
                yield Changed(kind, node, fresh, text)


def _with(expression: Expression, old: ast.expr, new: ast.expr) -> Expression:
    return rewritten(expression, lambda node: new if node is old else None)


def _changes(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Compare):
        yield from _comparisons(node)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield from (("condition", _one_or(ast.BoolOp(node.op, rest))) for rest in _without_each(node.values))
        yield "condition", ast.BoolOp(other, node.values)
    elif isinstance(node, ast.UnaryOp):
        yield "condition" if isinstance(node.op, ast.Not) else "term", node.operand
    elif isinstance(node, ast.IfExp):
        yield "condition", node.body
        yield "condition", node.orelse
    elif isinstance(node, ast.BinOp):
        yield from _terms(node)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Name) and node.id in _TURNED:
        yield "condition", ast.Name(_TURNED[node.id], ast.Load())
    elif isinstance(node, ast.Constant) and not isinstance(node.value, str):
        written = plain(Fraction(node.value))  # type: ignore[arg-type]  # the allow-list lets only exact numbers and texts in
        yield from (("number", ast.parse(text, mode="eval").body) for text in moved(written))


def _without_each(values: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    return ([*values[:index], *values[index + 1 :]] for index in range(len(values)))


def _one_or(joined: ast.BoolOp) -> ast.expr:
    return joined if len(joined.values) > 1 else joined.values[0]


def _comparisons(node: ast.Compare) -> Iterator[tuple[str, ast.expr]]:
    """Each sign turned to the one beside it; each option of a list left out."""
    for index, operator in enumerate(node.ops):
        signs = [*node.ops[:index], _COMPARED[type(operator)](), *node.ops[index + 1 :]]
        yield "comparison", ast.Compare(node.left, signs, node.comparators)
    options = node.comparators[0]
    if isinstance(options, (ast.Tuple, ast.List)) and len(options.elts) > 1:
        for rest in _without_each(options.elts):
            yield "condition", ast.Compare(node.left, node.ops, [ast.Tuple(rest, ast.Load())])


def _terms(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    """Each term or factor left out, and plus turned to minus."""
    yield "term", node.left
    if isinstance(node.op, (ast.Add, ast.Mult)) and not _is_chain(node.left, node.op):
        yield "term", node.right
    turned = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
    if turned is not None:
        yield "term", ast.BinOp(node.left, turned(), node.right)


def _is_chain(left: ast.expr, operator: ast.operator) -> bool:
    """Whether the left side has terms of its own, each of which is left out there."""
    sums = (ast.Add, ast.Sub)
    if not isinstance(left, ast.BinOp):
        return False
    return isinstance(left.op, sums) if isinstance(operator, sums) else not isinstance(left.op, sums)


def _calls(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """A cap or floor left out, another rounding or none, `all` for `any`."""
    assert isinstance(node.func, ast.Name)
    word = node.func.id
    if word in ("min", "max") and len(node.args) > 1:
        for rest in _without_each(node.args):
            yield "end", ast.Call(node.func, rest, []) if len(rest) > 1 else rest[0]
    elif word in ROUNDINGS:
        yield from (("rounding", _calling(other, node.args)) for other in ROUNDINGS if other != word)
        yield "rounding", node.args[0]
    elif word == "abs":
        yield "term", node.args[0]
    elif word in _TURNED:
        yield "condition", _calling(_TURNED[word], node.args)


def _calling(word: str, arguments: list[ast.expr]) -> ast.Call:
    return ast.Call(ast.Name(word, ast.Load()), arguments, [])


def moved(text: str, step: Fraction | None = None) -> tuple[str, str]:
    """The number `text` one `step` lower and higher; without a step by one in its last digit, as it is written."""
    below, sign, above = text.partition("/")
    if sign:
        return f"{int(below) - 1}/{above}", f"{int(below) + 1}/{above}"
    digits = text.removesuffix("%").strip()
    mark = "%" if text.endswith("%") else ""
    size = step * (100 if mark else 1) if step is not None else Fraction(1, 10 ** len(digits.partition(".")[2]))
    value = Fraction(digits)
    return plain(value - size) + mark, plain(value + size) + mark
