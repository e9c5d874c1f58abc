"""A policy under examination, and what every name of it can come to within the declared bounds of the facts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from engine.algebras.interval import Interval, Span, Truths, span_of
from engine.fold import Reading, read_all
from engine.policy import Policy

__all__ = ["Examined", "core_spans", "person_spans"]


@dataclass(frozen=True)
class Examined:
    """A policy, and what its names can come to: read once for all checks."""

    policy: Policy

    @cached_property
    def algebra(self) -> Interval:
        """What reads the policy; it keeps the problems that it meets."""
        return Interval(self.policy.tables, self.policy.groups)

    @cached_property
    def reading(self) -> Reading[Span]:
        """Every value that each name can have; for each group one person stands for any."""
        policy = self.policy
        return read_all(policy, core_spans(policy), self.algebra, person_spans(policy))


def core_spans(policy: Policy) -> dict[str, Span]:
    """Every value that each core fact can have."""
    known: dict[str, Span] = {
        name: Truths(True, True) for fact in policy.facts for name in fact.core_names(policy.words)
    }
    return known | {fact.name: span_of(fact) for fact in policy.facts}


def person_spans(policy: Policy) -> dict[str, list[dict[str, Span]]]:
    """For each group one person who stands for any."""
    found: dict[str, list[dict[str, Span]]] = {}
    for group in policy.groups:
        person: dict[str, Span] = dict.fromkeys(group.core_facts(policy.words), Truths(True, True))
        found[group.name] = [person | {fact.name: span_of(fact) for fact in group.facts}]
    return found
