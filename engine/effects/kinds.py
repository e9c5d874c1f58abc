"""The kinds of change that households meet: into and out of categories, more or less, another approval or conclusion."""

from __future__ import annotations

from dataclasses import dataclass

from engine.effects.standings import Cell, Cube, Key
from engine.messages import Words

__all__ = ["Kind", "kind_of", "kinds_in"]

_MORE, _LESS, _SAME = "more", "less", "same"


@dataclass(frozen=True)
class Kind:
    """What changes: each pair is what was and what is, None where that stays; `direction` is `more`, `less` or `same` for
    the amount measured."""

    category: tuple[str, str]
    conclusion: tuple[str, str] | None
    approval: tuple[str, str] | None
    direction: str

    def text(self, words: Words, measure: str) -> str:
        """The kind in words, such as `from A to B, the payment falls`."""
        none = words["effect_no_category"]
        before, after = (name or none for name in self.category)
        template = words["effect_stays" if before == after else "effect_moves"]
        parts = [template.format(old=before, new=after)] if any(self.category) else []
        is_all = self.direction == _SAME and before == after and not (self.conclusion or self.approval)
        parts.append(words["effect_others" if is_all else f"effect_{self.direction}"].format(measure=measure))
        for word, pair in (("effect_conclusion", self.conclusion), ("effect_approval", self.approval)):
            if pair is not None:
                named = [name or words["effect_none"] for name in pair]
                parts.append(words[word].format(old=named[0], new=named[1]))
        return words["stop"].join(parts)


def kind_of(key: Key) -> Kind | None:
    """The kind of change of the households with this key; None where nothing that is compared differs."""
    if not key.is_changed:
        return None
    old, new = key.old, key.new
    conclusion = (old.conclusion, new.conclusion) if old.conclusion != new.conclusion else None
    approval = (old.approval, new.approval) if old.approval != new.approval else None
    direction = next((word for word in (_LESS, _MORE) if word in key.size), _SAME)
    return Kind((old.category, new.category), conclusion, approval, direction)


def kinds_in(cube: Cube) -> dict[Kind, Cell]:
    """Every kind of change with its households, that of most households first."""
    found = {kind: cell for kind, cell in cube.by(kind_of).items() if kind is not None}
    return dict(sorted(found.items(), key=lambda item: (-item[1].households, item[1].first)))
