"""Texts that are compared with what they can never be: a category misspelt, an answer that is no text."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.checks.examined import Examined
from engine.expression import COMPARISONS, Expression, nodes_in
from engine.messages import say
from engine.policy import Fact, Policy, Rule
from engine.source import Problem, nearest, normal

__all__ = ["texts"]


def texts(examined: Examined) -> Iterator[Problem]:
    """Every comparison with a text that the other side can never be, or whose other side is no text at all."""
    policy = examined.policy
    known = _Known(policy)
    facts = [*policy.facts, *(fact for group in policy.groups for fact in group.facts)]
    expressions = [rule.expression for rule in policy.rules]
    expressions += [fact.absence.value for fact in facts if fact.absence is not None]
    for expression in expressions:
        for node, left, right in _compared(expression.tree):
            for one, other in ((left, right), (right, left)):
                yield from known.problem(expression, node, one, other)


def _compared(tree: ast.AST) -> Iterator[tuple[ast.Compare, ast.expr, ast.expr]]:
    """Both sides of every comparison for equality in `tree`; what stands behind “in” is compared one by one."""
    for node in nodes_in(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
            if COMPARISONS.get(type(operator)) in ("==", "!="):
                yield node, left, right
            elif isinstance(right, (ast.Tuple, ast.List)):
                yield from ((node, left, option) for option in right.elts)


@dataclass(frozen=True)
class _Known:
    """What texts the names of a policy can be."""

    policy: Policy

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Every rule by its name."""
        return {rule.name: rule for rule in self.policy.rules}

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """Every fact of the household and of its persons by its name."""
        facts = (*self.policy.facts, *(fact for group in self.policy.groups for fact in group.facts))
        return {fact.name: fact for fact in facts}

    @cached_property
    def categories(self) -> frozenset[str]:
        """The names of the categories, which are truths as well."""
        return frozenset(category.name for category in self.policy.categories)

    def texts_of(self, node: ast.expr) -> frozenset[str] | None:
        """Every text that `node` can be, whichever branch is taken; None where it can be any, or is no text."""
        if isinstance(node, ast.Constant):
            return frozenset([node.value]) if isinstance(node.value, str) else None
        if isinstance(node, ast.IfExp):
            one, two = self.texts_of(node.body), self.texts_of(node.orelse)
            return None if one is None or two is None else one | two
        if not isinstance(node, ast.Name):
            return None
        if node.id in self.rules:
            return self.texts_of(self.rules[node.id].expression.tree)
        fact = self.facts.get(node.id)
        if fact is None or fact.kind != "text" or not fact.choices:
            return None
        return frozenset(fact.choices) | (frozenset([""]) if fact.is_optional else frozenset())

    def is_truth(self, node: ast.expr) -> bool:
        """Whether `node` is a fact that is answered with yes or no."""
        fact = self.facts.get(node.id) if isinstance(node, ast.Name) else None
        return fact is not None and fact.kind == "truth"

    def problem(self, expression: Expression, node: ast.Compare, one: ast.expr, other: ast.expr) -> Iterator[Problem]:
        """What is wrong with comparing `one` with `other` in `node`, if anything is."""
        if isinstance(one, ast.Name) and one.id in self.categories and self.texts_of(other) is not None:
            wrong = say("“{name}” is the name of a category, and stands here without quotes.", name=one.id)
            remedy = say('Put the name of a category in quotes: "{name}".', name=one.id)
            yield Problem(expression.place_of(node), wrong, None, remedy)
        answer = str(other.value) if isinstance(other, ast.Constant) else ""
        if isinstance(other, ast.Name) and other.id in ("true", "false"):
            answer = other.id
        if answer and isinstance(one, ast.Name) and self.is_truth(one):
            yield self._of_truth(expression, node, one.id, answer)
        possible = self.texts_of(one)
        if possible is None or not isinstance(other, ast.Constant) or not isinstance(other.value, str):
            return
        if normal(other.value) not in possible:
            yield _never(expression, one, other, sorted(possible - {""}))

    def _of_truth(self, expression: Expression, node: ast.Compare, name: str, text: str) -> Problem:
        wrong = say("“{name}” is a truth, and is compared with “{text}”.", name=name, text=text)
        is_no = text.lower() in self.policy.words.no
        right = f"not {name}" if is_no != isinstance(node.ops[0], (ast.NotEq, ast.NotIn)) else name
        return Problem(expression.place_of(node), wrong, None, say("Write “{right}” by itself.", right=right))


def _never(expression: Expression, one: ast.expr, other: ast.Constant, possible: Sequence[str]) -> Problem:
    said, text = ast.unparse(one), str(other.value)
    wrong = say("“{side}” is never “{text}”.", side=said, text=text)
    expected = say("It can be {values}.", values=tuple(f"“{value}”" for value in possible)) if possible else None
    close = nearest(text, possible)
    remedy = say("Did you mean “{close}”?", close=close) if close else say("Write one of these.")
    return Problem(expression.place_of(other), wrong, expected, remedy)
