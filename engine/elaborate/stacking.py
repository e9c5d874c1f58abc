"""How several aids of one category combine: all in order with a recheck before each further one, or one only.

A recheck is unrolled: the rules on which the category's test depends are written out again under a name of their own,
with what has been given so far counted in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from engine.elaborate.aids import AidDraft, Payment
from engine.elaborate.draft import Draft, greatest, saying_of
from engine.expression import renamed
from engine.messages import say
from engine.policy import AtCeiling, Remark, Rule, Saying
from engine.source import Branch, Leaf, Problem, normal, number

__all__ = ["Result", "Stacked", "Stacking", "read_stacking", "stack"]

_MOST_ORDERED = 5


@dataclass(frozen=True)
class Stacking:
    """What a category says of several aids. `counts_as` and `pays_off` say what a recheck counts in; empty: no recheck."""

    gives_one: bool
    most: int
    """How many aids may be given; 0: any number."""
    tries_orders: bool
    counts_as: str
    pays_off: tuple[tuple[str, str], ...]
    saying: Saying
    key: Leaf


@dataclass(frozen=True)
class Stacked:
    """One aid after stacking: the amount given, the recheck before it, whether it was the one picked (empty: no such)."""

    amount: str
    recheck: str
    picked: str


@dataclass(frozen=True)
class Result:
    """A category after stacking: each aid in order, the total at the ceilings and how it comes about, the total given."""

    aids: list[Stacked]
    total_at_ceilings: str
    at_ceilings: tuple[AtCeiling, ...]
    total: str


@dataclass(frozen=True)
class _Chain:
    """A category in one reading: at the ceilings or as chosen; `label` sets its names apart."""

    draft: Draft
    category: str
    test: str
    gate: str
    label: str
    stacking: Stacking

    def name(self, *parts: str) -> str:
        return self.draft.name(*(part for part in (self.category, self.label, *parts) if part))


def read_stacking(draft: Draft, branch: Branch, key: Leaf, aids: Sequence[AidDraft]) -> Stacking:
    """What `several` says; without it, and with one aid, all are given and nothing is rechecked."""
    several = branch.branch("several")

    def word(name: str) -> str:
        leaf = several.leaf(name)
        return "" if leaf is None else normal(leaf.text)

    if len(aids) > 1 and not several.leaf("give"):
        wrong = say(
            "The category “{category}” has several aids and does not say how they combine.", category=normal(key.text)
        )
        draft.problems.append(
            Problem(
                key.place,
                wrong,
                say("“several” says whether all or one are given."),
                say("Add “several:” with “give: all” or “give: one”."),
            )
        )
    most = int(number(word("give")) or 0)
    counts_as = _rechecked_fact(draft, several.leaf("counts_as"))
    names = {aid.name for aid in aids}
    pays_off: list[tuple[str, str]] = []
    for aid, entry in several.branch("pays_off").entries.items():
        if aid not in names:
            draft.unknown(aid, entry.key.place, say("aid of this category"), names)
        elif isinstance(entry.value, Leaf):
            pays_off.append((aid, _rechecked_fact(draft, entry.value)))
    return Stacking(
        word("give") == "one", most, word("order") == "highest", counts_as, tuple(pays_off), saying_of(several), key
    )


def _rechecked_fact(draft: Draft, leaf: Leaf | None) -> str:
    if leaf is None:
        return ""
    name = normal(leaf.text)
    if name not in draft.facts:
        draft.unknown(name, leaf.place, say("fact"), draft.facts)
        return ""
    return name


def stack(
    draft: Draft,
    category: str,
    test: str,
    gate: str,
    aids: Sequence[AidDraft],
    stacking: Stacking,
    payment: Payment,
) -> Result:
    """Write the amounts given; both totals are read in the same way, only the amounts before stacking differ."""
    words = draft.words
    key = stacking.key
    given = _Chain(draft, category, test, gate, "", stacking)
    candidates = [aid.candidate for aid in aids]
    stacked = _stack_chain(given, aids, candidates)
    total = draft.write(
        draft.name(category, words["total"]), _sum([part.amount for part in stacked]), key, stacking.saying
    )
    if all(aid.is_default_ceiling and not aid.chosen for aid in aids) and not stacking.gives_one:
        return Result(stacked, total, _at_ceilings(aids, candidates, stacked), total)
    ceilings = _Chain(draft, category, test, gate, words["at_ceilings"], stacking)
    most = [
        draft.write(ceilings.name(aid.name, words["candidate"]), payment.rounded(aid.ceiling), aid.key, aid.saying)
        for aid in aids
    ]
    if stacking.gives_one:
        return Result(stacked, _highest_ceiling(ceilings, aids, most), _at_ceilings(aids, most, []), total)
    tops = _stack_chain(ceilings, aids, most)
    text = _sum([part.amount for part in tops])
    return Result(
        stacked,
        draft.write(ceilings.name(words["total"]), text, key, stacking.saying),
        _at_ceilings(aids, most, tops),
        total,
    )


def _at_ceilings(aids: Sequence[AidDraft], most: Sequence[str], stacked: Sequence[Stacked]) -> tuple[AtCeiling, ...]:
    parts = stacked or [Stacked(name, "", "") for name in most]
    return tuple(
        AtCeiling(aid.name, candidate, part.amount, part.recheck)
        for aid, candidate, part in zip(aids, most, parts, strict=True)
    )


def _highest_ceiling(chain: _Chain, aids: Sequence[AidDraft], most: Sequence[str]) -> str:
    """The total at the ceilings of a category that gives one aid."""
    gated = [f"({name} if {aid.gate} else 0)" if aid.gate else name for name, aid in zip(most, aids, strict=True)]
    best = greatest(gated)
    text = f"{best} if {chain.gate} else 0" if chain.gate else best
    return chain.draft.write(chain.name(chain.draft.words["total"]), text, chain.stacking.key, chain.stacking.saying)


def _sum(names: Sequence[str]) -> str:
    return " + ".join(names) or "0"


def _stack_chain(chain: _Chain, aids: Sequence[AidDraft], candidates: Sequence[str]) -> list[Stacked]:
    if chain.stacking.gives_one:
        return _give_one(chain, aids, candidates)
    if chain.stacking.tries_orders and len(aids) > 1:
        return _give_in_best_order(chain, aids, candidates)
    return _give_in_order(chain, aids, candidates, range(len(aids)), "")


def _give_in_order(
    chain: _Chain, aids: Sequence[AidDraft], candidates: Sequence[str], order: Sequence[int], label: str
) -> list[Stacked]:
    """Each aid in `order`, while the recheck before it holds."""
    draft, words = chain.draft, chain.draft.words
    found: dict[int, Stacked] = {}
    before: list[tuple[str, str]] = []
    for step, index in enumerate(order, 1):
        aid = aids[index]
        recheck = _recheck(chain, before, step, label) if before else ""
        room = _room(chain, before)
        conditions = [condition for condition in (recheck, room, chain.gate, aid.gate) if condition]
        text = f"{candidates[index]} if {' and '.join(conditions)} else 0" if conditions else candidates[index]
        amount = draft.write(chain.name(label, aid.name, words["amount"]), text, aid.key, aid.saying)
        found[index] = Stacked(amount, recheck, "")
        before.append((aid.name, amount))
    return [found[index] for index in range(len(aids))]


def _room(chain: _Chain, before: Sequence[tuple[str, str]]) -> str:
    """The truth that fewer aids have been given than may be; empty where any number may, or it is certain."""
    if not chain.stacking.most or len(before) < chain.stacking.most:
        return ""
    given = " + ".join(f"(1 if {amount} > 0 else 0)" for _, amount in before)
    return f"{given} < {chain.stacking.most}"


def _recheck(chain: _Chain, before: Sequence[tuple[str, str]], step: int, label: str) -> str:
    """The category's test again, with what was given `before` counted in; empty where nothing is rechecked."""
    draft, stacking = chain.draft, chain.stacking
    changed: dict[str, str] = {}
    if stacking.counts_as:
        changed[stacking.counts_as] = f"{stacking.counts_as} + {_sum([amount for _, amount in before])}"
    for aid, amount in before:
        for payer, expense in stacking.pays_off:
            if payer == aid and expense:
                changed[expense] = f"max({changed.get(expense, expense)} - {amount}, 0)"
    if not changed:
        return ""
    prefix = chain.name(label, draft.words["recheck"].format(n=step))
    names = {fact: draft.name(prefix, fact) for fact in changed}
    for fact, text in changed.items():
        draft.write(names[fact], text, stacking.key, stacking.saying, draft.facts[fact].unit, told="always")
    for name in _affected(draft, chain.test, set(changed)):
        names[name] = draft.name(prefix, name)
    for name in names:
        rule = draft.rules.get(name)
        if rule is not None:
            copy = Rule(
                names[name], renamed(rule.expression, names), rule.saying, rule.unit, is_written=False, told=rule.told
            )
            draft.add(copy)
    return names.get(chain.test, chain.test)


