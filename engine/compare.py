"""What changed from one policy to another, in the words of its files, and which outputs each change can reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.differences import TEXTS, Difference, differences, found_at, put
from engine.flat import as_yaml
from engine.loading import load, read_folder
from engine.messages import Words, say
from engine.policy import Policy
from engine.reach import Core, core_of, reached
from engine.source import Branch, Entry, Leaf, Listing, Node, Place, Problem, normal, width

__all__ = [
    "SECTIONS",
    "Change",
    "Comparison",
    "as_json",
    "changes",
    "diff",
    "name_of",
    "place_of",
    "section_title",
]

SECTIONS = (
    *(
        "policy",
        "figures",
        "tables",
        "facts",
        "rules",
        "exclusions",
        "categories",
        "aids",
        "several",
        "choose",
        "gates",
    ),
    *("conclusions", "approvals", "outputs", "notes", "refusals", "questions"),
)
_HOMES = {"groups": "facts", "shares": "outputs"}
_MAIN = ("value", "is", "when", "need", "say", "by")
"""What an entry mainly says: its name alone stands for it."""
_MEASURED = ("value", "at_least", "at_most", "step", "default")
_NEVER_REACHES = (*TEXTS, "also_named", "published")
_OF_THE_WHOLE = ("title", "year", "issuer", "in_force", "sources", "units", "questions")
_MOST_WIDTH = 100


@dataclass(frozen=True)
class Change:
    """One thing that changed: what it was and is as written (empty: it was not, or is not), and where each stands.

    `path` names it by the keys of the files. `reaches` holds the headings of the outputs that it can reach.
    """

    section: str
    path: tuple[str, ...]
    old: str
    new: str
    unit: str
    clause: str
    old_place: Place | None
    new_place: Place | None
    reaches: tuple[str, ...]
    is_order: bool
    decides: bool
    """Whether it is of the sort that decides something; the others are titles, quotes, days, questions."""


@dataclass(frozen=True)
class Comparison:
    """Two policies and every change from the old one to the new one, in the order of the sections."""

    old: Policy
    new: Policy
    changes: tuple[Change, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """A warning for each change that could decide something and reaches no output."""
        lost = (change for change in self.changes if change.decides and not change.reaches)
        return tuple(_reaches_none(change) for change in lost)

    def text(self) -> str:
        """The changes by section, each with its clause, its line and what it reaches, in the language of the new policy."""
        return "\n".join(_lines(self)) + "\n"

    def json(self) -> str:
        """The same as JSON; a place is a file and a line."""
        content = {
            "old": {"policy": self.old.label, "fingerprint": self.old.fingerprint, "folder": self.old.folder},
            "new": {"policy": self.new.label, "fingerprint": self.new.fingerprint, "folder": self.new.folder},
            "changes": [as_json(change) for change in self.changes],
        }
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def diff(old: Path, new: Path) -> Comparison:
    """What changed from the policy in the folder `old` to that in `new`; what either extends is read with it.

    Another layout, order or writing of the same is no change. What was renamed is removed and new.
    Raises: PolicyError where one of them has problems.
    """
    policies = load(old), load(new)
    trees = read_folder(old).tree, read_folder(new).tree
    assert trees[0] is not None and trees[1] is not None
    return Comparison(*policies, changes(trees[0], trees[1]))


def changes(old: Branch, new: Branch) -> tuple[Change, ...]:
    """Every change from the merged tree `old` to `new`, in the order of the sections; neither has a problem."""
    sides = _Side.of(old), _Side.of(new)
    found = (_change(difference, *sides) for difference in differences(old, new))
    kept = [change for change in found if change is not None]
    return tuple(sorted(kept, key=lambda change: SECTIONS.index(change.section)))


@dataclass(frozen=True)
class _Side:
    """One of the two policies: its merged tree, its core without questions, and its core with them."""

    tree: Branch
    core: Core
    whole: Core

    @classmethod
    def of(cls, tree: Branch) -> _Side:
        core, whole = core_of(tree), core_of(tree, questions=True)
        assert core is not None and whole is not None
        return cls(tree, core, whole)


def _change(difference: Difference, old: _Side, new: _Side) -> Change | None:
    """The change that a difference makes; None where it is written otherwise and means the same."""
    steps = difference.steps
    side, without = (old, None) if difference.new is None else (new, difference.old)
    if difference.is_order:
        without = _in_old_order(difference)
    decides = steps[0] not in _OF_THE_WHOLE and steps[-1] not in (*_NEVER_REACHES, "facts")
    reaches: tuple[str, ...] | None = ()
    if steps[0] != "questions":
        other = core_of(put(side.tree, steps, without))
        reaches = () if other is None else reached(side.whole, side.core, other)
    if reaches is None and decides:
        return None
    return Change(
        section=_section(steps),
        path=tuple(step for step in steps if step != "rows"),
        old=_said(difference.old, difference.is_order),
        new=_said(difference.new, difference.is_order),
        unit=_near(side.tree, steps, "unit") if _is_measured(difference) else "",
        clause=_near(side.tree, steps, "clause"),
        old_place=_place(difference.old),
        new_place=_place(difference.new),
        reaches=reaches or (),
        is_order=difference.is_order,
        decides=decides,
    )


def _in_old_order(difference: Difference) -> Entry:
    """What stands there now, in the order in which it stood."""
    assert difference.old is not None and difference.new is not None
    old, new = difference.old.value, difference.new.value
    assert isinstance(old, Branch) and isinstance(new, Branch)
    names = dict.fromkeys((*(name for name in old.entries if name in new.entries), *new.entries))
    return Entry(difference.new.key, Branch({name: new.entries[name] for name in names}, new.place))


def _section(steps: tuple[str, ...]) -> str:
    if steps[0] == "categories":
        return next((step for step in steps[2:3] if step in ("aids", "several", "gates")), "categories")
    home = _HOMES.get(steps[0], steps[0])
    return home if home in SECTIONS else "policy"


def _is_measured(difference: Difference) -> bool:
    """Whether the difference is of a number that has a unit: a value, a bound, a whole figure, a whole row."""
    steps = difference.steps
    is_number = steps[0] in ("figures", "tables", "facts", "groups") and steps[-1] in _MEASURED
    return is_number or (steps[0] == "figures" and len(steps) == 2) or (steps[0] == "tables" and len(steps) == 4)


def _near(tree: Branch, steps: tuple[str, ...], word: str) -> str:
    """What the nearest entry around `steps` says under `word`."""
    for length in range(len(steps), 0, -1):
        node = found_at(tree, steps[:length])
        if isinstance(node, Branch) and (leaf := node.leaf(word)) is not None:
            return leaf.text
    return ""


def _said(entry: Entry | None, is_order: bool) -> str:
    if entry is None:
        return ""
    if is_order and isinstance(entry.value, Branch):
        return ", ".join(entry.value.entries)
    if isinstance(entry.value, Branch):
        main = entry.value.leaf("value") or entry.value.leaf("is")
        return main.text if main else "\n".join(as_yaml(entry.value))
    return _single(entry.value)


def _single(node: Node) -> str:
    if isinstance(node, Listing) and all(isinstance(item, Leaf) for item in node.items):
        return ", ".join(normal(item.text) for item in node.items if isinstance(item, Leaf))
    return node.text if isinstance(node, Leaf) else "\n".join(as_yaml(node))


def _place(entry: Entry | None) -> Place | None:
    """Where an entry stands: its value where that is single, else its name."""
    if entry is None:
        return None
    return entry.value.place if isinstance(entry.value, Leaf) else entry.key.place


def _reaches_none(change: Change) -> Problem:
    place = change.new_place or change.old_place
    assert place is not None
    wrong = say("The change of “{name}” reaches no output.", name=".".join(change.path))
    remedy = say("Let a rule read it, or take it out of both.")
    return Problem(place, wrong, None, remedy, is_warning=True)


def as_json(change: Change) -> dict[str, object]:
    """`change` as JSON holds it."""
    return {
        "section": change.section,
        "path": list(change.path),
        "kind": "order" if change.is_order else _kind(change),
        "old": change.old or None,
        "new": change.new or None,
        "unit": change.unit,
        "clause": change.clause,
        "old_place": place_of(change.old_place) or None,
        "new_place": place_of(change.new_place) or None,
        "reaches": list(change.reaches),
        "decides": change.decides,
    }


def _kind(change: Change) -> str:
    return "added" if change.old_place is None else "removed" if change.new_place is None else "changed"


def place_of(place: Place | None) -> str:
    """File and line of `place`; empty for none."""
    return "" if place is None else f"{place.file}:{place.line}" if place.line else place.file


def _lines(comparison: Comparison) -> Iterator[str]:
    words = comparison.new.words
    old, new = comparison.old, comparison.new
    yield f"{old.label} ({old.fingerprint}) → {new.label} ({new.fingerprint})"
    for section in SECTIONS:
        found = [change for change in comparison.changes if change.section == section]
        if found:
            yield ""
            yield section_title(words, section)
        for change in found:
            yield from _told(comparison.new, change)
    yield ""
    count = len(comparison.changes)
    yield words["diff_count"].format(count=count) if count else words["diff_none"]


def section_title(words: Words, section: str) -> str:
    """The heading of one of `SECTIONS`."""
    return words[f"page_{section}" if section in ("figures", "facts", "rules", "questions") else f"diff_{section}"]


def _told(policy: Policy, change: Change) -> Iterator[str]:
    """The lines of one change: `+` what is new, `-` what is gone, else the old and the new."""
    words = policy.words
    sign = {"added": "+", "removed": "-", "changed": " "}[_kind(change)]
    where = f"({place_of(change.new_place or change.old_place)})"
    clause = words["says"].format(clause=change.clause) if change.clause else ""
    values = [value for value in (change.old, change.new) if value]
    is_short = width(" → ".join(values)) <= _MOST_WIDTH and not any("\n" in value for value in values)
    name = f"{sign} {name_of(policy, change)}" + (f": {' → '.join(values)} {change.unit}".rstrip() if is_short else ":")
    yield "  " + "  ".join(part for part in (name, clause, where) if part)
    if not is_short:
        for mark, value in ((" ", change.old), ("→" if change.old else " ", change.new)):
            yield from (f"      {mark if not at else ' '} {line}" for at, line in enumerate(value.split("\n")) if value)
    if {output.heading for output in policy.outputs} <= {*change.reaches}:
        yield "      " + words["diff_reaches_all"]
    elif change.reaches:
        yield "      " + words["diff_reaches"].format(outputs=words["comma"].join(change.reaches))
    elif change.decides:
        yield "      " + words["diff_reaches_none"]


def name_of(policy: Policy, change: Change) -> str:
    """What changed, as one says it: `limit`, `rents Aford north 2022-01-01`, `tenant heating at_most`."""
    path = change.path if change.section == "policy" else change.path[1:]
    steps = [step for step in path if step != change.section]
    if len(steps) > 1 and steps[-1] in _MAIN:
        steps = steps[:-1]
    return " ".join([*(steps or path), *([policy.words["diff_order"]] if change.is_order else [])])
