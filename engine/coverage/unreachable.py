"""Goals that no household can reach, shown by terms over whole numbers within the declared bounds of the facts."""

from __future__ import annotations

import ast
from functools import cached_property

from engine.algebras.columns import Column, Columns
from engine.coverage.goals import SIGNS, Goal
from engine.expression import Expression, Refusal
from engine.fold import Reading
from engine.policy import Policy, Rule
from engine.proving import always_holds, in_terms
from engine.source import PolicyError
from engine.terms import Term

__all__ = ["Unreachable"]

_MOST_CASES = 1000
"""So many cases are looked at before a goal is held to be open."""


class Unreachable:
    """What shows of a goal in `policy` that no household reaches it; what is not shown may be out of reach all the same."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._algebra = Columns(policy.tables, policy.groups)

    @cached_property
    def _reading(self) -> Reading[Column] | None:
        """Every name in terms; None where the policy cannot be said in them."""
        try:
            return in_terms(self.policy, self._algebra)
        except (PolicyError, Refusal):
            return None

    def is_shown(self, rule: Rule, goal: Goal) -> bool:
        """Whether no household at all meets `goal` in `rule`."""
        if rule.of or self._reading is None:
            return False
        try:
            met = self._met(rule, goal)
        except Refusal:
            return False
        return always_holds(self._algebra.terms, self._algebra.terms.opposite(met), _MOST_CASES)

    def _met(self, rule: Rule, goal: Goal) -> Term:
        """The truth that must hold for a household that meets `goal`."""
        node, terms = goal.node, self._algebra.terms
        if goal.wanted in ("holds", "fails"):
            found = self._truth(rule, node)
            return found if goal.wanted == "holds" else terms.opposite(found)
        if isinstance(node, ast.Compare):
            sides = [self._read(rule, side) for side in (node.left, *node.comparators)]
            return self._compared(SIGNS[goal.wanted], *sides[goal.operand : goal.operand + 2])
        if isinstance(node, ast.BoolOp):
            is_all = isinstance(node.op, ast.And)
            truths = [self._truth(rule, value) for value in node.values]
            return terms.both(
                terms.opposite(one) if (at == goal.operand) == is_all else one for at, one in enumerate(truths)
            )
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        sign = "<" if node.func.id == "min" else ">"
        ends = [self._read(rule, argument) for argument in node.args]
        others = (*ends[: goal.operand], *ends[goal.operand + 1 :])
        return terms.both(self._compared(sign, ends[goal.operand], other) for other in others)

    def _read(self, rule: Rule, node: ast.expr) -> Column:
        assert self._reading is not None
        return self._reading.reader.read(Expression(rule.expression.text, node, rule.expression.leaf))

    def _truth(self, rule: Rule, node: ast.expr) -> Term:
        found = self._read(rule, node)
        assert isinstance(found, Term)
        return found

    def _compared(self, sign: str, one: Column, other: Column) -> Term:
        found = self._algebra.compare(sign, one, other)
        assert isinstance(found, Term)
        return found
