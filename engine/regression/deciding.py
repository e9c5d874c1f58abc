"""Households decided as texts, so that decisions of two engines can be held against each other."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from engine.algebras.exact import Exact, Value
from engine.decision import headings, refuse, shown, view
from engine.fold import fold
from engine.messages import Message, say
from engine.policy import Policy
from engine.regression.baseline import BLOCK, Cells, Row
from engine.source import PolicyError
from engine.tables.intake import Household, HouseholdError, Intake

__all__ = ["DIGITS", "Decider", "digests_of", "recorded_headings", "recorded_rules"]

REFUSED = "×"
"""What the one text of a refused household begins with."""
DIGITS = 4
"""So many digits stand for the values of a rule in a block of households."""


def recorded_headings(policy: Policy) -> Row:
    """The headings of a decision that a baseline keeps: all but those that say which policy it was."""
    of_policy = {policy.words["policy"], policy.words["fingerprint"]}
    return tuple(heading for heading in headings(policy) if heading not in of_policy)


def recorded_rules(policy: Policy) -> Row:
    """The rules of the household, in order, whose values a baseline keeps."""
    kept = {output.heading for output in policy.outputs if output.heading != output.name}
    return tuple(rule.name for rule in policy.rules if not rule.of and rule.name not in kept)


@dataclass(frozen=True)
class _Brought:
    """A household brought in, or by what it was refused."""

    household: Household | None
    refused: Row = ()


class Decider:
    """Decides households of one policy; a blank day is the first day on which the policy is in force."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.headings = recorded_headings(policy)
        self.rules = recorded_rules(policy)
        self._intake = Intake(policy, policy.since)
        self._kernels: dict[Row, Any] = {}

    @cached_property
    def why_exact(self) -> Message | None:
        """Why columns cannot decide; None where they can."""
        if find_spec("polars") is None:
            return say("columns need the package polars")
        try:
            self._kernel(())
        except PolicyError as error:
            return say("columns cannot compute the policy: {reason}", reason=error.problems[0].wrong)
        return None

    def brought(self, households: Sequence[Cells]) -> list[_Brought]:
        """Each household brought in."""
        return [self._bring(cells) for cells in households]

    def _bring(self, cells: Cells) -> _Brought:
        try:
            return _Brought(self._intake.household(cells))
        except HouseholdError as error:
            labels = dict.fromkeys(problem.place.label for problem in error.problems)
            return _Brought(None, (REFUSED + " ".join(labels),))

    def exact(self, brought: Sequence[_Brought], names: Sequence[str] = ()) -> Iterator[tuple[Row, Row]]:
        """For each household what is decided, and the values of the core `names`, row by row."""
        for one in brought:
            if one.household is None:
                yield one.refused, ()
                continue
            found = fold(self.policy, one.household.facts, Exact(self.policy.tables), one.household.persons)
            yield self._row(found), tuple(shown(self.policy, found[name]) for name in names)

    def _row(self, names: Mapping[str, Value]) -> Row:
        try:
            refuse(self.policy, names)
        except HouseholdError:
            held = (remark.when for remark in self.policy.refusals if names[remark.when] is True)
            return (REFUSED + " ".join(held),)
        outputs = dict(view(self.policy, names).outputs)
        return tuple(shown(self.policy, outputs[heading], heading) for heading in self.headings)

    def columns(self, brought: Sequence[_Brought], names: Sequence[str] = ()) -> Iterator[tuple[Row, Row]]:
        """The same, by columns; only where `why_exact` is None."""
        households = [one.household for one in brought if one.household is not None]
        kernel: Any = import_module("engine.kernel")
        compiled = self._kernel(names)
        frame = kernel.facts_frame(self.policy, households)
        decided = compiled.decide(frame, kernel.persons_frames(self.policy, households))
        texts = compiled.rendered(decided)
        refusals = [remark.when for remark in self.policy.refusals]
        rows = zip(
            *(_rows(texts, part, len(households)) for part in (self.headings, names)),
            _rows(decided, refusals, len(households)),
            strict=True,
        )
        for one in brought:
            if one.household is None:
                yield one.refused, ()
                continue
            row, values, held = next(rows)
            named = [name for name, holds in zip(refusals, held, strict=True) if holds]
            yield ((REFUSED + " ".join(named),) if named else row), values

    def _kernel(self, names: Sequence[str]) -> Any:
        refusals = (remark.when for remark in self.policy.refusals)
        wanted = tuple(dict.fromkeys((*self.headings, *names, *refusals)))
        if wanted not in self._kernels:
            self._kernels[wanted] = import_module("engine.kernel").compile(self.policy, wanted)
        return self._kernels[wanted]

    def decide(self, brought: Sequence[_Brought], names: Sequence[str] = ()) -> Iterator[tuple[Row, Row]]:
        """The same, by columns where they can decide, else row by row."""
        return self.columns(brought, names) if self.why_exact is None else self.exact(brought, names)


def _rows(frame: Any, names: Sequence[str], count: int) -> Iterator[tuple[Any, ...]]:
    return frame.select(names).iter_rows() if names else itertools.repeat((), count)


def digests_of(rules: Sequence[str], values: Sequence[Row]) -> dict[str, str]:
    """For each rule a digest of its values in each block of households, one behind the other."""
    blocks = [values[start : start + BLOCK] for start in range(0, len(values), BLOCK)]
    return {
        rule: "".join(_digest([row[at] if row else REFUSED for row in block]) for block in blocks)
        for at, rule in enumerate(rules)
    }


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:DIGITS]
