"""Gates: what must hold besides the test, at the level of the policy, a category or an aid; and who must approve."""

from __future__ import annotations

from engine.elaborate.draft import Draft, saying_of
from engine.policy import Rule
from engine.source import Branch, Leaf

__all__ = ["eligible", "write_approvals", "write_exclusions", "write_gates"]


def write_gates(draft: Draft, prefix: str, gates: Branch) -> tuple[tuple[str, str], ...]:
    """Write each gate as a truth rule `prefix·name`; gives (name as written, rule) in order."""
    found: list[tuple[str, str]] = []
    for entry in gates.entries.values():
        if isinstance(entry.value, Branch) and draft.part(entry.key) is not None:
            parts = (prefix, entry.key.text) if prefix else (draft.words["gate"], entry.key.text)
            rule = draft.adopt(draft.name(*parts), entry.value.leaf("need"), saying_of(entry.value), is_written=False)
            found.append((entry.key.text, rule))
    return tuple(found)


def eligible(draft: Draft, prefix: str, gates: Branch, key: Leaf) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The name of the truth that all of `gates` hold (empty where there are none), and the gates."""
    found = write_gates(draft, prefix, gates)
    if not found:
        return "", ()
    if len(found) == 1:
        return found[0][1], found
    name = draft.name(prefix, draft.words["eligible"])
    return draft.write(name, " and ".join(rule for _, rule in found), key), found


def write_exclusions(draft: Draft, tree: Branch) -> None:
    """Write each exclusion as a truth rule: it holds, and its own exception does not."""
    for entry in tree.branch("exclusions").entries.values():
        if isinstance(entry.value, Branch) and draft.part(entry.key) is not None:
            draft.exclusions.append((entry.key.text, _write_exclusion(draft, entry.key, entry.value)))


def _write_exclusion(draft: Draft, key: Leaf, branch: Branch) -> str:
    name, saying = draft.name(draft.words["exclusion"], key.text), saying_of(branch)
    unless = branch.leaf("unless")
    if unless is None:
        return draft.adopt(name, branch.leaf("when"), saying, is_written=False)
    when = draft.adopt(draft.name(name, draft.words["condition"]), branch.leaf("when"), saying, is_written=False)
    exception = draft.adopt(draft.name(name, draft.words["exception"]), unless, saying, is_written=False)
    return draft.write(name, f"{when} and not {exception}", key, saying, told="always")


def write_approvals(draft: Draft, approvals: Branch) -> list[tuple[str, Rule | None]]:
    """Write each level of approval as a truth rule, low to high; gives (who approves, the rule)."""
    heading = draft.words["approval"]
    found: list[tuple[str, Rule | None]] = []
    for entry in approvals.entries.values():
        if isinstance(entry.value, Branch) and draft.part(entry.key) is not None:
            rule = draft.adopt(
                draft.name(heading, entry.key.text), entry.value.leaf("when"), saying_of(entry.value), is_written=False
            )
            found.append((entry.key.text, draft.rules.get(rule)))
    return found
