"""Edits that change nothing, shown: the same normal form, no output that reads it, or the same in every case of its conditions."""

from __future__ import annotations

from engine.algebras.columns import Column, Columns
from engine.expression import Refusal, names_in
from engine.messages import Message, say
from engine.mutation.edits import Edit
from engine.mutation.trials import Pair
from engine.policy import Figure, Policy
from engine.proving import always_holds, in_terms
from engine.reach import core_of, reached
from engine.source import Branch, PolicyError
from engine.terms import Term

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
        first, second = (in_terms(policy, algebra).names for policy in (one, two))
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


def _equal(algebra: Columns, one: Column, two: Column) -> bool:
    if one == two:
        return True
    found = algebra.compare("==", one, two)
    assert isinstance(found, Term)
    return always_holds(algebra.terms, found, _MOST_CASES)


def told(policy: Policy) -> tuple[str, ...]:
    """The names that make up what a result says: its columns, and the truth of each note and each refusal."""
    remarks = (remark.when for remark in (*policy.remarks, *policy.refusals))
    return tuple(dict.fromkeys((*(output.name for output in policy.outputs), *remarks)))
