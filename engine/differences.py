"""The differences between what two policies say, leaf by leaf; another layout of the same is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.expression import Expression, parse
from engine.messages import plain
from engine.normal_form import normal_form
from engine.source import Branch, Entry, Leaf, Listing, Node, normal, number

__all__ = ["IN_ORDER", "TEXTS", "Difference", "differences", "found_at", "items_of", "put"]

IN_ORDER = ("categories", "aids", "gates", "approvals", "facts")
"""The mappings whose order is content."""

TEXTS = (
    "answers",
    "because",
    "clause",
    "issuer",
    "meaning",
    "other",
    "quote",
    "reading",
    "say",
    "source",
    "text",
    "title",
)
"""The keys behind which words stand, and no expression."""

_MAPPINGS_OF_TEXTS = ("columns", "conclusions", "sources")
_CONFIRMED = "checked"

Steps = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """What stands at `steps` in one of two trees and otherwise in the other: the entries, None where there is none.

    With `is_order`, the same entries stand there in another order. A row is named by its keys and first day, an item of a list
    by its number.
    """

    steps: Steps
    old: Entry | None
    new: Entry | None
    is_order: bool = False


def differences(old: Branch, new: Branch) -> tuple[Difference, ...]:
    """Every difference of two merged trees, in the order of the old one; a list of single values is one value.

    Days on which somebody confirmed a figure are none; nor are numbers written otherwise, and expressions of one normal form.
    """
    return tuple(_in_branches((), old, new))


def _in_branches(steps: Steps, old: Branch, new: Branch) -> Iterator[Difference]:
    for name in dict.fromkeys((*old.entries, *new.entries)):
        before, after = old.entries.get(name), new.entries.get(name)
        here = (*steps, name)
        if steps[:1] == ("figures",) and len(here) == 3 and name == _CONFIRMED:
            continue
        if before is None or after is None:
            yield Difference(here, before, after)
        else:
            keys = _keys(old, steps)
            yield from _in_nodes(here, before, after, keys if keys == _keys(new, steps) else None)
    common = [name for name in old.entries if name in new.entries]
    if steps and steps[-1] in IN_ORDER and common != [name for name in new.entries if name in old.entries]:
        yield Difference(steps, _holding(old, steps), _holding(new, steps), is_order=True)


def _holding(branch: Branch, steps: Steps) -> Entry:
    return Entry(Leaf(steps[-1], branch.place), branch)


def _keys(table: Branch, steps: Steps) -> tuple[str, ...] | None:
    """The keys of a table, in their order; None where `steps` lead to no table."""
    if len(steps) != 2 or steps[0] != "tables":
        return None
    return tuple(normal(item.text) for item in table.listing("keys") if isinstance(item, Leaf))


def _in_nodes(steps: Steps, old: Entry, new: Entry, keys: tuple[str, ...] | None) -> Iterator[Difference]:
    one, other = old.value, new.value
    if isinstance(one, Branch) and isinstance(other, Branch):
        yield from _in_branches(steps, one, other)
    elif isinstance(one, Listing) and isinstance(other, Listing) and _has_parts(steps, one, other, keys):
        yield from _in_branches(steps, _named(one, keys), _named(other, keys))
    elif not _is_same(steps, one, other):
        yield Difference(steps, old, new)


def _has_parts(steps: Steps, old: Listing, new: Listing, keys: tuple[str, ...] | None) -> bool:
    """Whether two lists are told item by item: rows of a table that keeps its keys, or as many mappings elsewhere."""
    if not all(isinstance(item, Branch) for item in (*old.items, *new.items)):
        return False
    return keys is not None if steps[0] == "tables" else len(old.items) == len(new.items)


def _named(listing: Listing, keys: tuple[str, ...] | None) -> Branch:
    """The items of a list as entries: rows of a table under their keys and first day, others under their number."""
    entries = {}
    for index, item in enumerate(listing.items, 1):
        name = _row(item, keys) if keys is not None and isinstance(item, Branch) else str(index)
        entries[name] = Entry(Leaf(name, item.place), item)
    return Branch(entries, listing.place)


def _row(row: Branch, keys: tuple[str, ...]) -> str:
    leaves = (row.leaf(name) for name in (*keys, "from"))
    return " ".join(_plain(leaf.text) for leaf in leaves if leaf is not None)


def _plain(text: str) -> str:
    value = number(text)
    return normal(text) if value is None else plain(value)


def _is_same(steps: Steps, old: Node, new: Node) -> bool:
    if isinstance(old, Leaf) and isinstance(new, Leaf):
        return _is_same_leaf(steps, old, new)
    if isinstance(old, Listing) and isinstance(new, Listing) and len(old.items) == len(new.items):
        return all(_is_same(steps, one, other) for one, other in zip(old.items, new.items, strict=True))
    if isinstance(old, Branch) and isinstance(new, Branch):
        return not any(_in_branches(steps, old, new))
    return False


def _is_same_leaf(steps: Steps, old: Leaf, new: Leaf) -> bool:
    one, other = (_without_layout(leaf.text) for leaf in (old, new))
    if one == other:
        return True
    if steps[-1] in TEXTS or steps[0] in _MAPPINGS_OF_TEXTS:
        return False
    if number(old.text) is not None or number(new.text) is not None:
        return number(old.text) == number(new.text)
    first, second = parse(old), parse(new)
    are_parsed = isinstance(first, Expression) and isinstance(second, Expression)
    return are_parsed and normal_form(first.tree) == normal_form(second.tree)  # type: ignore[union-attr]  # just asked


def _without_layout(text: str) -> str:
    """`text` with one blank where it has several, and none beside Chinese, where only a line may have been broken."""
    return re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", " ".join(normal(text).split()))


def found_at(tree: Branch, steps: Steps) -> Node | None:
    """What stands at `steps`, as `Difference` names it."""
    node: Node | None = tree
    keys: tuple[str, ...] | None = None
    for index, step in enumerate(steps):
        if isinstance(node, Listing):
            node = _named(node, keys)
        if not isinstance(node, Branch):
            return None
        keys = _keys(node, steps[:index])
        node = node.get(step)
    return node


def items_of(tree: Branch, steps: Steps) -> Branch:
    """The items of the list at `steps` as entries, named as `Difference` names them."""
    found, table = found_at(tree, steps), found_at(tree, steps[:-1])
    assert isinstance(found, Listing)
    return _named(found, _keys(table, steps[:-1]) if isinstance(table, Branch) else None)


def put(tree: Branch, steps: Steps, entry: Entry | None) -> Branch:
    """`tree` with `entry` at `steps`; without what stands there where it is None."""
    changed = _put(tree, (), steps, entry, None)
    assert isinstance(changed, Branch)
    return changed


def _put(node: Node, above: Steps, steps: Steps, entry: Entry | None, keys: tuple[str, ...] | None) -> Node:
    if isinstance(node, Listing):
        named = _put(_named(node, keys), above, steps, entry, None)
        assert isinstance(named, Branch)
        return replace(node, items=tuple(held.value for held in named.entries.values()))
    assert isinstance(node, Branch)
    step, entries = steps[0], dict(node.entries)
    if len(steps) > 1:
        below = entries[step]
        entries[step] = Entry(below.key, _put(below.value, (*above, step), steps[1:], entry, _keys(node, above)))
    elif entry is None:
        entries.pop(step, None)
    else:
        entries[step] = entry
    return Branch(entries, node.place)
