"""The page of what changed from one policy to another, and the table of changes that other pages show as well."""

from __future__ import annotations

import datetime
from pathlib import Path

from engine import __version__
from engine.compare import SECTIONS, Change, Comparison, name_of, place_of, section_title
from engine.messages import Words
from engine.pages.elements import Html, element, joined
from engine.pages.sheet import sheet, table, write
from engine.policy import Policy

__all__ = ["change_tables", "policy_table", "write_diff_page"]


def write_diff_page(comparison: Comparison, path: Path, *, language: str = "en") -> None:
    """Write what changed as a page into the file `path`; warnings are in `language`, all else in that of the new policy.

    Raises: TableError where it cannot be written.
    """
    old, new = comparison.old, comparison.new
    words = new.words
    count = len(comparison.changes)
    says = words["diff_count"].format(count=count) + words["effect_stop"] if count else words["diff_none"]
    page = sheet(
        words["diff_title"],
        words.language,
        element("h1", words["diff_title"]),
        element("p", words["effect_made"].format(day=datetime.date.today()), class_="soft"),
        element("div", element("p", says), class_="headlines"),
        element("h2", words["effect_policies"]),
        policy_table(words, (old, old.label), (new, new.label)),
        change_tables(comparison),
        joined(element("p", problem.text(language), class_="warning") for problem in comparison.problems),
        element("footer", element("p", words["diff_engine"].format(version=__version__))),
    )
    write(page, path)


def policy_table(words: Words, *policies: tuple[Policy, str]) -> Html:
    """The old and the new policy, each with its name: fingerprint and days."""
    sides = (words["effect_before"], words["effect_after"])
    rows = [
        (side, label, policy.fingerprint, f"{policy.since} – {policy.until}")
        for side, (policy, label) in zip(sides, policies, strict=True)
    ]
    headings = ("", words["policy"], words["fingerprint"], words["effect_days"])
    return element("div", table(headings, rows, names=len(headings)), class_="words")


def change_tables(comparison: Comparison) -> Html:
    """Every change, a table for each section."""
    words = comparison.new.words
    found = []
    for section in SECTIONS:
        changes = [change for change in comparison.changes if change.section == section]
        if changes:
            headings = tuple(
                words[word] for word in ("diff_what", "diff_old", "diff_new", "diff_where", "diff_affects")
            )
            rows = [_row(comparison, change) for change in changes]
            found += [
                element("h3", section_title(words, section)),
                element("div", table(headings, rows, names=5), class_="words changes"),
            ]
    return joined(found)


def _row(comparison: Comparison, change: Change) -> tuple[str, ...]:
    words = comparison.new.words
    clause = words["says"].format(clause=change.clause) if change.clause else ""
    where = " ".join(part for part in (clause, place_of(change.new_place or change.old_place)) if part)
    values = [f"{value} {change.unit}".rstrip() if value else "" for value in (change.old, change.new)]
    written = [element("span", value, class_="written") if value else "" for value in values]
    return name_of(comparison.new, change), *written, where, _affects(comparison, change)


def _affects(comparison: Comparison, change: Change) -> str:
    words = comparison.new.words
    if {output.heading for output in comparison.new.outputs} <= {*change.reaches}:
        return words["diff_all_outputs"]
    if change.reaches:
        return words["comma"].join(change.reaches)
    return words["diff_no_output"] if change.decides else ""
