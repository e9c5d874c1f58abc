"""What absence means: it is settled in order, and an optional fact is read only where a rule has asked for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from engine.checks.examined import Examined
from engine.expression import Expression, names_in
from engine.messages import say
from engine.source import Problem

__all__ = ["absences", "absent_is_not_zero"]


def absences(examined: Examined) -> Iterator[Problem]:
    """What absence means may read figures, and facts that are settled before it."""
    policy = examined.policy
    figures = {figure.name for figure in policy.figures}
    for facts in (policy.facts, *(group.facts for group in policy.groups)):
        settled = {fact.name for fact in facts if fact.absence is None} | figures
        for fact in facts:
            if fact.absence is not None:
                yield from _unsettled(fact.name, fact.absence.value, settled)
                settled.add(fact.name)


def _unsettled(fact: str, expression: Expression, settled: set[str]) -> Iterator[Problem]:
    for node in names_in(expression.tree):
        if node.id not in settled and node.id not in ("today", "true", "false"):
            wrong = say(
                "What the absence of “{fact}” means reads “{name}”, which is settled later.", fact=fact, name=node.id
            )
            remedy = say("Read only figures, facts without when_absent, and facts declared above.")
            yield Problem(expression.place_of(node), wrong, None, remedy)


def absent_is_not_zero(examined: Examined) -> Iterator[Problem]:
    """The value of an optional fact is read only where the rule has asked whether it is given."""
    policy = examined.policy
    facts = [*policy.facts, *(fact for group in policy.groups for fact in group.facts)]
    optional = {fact.name: f"{fact.name}·{policy.words['given']}" for fact in facts if fact.is_optional}
    for rule in policy.rules:
        if rule.is_written or "·" in rule.name:
            for node in _unguarded(rule.expression.tree, optional, frozenset()):
                wrong = say("“{name}” can be absent, and is read here without asking.", name=node.id)
                remedy = say("Write “{name} if given({name}) else …”, or “given({name}) and …”.", name=node.id)
                yield Problem(
                    rule.expression.place_of(node),
                    wrong,
                    say("Absent is not zero: the rule says what it means."),
                    remedy,
                )


def _unguarded(tree: ast.AST, optional: dict[str, str], asked: frozenset[str]) -> Iterator[ast.Name]:
    if isinstance(tree, ast.Name):
        if tree.id in optional and tree.id not in asked:
            yield tree
    elif isinstance(tree, ast.IfExp):
        yield from _unguarded(tree.test, optional, asked)
        yield from _unguarded(tree.body, optional, asked | _asked(tree.test, optional))
        yield from _unguarded(tree.orelse, optional, asked | _asked_not(tree.test, optional))
    elif isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        for value in tree.values:
            yield from _unguarded(value, optional, asked)
            asked |= _asked(value, optional)
    elif isinstance(tree, ast.BoolOp):
        for value in tree.values:
            yield from _unguarded(value, optional, asked)
            asked |= _asked_not(value, optional)
    else:
        for child in ast.iter_child_nodes(tree):
            if not (isinstance(tree, ast.Call) and child is tree.func):
                yield from _unguarded(child, optional, asked)


def _asked(tree: ast.AST, optional: dict[str, str]) -> frozenset[str]:
    """The optional facts that are given wherever `tree` holds."""
    if isinstance(tree, ast.Name):
        return frozenset(name for name, given in optional.items() if given == tree.id)
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        return frozenset().union(*(_asked(value, optional) for value in tree.values))
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        return _asked_not(tree.operand, optional)
    return frozenset()


def _asked_not(tree: ast.AST, optional: dict[str, str]) -> frozenset[str]:
    """The optional facts that are given wherever `tree` does not hold."""
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        return _asked(tree.operand, optional)
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or):
        return frozenset().union(*(_asked_not(value, optional) for value in tree.values))
    return frozenset()
