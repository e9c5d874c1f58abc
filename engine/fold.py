"""The fold: each rule in order, in the algebra handed to it. Imports no algebra and never branches on a household."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.expression import Algebra, Personal, Reader
from engine.policy import Policy

__all__ = ["Reading", "fold", "read_all"]

V = TypeVar("V")


@dataclass(frozen=True)
class Reading(Generic[V]):
    """What every name came to: of the household, and for each group of each person, its own and its rules' names."""

    names: dict[str, V]
    persons: dict[str, list[dict[str, V]]]
    reader: Reader[V]


def fold(
    policy: Policy,
    facts: Mapping[str, V],
    algebra: Algebra[V],
    persons: Mapping[str, Sequence[Mapping[str, V]]] | None = None,
) -> dict[str, V]:
    """Every name of the household under `policy` with its value in `algebra`: the figures, `facts`, each rule in order.

    `facts` holds a value for every core fact of the household (what a blank means is settled before), `persons` for each
    group its persons with theirs. A rule of a group is read for each person, and gathered by the rules that need it.
    """
    return read_all(policy, facts, algebra, persons).names


def read_all(
    policy: Policy,
    facts: Mapping[str, V],
    algebra: Algebra[V],
    persons: Mapping[str, Sequence[Mapping[str, V]]] | None = None,
) -> Reading[V]:
    """As `fold`, with what the names came to for each person, and the reader that read them."""
    names = {figure.name: algebra.named(figure.name, algebra.number(figure.value)) for figure in policy.figures}
    names.update((name, algebra.named(name, value)) for name, value in facts.items())
    personal: dict[str, Personal[V]] = {}
    people = {group.name: _named(algebra, (persons or {}).get(group.name, ())) for group in policy.groups}
    for group in policy.groups:
        for fact in group.core_facts(policy.words):
            personal[fact] = Personal(group.name, tuple(person[fact] for person in people[group.name]))
    reader = Reader(algebra, names, personal)
    for rule in policy.rules:
        if rule.of:
            for index, person in enumerate(people[rule.of]):
                person[rule.name] = algebra.named(rule.name, reader.read_for(person, rule.expression, index))
            personal[rule.name] = Personal(rule.of, tuple(person[rule.name] for person in people[rule.of]))
        else:
            names[rule.name] = algebra.named(rule.name, reader.read(rule.expression))
    return Reading(names, people, reader)


def _named(algebra: Algebra[V], persons: Sequence[Mapping[str, V]]) -> list[dict[str, V]]:
    return [{name: algebra.named(name, value) for name, value in person.items()} for person in persons]
