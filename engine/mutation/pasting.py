"""A household that tells a policy from an edited one, as a worked case ready to paste, to be confirmed by hand."""

from __future__ import annotations

from collections.abc import Mapping

from engine.algebras.exact import Value
from engine.decision import shown
from engine.flat import as_yaml
from engine.messages import say
from engine.mutation.edits import Edit
from engine.mutation.search import Found
from engine.policy import Policy
from engine.population import Cells
from engine.source import Branch, Entry, Leaf, Listing, Node, Place

__all__ = ["pasted"]

_NOWHERE = Place("")


def pasted(edit: Edit, found: Found, start: Cells, number: int, language: str) -> str:
    """The case in YAML, as it stands below `cases:`; expected is what the policy says without the edit.

    `start` is what every case begins with. The name and the reason are in `language`.
    """
    policy = found.pair.own
    name = say("to confirm {number}", number=number).text(language)
    because = say(
        "To work by hand: it tells “{old}” from “{new}” ({place}).",
        old=edit.old or "—",
        new=edit.new or "—",
        place=f"{edit.place.file}:{edit.place.line}",
    ).text(language)
    facts = {key: value for key, value in found.cells.items() if start.get(key) != value}
    facts |= dict.fromkeys((key for key in start if key not in found.cells), "")
    entries: dict[str, Node] = {"clause": _leaf(edit.clause or "—"), "because": _leaf(because)}
    if found.pair.question:
        entries["question"] = _leaf(found.pair.question)
    entries["facts"] = _node(facts or dict(list(found.cells.items())[:1]))
    if isinstance(found.own, str):
        entries["refused"] = _leaf(found.own)
    else:
        entries["expect"] = _node(_expected(policy, found, found.own))
    lines = as_yaml(_branch({name: _branch(entries)}))
    return "".join(f"  {line}\n" for line in lines)


def _expected(policy: Policy, found: Found, own: Mapping[str, Value]) -> dict[str, object]:
    """What differs, and besides it the category and the total, so that a reader sees what was decided."""
    usual = (output.name for part in ("category", "total") if (output := policy.output(part)) is not None)
    return {name: shown(policy, own[name]) for name in dict.fromkeys((*usual, *found.differing))}


def _leaf(text: str) -> Leaf:
    return Leaf(text, _NOWHERE, quoted=not text or (text.isdigit() and len(text) > 15))


def _branch(entries: Mapping[str, Node]) -> Branch:
    return Branch({name: Entry(Leaf(name, _NOWHERE), node) for name, node in entries.items()}, _NOWHERE)


def _node(value: object) -> Node:
    if isinstance(value, Mapping):
        return _branch({str(name): _node(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return Listing(tuple(map(_node, value)), _NOWHERE)
    return _leaf(str(value))
