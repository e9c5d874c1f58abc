"""The page of what a change of policy does to the households of a table: what an officer hands to a director."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

from engine.effects.breakdowns import Breakdown, Line
from engine.effects.causes import Parting
from engine.effects.report import Impact, Worked, caused, said, shown
from engine.effects.sentences import amount, border, share, signed
from engine.effects.standings import SIZES
from engine.messages import Words
from engine.pages.changes import change_tables, policy_table
from engine.pages.charts import Bar, Bars, bars, legend
from engine.pages.elements import EMPTY, Html, element, joined
from engine.pages.sheet import sheet, table, write

__all__ = ["write_impact_page"]

_MOST_BARS = 20


def write_impact_page(impact: Impact, path: Path) -> None:
    """Write the report as a page into the file `path`.

    Raises: TableError where it cannot be written.
    """
    words = impact.words
    page = sheet(
        words["effect_title"],
        words.language,
        _heading(impact),
        _what_changed(impact),
        *(_section(impact, breakdown) for breakdown in impact.breakdowns),
        _all_worked(impact),
        _about(impact),
    )
    write(page, path)


def _heading(impact: Impact) -> Html:
    words = impact.words
    about = [words["effect_made"].format(day=impact.made), *impact.counted()]
    return joined(
        (
            element("h1", words["effect_title"]),
            element("p", impact.variants[1].policy.issuer, class_="soft"),
            *(element("p", text, class_="soft") for text in about),
            element("div", *(element("p", text) for text in impact.headlines), class_="headlines"),
        )
    )


def _what_changed(impact: Impact) -> Html:
    words = impact.words
    old, new = impact.variants
    return joined(
        (
            element("h2", words["effect_changes"]),
            policy_table(words, (old.policy, old.label), (new.policy, new.label)),
            change_tables(impact.comparison),
        )
    )


def _section(impact: Impact, breakdown: Breakdown) -> Html:
    """One table under its title, with its chart where it has one."""
    words = impact.words
    says = impact.titled(breakdown)
    drawn = _CHARTS.get(breakdown.key, _paired)(impact, breakdown)
    chart = joined(drawn) if drawn else None
    note = element("p", border(words), class_="soft") if breakdown.key == "sizes" else None
    headings, *rows = shown(impact, breakdown)
    last = rows.pop() if breakdown.whole is not None else None
    figure = element("figure", element("figcaption", says, class_="says"), chart)
    return joined(
        (
            element("h2", impact.named(breakdown)),
            figure,
            note,
            table(headings, rows, names=len(breakdown.headings), last=last),
        )
    )


# Charts


def _paired(impact: Impact, breakdown: Breakdown) -> list[Html]:
    """Two bars a line, before and after; the lines with the largest difference where there are many."""
    words = impact.words
    lines = [line for line in breakdown.lines if any(value > 0 for value in line.amounts)]
    kept = sorted(lines, key=lambda line: -abs(Fraction(line.difference)))[:_MOST_BARS]
    drawn = [line for line in lines if line in kept]
    if not drawn:
        return []
    groups = [Bars(line.names[0], _note(words, line), _pair(line)) for line in drawn]
    parts = [_before_and_after(words), bars(groups, impact.titled(breakdown))]
    if len(drawn) < len(lines):
        parts.append(element("p", words["effect_chart_more"].format(shown=len(drawn)), class_="soft"))
    return parts


def _before_and_after(words: Words) -> Html:
    return legend(("old", words["effect_before"]), ("new", words["effect_after"]))


def _pair(line: Line) -> tuple[Bar, Bar]:
    return Bar(line.amounts[0], "old"), Bar(line.amounts[1], "new")


def _note(words: Words, line: Line) -> str:
    old, new = (amount(words, value) for value in line.amounts)
    if line.difference == 0:
        return new
    part = share(words, *line.amounts)
    return f"{old} → {new}" + (words["brackets"].format(text=part) if part else "")


def _sizes(impact: Impact, breakdown: Breakdown) -> list[Html]:
    """One bar a class, by its number of households."""
    pairs = zip(SIZES, breakdown.lines, strict=True)
    groups = [_households(impact.words, line.names[0], line, tone) for tone, line in pairs]
    return [bars(groups, impact.titled(breakdown))]


def _households(words: Words, name: str, line: Line, tone: str) -> Bars:
    count = words["effect_count"].format(count=line.households[0])
    note = f"{count}{words['stop']}{signed(words, line.difference)}" if line.difference else count
    return Bars(name, note, (Bar(line.households[0], tone),))


def _moves(impact: Impact, breakdown: Breakdown) -> list[Html]:
    """One bar for each way from one category to another, by its number of households."""
    moved = [line for line in breakdown.lines if line.names[0] != line.names[1]]
    if not moved:
        return []
    groups = [_households(impact.words, " → ".join(line.names), line, _tone(line)) for line in moved]
    return [bars(groups, impact.titled(breakdown))]


def _tone(line: Line) -> str:
    return "much_more" if line.difference > 0 else "much_less" if line.difference < 0 else "same"


def _counts(impact: Impact, breakdown: Breakdown) -> list[Html]:
    """Two bars a line, before and after, by the number of households; no chart where none of them changes."""
    words = impact.words
    if all(line.households[0] == line.households[1] for line in breakdown.lines):
        return []
    groups = []
    for line in breakdown.lines:
        old, new = (words["effect_count"].format(count=count) for count in line.households)
        note = new if old == new else f"{old} → {new}"
        groups.append(Bars(line.names[0], note, (Bar(line.households[0], "old"), Bar(line.households[1], "new"))))
    return [_before_and_after(words), bars(groups, impact.titled(breakdown))]


def _no_chart(impact: Impact, breakdown: Breakdown) -> list[Html]:
    return []


_CHARTS: dict[str, Callable[[Impact, Breakdown], list[Html]]] = {
    "sizes": _sizes,
    "moves": _moves,
    "kinds": _no_chart,
    "approvals": _counts,
    "conclusions": _counts,
}


# One household for each kind of change


def _all_worked(impact: Impact) -> Html:
    if not impact.worked:
        return EMPTY
    words = impact.words
    left = len(next(found for found in impact.breakdowns if found.key == "kinds").lines) - len(impact.worked)
    more = element("p", words["effect_worked_more"].format(count=left), class_="soft") if left else None
    return joined((element("h2", words["effect_worked"]), *(_worked(impact, one) for one in impact.worked), more))


def _worked(impact: Impact, worked: Worked) -> Html:
    words, parting = impact.words, worked.parting
    kind = worked.kind.text(words, impact.cube.measured.measure)
    title = words["effect_worked_title"].format(kind=kind, households=worked.households, row=worked.row)
    causes = (element("p", caused(words, cause), class_="cause") for cause in parting.causes)
    headings = (words["effect_output"], words["effect_before"], words["effect_after"])
    results = [(heading, said(words, old), said(words, new)) for heading, old, new in parting.results]
    return joined((element("h3", title), *causes, table(headings, results, names=1), _steps(words, parting)))


def _steps(words: Words, parting: Parting) -> Html:
    headings = (words["effect_before"], words["effect_after"])
    rows = [(_written(old), _written(new)) for _, old, new in parting.steps]
    return element("div", table(headings, rows, names=2), class_="words steps")


def _written(lines: Sequence[str]) -> str:
    return element("span", "\n".join(lines), class_="written") if lines else "—"


def _about(impact: Impact) -> Html:
    words = impact.words
    texts = [
        words["effect_today"].format(day=impact.source.today),
        impact.measured_in,
        words["effect_hash"].format(hash=impact.hash),
        impact.made_by,
    ]
    return element("footer", *(element("p", text) for text in texts if text))
