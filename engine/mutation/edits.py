"""Every edit of one thing in a policy as the officer wrote it: figures, tables, expressions, words, order."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType

from engine.differences import found_at, items_of, put
from engine.expression import ROUNDINGS, Expression, parse
from engine.mutation.expressions import changed, moved
from engine.source import Branch, Entry, Leaf, Listing, Place, normal, number

__all__ = ["Edit", "edits"]

Steps = tuple[str, ...]

_IN_ORDER = ("categories", "aids", "gates", "approvals", "exclusions")
"""The mappings of which the first that holds or fits is taken."""
_CONDITIONS = ("when", "need", "unless", "needed_when", "matters_when")
_EXPRESSIONS = (*_CONDITIONS, "is", "already", "of", "rate", "at_least", "at_most", "exactly", "when_absent")
_REMOVED = ("at_least", "at_most", "already", "chosen", "counts_as")
"""What an aid or `several` may leave out."""
_WORDS: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("choose", "by"): ("highest", "first"),
        ("several", "order"): ("listed", "highest"),
        ("several", "give"): ("all", "one"),
        ("payment", "round"): tuple(word.removeprefix("round_") for word in ROUNDINGS),
    }
)
_BOUNDS = ("at_least", "at_most", "step")
_NAMES_ARE_ENTRIES = ("pays_off",)


@dataclass(frozen=True)
class Edit:
    """One thing edited: where it stands, its clause, what was written there and what is written now (empty: nothing).

    `steps` lead there in the merged tree; `tree` is that tree with the edit.
    """

    kind: str
    steps: Steps
    place: Place
    clause: str
    old: str
    new: str
    tree: Branch = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """What is edited, by the keys of the files."""
        return ".".join(step for step in self.steps if step != "rows")

    @property
    def question(self) -> str:
        """The question whose other reading is edited; empty where none is."""
        is_overlay = self.steps[0] == "questions" and len(self.steps) > 2 and self.steps[2] == "overlay"
        return self.steps[1] if is_overlay else ""

    @property
    def is_remark(self) -> bool:
        """Whether a note or an open question is edited, so that no decision as the scheme is read rests on it."""
        return self.steps[0] in ("notes", "questions")


def edits(tree: Branch) -> tuple[Edit, ...]:
    """Every edit of the merged `tree`, in the order in which it is written."""
    return tuple(_Editor(tree).all())


class _Editor:
    """Walks a merged tree and makes each edit."""

    def __init__(self, tree: Branch) -> None:
        self.tree = tree
        self.money = {normal(item.text) for item in tree.branch("units").listing("money") if isinstance(item, Leaf)}
        self.smallest = min(_steps_of_money(tree.branch("facts")), default=None)

    def all(self) -> Iterator[Edit]:
        for name, entry in self.tree.entries.items():
            yield from self._below((name,), entry, "")

    def _below(self, steps: Steps, entry: Entry, clause: str) -> Iterator[Edit]:
        node = entry.value
        if isinstance(node, Leaf):
            yield from self._leaf(steps, node, clause)
            return
        branch = items_of(self.tree, steps) if isinstance(node, Listing) else node
        said = branch.leaf("clause")
        clause = clause if said is None else said.text
        if steps[-1] in _IN_ORDER and isinstance(node, Branch):
            yield from self._swapped(steps, entry, node, clause)
        yield from self._unchosen(steps, entry, branch, clause)
        for name, below in branch.entries.items():
            yield from self._below((*steps, name), below, clause)

    def _edit(
        self, kind: str, steps: Steps, place: Place, clause: str, old: str, new: str, entry: Entry | None
    ) -> Edit:
        return Edit(kind, steps, place, clause, old, new, put(self.tree, steps, entry))

    def _written(self, kind: str, steps: Steps, leaf: Leaf, clause: str, text: str) -> Edit:
        """The edit that writes `text` where `leaf` stands."""
        entry = Entry(Leaf(steps[-1], leaf.place), Leaf(text, leaf.place))
        return self._edit(kind, steps, leaf.place, clause, leaf.text, text, entry)

    def _leaf(self, steps: Steps, leaf: Leaf, clause: str) -> Iterator[Edit]:
        key, above = steps[-1], steps[-2] if len(steps) > 1 else ""
        value = number(leaf.text)
        if (above, key) in _WORDS:
            yield from self._other_words(steps, leaf, clause)
        elif above in _NAMES_ARE_ENTRIES:
            yield self._edit("condition", steps, leaf.place, clause, leaf.text, "", None)
        elif self._is_number(steps) and value is not None:
            texts = moved(leaf.text, self._step(steps))
            yield from (self._written("figure", steps, leaf, clause, text) for text in texts)
        elif "rows" in steps and key in ("from", "until"):
            yield from (self._written("day", steps, leaf, clause, day) for day in _days_beside(leaf.text))
        elif key in _EXPRESSIONS and not self._is_bound(steps):
            yield from self._expression(steps, leaf, clause)
        if key in _REMOVED and ("aids" in steps or "several" in steps):
            yield self._edit("end", steps, leaf.place, clause, f"{key}: {leaf.text}", "", None)

    def _is_bound(self, steps: Steps) -> bool:
        """Whether it says what a fact can be: the cells of a table are held against it, no decision is made by it."""
        return steps[-1] in _BOUNDS and "aids" not in steps

    def _is_number(self, steps: Steps) -> bool:
        if self._is_bound(steps):
            return False
        return steps[-1] in ("value", "default", *_EXPRESSIONS) or steps[-2:-1] == ("parts",)

    def _step(self, steps: Steps) -> Fraction | None:
        """The smallest unit of what stands at `steps`: the smallest step of money, a fact's own; None: its last digit."""
        for length in range(len(steps) - 1, 0, -1):
            node = found_at(self.tree, steps[:length])
            leaf = node.leaf("unit") if isinstance(node, Branch) else None
            if leaf is not None:
                step = node.leaf("step") if isinstance(node, Branch) else None
                if step is not None:
                    return number(step.text)
                return self.smallest if normal(leaf.text.partition("/")[0]) in self.money else None
        return None

    def _other_words(self, steps: Steps, leaf: Leaf, clause: str) -> Iterator[Edit]:
        known = _WORDS[steps[-2], steps[-1]]
        value = number(leaf.text)
        others = [word for word in known if word != leaf.text] if value is None else [*moved(leaf.text), *known]
        kind = "rounding" if steps[-1] == "round" else "order"
        yield from (self._written(kind, steps, leaf, clause, word) for word in others)

    def _expression(self, steps: Steps, leaf: Leaf, clause: str) -> Iterator[Edit]:
        found = parse(leaf)
        if not isinstance(found, Expression):
            return
        if steps[-1] in _CONDITIONS:
            yield from (self._written("condition", steps, leaf, clause, text) for text in ("true", "false"))
        for change in changed(found):
            written = self._written(change.kind, steps, leaf, clause, change.text)
            old, new = change.parts
            yield replace(written, place=found.place_of(change.node), old=old, new=new)

    def _swapped(self, steps: Steps, entry: Entry, branch: Branch, clause: str) -> Iterator[Edit]:
        """Each two neighbours in the order of the other."""
        names = list(branch.entries)
        for index in range(len(names) - 1):
            order = [*names[:index], names[index + 1], names[index], *names[index + 2 :]]
            swapped = Branch({name: branch.entries[name] for name in order}, branch.place)
            old, new = " → ".join(names[index : index + 2]), " → ".join(order[index : index + 2])
            place = branch.entries[names[index]].key.place
            yield self._edit("order", steps, place, clause, old, new, Entry(entry.key, swapped))

    def _unchosen(self, steps: Steps, entry: Entry, branch: Branch, clause: str) -> Iterator[Edit]:
        """What is given where nothing is recorded: the other end of the range."""
        if steps[-2:-1] != ("aids",) or branch.get("at_least") is None or branch.get("at_most") is None:
            return
        leaf = branch.leaf("unchosen")
        old = "at_most" if leaf is None else leaf.text
        new = "at_least" if old == "at_most" else "at_most"
        place = entry.key.place if leaf is None else leaf.place
        fresh = Entry(Leaf("unchosen", place), Leaf(new, place))
        yield self._edit("end", (*steps, "unchosen"), place, clause, f"unchosen: {old}", f"unchosen: {new}", fresh)


def _steps_of_money(facts: Branch) -> Iterator[Fraction]:
    for entry in facts.entries.values():
        if isinstance(entry.value, Branch):
            kind, step = entry.value.leaf("kind"), entry.value.leaf("step")
            value = None if step is None else number(step.text)
            if kind is not None and kind.text == "money" and value is not None:
                yield value


def _days_beside(text: str) -> tuple[str, str]:
    day, one = datetime.date.fromisoformat(text), datetime.timedelta(days=1)
    return (day - one).isoformat(), (day + one).isoformat()
