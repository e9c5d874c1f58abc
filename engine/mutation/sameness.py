"""Edits that change nothing, shown: the same normal form, no output that reads it, or the same in every case of its conditions."""

from __future__ import annotations

from collections.abc import Mapping

from engine.algebras.columns import Column, Columns
from engine.expression import Refusal, names_in
from engine.fold import fold
from engine.kernel.facts import declared
from engine.messages import Message, say
from engine.mutation.edits import Edit
from engine.mutation.trials import Pair
from engine.policy import Figure, Policy
from engine.reach import core_of, reached
from engine.source import Branch, PolicyError
from engine.terms import Term, Terms, parts_of

__all__ = ["Sameness", "is_one_intake", "told"]

_MOST_CASES = 10_000
"""So many cases are looked at before an edit is held to change something."""


class Sameness:
    """What shows that an edit of `tree` changes nothing."""

    def __init__(self, tree: Branch) -> None:
        self._core, self._whole = core_of(tree), core_of(tree, questions=True)

    def shown(self, edit: Edit, pairs: tuple[Pair, ...]) -> Message | None:
        """Why `edit` changes nothing for any household; None where that is not shown."""
        core, whole, other = self._core, self._whole, core_of(edit.tree)
        if core is not None and whole is not None and other is not None and edit.steps[0] != "questions":
            outputs = reached(whole, core, other)
            if outputs is None:
                return say("It says the same in other words.")
            if not outputs:
                return say("No output reads it.")
        if pairs and all(map(_is_same, pairs)):
            return say("By the declared bounds of the facts every output comes to the same.")
        return None


def _is_same(pair: Pair) -> bool:
    """Whether every output, note and refusal of the two is one and the same term over whole numbers."""
    one, two = pair.own, pair.edited
    if not is_one_intake(pair) or (one.outputs, one.remarks, one.refusals) != (two.outputs, two.remarks, two.refusals):
        return False
    algebra = Columns(one.tables, one.groups)
    try:
        first, second = (_terms(policy, algebra) for policy in (one, two))
    except (PolicyError, Refusal):
        return False
    return all(_equal(algebra, first[name], second[name]) for name in told(one))


def is_one_intake(pair: Pair) -> bool:
    """Whether both policies bring every household in alike: the same facts and tables, and the same where a fact is absent."""
    one, two = pair.own, pair.edited
    return (one.facts, one.groups, one.tables, _absences(one)) == (two.facts, two.groups, two.tables, _absences(two))


def _absences(policy: Policy) -> list[Figure]:
    """The figures that say what an absent fact comes to."""
    facts = [*policy.facts, *(fact for group in policy.groups for fact in group.facts)]
    trees = [fact.absence.value.tree for fact in facts if fact.absence is not None]
    read = {node.id for tree in trees for node in names_in(tree)}
    return [figure for figure in policy.figures if figure.name in read]


def _terms(policy: Policy, algebra: Columns) -> Mapping[str, Column]:
    facts = declared(policy, algebra, policy.facts, {})
    persons = {group.name: [declared(policy, algebra, group.facts, {}, group.name)] for group in policy.groups}
    return fold(policy, facts, algebra, persons)


def _equal(algebra: Columns, one: Column, two: Column) -> bool:
    if one == two:
        return True
    found = algebra.compare("==", one, two)
    assert isinstance(found, Term)
    return _always_holds(algebra.terms, found)


def _always_holds(terms: Terms, truth: Term) -> bool:
    """Whether `truth` is shown to hold for every household: in each case of the conditions that it rests on.

    The condition that was made first is taken to hold, then to fail, until nothing is open. A case that no household
    can be in may stay open, so what is not shown here may hold all the same.
    """
    left: list[tuple[Term, frozenset[Term]]] = [(truth, frozenset())]
    for _ in range(_MOST_CASES):
        if not left:
            return True
        case, known = left.pop()
        if case.value is True:
            continue
        condition = next((part for part in parts_of([case]) if _is_condition(part) and part not in known), None)
        if condition is None:
            return False
        for value in (True, False):
            left.append((terms.where(case, {condition: terms.constant(value)}), known | {condition}))
    return False


def _is_condition(term: Term) -> bool:
    """Whether it is a truth of the household that no other truths make up."""
    return term.kind == "truth" and not term.of and term.operation not in ("both", "either", "not", "constant")


def told(policy: Policy) -> tuple[str, ...]:
    """The names that make up what a result says: its columns, and the truth of each note and each refusal."""
    remarks = (remark.when for remark in (*policy.remarks, *policy.refusals))
    return tuple(dict.fromkeys((*(output.name for output in policy.outputs), *remarks)))
