"""Names that nothing reads, and names that a column of every result has."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.examined import Examined
from engine.expression import names_in
from engine.messages import say
from engine.source import Problem

__all__ = ["headings", "unused"]


def unused(examined: Examined) -> Iterator[Problem]:
    """A figure or a fact that no rule reads: a warning."""
    policy = examined.policy
    read = {node.id for rule in policy.rules for node in names_in(rule.expression.tree)}
    read |= {node.id for fact in policy.facts if fact.absence for node in names_in(fact.absence.value.tree)}
    read |= {name.split("·")[0] for name in read if "·" in name}
    for figure in policy.figures:
        if figure.name not in read and "·" not in figure.name:
            wrong = say("No rule reads the figure “{name}”.", name=figure.name)
            yield Problem(figure.place, wrong, None, say("Use it in a rule, or remove it."), is_warning=True)
    for fact in policy.facts:
        if fact.name not in read and not fact.is_unique and not fact.is_reference:
            wrong = say("No rule reads the fact “{name}”.", name=fact.name)
            yield Problem(fact.place, wrong, None, say("Use it in a rule, or remove it."), is_warning=True)


def headings(examined: Examined) -> Iterator[Problem]:
    """No fact is called like a column that every result has."""
    policy = examined.policy
    made = {policy.words[word] for word in ("clauses", "notes", "policy", "fingerprint", "reason")}
    for fact in policy.facts:
        for name in {fact.name, *fact.also_named} & made:
            wrong = say("“{name}” is the name of a column of every result.", name=name)
            yield Problem(fact.place, wrong, None, say("Give the fact another name."))
