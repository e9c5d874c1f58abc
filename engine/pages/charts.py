"""Bars as SVG: widths in per cent and letters in their own size, so that a chart reads the same at any width and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.messages.numbers import approximate
from engine.pages.elements import Html, element, joined
from engine.source import width

__all__ = ["Bar", "Bars", "bars", "legend"]

_LETTERS, _THICK, _GAP, _BETWEEN = 20, 12, 3, 14
"""Heights: a line of letters, a bar, between two bars of one group, between two groups."""

_MOST_IN_ONE_LINE = 44
"""How wide a name and its numbers may be together, in cells of a terminal, to fit beside each other on a telephone."""


@dataclass(frozen=True)
class Bar:
    """One bar: its length, and its tone, one of those of the style sheet."""

    value: int | Fraction
    tone: str


@dataclass(frozen=True)
class Bars:
    """A group of bars: a name, and its numbers as a person reads them."""

    name: str
    note: str
    bars: tuple[Bar, ...]


def bars(groups: Sequence[Bars], described: str) -> Html:
    """A chart of `groups` below each other, all lengths to one scale; a length below 0 is none. `described` says what it shows."""
    longest = max((bar.value for group in groups for bar in group.bars), default=0)
    is_short = all(width(group.name) + width(group.note) <= _MOST_IN_ONE_LINE for group in groups)
    parts: list[Html] = []
    top = 0
    for group in groups:
        drawn, top = _group(group, longest, top, is_short)
        parts.append(drawn)
    height = max(top - _BETWEEN, 1)
    return element(
        "svg", element("title", described), *parts, class_="chart", role="img", width="100%", height=str(height)
    )


def _group(group: Bars, longest: int | Fraction, top: int, is_short: bool) -> tuple[Html, int]:
    """One group below `top`, and where it ends; its name and its numbers beside each other where they are short."""
    line = top + _LETTERS - 6
    name = element("text", group.name, x="0", y=str(line), class_="name")
    top += _LETTERS
    if not is_short:
        line, top = line + _LETTERS, top + _LETTERS
    side = {"x": "100%", "text_anchor": "end"} if is_short else {"x": "0"}
    note = element("text", group.note, y=str(line), class_="note", **side)
    drawn = []
    for bar in group.bars:
        drawn.append(
            element("rect", x="0", y=str(top), width=_percent(bar.value, longest), height=str(_THICK), class_=bar.tone)
        )
        top += _THICK + _GAP
    return joined((name, note, *drawn)), top - _GAP + _BETWEEN


def _percent(value: int | Fraction, longest: int | Fraction) -> str:
    """A length to two places of a per cent: only to be drawn."""
    return f"{approximate(max(value, 0) * Fraction(100) / longest)}%" if longest > 0 else "0%"


def legend(*entries: tuple[str, str]) -> Html:
    """What the tones mean: each a tone with its words."""
    items = (
        element("li", element("span", class_=f"swatch {tone}", aria_hidden="true"), text) for tone, text in entries
    )
    return element("ul", *items, class_="legend")