def _affected(draft: Draft, name: str, changed: set[str]) -> list[str]:
    """The rules on the way from `name` down to a fact in `changed`, those that others need first."""
    found: list[str] = []
    seen: dict[str, bool] = {}

    def visit(current: str) -> bool:
        if current in changed:
            return True
        if current not in seen:
            seen[current] = False
            below = [visit(needed) for needed in sorted(draft.depends_on(current))]
            seen[current] = any(below)
            if seen[current]:
                found.append(current)
        return seen[current]

    visit(name)
    return found


def _give_in_best_order(chain: _Chain, aids: Sequence[AidDraft], candidates: Sequence[str]) -> list[Stacked]:
    """Every order is written out; the first with the highest total is the one given."""
    draft, words, key = chain.draft, chain.draft.words, chain.stacking.key
    if len(aids) > _MOST_ORDERED:
        wrong = say("“order: highest” tries every order, and {count} aids have too many.", count=len(aids))
        draft.problems.append(
            Problem(
                key.place,
                wrong,
                say("At most {most} aids can be tried.", most=_MOST_ORDERED),
                say("Write “order: listed”."),
            )
        )
        return _give_in_order(chain, aids, candidates, range(len(aids)), "")
    orders = []
    for count, order in enumerate(permutations(range(len(aids))), 1):
        label = words["order"].format(n=count)
        stacked = _give_in_order(chain, aids, candidates, order, label)
        total = draft.write(chain.name(label, words["total"]), _sum([part.amount for part in stacked]), key)
        orders.append((label, stacked, total))
    highest = draft.write(chain.name(words["highest"]), greatest([total for _, _, total in orders]), key)
    found = []
    for index, aid in enumerate(aids):
        text, recheck = orders[-1][1][index].amount, orders[-1][1][index].recheck or "true"
        for _, stacked, total in reversed(orders[:-1]):
            text = f"{stacked[index].amount} if {total} == {highest} else ({text})"
            recheck = f"{stacked[index].recheck or 'true'} if {total} == {highest} else ({recheck})"
        amount = draft.write(chain.name(aid.name, words["amount"]), text, aid.key, aid.saying)
        found.append(Stacked(amount, draft.write(chain.name(aid.name, words["eligible"]), recheck, aid.key), ""))
    return found


