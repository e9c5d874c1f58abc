"""The kind and the unit of every name of a policy, and every problem met in finding them."""

from __future__ import annotations

from dataclasses import replace

from engine.algebras.kinds import DATE, TRUTH, Kind, Kinds, kind_of
from engine.expression import Reader
from engine.fold import read_all
from engine.messages import say
from engine.messages.numbers import places_of
from engine.policy import Group, Policy
from engine.source import Place, Problem

__all__ = ["kinds_of", "with_money"]


def kinds_of(policy: Policy) -> tuple[dict[str, Kind], tuple[Problem, ...]]:
    """Each name of `policy`, of its household and of its persons, with its kind, and the problems of kinds and units.

    The problems are in the order of the rules.
    """
    algebra = _Declared(policy)
    persons = {group.name: [person_kinds(policy, group)] for group in policy.groups}
    reading = read_all(policy, core_kinds(policy), algebra, persons)
    names = reading.names
    reader = Reader(algebra, {**names, "today": DATE})
    for facts, own in ((policy.facts, {}), *((group.facts, person_kinds(policy, group)) for group in policy.groups)):
        for fact in facts:
            if fact.absence is not None:
                found = reader.read_for(own, fact.absence.value)
                algebra.check_absence(fact.name, found, kind_of(fact), fact.absence.value.place)
    of_persons = {name: kind for people in reading.persons.values() for name, kind in people[0].items()}
    return of_persons | names, tuple(algebra.problems)


def with_money(policy: Policy) -> Policy:
    """`policy`, free of problems, where every output knows whether it is money, and the policy how that is written."""
    facts = [*policy.facts, *(fact for group in policy.groups for fact in group.facts)]
    money = [fact for fact in facts if fact.kind == "money"]
    bases = {base for fact in money for base, power in fact.unit.powers if power > 0}
    kinds = kinds_of(policy)[0]
    outputs = (
        replace(output, is_money=any(base in bases and power > 0 for base, power in kinds[output.name].powers))
        for output in policy.outputs
    )
    decimals = max((places_of(fact.step) for fact in money if fact.step is not None), default=0)
    return replace(policy, outputs=tuple(outputs), decimals=decimals)


def core_kinds(policy: Policy) -> dict[str, Kind]:
    """The kind of every core fact."""
    known = {name: TRUTH for fact in policy.facts for name in fact.core_names(policy.words)}
    return known | {fact.name: kind_of(fact) for fact in policy.facts}


def person_kinds(policy: Policy, group: Group) -> dict[str, Kind]:
    """The kind of every core fact of a person of `group`."""
    found = dict.fromkeys(group.core_facts(policy.words), TRUTH)
    return found | {fact.name: kind_of(fact) for fact in group.facts}


class _Declared(Kinds):
    """Kinds that know the unit of each figure: what a constant alone cannot tell."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy.tables)
        self._figures = {
            figure.name: Kind(
                "number", figure.unit.powers, is_zero=figure.unit.text == "*", is_whole=figure.value.denominator == 1
            )
            for figure in policy.figures
        }

    def named(self, name: str, value: Kind) -> Kind:
        return self._figures.get(name, value)

    def check_absence(self, name: str, found: Kind, wanted: Kind, place: Place) -> None:
        """Keep a problem where what absence means has another kind than the fact."""
        fits = found == wanted or found.name == "unknown" or (found.is_zero and wanted.name == "number")
        is_plain_number = found.name == wanted.name == "number" and not found.powers
        if not (fits or is_plain_number):
            wrong = say(
                "What absence means is {found}, and “{name}” is {wanted}.",
                found=found.said(),
                name=name,
                wanted=wanted.said(),
            )
            self.problems.append(Problem(place, wrong, None, say("Write a value of the same kind and unit.")))
