"""What is shown to hold for every household: a policy in terms over whole numbers, split into the cases of its conditions."""

from __future__ import annotations

from engine.algebras.columns import Column, Columns, declared
from engine.fold import Reading, read_all
from engine.policy import Policy
from engine.terms import Term, Terms, parts_of

__all__ = ["always_holds", "in_terms"]


def in_terms(policy: Policy, algebra: Columns) -> Reading[Column]:
    """Every name of `policy` as a term or a ratio of terms; one person stands for any of a group.

    Raises: PolicyError or Refusal where a number is too wide, or columns cannot compute the policy.
    """
    facts = declared(policy, algebra, policy.facts, {})
    persons = {group.name: [declared(policy, algebra, group.facts, {}, group.name, facts)] for group in policy.groups}
    return read_all(policy, facts, algebra, persons)


def always_holds(terms: Terms, truth: Term, most: int) -> bool:
    """Whether `truth` is shown to hold for every household: in each case of the conditions that it rests on.

    The condition that was made first is taken to hold, then to fail, until nothing is open, or
    `most` cases were looked at. A case that no household
    can be in may stay open, so what is not shown here may hold all the same.
    """
    left: list[tuple[Term, frozenset[Term]]] = [(truth, frozenset())]
    for _ in range(most):
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
