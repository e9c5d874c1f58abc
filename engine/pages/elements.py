"""HTML as values: what is not already HTML is escaped, so that no text of a file can become markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["EMPTY", "Html", "element", "joined"]

_VOID = ("rect",)
"""Elements that hold nothing; in SVG they must close themselves."""


class Html(str):
    """A text that is HTML already."""

    __slots__ = ()


EMPTY = Html("")


def element(name: str, *children: str | None, **attributes: str) -> Html:
    """The element `name` with `children` (None is left out) and `attributes`; `class_` is class, `data_x` is data-x."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items() if value
    )
    if name in _VOID:
        return Html(f"<{name}{written}/>")
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def joined(parts: Iterable[str | None]) -> Html:
    """All `parts` one behind the other; None is left out."""
    return Html("".join(_html(part) for part in parts if part is not None))


def _html(part: str) -> str:
    return part if isinstance(part, Html) else escape(part)
