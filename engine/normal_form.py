"""One writing for all expressions of the same meaning under another layout: brackets, order of operands, `>` for `<`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType

from engine.expression import COMPARISONS
from engine.messages import plain

__all__ = ["normal_form"]

_TURNED = {">": "<", ">=": "<="}
_IN_ANY_ORDER = ("min", "max")
_OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = MappingProxyType(
    {
        ast.Lt: ast.GtE,
        ast.GtE: ast.Lt,
        ast.Gt: ast.LtE,
        ast.LtE: ast.Gt,
        ast.Eq: ast.NotEq,
        ast.NotEq: ast.Eq,
        ast.In: ast.NotIn,
        ast.NotIn: ast.In,
    }
)


def normal_form(tree: ast.expr) -> str:
    """`tree` as a text that is the same for every order of the operands of `and`, `or`, `+`, `*`, `==`, `min` and `max`.

    `a - b` is a sum and `a / b` a product; `a > b` is `b < a`, a chain its links; `not` stands before single names only, a
    `min` in a `min` is one, and 0 is no term, 1 no factor. Two expressions with one normal form come to
    the same in every algebra, since both sides of everything are read and every divisor is above zero; not the other way round.
    """
    if isinstance(tree, ast.Constant):
        value: object = tree.value
        return plain(value) if isinstance(value, (int, Fraction)) else repr(value)
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.IfExp):
        return _choice(tree.test, tree.body, tree.orelse)
    if isinstance(tree, ast.Call):
        return _call(tree)
    if isinstance(tree, (ast.Compare, ast.BoolOp)):
        return _truth(tree)
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        return _opposite(tree.operand)
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Mult, ast.Div)):
        return _signed("*", "1", _factors(tree, "*"))
    return _signed("+", "0", _terms(tree, "+"))


def _signed(sign: str, neutral: str, parts: Iterable[tuple[str, str]]) -> str:
    """Terms or factors with their signs, in one order; `neutral` changes nothing among them."""
    kept = [(own, form) for own, form in parts if form != neutral]
    if len(kept) < 2 and all(own == sign for own, _ in kept):
        return kept[0][1] if kept else neutral
    return _joined("", (f"{own} {form}" for own, form in kept))


def _joined(joint: str, parts: Iterable[str]) -> str:
    return f"({f' {joint} '.join(sorted(parts))})"


def _call(tree: ast.Call) -> str:
    assert isinstance(tree.func, ast.Name)
    values = [normal_form(argument) for argument in tree.args]
    if tree.func.id in _IN_ANY_ORDER and len(tree.args) > 1:
        values = sorted(normal_form(argument) for argument in _ends(tree, tree.func.id))
    return f"{tree.func.id}({', '.join(values)})"


def _ends(tree: ast.expr, word: str) -> Iterator[ast.expr]:
    """What the `min` or `max` called `word` takes the end of, at any depth; of the persons of a group it has one argument."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == word and len(tree.args) > 1:
        for argument in tree.args:
            yield from _ends(argument, word)
    else:
        yield tree


def _choice(test: ast.expr, body: ast.expr, orelse: ast.expr) -> str:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _choice(test.operand, orelse, body)
    return f"({normal_form(body)} if {normal_form(test)} else {normal_form(orelse)})"


def _opposite(tree: ast.expr) -> str:
    """The normal form of `not` before `tree`."""
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        return normal_form(tree.operand)
    if isinstance(tree, ast.BoolOp):
        other = ast.Or() if isinstance(tree.op, ast.And) else ast.And()
        return normal_form(ast.BoolOp(other, [_not(part) for part in tree.values]))
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        return normal_form(ast.Compare(tree.left, [_OPPOSITE[type(tree.ops[0])]()], tree.comparators))
    if isinstance(tree, ast.Compare):
        lefts = (tree.left, *tree.comparators)
        links = (
            ast.Compare(*link)
            for link in zip(lefts, ([one] for one in tree.ops), ([one] for one in tree.comparators), strict=False)
        )
        return normal_form(ast.BoolOp(ast.Or(), [_not(link) for link in links]))
    return f"not {normal_form(tree)}"


def _not(tree: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), tree)


def _truth(tree: ast.Compare | ast.BoolOp) -> str:
    is_either = isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or)
    parts = list(_operands(tree, ast.Or if is_either else ast.And))
    return parts[0] if len(parts) == 1 else _joined("or" if is_either else "and", parts)


def _operands(tree: ast.expr, operator: type[ast.boolop]) -> Iterator[str]:
    """What `operator` joins in `tree`, at any depth; the links of a chain of comparisons are joined by `and`."""
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, operator):
        for part in tree.values:
            yield from _operands(part, operator)
    elif isinstance(tree, ast.Compare):
        links = list(_links(tree))
        yield from links if operator is ast.And or len(links) == 1 else [_joined("and", links)]
    else:
        yield normal_form(tree)


def _links(tree: ast.Compare) -> Iterator[str]:
    left = tree.left
    for operator, right in zip(tree.ops, tree.comparators, strict=True):
        if isinstance(right, (ast.Tuple, ast.List)):
            options = ", ".join(sorted(normal_form(option) for option in right.elts))
            word = "not " if isinstance(operator, ast.NotIn) else ""
            yield f"{word}({normal_form(left)} in {options})"
        else:
            yield _link(COMPARISONS[type(operator)], normal_form(left), normal_form(right))
        left = right


def _link(sign: str, left: str, right: str) -> str:
    if sign in _TURNED:
        sign, left, right = _TURNED[sign], right, left
    elif sign in ("==", "!="):
        left, right = sorted((left, right))
    return f"({left} {sign} {right})"


def _terms(tree: ast.expr, sign: str) -> Iterator[tuple[str, str]]:
    """The terms of a sum with their signs."""
    other = "-" if sign == "+" else "+"
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub)):
        yield from _terms(tree.left, sign)
        yield from _terms(tree.right, sign if isinstance(tree.op, ast.Add) else other)
    elif isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        yield from _terms(tree.operand, other)
    else:
        yield sign, normal_form(tree)


def _factors(tree: ast.expr, sign: str) -> Iterator[tuple[str, str]]:
    """The factors of a product, `/` before those that divide it."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Mult, ast.Div)):
        other = "/" if sign == "*" else "*"
        yield from _factors(tree.left, sign)
        yield from _factors(tree.right, sign if isinstance(tree.op, ast.Mult) else other)
    else:
        yield sign, normal_form(tree)
