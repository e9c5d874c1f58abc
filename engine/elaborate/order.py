"""Rules in the order in which they can be read: each after those that it needs; unknown names and circles are problems."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from engine.elaborate.draft import Draft, unknown_name
from engine.elaborate.persons import Lifting
from engine.expression import AGGREGATES, SPOKEN, SUGAR, Expression, calls, is_gathering, is_ranking, names_in
from engine.messages import say
from engine.policy import Fact, Rule
from engine.source import Place, Problem

__all__ = ["in_order", "keep_shallow"]

_MOST_STEPS = 100
"""The rules that may stand behind one rule, one below the other: more is no policy that anybody can explain."""

_MOST_SHOWN = 12
"""The rules of a circle that a problem names at most."""
_MOST_HINTS = 100
"""The unknown names for which the nearest one is looked for: where there are more, a whole file is not the right one."""


def keep_shallow(draft: Draft) -> None:
    """Keep a problem for rules that stand on each other in a circle, or in more steps than anybody reads, and drop them."""
    needs = {name: {node.id for node in names_in(rule.expression.tree)} for name, rule in draft.rules.items()}
    needs = {name: {other for other in found if other in draft.rules} for name, found in needs.items()}
    steps = _steps(needs)
    deep = [name for name in needs if steps.get(name, 0) > _MOST_STEPS]
    if deep:
        wrong = say("“{name}” stands on more than {most} rules, one below the other.", name=deep[0], most=_MOST_STEPS)
        remedy = say("Bring some of them together into one rule.")
        draft.problems.append(Problem(draft.rules[deep[0]].place, wrong, None, remedy))
    needs = {name: found - steps.keys() for name, found in needs.items() if name not in steps}
    while needs:
        circle = _circle(needs)
        _refuse_circle(draft, circle)
        deep += circle
        needs = {name: found - set(circle) for name, found in needs.items() if name not in circle}
        resolved = _steps(needs).keys()
        needs = {name: found - resolved for name, found in needs.items() if name not in resolved}
    for name in deep:
        draft.rules.pop(name)
        draft.broken.add(name)


def _steps(needs: Mapping[str, set[str]]) -> dict[str, int]:
    """For each rule how many stand below it, the longest way; none for those in a circle, or above one."""
    found: dict[str, int] = {}
    waiting = {name: len(below) for name, below in needs.items()}
    above: dict[str, list[str]] = {}
    for name, below in needs.items():
        for other in below:
            above.setdefault(other, []).append(name)
    ready = [name for name, count in waiting.items() if not count]
    for name in ready:
        found[name] = max((found[other] + 1 for other in needs[name]), default=0)
        for other in above.get(name, ()):
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return found


def _circle(needs: Mapping[str, set[str]]) -> list[str]:
    """The rules of one circle in `needs`, each before one that it needs; every one there needs another of them."""
    path: dict[str, None] = {}
    name = next(iter(needs))
    while name not in path:
        path[name] = None
        name = min(needs[name])
    steps = list(path)
    return steps[steps.index(name) :]


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
    _refuse_persons(draft, found)
    return tuple(found.values())


def _refuse_persons(draft: Draft, found: dict[str, Rule]) -> None:
    """What decides for the household may not be read for each person: a test, an end of a range, a column, a note."""
    ends = [end for category in draft.categories for aid in category.aids for end in (aid.ceiling, aid.floor, aid.gate)]
    tests = [*(rule for _, rule in draft.exclusions), *(category.test for category in draft.categories)]
    gates = [rule for category in draft.categories for _, rule in category.gates] + [rule for _, rule in draft.gates]
    others = [
        *(output.name for output in draft.outputs),
        *(remark.when for remark in (*draft.remarks, *draft.refusals)),
    ]
    for name in (*tests, *ends, *gates, *others):
        rule = found.get(name)
        if rule is not None and rule.of:
            wrong = say("“{name}” comes to one value for each person of “{group}”.", name=name, group=rule.of)
            expected = say("Here one value for the household is needed.")
            remedy = say("Gather it with sum, count, any, all, highest or lowest.")
            draft.problems.append(Problem(rule.place, wrong, expected, remedy))
            return


def _refuse_circle(draft: Draft, circle: list[str]) -> None:
    steps = circle if len(circle) <= _MOST_SHOWN else [*circle[: _MOST_SHOWN - 1], "…", circle[-1]]
    shown = " → ".join([*steps, circle[0]])
    rule = draft.rules[circle[0]]
    wrong = say("The rules need each other in a circle: {circle}.", circle=shown)
    draft.problems.append(Problem(rule.place, wrong, None, say("Write one of them without the next.")))


def _check_names(draft: Draft) -> None:
    """Keep a problem for every name and table that nothing declares; names of broken rules have problems of their own."""
    household = draft.of_household()
    known = household | set(draft.personal_facts()) | set(draft.groups)
    personal = [fact for group in draft.groups.values() for fact in group.facts]
    offered = (*draft.facts, *(fact.name for fact in personal), *draft.figures, *draft.rules)
    seen: set[tuple[Place, str]] = set()
    facts = (*draft.facts.values(), *personal)
    draft.problems.extend(problem for absence in _absences(facts) for problem in _misplaced_in(absence))
    expressions = [(rule.expression, known, offered) for rule in draft.rules.values()]
    expressions += [(absence, household | {"today"}, offered) for absence in _absences(draft.facts.values())]
    for group in draft.groups.values():
        own = {*household, *group.core_facts(draft.words), "today"}
        near = (*(fact.name for fact in group.facts), *draft.facts, *draft.figures)
        expressions += [(absence, own, near) for absence in _absences(group.facts)]
    for expression, names, available in expressions:
        for place, problem in [
            *_unknown_in(draft, expression, names, available if len(seen) < _MOST_HINTS else ()),
            *_unknown_tables_in(draft, expression),
        ]:
            if place not in seen:
                seen.add(place)
                draft.problems.append(problem)


def _absences(facts: Iterable[Fact]) -> list[Expression]:
    return [fact.absence.value for fact in facts if fact.absence is not None]


def _misplaced_in(absence: Expression) -> Iterator[Problem]:
    """Words that ask what is given, or gather over persons: what absence means is settled before that is known."""
    for word in (*SUGAR, *AGGREGATES, "rank"):
        for call in calls(absence.tree, word):
            if word in SUGAR or is_gathering(call) or is_ranking(call):
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
    counted = {id(call.args[0]) for call in calls(expression.tree, "count")}
    for node in names_in(expression.tree):
        if node.id in draft.groups and id(node) not in counted:
            place = expression.place_of(node)
            wrong = say("“{name}” is a group of persons, and stands where a value is needed.", name=node.id)
            remedy = say("Write count({name}), or gather something of its persons.", name=node.id)
            found.append(((place, node.id), Problem(place, wrong, None, remedy)))
        elif node.id not in known:
            place = expression.place_of(node)
            sort = say("fact, figure or rule")
            near = (*offered, *draft.groups) if id(node) in counted else offered
            problem = _hinted(draft, node.id, unknown_name(node.id, place, sort, near))
            found.append(((place, node.id), _spoken(node.id, known, problem)))
    for word in SUGAR:
        for call in calls(expression.tree, word):
            place = expression.place_of(call)
            problem = Problem(place, say("“{word}” cannot be read here.", word=word))
            found.append(((place, word), _hinted(draft, word, problem)))
    return found


def _spoken(name: str, known: set[str], problem: Problem) -> Problem:
    """`problem`, that `name` is unknown, with what to write where two names are joined by a word for a sign."""
    for word, sign in SPOKEN.items():
        left, found, right = name.partition(word)
        if found and right in known and (left in known or (sign == "not" and not left)):
            written = f"{left} {sign} {right}".strip()
            return Problem(problem.place, problem.wrong, None, say("Write “{right}”.", right=written))
    return problem


def _hinted(draft: Draft, name: str, problem: Problem) -> Problem:
    if name in draft.tables:
        wrong = say("“{name}” is a table, and stands where a value is needed.", name=name)
        return Problem(problem.place, wrong, None, say("Write lookup({name}, …) with its keys.", name=name))
    if any(name in fact.choices for fact in draft.facts.values()):
        remedy = say('Put a text in quotes: "{name}".', name=name)
        return Problem(problem.place, problem.wrong, None, remedy)
    truth = next((told for told, words in (("true", draft.words.yes), ("false", draft.words.no)) if name in words), "")
    if truth:
        return Problem(problem.place, problem.wrong, None, say("Write {answer}.", answer=truth))
    if name in ("today", "other"):
        wrong = say("“{name}” may not be used here.", name=name)
        return Problem(
            problem.place, wrong, None, say("It stands only in when_absent (today) and matters_when (other).")
        )
    return problem