def _give_one(chain: _Chain, aids: Sequence[AidDraft], candidates: Sequence[str]) -> list[Stacked]:
    """One aid only: the recorded one, else the one with the highest amount, the earlier of equal ones."""
    draft, words, key = chain.draft, chain.draft.words, chain.stacking.key
    recorded = {
        aid.name: draft.write(
            chain.name(aid.name, words["recorded"]),
            f"given({aid.chosen}) and {aid.chosen} > 0",
            aid.key,
            chain.stacking.saying,
        )
        for aid in aids
        if aid.chosen
    }
    gated = [f"({name} if {aid.gate} else 0)" if aid.gate else name for name, aid in zip(candidates, aids, strict=True)]
    highest = draft.write(chain.name(words["highest"]), greatest([*gated, "0"]), key, chain.stacking.saying)
    any_recorded = draft.write(chain.name(words["any_recorded"]), " or ".join(recorded.values()) or "false", key)
    found: list[Stacked] = []
    for aid, candidate in zip(aids, gated, strict=True):
        earlier = " or ".join(part.picked for part in found) or "false"
        by_amount = f"{candidate} == {highest} and not ({earlier})"
        text = f"{recorded.get(aid.name, 'false')} if {any_recorded} else {by_amount}"
        picked = draft.write(chain.name(aid.name, words["picked"]), text, aid.key, chain.stacking.saying)
        condition = f"{picked} and {chain.gate}" if chain.gate else picked
        amount = draft.write(
            chain.name(aid.name, words["amount"]), f"{candidate} if {condition} else 0", aid.key, aid.saying
        )
        found.append(Stacked(amount, "", picked))
    if len(recorded) > 1:
        _refuse_two(chain, recorded, [aid.chosen for aid in aids if aid.chosen])
    return found


def _refuse_two(chain: _Chain, recorded: Mapping[str, str], columns: Sequence[str]) -> None:
    """A household with two recorded aids where one only is given is a problem, once its category is this one."""
    draft, words = chain.draft, chain.draft.words
    count = " + ".join(f"(1 if {name} else 0)" for name in recorded.values())
    picked = draft.name(chain.category, words["picked"])
    rule = draft.write(
        chain.name(words["two_recorded"]), f"{picked} and {count} > 1", chain.stacking.key, chain.stacking.saying
    )
    text = words["refuse_two_recorded"].format(category=chain.category, columns=words["comma"].join(columns))
    draft.refusals.append(Remark(text, rule, "refusal"))
