"""Columns that a policy names itself, and an amount shared between those who pay it."""

from __future__ import annotations

from engine.elaborate.choice import payment_of
from engine.elaborate.draft import Draft, saying_of
from engine.messages import say
from engine.policy import Output
from engine.source import Branch, Leaf, Problem, normal, number

__all__ = ["write_outputs"]


def write_outputs(draft: Draft, tree: Branch) -> None:
    """Put out each rule that `outputs` lists, and each part of what `shares` divides."""
    for item in tree.listing("outputs"):
        if isinstance(item, Leaf):
            name = normal(item.text)
            if name in draft.rules or name in draft.broken:
                draft.outputs.append(Output(name, name, "other"))
            else:
                draft.unknown(name, item.place, say("rule"), draft.rules)
    for entry in tree.branch("shares").entries.values():
        if isinstance(entry.value, Branch) and draft.part(entry.key) is not None:
            _write_shares(draft, tree, normal(entry.key.text), entry.value)


def _write_shares(draft: Draft, tree: Branch, name: str, branch: Branch) -> None:
    """Each part is its rate of the amount, rounded as payments are; the rest goes to who is named for it."""
    payment, saying = payment_of(draft, tree), saying_of(branch)
    whole = draft.adopt(draft.name(name, draft.words["total"]), branch.leaf("of"), saying, is_written=False)
    parts: list[str] = []
    rates = []
    for entry in branch.branch("parts").entries.values():
        part = draft.part(entry.key)
        rate = number(entry.value.text) if isinstance(entry.value, Leaf) else None
        if part is not None and rate is not None and isinstance(entry.value, Leaf):
            rates.append(rate)
            text = payment.rounded(f"{whole} * {rate.numerator} / {rate.denominator}")
            parts.append(draft.write(draft.name(name, part), text, entry.value, saying, told="always"))
    if sum(rates) > 1:
        wrong = say("The parts come to more than the whole ({sum}).", sum=sum(rates))
        draft.problems.append(Problem(branch.place, wrong, None, say("Let the parts come to at most 100%.")))
    rest = branch.leaf("rest")
    if rest is not None and draft.part(rest) is not None:
        text = " - ".join([whole, *parts])
        parts.append(draft.write(draft.name(name, normal(rest.text)), text, rest, saying, told="always"))
    draft.outputs.extend(Output(part, part, "other") for part in parts)
