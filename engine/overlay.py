"""One tree laid over another: what a later year changes, and what the other reading of a question changes.

An overlay has the keys of a policy's files and states only what differs. What goes is said aloud under `removed`, each
by its path (`categories.tenant.aids.heating`) with the clause. A path leads to one value, to a whole entry, or to rows
of a table by their keys and their first day (`tables.rents.rows.city.north.2023-07-01`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.messages import Message, say
from engine.source import Branch, Entry, Leaf, Listing, Node, Place, Problem, merge, nearest, normal, number

__all__ = ["Stray", "laid", "removals", "strays"]

_JOINT = "."
_OF_FOLDER = ("extends", "removed")
"""What speaks of the base as a whole, and is no part of what comes out."""


def laid(base: Branch, overlay: Branch) -> Branch:
    """`base` with what `overlay` says laid over it, leaf by leaf; every leaf keeps the place that last said it.

    First goes what the overlay says is `removed`; then its own entries are laid over what is left. So an entry that is removed
    and stated again is stated whole, and stands at the end. Entries of the base keep their order, new ones follow.
    A list replaces the list below it. Only the rows of a table are a set: a row with the keys and the first day (`from`) of
    one below replaces that row whole, any other is added at the end; where the table's `keys` change, its rows are said anew.
    """
    kept = base
    for path, entry in overlay.branch("removed").entries.items():
        found = _find(kept, path)
        if isinstance(found, _Spot):
            kept = _without(kept, found, entry.key.place)
    merged = merge(kept, _with_rows(kept, overlay))
    assert isinstance(merged, Branch)
    return Branch({name: entry for name, entry in merged.entries.items() if name not in _OF_FOLDER}, merged.place)


def removals(base: Branch, overlay: Branch) -> tuple[Problem, ...]:
    """The problems of what `overlay` says is removed: paths that lead to nothing in `base`, or into a list."""
    found = []
    for path, entry in overlay.branch("removed").entries.items():
        spot = _find(base, path)
        if isinstance(spot, _Nothing):
            is_as_written = entry.key.text == path
            place = entry.key.at(len(path) - len(spot.rest)) if is_as_written else entry.key.place
            found.append(Problem(place, *_told(base, path, spot)))
    return tuple(found)


@dataclass(frozen=True)
class Stray:
    """An entry of an overlay that what lies below does not have, and the names that stand there."""

    key: Leaf
    available: tuple[str, ...]


def strays(base: Branch, overlay: Branch) -> tuple[Stray, ...]:
    """Every entry of `overlay` with keys of its own that `base` does not have: something new, or something misspelt."""
    found: list[Stray] = []
    for name, entry in overlay.entries.items():
        if not isinstance(entry.value, Branch) or name in _OF_FOLDER:
            continue
        below = base.get(name)
        if isinstance(below, Branch):
            found += strays(below, entry.value)
        elif below is None:
            found.append(Stray(entry.key, tuple(base.entries)))
    return tuple(found)


@dataclass(frozen=True)
class _Spot:
    """What a path leads to: an entry by the names above it, or some rows of the table there."""

    steps: tuple[str, ...]
    rows: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Nothing:
    """Where a path breaks off: the node reached and what of the path is left over."""

    at: Node
    steps: tuple[str, ...]
    rest: str


def _find(tree: Branch, path: str) -> _Spot | _Nothing:
    """What `path` leads to in `tree`. A name may hold a full stop itself: the longest name that fits is meant."""
    node: Node = tree
    steps: tuple[str, ...] = ()
    rest = path
    while isinstance(node, Branch):
        fitting = [name for name in node.entries if _begins(rest, name)]
        if not fitting:
            return _Nothing(node, steps, rest)
        name = max(fitting, key=len)
        node, steps, rest = node.entries[name].value, (*steps, name), rest[len(name) + len(_JOINT) :]
        if not rest:
            return _Spot(steps)
    rows = frozenset(index for index, row in enumerate(_row_paths(tree, steps)) if _begins(row, rest))
    return _Spot(steps, rows) if rows else _Nothing(node, steps, rest)


def _begins(path: str, start: str) -> bool:
    return path == start or path.startswith(start + _JOINT)


def _is_rows(steps: Sequence[str]) -> bool:
    return len(steps) == 3 and steps[0] == "tables" and steps[2] == "rows"


def _row_paths(tree: Branch, steps: tuple[str, ...]) -> tuple[str, ...]:
    """The rows of the table whose rows stand at `steps`, each as a path says it: its keys, then its first day."""
    if not _is_rows(steps):
        return ()
    table = tree.branch("tables").branch(steps[1])
    names = (*_keys(table), "from")
    rows = (row if isinstance(row, Branch) else Branch({}, table.place) for row in table.listing("rows"))
    return tuple(_JOINT.join(normal(leaf.text) for name in names if (leaf := row.leaf(name))) for row in rows)


def _keys(table: Branch) -> tuple[str, ...]:
    return tuple(normal(item.text) for item in table.listing("keys") if isinstance(item, Leaf))


def _without(branch: Branch, spot: _Spot, place: Place) -> Branch:
    """`branch` without what `spot` is; a mapping or a list that has nothing left goes too.

    What held it was last said at `place`: there, and not in the base, stands what may be missing now.
    """
    step, *after = spot.steps
    entries = dict(branch.entries)
    below = entries.pop(step)
    left: Node | None = None
    key = below.key
    if after and isinstance(below.value, Branch):
        inner = _without(below.value, replace(spot, steps=tuple(after)), place)
        left = inner if inner.entries else None
        key = replace(key, place=place, shift=-1) if len(after) == 1 else key
    elif isinstance(below.value, Listing):
        items = tuple(item for index, item in enumerate(below.value.items) if index not in spot.rows)
        left = replace(below.value, items=items) if spot.rows and items else None
    if left is None:
        return Branch(entries, branch.place)
    return Branch({**branch.entries, step: Entry(key, left)}, branch.place)


def _told(base: Branch, path: str, spot: _Nothing) -> tuple[Message, Message | None, Message]:
    """What is wrong with a path that leads to nothing, what stands where it breaks off, and what to do."""
    above = _JOINT.join(spot.steps)
    if isinstance(spot.at, Listing) and not _is_rows(spot.steps):
        wrong = say("“{path}” leads into a list, and a list is said anew as a whole.", path=path)
        return wrong, None, say("Write the list “{list}” as it is to be, and remove this line.", list=above)
    wrong = say("There is nothing to remove at “{path}”.", path=path)
    if isinstance(spot.at, Leaf):
        return wrong, say("“{path}” is a single value.", path=above), say("Write “{path}”.", path=above)
    names = _row_paths(base, spot.steps) if isinstance(spot.at, Listing) else tuple(spot.at.entries)
    expected = say("“{path}” has {names}.", path=above, names=names) if above else say("There is {names}.", names=names)
    close = _nearest(base, spot, names)
    remedy = say("Did you mean “{close}”?", close=close) if close else say("Correct the path, or remove the line.")
    return wrong, expected, remedy


def _nearest(base: Branch, spot: _Nothing, names: tuple[str, ...]) -> str | None:
    """The path that was probably meant: the same with a name spelled right, or the one that ends in the name given."""
    if isinstance(spot.at, Listing):
        close = nearest(spot.rest, names)
        return None if close is None else _JOINT.join((*spot.steps, close))
    step, _, after = spot.rest.partition(_JOINT)
    close = nearest(step, names)
    if close is not None:
        return _JOINT.join((*spot.steps, close, *([after] if after else [])))
    ending = [path for path in _paths(base, ()) if path.endswith(_JOINT + spot.rest)]
    return ending[0] if len(ending) == 1 else None


def _paths(branch: Branch, above: tuple[str, ...]) -> list[str]:
    """The path of every entry of `branch`, at any depth, but for what other readings say."""
    found = []
    for name, entry in branch.entries.items():
        found.append(_JOINT.join((*above, name)))
        if isinstance(entry.value, Branch) and (above or name != "questions"):
            found += _paths(entry.value, (*above, name))
    return found


def _with_rows(base: Branch, overlay: Branch) -> Branch:
    """`overlay` with the rows of each table of the base that it keeps, so that its list may replace the base's."""
    tables = dict(overlay.branch("tables").entries)
    for name, entry in tables.items():
        below = base.branch("tables").branch(name)
        if isinstance(entry.value, Branch) and entry.value.listing("rows") and below.listing("rows"):
            rows = _rows(below, entry.value)
            at = entry.value.entries["rows"]
            whole = Entry(at.key, Listing(rows, at.value.place))
            tables[name] = Entry(entry.key, Branch({**entry.value.entries, "rows": whole}, entry.value.place))
    if not tables:
        return overlay
    above = overlay.entries["tables"]
    return Branch({**overlay.entries, "tables": Entry(above.key, Branch(tables, above.value.place))}, overlay.place)


def _rows(below: Branch, above: Branch) -> tuple[Node, ...]:
    """The rows of a table: those below, each replaced by the row above that has its keys and first day, then the others."""
    keys = _keys(below)
    if above.listing("keys") and _keys(above) != keys:
        return above.listing("rows")
    fresh = dict(enumerate(above.listing("rows")))
    known: dict[object, int] = {}
    for index, row in fresh.items():
        known.setdefault(_identity(row, keys) or row.place, index)
    found = []
    for row in below.listing("rows"):
        same = _identity(row, keys) or row.place
        found.append(fresh.pop(known.pop(same)) if same in known else row)
    return (*found, *fresh.values())


def _identity(row: Node, keys: tuple[str, ...]) -> tuple[str | Fraction | None, ...] | None:
    """The keys and the first day of a row; None where it does not say them all."""
    if not isinstance(row, Branch) or any(row.leaf(key) is None for key in keys):
        return None
    return tuple(_compared(row.leaf(name)) for name in (*keys, "from"))


def _compared(leaf: Leaf | None) -> str | Fraction | None:
    if leaf is None:
        return None
    value = number(leaf.text)
    return normal(leaf.text) if value is None else value
