"""Names that nothing reads, that a column of every result has, or by which persons do not find their household."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.examined import Examined
from engine.expression import names_in
from engine.messages import say
from engine.source import Problem, nearest

__all__ = ["headings", "joins", "unused"]


def unused(examined: Examined) -> Iterator[Problem]:
    """A figure or a fact that no rule reads: a warning."""
    policy = examined.policy
    read = {node.id for rule in policy.rules for node in names_in(rule.expression.tree)}
    facts = [*policy.facts, *(fact for group in policy.groups for fact in group.facts)]
    read |= {node.id for fact in facts if fact.absence for node in names_in(fact.absence.value.tree)}
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


def joins(examined: Examined) -> Iterator[Problem]:
    """Persons find their household by a column that is none of their own facts; a name nearly a fact's is a warning."""
    policy = examined.policy
    names = {name for fact in policy.facts for name in (fact.name, *fact.also_named)}
    for group in policy.groups:
        if any(group.joined_by in (fact.name, *fact.also_named) for fact in group.facts):
            wrong = say(
                "“{group}” is joined by “{name}”, a fact of its persons.", group=group.name, name=group.joined_by
            )
            remedy = say("Name a fact of the household, or a column that brings no fact.")
            yield Problem(group.place, wrong, None, remedy)
        close = nearest(group.joined_by, names) if group.joined_by else None
        if close is not None and group.joined_by not in names:
            wrong = say("“{group}” is joined by “{name}”, which is no fact.", group=group.name, name=group.joined_by)
            remedy = say("Did you mean “{close}”?", close=close)
            yield Problem(group.place, wrong, None, remedy, is_warning=True)
