"""Why a household gets what it gets: a trace as text and as JSON.

`wording` says one step; `reasons` why a truth holds or does not; `story` tells a decision section by section; here the
parts are put together.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from engine.algebras.trace import Trace
from engine.decision import refuse, view
from engine.explanation.story import Explanation, tell, traced
from engine.policy import Policy
from engine.tables.intake import Household, Intake

__all__ = ["Explanation", "explain", "explained"]


def explain(policy: Policy, household: Mapping[str, object], *, today: datetime.date | None = None) -> Explanation:
    """The decision of `policy` for `household` (as `decide` takes it), with every step that led to it.

    Raises: HouseholdError where the household cannot be decided.
    """
    intake = Intake(policy, today or datetime.date.today())
    return explained(policy, intake.household(household))


def explained(policy: Policy, household: Household, file: str = "", line: int = 0) -> Explanation:
    """The explanation for the core facts of one household.

    Raises: HouseholdError where one of the policy's refusals holds.
    """
    algebra = Trace(policy.tables)
    reading = traced(policy, household, algebra)
    names = {name: step.value for name, step in reading.names.items()}
    refuse(policy, names, file, line)
    return tell(policy, reading, view(policy, names))
