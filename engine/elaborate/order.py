"""Rules in the order in which they can be read: each after those that it needs; unknown names and circles are problems."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from engine.elaborate.draft import Draft, unknown_name
from engine.elaborate.persons import Lifting
from engine.expression import AGGREGATES, SUGAR, Expression, calls, is_gathering, names_in
from engine.messages import say
from engine.policy import Rule
from engine.source import Place, Problem

__all__ = ["in_order"]


def in_order(draft: Draft) -> tuple[Rule, ...]:
    """The rules of `draft`, each after those that it needs, otherwise as written.

    What is gathered over persons becomes a rule of the group, read before the rule that gathers it.
    """
    _check_names(draft)
    lifting = Lifting(draft)
    found: dict[str, Rule] = {}
    path: list[str] = []

    def visit(name: str) -> None:
        rule = draft.rules.get(name)
        if rule is None or name in found:
            return
        if name in path:
            _refuse_circle(draft, path[path.index(name) :])
            return
        path.append(name)
        for needed in names_in(rule.expression.tree):
            visit(needed.id)
        path.pop()
        for lifted in lifting.lift(rule):
            found[lifted.name] = lifted

    for name in list(draft.rules):
        visit(name)
    return tuple(found.values())


def _refuse_circle(draft: Draft, circle: list[str]) -> None:
    shown = " → ".join([*circle, circle[0]])
    rule = draft.rules[circle[0]]
    wrong = say("The rules need each other in a circle: {circle}.", circle=shown)
    draft.problems.append(Problem(rule.place, wrong, None, say("Write one of them without the next.")))


def _check_names(draft: Draft) -> None:
    """Keep a problem for every name and table that nothing declares; names of broken rules have problems of their own."""
    household = {*draft.figures, *draft.core_facts(), *draft.rules, *draft.broken, "true", "false"}
    known = household | set(draft.personal_facts()) | set(draft.groups)
    personal = [fact for group in draft.groups.values() for fact in group.facts]
    offered = (*draft.facts, *(fact.name for fact in personal), *draft.figures, *draft.rules)
    seen: set[tuple[Place, str]] = set()
    facts = (*draft.facts.values(), *personal)
    absences = [fact.absence.value for fact in facts if fact.absence is not None]
    draft.problems.extend(problem for absence in absences for problem in _misplaced_in(absence))
    expressions = [(rule.expression, known) for rule in draft.rules.values()]
    for expression, names in [*expressions, *((absence, known | {"today"}) for absence in absences)]:
        for place, problem in [
            *_unknown_in(draft, expression, names, offered),
            *_unknown_tables_in(draft, expression),
        ]:
            if place not in seen:
                seen.add(place)
                draft.problems.append(problem)


def _misplaced_in(absence: Expression) -> Iterator[Problem]:
    """Words that ask what is given, or gather over persons: what absence means is settled before that is known."""
    for word in (*SUGAR, *AGGREGATES):
        for call in calls(absence.tree, word):
            if word in SUGAR or is_gathering(call):
                remedy = say("Write a value, or what can be calculated from facts declared above.")
                yield Problem(absence.place_of(call), say("“{name}” may not be used here.", name=word), None, remedy)


def _unknown_tables_in(draft: Draft, expression: Expression) -> Iterator[tuple[tuple[Place, str], Problem]]:
    for call in calls(expression.tree, "lookup"):
        table = call.args[0]
        assert isinstance(table, ast.Name)
        if table.id not in draft.tables:
            place = expression.place_of(table)
            yield (place, table.id), unknown_name(table.id, place, say("table"), tuple(draft.tables))


def _unknown_in(
    draft: Draft, expression: Expression, known: set[str], offered: tuple[str, ...]
) -> list[tuple[tuple[Place, str], Problem]]:
    found = []
    for node in names_in(expression.tree):
        if node.id not in known:
            place = expression.place_of(node)
            sort = say("fact, figure or rule")
            found.append(((place, node.id), _hinted(draft, node.id, unknown_name(node.id, place, sort, offered))))
    return found


def _hinted(draft: Draft, name: str, problem: Problem) -> Problem:
    if name in draft.tables:
        wrong = say("“{name}” is a table, and stands where a value is needed.", name=name)
        return Problem(problem.place, wrong, None, say("Write lookup({name}, …) with its keys.", name=name))
    if name in ("today", "other"):
        wrong = say("“{name}” may not be used here.", name=name)
        return Problem(
            problem.place, wrong, None, say("It stands only in when_absent (today) and matters_when (other).")
        )
    return problem
