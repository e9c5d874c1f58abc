"""What a report says in sentences: its headlines, and for each table the title that says what it shows."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from engine.effects.breakdowns import Breakdown, Line
from engine.effects.standings import BORDER, Cube, Number
from engine.explanation.wording import number
from engine.messages import Words, plain

__all__ = ["amount", "border", "headlines", "share", "signed", "title"]


def amount(words: Words, value: Number) -> str:
    """An amount, or a number of households, as a person reads it."""
    return number(words, value) if value >= 0 else words["sign_minus"] + number(words, -value)


def signed(words: Words, value: Number) -> str:
    """A difference, with its sign."""
    sign = "+" if value > 0 else words["sign_minus"] if value < 0 else ""
    return sign + amount(words, abs(Fraction(value)))


def share(words: Words, old: Number, new: Number) -> str:
    """How much of `old` the difference is, in per cent to one place, halves up: only to be read, it decides nothing.

    Empty where `old` is 0.
    """
    if old == 0:
        return ""
    if old == new:
        return words["percent"].format(value="0")
    tenths = (abs(Fraction(new) - old) * 1000 / abs(Fraction(old)) * 2 + 1) // 2
    sign = "+" if new > old else words["sign_minus"]
    return sign + words["percent"].format(value=plain(Fraction(tenths, 10)) if tenths else words["percent_least"])


def border(words: Words) -> str:
    """Where a large gain or loss begins."""
    return words["effect_border"].format(border=words["percent"].format(value=plain(BORDER * 100)))


def headlines(cube: Cube, words: Words) -> tuple[str, ...]:
    """The sentences that a reader who has no time reads: the money, winners and losers, and who moves."""
    whole = cube.whole
    found = whole.amounts.get(cube.measured.measure)
    old, new = (found.old, found.new) if found is not None else (0, 0)
    key = "effect_headline_none" if old == new else "effect_headline_total"
    values = {"households": whole.households, "measure": cube.measured.measure}
    first = words[key].format(old=amount(words, old), new=amount(words, new), **values)
    lines = [first + _change(words, old, new), _sizes(cube, words)]
    if any(key.old.category or key.new.category for key in cube.cells):
        lines.append(_moves(cube, words))
    owed = _gained(cube, "more")
    if owed[0]:
        lines.append(words["effect_headline_owed"].format(households=owed[0], owed=amount(words, owed[1])))
    return tuple(lines)


def _change(words: Words, old: Number, new: Number) -> str:
    """The end of a sentence that says what an amount was and is."""
    if old == new:
        return words["effect_stop"]
    key = "effect_rises" if new > old else "effect_falls"
    part = share(words, old, new)
    text = words[key].format(difference=amount(words, abs(Fraction(new) - old)), share=part)
    return text if part else text.replace(words["brackets"].format(text=""), "")


def _gained(cube: Cube, direction: str) -> tuple[int, Number]:
    """The households that gain (`more`) or lose (`less`), and how much in all."""
    cells = [cell for key, cell in cube.cells.items() if key.size in (direction, f"much_{direction}")]
    amounts = [cell.amounts[cube.measured.measure] for cell in cells]
    return sum(cell.households for cell in cells), abs(
        sum((Fraction(one.new) - one.old for one in amounts), Fraction(0))
    )


def _sizes(cube: Cube, words: Words) -> str:
    more, gained = _gained(cube, "more")
    less, lost = _gained(cube, "less")
    same = cube.whole.households - more - less
    texts = {"gained": amount(words, gained), "lost": amount(words, lost)}
    return words["effect_headline_sizes"].format(more=more, less=less, same=same, **texts)


def _moves(cube: Cube, words: Words) -> str:
    counts = dict.fromkeys(("enter", "leave", "change", "stay"), 0)
    for key, cell in cube.cells.items():
        old, new = key.old.category, key.new.category
        counts["stay" if old == new else "enter" if not old else "leave" if not new else "change"] += cell.households
    if counts["stay"] == cube.whole.households:
        return words["effect_headline_no_moves"]
    return words["effect_headline_moves"].format(**counts)


def title(breakdown: Breakdown, cube: Cube, words: Words) -> str:
    """The sentence that says what a table or its chart shows."""
    return _TITLES.get(breakdown.key, _most)(breakdown, cube, words)


def _most(breakdown: Breakdown, cube: Cube, words: Words, key: str = "effect_title_most") -> str:
    """Which line's amount changes most."""
    line = max(breakdown.lines, key=lambda line: abs(Fraction(line.difference)), default=None)
    if line is None or line.difference == 0:
        return words["effect_title_none"]
    old, new = (amount(words, value) for value in line.amounts)
    text = words[key].format(name=line.names[0], measure=cube.measured.measure, old=old, new=new)
    return text + _change(words, *line.amounts)


def _aids(breakdown: Breakdown, cube: Cube, words: Words) -> str:
    return _most(breakdown, cube, words, "effect_title_aids")


def _counts(breakdown: Breakdown, cube: Cube, words: Words) -> str:
    """Which line's number of households changes most."""

    def moved(line: Line) -> int:
        return abs(line.households[1] - line.households[0])

    line = max(breakdown.lines, key=moved, default=None)
    if line is None or not moved(line):
        return words["effect_title_counts_none"]
    old, new = line.households
    return words["effect_title_counts"].format(name=line.names[0], old=old, new=new)


def _kinds(breakdown: Breakdown, cube: Cube, words: Words) -> str:
    if not breakdown.lines:
        return words["effect_title_kinds_none"]
    line = breakdown.lines[0]
    values = {"count": len(breakdown.lines), "name": line.names[0], "households": line.households[0]}
    return words["effect_title_kinds"].format(**values)


_TITLES: dict[str, Callable[[Breakdown, Cube, Words], str]] = {
    "totals": lambda breakdown, cube, words: headlines(cube, words)[0],
    "aids": _aids,
    "approvals": _counts,
    "conclusions": _counts,
    "moves": lambda breakdown, cube, words: _moves(cube, words),
    "sizes": lambda breakdown, cube, words: _sizes(cube, words),
    "kinds": _kinds,
}
