"""Kinds and units fit: tests are truths, and amounts are in the unit that is paid."""

from __future__ import annotations

from collections.abc import Iterator

from engine.algebras.kinds import Kind
from engine.checks.examined import Examined
from engine.messages import say
from engine.policy import Policy, Rule
from engine.source import Problem
from engine.units import kinds_of

__all__ = ["kinds_fit"]


def kinds_fit(examined: Examined) -> Iterator[Problem]:
    """Kinds and units fit, tests are truths, amounts are in the unit that is paid."""
    policy = examined.policy
    names, problems = kinds_of(policy)
    yield from problems
    rules = {rule.name: rule for rule in policy.rules}
    wanted = {category.test: say("the test of a category") for category in policy.categories}
    wanted |= {remark.when: say("the condition") for remark in (*policy.remarks, *policy.refusals)}
    wanted |= {rule: say("what a gate needs") for _, rule in policy.gates}
    for name, role in wanted.items():
        kind = names.get(name)
        if kind is not None and kind.name not in ("truth", "unknown") and name in rules:
            wrong = say("{role} is {kind}.", role=role, kind=kind.said())
            yield Problem(
                rules[name].place, wrong, say("A truth is needed."), say("Compare it with something (x > 0).")
            )
    yield from _amount_units(policy, names, rules)


def _amount_units(policy: Policy, names: dict[str, Kind], rules: dict[str, Rule]) -> Iterator[Problem]:
    ends = [(aid, end) for category in policy.categories for aid in category.aids for end in (aid.ceiling, aid.floor)]
    units = [names[end] for _, end in ends if end in names and names[end].name == "number" and not names[end].is_zero]
    if not units:
        return
    usual = max(units, key=lambda kind: (units.count(kind), -units.index(kind)))
    for aid, end in ends:
        kind = names.get(end)
        if kind is not None and not kind.is_zero and kind.name != "unknown" and kind != usual:
            wrong = say("The range of “{aid}” is {kind}.", aid=aid.name, kind=kind.said())
            expected = say("The other aids are {usual}.", usual=usual.said())
            yield Problem(rules[end].place, wrong, expected, say("Multiply or divide by the number of months (月/年)."))
