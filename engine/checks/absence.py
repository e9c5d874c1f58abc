"""What absence means: it is settled in order, and an optional fact is read only where a rule has asked for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from fractions import Fraction

from engine.algebras.interval import Dates, Interval, Range, Span, Texts, span_of
from engine.checks.bounds import not_days, not_positive
from engine.checks.examined import Examined, core_spans, person_spans
from engine.expression import Expression, Reader, names_in
from engine.messages import Message, say
from engine.policy import Fact, Policy
from engine.source import Problem

__all__ = ["absences", "absent_is_not_zero"]


def absences(examined: Examined) -> Iterator[Problem]:
    """What absence means reads what is settled before it, and comes to nothing that the fact cannot be."""
    policy = examined.policy
    figures: dict[str, Span] = {figure.name: Range(figure.value, figure.value) for figure in policy.figures}
    household, people = core_spans(policy), person_spans(policy)
    scopes: list[tuple[Sequence[Fact], dict[str, Span], set[str]]] = [(policy.facts, household, set())]
    known = {fact.name for fact in policy.facts}
    scopes += [(group.facts, household | people[group.name][0], known) for group in policy.groups]
    for facts, spans, before in scopes:
        reader = Reader(Interval(policy.tables), {**figures, **spans, "today": Dates()})
        settled = {*figures, *before, *(fact.name for fact in facts if fact.absence is None)}
        for fact in facts:
            if fact.absence is not None:
                early = list(_unsettled(fact, fact.absence.value, settled))
                yield from early or _unfit(policy, fact, fact.absence.value, reader)
            settled.add(fact.name)


def _unsettled(fact: Fact, expression: Expression, settled: set[str]) -> Iterator[Problem]:
    for node in names_in(expression.tree):
        if node.id not in settled and node.id not in ("today", "true", "false"):
            wrong = say(
                "What the absence of “{fact}” means reads “{name}”, which is settled later.",
                fact=fact.name,
                name=node.id,
            )
            remedy = say("Read only figures, facts without when_absent, and facts declared above.")
            yield Problem(expression.place_of(node), wrong, None, remedy)


def _unfit(policy: Policy, fact: Fact, expression: Expression, reader: Reader[Span]) -> Iterator[Problem]:
    """A value that the fact could not have if somebody wrote it, a divisor that could be 0, a day that there is not."""
    undefined = [*not_positive(expression, reader.read), *not_days(policy, expression, reader.read)]
    yield from undefined
    found, allowed = reader.read(expression), span_of(fact)
    outside: str | Fraction | Message | None = None
    if isinstance(found, Range) and isinstance(allowed, Range):
        outside = _beyond(found, allowed)
    elif isinstance(found, Texts) and isinstance(allowed, Texts) and allowed.values is not None:
        outside = say("any text") if found.values is None else min(found.values - allowed.values, default=None)
    if outside is not None and not undefined:
        wrong = say("What absence means can be {value}, which “{fact}” cannot be.", value=outside, fact=fact.name)
        remedy = say("Write what the fact may be, or widen its at_least, at_most or choices.")
        yield Problem(expression.place, wrong, None, remedy)


def _beyond(found: Range, allowed: Range) -> Fraction | Message | None:
    """An end of `found` that lies outside of `allowed`; None where there is none."""
    if allowed.low is not None and (found.low is None or found.low < allowed.low):
        return say("any number") if found.low is None else found.low
    if allowed.high is not None and (found.high is None or found.high > allowed.high):
        return say("any number") if found.high is None else found.high
    return None


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
