"""Made-up households, decided on trial: no floor above its ceiling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from engine.algebras.exact import Exact, Value
from engine.checks.examined import Examined
from engine.expression import names_in
from engine.fold import fold
from engine.messages import Message, plain, say
from engine.policy import FAULTS, Aid, Fact, Policy, Rule
from engine.source import Problem

__all__ = ["ranges"]

_MOST_PERSONS = 100
"""The persons of a group that a trial makes up at most; a group may be declared without any sensible end."""


def ranges(examined: Examined) -> Iterator[Problem]:
    """No floor above its ceiling, tried on households at the ends and in the middle of the facts' bounds."""
    policy = examined.policy
    if not policy.categories:
        return
    rules = {rule.name: rule for rule in policy.rules}
    exact = Exact(policy.tables)
    seen: set[str] = set()
    for share in (Fraction(1, 1000), Fraction(0), Fraction(1, 2), Fraction(1)):
        names = fold(policy, _sample(policy, policy.facts, share), exact, _persons(policy, share))
        for category in policy.categories:
            for aid in category.aids:
                low, high = (names[_stated(policy, rules, end)] for end in (aid.floor, aid.ceiling))
                comparable = isinstance(low, (int, Fraction)) and isinstance(high, (int, Fraction))
                if comparable and low > high and aid.floor not in seen:  # type: ignore[operator]  # both are numbers here
                    seen.add(aid.floor)
                    wrong = say(
                        "The floor of “{aid}” can be above its ceiling ({low} > {high}).",
                        aid=aid.name,
                        low=low,
                        high=high,
                    )
                    remedy = say("Check at_least and at_most and their figures.")
                    yield Problem(
                        rules[_stated(policy, rules, aid.floor)].place, wrong, _figures(policy, rules, aid), remedy
                    )


def _persons(policy: Policy, share: Fraction) -> dict[str, list[dict[str, Value]]]:
    """As many persons of each group as lie at `share` between the fewest and the most, all alike."""
    sizes = {group.name: group.at_least + (group.at_most - group.at_least) * share // 1 for group in policy.groups}
    return {
        group.name: [_sample(policy, group.facts, share)] * min(int(sizes[group.name]), _MOST_PERSONS)
        for group in policy.groups
    }


def _sample(policy: Policy, facts: Sequence[Fact], share: Fraction) -> dict[str, Value]:
    """A household, or a person, whose every number lies at `share` of its range."""
    words = policy.words
    found: dict[str, Value] = {}
    for fact in facts:
        found |= dict.fromkeys(fact.core_names(words), True)
        found |= dict.fromkeys((f"{fact.name}·{words[fault]}" for fault in FAULTS.get(fact.form, ())), False)
        found[fact.name] = _sample_value(policy, fact, share)
    for fact in facts:
        if fact.is_optional and fact.kind in ("money", "count"):
            found[f"{fact.name}·{words['given']}"] = False
    return found


def _sample_value(policy: Policy, fact: Fact, share: Fraction) -> Value:
    if fact.kind == "truth":
        return True
    if fact.kind == "text":
        return fact.choices[int((len(fact.choices) - 1) * share)] if fact.choices else ""
    if fact.kind == "date":
        return policy.since
    low, high, step = fact.at_least or Fraction(0), fact.at_most or Fraction(1), fact.step or Fraction(1)
    return low + (high - low) * share // step * step


def _stated(policy: Policy, rules: Mapping[str, Rule], end: str) -> str:
    """The rule of an end of a range before what was already given comes off, which may hide that the ends are crossed."""
    stated = f"{end}·{policy.words['stated']}"
    return stated if stated in rules else end


def _figures(policy: Policy, rules: Mapping[str, Rule], aid: Aid) -> Message | None:
    """The figures that only one of the two ends of `aid` reads, with their values."""
    values = {figure.name: figure.value for figure in policy.figures}
    floor, ceiling = (_read_by(rules, end) & values.keys() for end in (aid.floor, aid.ceiling))
    low, high = (
        tuple(f"{name} {plain(values[name])}" for name in sorted(own)) for own in (floor - ceiling, ceiling - floor)
    )
    if not (low and high):
        return None
    return say("The floor reads {low}, the ceiling {high}.", low=low, high=high)


def _read_by(rules: Mapping[str, Rule], name: str) -> set[str]:
    """Every name that `name` stands on."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        rule = rules.get(waiting.pop())
        fresh = set() if rule is None else {node.id for node in names_in(rule.expression.tree)} - found
        found |= fresh
        waiting += fresh
    return found
