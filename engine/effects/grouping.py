"""By what the households of a report are grouped: the values of one fact that the officer names, such as the district."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.algebras.exact import Value
from engine.decision import shown
from engine.messages import say
from engine.policy import Policy
from engine.source import Place, PolicyError, Problem, nearest, normal

__all__ = ["Grouping", "groupable", "grouping"]

MOST = 200
"""Groups that a report can show."""


@dataclass
class Grouping:
    """The fact by whose values households are grouped, by its heading; empty: all are one group.

    `side` says whose fact it is: the new policy's (1), where it has it, or the old one's (0).
    """

    policies: tuple[Policy, Policy]
    heading: str = ""
    side: int = 1
    spellings: dict[str, str] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)

    def raw(self, old: Mapping[str, Value], new: Mapping[str, Value]) -> str:
        """The value of the fact as it is written, of the household for which the names come to `old` and `new`."""
        return shown(self.policies[self.side], (old, new)[self.side][self.heading]) if self.heading else ""

    def group(self, raw: str) -> str:
        """The group of households whose fact is written `raw`: the spelling that the tables keep.

        Raises: PolicyError where there are more groups than a report can show.
        """
        text = self.spellings.get(normal(raw), normal(raw))
        if text not in self.met:
            self.met.add(text)
            self._refuse_too_many()
        return text

    def _refuse_too_many(self) -> None:
        if len(self.met) > MOST:
            wrong = say("“{name}” has more than {most} values.", name=self.heading, most=MOST)
            remedy = say("Group by a fact that has few values.")
            raise PolicyError((Problem(Place(self.policies[1].folder), wrong, None, remedy),))


def groupable(policies: tuple[Policy, Policy]) -> tuple[str, ...]:
    """The facts that are texts and may stand in several rows, those of the new policy first."""
    facts = (fact for policy in reversed(policies) for fact in policy.facts)
    return tuple(dict.fromkeys(fact.name for fact in facts if fact.kind == "text" and not fact.is_unique))


def grouping(policies: tuple[Policy, Policy], by: str | None) -> Grouping:
    """The grouping by the fact that is called `by`; None: no groups.

    Raises: PolicyError where neither policy has such a fact.
    """
    if by is None:
        return Grouping(policies)
    facts = [fact for policy in reversed(policies) for fact in policy.facts]
    fact = next((fact for fact in facts if normal(by) in (fact.name, *fact.also_named)), None)
    if fact is None:
        texts = groupable(policies)
        close = nearest(normal(by), [fact.name for fact in facts])
        remedy = say("Did you mean “{close}”?", close=close) if close else say("Name one of the facts.")
        expected = say("Facts that are texts: {facts}.", facts=texts) if texts else None
        wrong = say("No fact is called “{name}”.", name=by)
        raise PolicyError((Problem(Place(policies[1].folder), wrong, expected, remedy),))
    keyed = [table for policy in policies for table in policy.tables if fact.name in table.keys]
    side = int(any(fact.name == own.name for own in policies[1].facts))
    return Grouping(policies, fact.name, side, {one: other for table in keyed for one, other in table.spellings})
