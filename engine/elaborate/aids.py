"""One aid of a category: its floor, its ceiling, and the amount before stacking.

What was already given comes off both ends, neither below 0. The officer's choice is brought into the range; 0 means: not given.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.elaborate.draft import Draft, saying_of
from engine.elaborate.gates import eligible
from engine.messages import say
from engine.policy import Remark, Saying
from engine.source import Branch, Leaf, Problem, normal

__all__ = ["AidDraft", "Payment", "write_aid"]


@dataclass(frozen=True)
class Payment:
    """How an amount becomes one that can be paid: a rounding of the language and the name or number of its step."""

    rounding: str
    step: str

    def rounded(self, text: str) -> str:
        """The expression `text`, rounded to what can be paid."""
        return f"{self.rounding}({text}, {self.step})" if self.rounding else text


@dataclass(frozen=True)
class AidDraft:
    """The names that an aid has so far: its range, its amount before stacking, its own gate, the fact of the choice."""

    name: str
    floor: str
    ceiling: str
    candidate: str
    gate: str
    chosen: str
    is_default_ceiling: bool
    saying: Saying
    key: Leaf
    gates: tuple[tuple[str, str], ...]


def write_aid(draft: Draft, category: str, key: Leaf, branch: Branch, payment: Payment) -> AidDraft:
    """Write the range and the candidate of the aid under `key`."""
    words = draft.words
    name = normal(key.text)
    prefix = draft.name(category, name)
    saying = saying_of(branch)
    already = branch.leaf("already")
    ceiling = _end(draft, draft.name(prefix, words["ceiling"]), _stated(branch, "at_most"), already, saying, key)
    floor = _end(draft, draft.name(prefix, words["floor"]), _stated(branch, "at_least"), already, saying, key)
    _refuse_crossed(draft, category, prefix, branch, floor, ceiling, key)
    unchosen = branch.leaf("unchosen")
    is_default_ceiling = unchosen is None or unchosen.text == "at_most"
    chosen = _chosen(draft, branch.leaf("chosen"))
    default = ceiling if is_default_ceiling else floor
    text = (
        f"(0 if {chosen} == 0 else max({floor}, min({ceiling}, {chosen}))) if given({chosen}) else {default}"
        if chosen
        else default
    )
    candidate = draft.write(draft.name(prefix, words["candidate"]), payment.rounded(text), key, saying)
    gate, gates = eligible(draft, prefix, branch.branch("gates"), key)
    return AidDraft(name, floor, ceiling, candidate, gate, chosen, is_default_ceiling, saying, key, gates)


def _stated(branch: Branch, end: str) -> tuple[Leaf | None, Saying | None]:
    """What an end of the range is, and the words of its own, if it has some: written plain, or with `is` and `quote`."""
    node = branch.get(end) or branch.get("exactly")
    if isinstance(node, Branch):
        return node.leaf("is"), saying_of(node)
    return (node if isinstance(node, Leaf) else None), None


def _end(
    draft: Draft, name: str, stated: tuple[Leaf | None, Saying | None], already: Leaf | None, saying: Saying, key: Leaf
) -> str:
    """Write one end of the range, less what was already given; an end that is not stated is 0."""
    leaf, own = stated
    words = own or Saying(saying.clause)
    if leaf is None:
        return draft.write(name, "0", already or key, saying)
    if already is None:
        return draft.adopt(name, leaf, words, is_written=False)
    end, less = draft.parsed(leaf), draft.parsed(already)
    if end is None or less is None:
        draft.broken.add(name)
        return name
    before = draft.adopt(draft.name(name, draft.words["stated"]), leaf, words, is_written=False)
    return draft.write(name, f"max({before} - ({less.canonical}), 0)", already, saying, told="changed")


def _refuse_crossed(
    draft: Draft, category: str, prefix: str, branch: Branch, floor: str, ceiling: str, key: Leaf
) -> None:
    """A household for which the floor lies above the ceiling has no range: it is refused, and nothing is guessed."""
    if branch.get("at_least") is None or branch.get("at_most") is None:
        return
    words = draft.words
    picked = draft.name(category, words["picked"])
    rule = draft.write(draft.name(prefix, words["crossed"]), f"{picked} and {floor} > {ceiling}", key)
    draft.refusals.append(Remark(words["refuse_crossed"].format(aid=prefix), rule, "refusal"))


def _chosen(draft: Draft, leaf: Leaf | None) -> str:
    """The optional fact that records the officer's choice; empty where the aid has none."""
    if leaf is None:
        return ""
    name = normal(leaf.text)
    fact = draft.facts.get(name)
    if fact is None:
        draft.unknown(name, leaf.place, say("fact"), draft.facts)
        return ""
    if not fact.is_optional:
        wrong = say("“{name}” records a choice and is not optional.", name=name)
        draft.problems.append(
            Problem(
                leaf.place,
                wrong,
                say("A choice can be left open."),
                say("Write “optional: true” where the fact is declared."),
            )
        )
        return ""
    return name
