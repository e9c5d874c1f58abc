"""What one household gets: a view of the values that the policy's names come to, nothing decided here."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.algebras.exact import Exact, Value
from engine.fold import fold
from engine.messages import plain, say
from engine.policy import Policy, Remark
from engine.source import Place, Problem
from engine.tables.intake import Household, HouseholdError, Intake

__all__ = ["Amount", "Decision", "decide", "decided", "decimals", "headings", "refuse", "shown", "view"]


@dataclass(frozen=True)
class Amount:
    """One aid: its range, what is given, and whether the officer or the policy's default chose it."""

    name: str
    floor: Value
    ceiling: Value
    amount: Value
    is_chosen: bool


@dataclass(frozen=True)
class Decision:
    """What a policy decides for one household. Amounts are exact, in the unit of the policy."""

    category: str
    holds: tuple[str, ...]
    conclusion: str
    aids: tuple[Amount, ...]
    total: Value
    payable: Value
    approval: str
    clauses: tuple[str, ...]
    notes: tuple[str, ...]
    policy: str
    year: str
    fingerprint: str
    outputs: tuple[tuple[str, Value], ...]
    names: Mapping[str, Value] = field(compare=False, repr=False)

    def row(self) -> tuple[Value, ...]:
        """The decision as the cells under `headings`; amounts stay numbers."""
        return tuple(value for _, value in self.outputs)


_LAST = ("floor", "ceiling")


def headings(policy: Policy) -> tuple[str, ...]:
    """The columns that a decision adds, in order: the results, why, the ranges, and the policy they come from."""
    return tuple(heading for heading, _ in _layout(policy))


def _layout(policy: Policy) -> list[tuple[str, str]]:
    """Each heading with what stands under it: a core name, or one of the parts made of many names."""
    first = ("category", "conclusion", "aid", "total", "payable", "approval", "other")
    columns = [(out.heading, out.name) for part in first for out in policy.outputs if out.part == part]
    words = policy.words
    columns += [(words[part], f"={part}") for part in ("clauses", "notes")]
    columns += [(out.heading, out.name) for out in policy.outputs if out.part in _LAST]
    return columns + [(words[part], f"={part}") for part in ("policy", "fingerprint")]


def decimals(policy: Policy) -> dict[str, int]:
    """The places of an amount that is not whole, under each heading of money."""
    return {output.heading: policy.decimals for output in policy.outputs if output.is_money}


def decide(policy: Policy, household: Mapping[str, object], *, today: datetime.date | None = None) -> Decision:
    """What `policy` decides for `household`: names of facts with values as people write them, or exact numbers.

    `today` is what a blank reference date means; by default the day of the call.

    Raises: HouseholdError where a fact is missing or bad, or the policy refuses the household; with every problem.

    >>> decide(policy, {"persons": 3, "income": "20,000", ...}).total   # doctest: +SKIP
    8964
    """
    intake = Intake(policy, today or datetime.date.today())
    return decided(policy, intake.household(household))


def decided(policy: Policy, household: Household, file: str = "", line: int = 0) -> Decision:
    """The decision for the core facts of one household.

    Raises: HouseholdError where one of the policy's refusals holds.
    """
    names = fold(policy, household.facts, Exact(policy.tables), household.persons)
    refuse(policy, names, file, line)
    return view(policy, names)


def refuse(policy: Policy, names: Mapping[str, Value], file: str = "", line: int = 0) -> None:
    """Raises: HouseholdError where one of the policy's refusals holds for the household with these values."""
    found = [remark for remark in policy.refusals if names[remark.when] is True]
    if found:
        place = Place(file, line)
        remedy = say("Correct the row so that the rule is kept.")
        raise HouseholdError(
            tuple(Problem(place, say("{reason}.", reason=remark.text), None, remedy) for remark in found)
        )


def view(policy: Policy, names: Mapping[str, Value]) -> Decision:
    """The decision that `names`, the value of every name of `policy`, amounts to."""

    def of(part: str) -> Value:
        output = policy.output(part)
        return None if output is None else names[output.name]

    made = {
        "clauses": _joined(policy, clauses := _clauses(policy, names)),
        "notes": _joined(policy, notes := _notes(policy, names)),
        "policy": policy.label,
        "fingerprint": policy.fingerprint,
    }
    layout = _layout(policy)
    return Decision(
        category=str(of("category") or ""),
        holds=tuple(category.name for category in policy.categories if names[category.test] is True),
        conclusion=str(of("conclusion") or ""),
        aids=_aids(policy, names),
        total=of("total"),
        payable=of("payable"),
        approval=str(of("approval") or ""),
        clauses=clauses,
        notes=notes,
        policy=policy.label,
        year=policy.year,
        fingerprint=policy.fingerprint,
        outputs=tuple((heading, made[name[1:]] if name.startswith("=") else names[name]) for heading, name in layout),
        names=names,
    )


def _joined(policy: Policy, texts: tuple[str, ...]) -> str:
    return policy.words["separator"].join(texts)


def _aids(policy: Policy, names: Mapping[str, Value]) -> tuple[Amount, ...]:
    chosen: set[str] = set()
    for category in policy.categories:
        if names[category.picked] is True:
            chosen = {
                aid.name for aid in category.aids if aid.chosen and names[f"{aid.chosen}·{policy.words['given']}"]
            }
    parts = {part: [out for out in policy.outputs if out.part == part] for part in ("aid", "floor", "ceiling")}
    return tuple(
        Amount(aid.heading, names[low.name], names[high.name], names[aid.name], aid.heading in chosen)
        for aid, low, high in zip(parts["aid"], parts["floor"], parts["ceiling"], strict=True)
    )


def _clauses(policy: Policy, names: Mapping[str, Value]) -> tuple[str, ...]:
    held = [remark.text for remark in policy.remarks if remark.part == "clause" and names[remark.when] is True]
    return tuple(dict.fromkeys(held))


def _notes(policy: Policy, names: Mapping[str, Value]) -> tuple[str, ...]:
    words = policy.words
    found: list[str] = []
    taken: list[str] = []
    absent: dict[str, list[str]] = {}
    for remark in policy.remarks:
        if remark.part != "clause" and names[remark.when] is True:
            if remark.part == "absent":
                absent.setdefault(_shown_by(policy, remark, names), []).append(remark.text)
            elif remark.part == "note":
                found.append(remark.text)
            else:
                taken.append(_taken(policy, remark, names))
    for value, facts in absent.items():
        taken.append(words["note_absent"].format(value=value, facts=words["comma"].join(facts)))
    return tuple(dict.fromkeys(found + taken))


def _taken(policy: Policy, remark: Remark, names: Mapping[str, Value]) -> str:
    template = "note_today" if remark.part == "today" else "note_looked_up"
    return policy.words[template].format(fact=remark.text, value=_shown_by(policy, remark, names))


def _shown_by(policy: Policy, remark: Remark, names: Mapping[str, Value]) -> str:
    """The value that `remark` shows."""
    return _written(policy, names[remark.shows[0]], policy.decimals if remark.is_of_money else 0)


def shown(policy: Policy, value: Value, heading: str = "") -> str:
    """`value` as a cell under `heading` shows it: decimals, those of money where it is money; the words for truth."""
    return _written(policy, value, decimals(policy).get(heading, 0))


def _written(policy: Policy, value: Value, least: int) -> str:
    if isinstance(value, bool):
        return policy.words["true" if value else "false"]
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, datetime.date) else plain(value, least)
