"""Levels of approval rise."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fractions import Fraction

from engine.checks.examined import Examined
from engine.expression import nodes_in
from engine.messages import say
from engine.policy import Rule
from engine.source import Problem

__all__ = ["approvals_rise"]


def approvals_rise(examined: Examined) -> Iterator[Problem]:
    """Levels of approval are listed from low to high, since the last that holds is the one needed."""
    policy = examined.policy
    levels = [
        rule
        for rule in policy.rules
        if rule.name.startswith(policy.words["approval"] + "·") and rule.name.count("·") == 1
    ]
    figures = {figure.name: figure.value for figure in policy.figures}
    before: dict[str, tuple[Fraction, Rule]] = {}
    for rule in levels:
        for node in nodes_in(rule.expression.tree):
            if (
                isinstance(node, ast.Compare)
                and isinstance(node.ops[0], (ast.Gt, ast.GtE))
                and isinstance(node.comparators[0], ast.Name)
            ):
                line = figures.get(node.comparators[0].id)
                amount = ast.unparse(node.left)
                if line is not None and amount in before and line < before[amount][0]:
                    wrong = say(
                        "A higher level of approval begins at a lower amount ({line} < {before}).",
                        line=line,
                        before=before[amount][0],
                    )
                    remedy = say("List the levels from low to high, and check the figures.")
                    yield Problem(
                        rule.expression.place_of(node),
                        wrong,
                        say("The last level that holds is the one needed."),
                        remedy,
                    )
                elif line is not None:
                    before[amount] = (line, rule)
