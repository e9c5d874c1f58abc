"""A lookup in a rule has a row for every key that it can meet, or a default."""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

from engine.algebras.interval import Range, Span, Texts
from engine.checks.examined import Examined
from engine.expression import Expression, calls
from engine.messages import Message, say
from engine.policy import Fact, Policy, Table
from engine.source import Problem

__all__ = ["is_whole", "lookups"]

_WHOLE = ("count", "days_between", "full_months", "full_years", "month", "rank", "year")
"""The words that give a whole number whatever stands in their brackets."""


def lookups(examined: Examined) -> Iterator[Problem]:
    """A lookup in a rule has a default, or a row for every key that it can meet."""
    policy = examined.policy
    reading = examined.reading
    tables = {table.name: table for table in policy.tables}
    for rule in policy.rules:
        for call in calls(rule.expression.tree, "lookup"):
            assert isinstance(call.args[0], ast.Name)
            table = tables.get(call.args[0].id)
            if table is not None and table.default is None:
                person = reading.persons[rule.of][0] if rule.of else {}
                spans = [
                    reading.reader.read_for(person, Expression(rule.expression.text, key, rule.expression.leaf))
                    for key in call.args[1:]
                ]
                missing = _missing_row(policy, table, spans, [is_whole(policy, key) for key in call.args[1:]])
                if missing is not None:
                    wrong = say(
                        "The table “{table}” may be asked for what it does not have: {missing}.",
                        table=table.name,
                        missing=missing,
                    )
                    remedy = say(
                        "Add the rows, say “default” in the table, or look it up where a fact says what absence means."
                    )
                    yield Problem(rule.expression.place_of(call), wrong, None, remedy)


_MOST_KEYS = 10_000


def _missing_row(policy: Policy, table: Table, spans: list[Span], whole: list[bool]) -> Message | str | None:
    """The first combination of keys that can be met and has no row; None where every one has."""
    if table.is_dated:
        return say("a day before its first row")
    choices: list[list[str | Fraction]] = []
    for span, is_whole in zip(spans, whole, strict=True):
        if isinstance(span, Texts) and span.values is not None:
            choices.append(sorted(span.values))
        elif isinstance(span, Range) and is_whole and span.low is not None and span.high is not None:
            choices.append(
                [Fraction(value) for value in range(int(span.low), min(int(span.high), int(span.low) + _MOST_KEYS) + 1)]
            )
        else:
            return say("a key without known choices")
    if math.prod(len(values) for values in choices) > _MOST_KEYS:
        return say("too many keys to try")
    return next(
        (" ".join(str(key) for key in keys) for keys in itertools.product(*choices) if table.find(keys, None) is None),
        None,
    )


def is_whole(policy: Policy, tree: ast.expr) -> bool:
    """Whether `tree` is a whole number for certain: made of counts and whole constants without a division."""
    whole = {fact.name for group in policy.groups for fact in group.facts if _steps_whole(fact)}
    whole |= {fact.name for fact in policy.facts if _steps_whole(fact)}
    whole |= {figure.name for figure in policy.figures if figure.value.denominator == 1}
    rules = {rule.name: rule.expression.tree for rule in policy.rules}

    def holds(node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            return node.id in whole or (node.id in rules and holds(rules[node.id]))
        if isinstance(node, ast.Constant):
            return isinstance(node.value, Fraction) and node.value.denominator == 1
        if isinstance(node, ast.BinOp):
            return not isinstance(node.op, ast.Div) and holds(node.left) and holds(node.right)
        if isinstance(node, ast.IfExp):
            return holds(node.body) and holds(node.orelse)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            parts = node.args[1:] if node.func.id.startswith("round_") else node.args
            return node.func.id in _WHOLE or all(holds(part) for part in parts)
        return isinstance(node, ast.UnaryOp) and holds(node.operand)

    return holds(tree)


def _steps_whole(fact: Fact) -> bool:
    bounds = (fact.step, fact.at_least)
    return all(bound is not None and bound.denominator == 1 for bound in bounds)
