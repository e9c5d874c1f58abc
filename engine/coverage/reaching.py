"""The worked cases traced, and what each reaches: every step on which its decision rests, from the outputs back to the facts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

from engine.algebras.exact import Value
from engine.algebras.interval import Range, Span, Texts, span_of
from engine.algebras.trace import Step, Trace
from engine.cache import load_cached
from engine.cases import Case, household_of, read_cases
from engine.checks.examined import Examined
from engine.coverage.goals import Goal, Read, goals, met
from engine.coverage.pairs import needed
from engine.coverage.report import Coverage, Missed, Section, Tally, missed_goal, missed_rule
from engine.coverage.unreachable import Unreachable
from engine.explanation.story import traced
from engine.expression import Expression, names_in
from engine.fold import Reading
from engine.messages import say
from engine.policy import Fact, Policy, Rule
from engine.reach import followed
from engine.tables.intake import HouseholdError

__all__ = ["cover"]


@dataclass(frozen=True)
class Reached:
    """The rules reached, and the goals, each with the name of its rule."""

    rules: set[str] = field(default_factory=set)
    goals: set[tuple[str, tuple[int, str, int]]] = field(default_factory=set)

    def keep(self, rule: str, goal: Goal) -> None:
        """Keep a goal of `rule` as reached."""
        self.goals.add((rule, goal.key))


def cover(folder: Path) -> Coverage:
    """What the worked cases of the policy in `folder` reach.

    A case that takes the other reading of a question reaches that question, and nothing else: it is decided by another policy.
    Raises: PolicyError where the policy or its cases have problems.
    """
    policy, cases = load_cached(folder), read_cases(folder)
    own = [case for case in cases if not case.question]
    readings = [reading for case in own if (reading := _traced(policy, case)) is not None]
    remarks = {remark.when for remark in policy.remarks}
    decision = _names_below(policy, _roots(policy))
    others = _names_below(policy, remarks) - decision
    mark = f"·{policy.words['other']}·"
    unreachable = Unreachable(policy)
    decided = _reached(_named(policy, decision), _roots(policy), readings)
    remarked = _reached(_named(policy, others), remarks, readings)
    return Coverage(
        policy,
        str(folder),
        len(own),
        len(cases) - len(own),
        (
            _section(unreachable, "decision", _named(policy, decision), decided),
            _clauses(policy, readings),
            _questions(policy, cases),
            _section(
                unreachable, "notes", [rule for rule in _named(policy, others) if mark not in rule.name], remarked
            ),
            _section(unreachable, "other", [rule for rule in _named(policy, others) if mark in rule.name], remarked),
        ),
    )


def _named(policy: Policy, names: set[str]) -> list[Rule]:
    return [rule for rule in policy.rules if rule.name in names]


def _traced(policy: Policy, case: Case) -> Reading[Step] | None:
    """The steps of the household of `case`; None where a fact of it is refused, and nothing is read."""
    try:
        return traced(policy, household_of(policy, case), Trace(policy.tables))
    except HouseholdError:
        return None


def _roots(policy: Policy) -> set[str]:
    """The names that make the result: its columns, and the refusals."""
    return {output.name for output in policy.outputs} | {remark.when for remark in policy.refusals}


def _names_below(policy: Policy, roots: Iterable[str]) -> set[str]:
    """`roots` and every name that they read, directly or through others."""
    reads = {rule.name: {node.id for node in names_in(rule.expression.tree)} for rule in policy.rules}
    return followed(roots, reads)


def _section(unreachable: Unreachable, name: str, rules: list[Rule], reached: Reached) -> Section:
    """What `rules` have to reach, what is reached of it, and what no household can reach."""
    policy = unreachable.policy
    examined = Examined(policy)
    every = [(rule, goal) for rule in rules for goal in goals(rule.expression.tree, _spans(examined, rule))]
    is_seen = {rule.name: rule.name in reached.rules for rule in rules}
    missed = [missed_rule(rule) for rule in rules if not is_seen[rule.name]]
    open_goals = [(rule, goal) for rule, goal in every if (rule.name, goal.key) not in reached.goals]
    shown = {(rule.name, goal.key) for rule, goal in open_goals if unreachable.is_shown(rule, goal)}
    missed += [
        missed_goal(policy, rule, goal, is_impossible=(rule.name, goal.key) in shown)
        for rule, goal in open_goals
        if is_seen[rule.name]
    ]
    tallies = [Tally("rules", sum(is_seen.values()), len(rules))]
    for kind in ("branches", "bounds"):
        all_, left = (sum(goal.kind == kind for _, goal in found) for found in (every, open_goals))
        impossible = sum(goal.kind == kind and (rule.name, goal.key) in shown for rule, goal in open_goals)
        tallies.append(Tally(kind, all_ - left, all_, impossible))
    return Section(name, tuple(tallies), tuple(missed))


def _spans(examined: Examined, rule: Rule) -> Read:
    """What a part of the expression of `rule` can come to, by the declared bounds of the facts.

    Where a truth says that a fact is not given, what is joined to it is read with what an absent fact is in the core.
    """
    reading, policy = examined.reading, examined.policy
    person = reading.persons[rule.of][0] if rule.of else {}
    given = f"·{policy.words['given']}"
    optional = {fact.name + given: fact for fact in policy.facts if fact.is_optional}

    def read(node: ast.expr, failing: ast.expr | None = None) -> Span:
        fact = optional.get(failing.id) if isinstance(failing, ast.Name) else None
        absent: dict[str, Span] = {} if fact is None else {fact.name: _absent(fact)}
        part = Expression(rule.expression.text, node, rule.expression.leaf)
        return reading.reader.read_for({**person, **absent}, part)

    return read


def _absent(fact: Fact) -> Span:
    """What an optional fact is in the core where it is not given."""
    if fact.kind in ("money", "count"):
        return Range(Fraction(0), Fraction(0))
    return Texts(frozenset({""})) if fact.kind == "text" else span_of(fact)


def _reached(rules: Iterable[Rule], roots: Iterable[str], readings: Iterable[Reading[Step]]) -> Reached:
    """Those of `rules` on which the roots rest for some household, and the goals met on the way."""
    trees = {rule.name: rule.expression.tree for rule in rules}
    found = Reached()
    for reading in readings:
        left = [reading.names[root] for root in roots]
        known: set[int] = set()
        while left:
            step = left.pop()
            if id(step) not in known and step.name in trees:
                known.add(id(step))
                found.rules.add(step.name)
                left += _visited(trees[step.name], step.parts[0], partial(found.keep, step.name))
    return found


def _visited(tree: ast.expr, step: Step, keep: Callable[[Goal], None]) -> Iterator[Step]:
    """Every named step on which `tree` rests; the goals met at each part are kept."""
    left = [(tree, step)]
    while left:
        node, here = left.pop()
        for goal in met(node, here):
            keep(goal)
        if here.operation == "name":
            yield here
        else:
            left += needed(node, here)


def _clauses(policy: Policy, readings: list[Reading[Step]]) -> Section:
    """The clauses that decisions name, and those that no decision of a case does."""
    whens: dict[str, list[str]] = {}
    for remark in policy.remarks:
        if remark.part == "clause":
            whens.setdefault(remark.text, []).append(remark.when)

    def is_true(reading: Reading[Step], name: str) -> bool:
        value: Value = reading.names[name].value
        return value is True

    places = {rule.saying.clause: rule.place for rule in reversed(policy.rules) if rule.saying.clause}
    missed = [
        Missed("clauses", "", clause, "", places.get(clause), "", say("A household that it decides."))
        for clause, names in whens.items()
        if not any(is_true(reading, name) for reading in readings for name in names)
    ]
    return Section("clauses", (Tally("clauses", len(whens) - len(missed), len(whens)),), tuple(missed))


def _questions(policy: Policy, cases: Iterable[Case]) -> Section:
    """The questions of which some case takes the other reading."""
    asked = {case.question for case in cases}
    missed = [
        Missed("questions", "", question.name, "", question.place, question.saying.clause, _OTHERWISE)
        for question in policy.questions
        if question.name not in asked
    ]
    count = len(policy.questions)
    return Section("questions", (Tally("questions", count - len(missed), count),), tuple(missed))


_OTHERWISE = say("A household that the other reading decides otherwise, with “question” in the case.")
