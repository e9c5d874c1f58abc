"""A report of what a change does to the households of a table: as text, as JSON, and as one CSV file a table."""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import __version__
from engine.algebras.exact import Value
from engine.compare import Comparison, as_json
from engine.decision import decimals
from engine.effects.breakdowns import Breakdown, Line
from engine.effects.causes import Cause, Parting
from engine.effects.grouping import groupable
from engine.effects.kinds import Kind
from engine.effects.pairs import Aside, Households
from engine.effects.sentences import amount, border, headlines, share, signed, title
from engine.effects.standings import BORDER, Cube, Number
from engine.explanation.wording import spoken
from engine.messages import Message, Words, plain
from engine.source import width
from engine.tables.texts import is_formula
from engine.tables.whole import whole_folder
from engine.variants import Variant

__all__ = ["Impact", "Worked", "caused", "columns", "row", "said", "shown"]


@dataclass(frozen=True)
class Worked:
    """One household worked out under both policies: the first of those that meet this kind of change."""

    kind: Kind
    households: int
    row: int
    parting: Parting


@dataclass(frozen=True)
class Impact:
    """What the change from one policy to another does to the households of a table; amounts are exact.

    `hash` is the SHA-256 of the table, `because` says why the algebra is not the one that a run would otherwise take,
    `strays` by group the persons who belong to no household. `breakdowns` are the
    tables, `worked` one household for each of the kinds of change that most households meet. `manifest` is that of the table
    of households; empty where none was written.
    """

    variants: tuple[Variant, Variant]
    comparison: Comparison
    source: Households
    hash: str
    made: datetime.date
    algebra: str
    because: Message | None
    read: int
    aside: Aside
    strays: Mapping[str, int]
    cube: Cube
    breakdowns: tuple[Breakdown, ...]
    worked: tuple[Worked, ...]
    manifest: str = ""

    @property
    def words(self) -> Words:
        """The words of the new policy's language, in which the report is."""
        return self.variants[1].policy.words

    @property
    def decided(self) -> int:
        """The households decided under both policies."""
        return self.cube.whole.households

    @property
    def ungrouped(self) -> tuple[str, ...]:
        """The facts by which the households could have been grouped; empty where they are grouped by one."""
        old, new = self.variants
        is_grouped = any(breakdown.key == "groups" for breakdown in self.breakdowns)
        return () if is_grouped else groupable((old.policy, new.policy))

    @property
    def headlines(self) -> tuple[str, ...]:
        """The sentences that say the most important things."""
        return headlines(self.cube, self.words)

    @property
    def measured_in(self) -> str:
        """The sentence that says in which unit the amounts are; empty where they have none."""
        unit = self.cube.measured.unit
        return self.words["effect_unit"].format(unit=unit) if unit else ""

    @property
    def made_by(self) -> str:
        """The sentence that says what computed it, in which algebra, and why in that one where it was not chosen."""
        words = self.words
        algebra = words[f"algebra_{self.algebra}"]
        return words["effect_engine"].format(version=__version__, algebra=algebra)

    @property
    def heading(self) -> str:
        """The title of the report."""
        return self.words["effect_title"]

    def titled(self, breakdown: Breakdown) -> str:
        """The sentence that says what a table shows."""
        return title(breakdown, self.cube, self.words)

    def named(self, breakdown: Breakdown) -> str:
        """The short name of a table."""
        return self.words[f"effect_by_{breakdown.key}"].format(heading=breakdown.headings[0])

    def counted(self) -> tuple[str, ...]:
        """What was read, and what was set aside."""
        words, counts = self.words, self.aside.counts
        aside = sum(counts.values())
        values = {"file": self.source.path.name, "read": self.read, "decided": self.decided, "aside": aside}
        lines = [words["effect_table"].format(**values)]
        if aside:
            lines.append(words["effect_aside"].format(both=counts["both"], old=counts["old"], new=counts["new"]))
        strays = ((group, count) for group, count in self.strays.items() if count)
        return (*lines, *(words["effect_strays"].format(group=group, count=count) for group, count in strays))

    def text(self) -> str:
        """The report as lines of text, in the language of the new policy."""
        return "\n".join(_lines(self)) + "\n"

    def json(self) -> str:
        """The report as JSON; amounts are exact texts (`12307.5`), households are numbers."""
        return json.dumps(_content(self), ensure_ascii=False, indent=2) + "\n"

    def write_csv(self, folder: Path) -> tuple[Path, ...]:
        """Write each table as a CSV file of its own into the new or empty `folder`; their paths.

        Raises: TableError where that cannot be done.
        """
        files = {f"{breakdown.key}.csv": _csv(self, breakdown) for breakdown in self.breakdowns}
        whole_folder(folder, files)
        return tuple(folder / name for name in files)


# A table's columns and rows: one order everywhere


def columns(impact: Impact, breakdown: Breakdown) -> tuple[tuple[str, str], ...]:
    """The columns of a table: the key and the heading of each."""
    words, measure = impact.words, impact.cube.measured.measure
    names = [(f"name_{at}" if at > 1 else "name", heading) for at, heading in enumerate(breakdown.headings, 1)]
    counts = ("households_old", "households_new") if breakdown.is_paired else ("households",)
    of = words["effect_amount"] if breakdown.key in ("totals", "aids") else measure
    amounts = [(key, words[f"effect_{key}"].format(measure=of)) for key in ("amount_old", "amount_new")]
    found = [*names, *((key, words[f"effect_{key}"]) for key in counts), *amounts]
    return (*found, ("difference", words["effect_difference"]))


def row(breakdown: Breakdown, line: Line) -> tuple[str | Number, ...]:
    """The cells of a line, under `columns`."""
    counts = line.households if breakdown.is_paired else line.households[:1]
    return (*line.names, *counts, *line.amounts, line.difference)


def _csv(impact: Impact, breakdown: Breakdown) -> bytes:
    measure = impact.cube.measured.measure
    places = max(decimals(variant.policy).get(measure, 0) for variant in impact.variants)
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(_safe(heading) for _, heading in columns(impact, breakdown))
    for line in breakdown.lines:
        writer.writerow(_safe(_exact(cell, places)) for cell in row(breakdown, line))
    return stream.getvalue().encode("utf-8-sig")


def _safe(text: str) -> str:
    """`text` so that no spreadsheet runs it."""
    return f"'{text}" if is_formula(text) else text


def _exact(cell: str | Number, places: int = 0) -> str:
    """A cell as text; a number that is not whole has at least `places` places."""
    return cell if isinstance(cell, str) else plain(cell, places)


# As JSON


def _content(impact: Impact) -> dict[str, object]:
    old, new = impact.variants
    counts = impact.aside.counts
    return {
        "old": old.content(),
        "new": new.content(),
        "table": {"file": impact.source.path.name, "sha256": impact.hash},
        "made": impact.made.isoformat(),
        "blank_reference_date": impact.source.today.isoformat(),
        "engine": __version__,
        "algebra": impact.algebra,
        "measure": {"output": impact.cube.measured.measure, "unit": impact.cube.measured.unit},
        "large_from": plain(BORDER),
        "read": impact.read,
        "decided": impact.decided,
        "set_aside": {name: counts[name] for name in ("both", "old", "new")},
        "without_household": dict(impact.strays),
        "headlines": list(impact.headlines),
        "changes": [as_json(change) for change in impact.comparison.changes],
        "tables": {breakdown.key: _table(impact, breakdown) for breakdown in impact.breakdowns},
        "worked": [_worked(impact, worked) for worked in impact.worked],
    }


def _table(impact: Impact, breakdown: Breakdown) -> dict[str, object]:
    keys = [key for key, _ in columns(impact, breakdown)]

    def cells(line: Line) -> dict[str, object]:
        pairs = zip(keys, row(breakdown, line), strict=True)
        return {key: cell if key.startswith(("name", "households")) else _exact(cell) for key, cell in pairs}

    whole = {"whole": cells(breakdown.whole)} if breakdown.whole is not None and len(breakdown.headings) == 1 else {}
    return {"title": impact.titled(breakdown), "lines": [cells(line) for line in breakdown.lines], **whole}


def _worked(impact: Impact, worked: Worked) -> dict[str, object]:
    words, parting = impact.words, worked.parting
    return {
        "kind": worked.kind.text(words, impact.cube.measured.measure),
        "households": worked.households,
        "row": worked.row,
        "parts_at": parting.first,
        "causes": [_cause(cause) for cause in parting.causes],
        "results": {heading: [_plain(old), _plain(new)] for heading, old, new in parting.results},
        "steps": [{"name": name, "old": list(old), "new": list(new)} for name, old, new in parting.steps],
    }


def _cause(cause: Cause) -> dict[str, str]:
    place = "" if cause.place is None else str(cause.place)
    return {"name": cause.name, "old": cause.old, "new": cause.new, "unit": cause.unit} | {
        "clause": cause.clause,
        "place": place,
    }


def _plain(value: Value) -> str | bool | None:
    if value is None or isinstance(value, (bool, str)):
        return value
    return value.isoformat() if isinstance(value, datetime.date) else plain(value)


# As text


def _lines(impact: Impact) -> Iterator[str]:
    old, new = impact.variants
    words = impact.words
    yield f"{old.label} ({old.policy.fingerprint}) → {new.label} ({new.policy.fingerprint})"
    yield from impact.counted()
    yield words["effect_changes_count"].format(count=len(impact.comparison.changes)) + impact.measured_in
    yield ""
    yield from impact.headlines
    for breakdown in impact.breakdowns:
        yield ""
        yield f"{impact.named(breakdown)}{words['colon']}{impact.titled(breakdown)}"
        yield from (f"  {line}" for line in _aligned(shown(impact, breakdown)))
        if breakdown.key == "sizes":
            yield f"  {border(words)}"
    yield from _all_worked(impact)


def shown(impact: Impact, breakdown: Breakdown) -> Iterator[tuple[str, ...]]:
    """The headings and the lines of a table as a person reads them, the sums last."""
    words = impact.words
    yield (*(heading for _, heading in columns(impact, breakdown)), words["effect_share"])
    wholes = () if breakdown.whole is None else (_filled(breakdown, breakdown.whole),)
    for line in (*breakdown.lines, *wholes):
        cells = row(breakdown, line)
        texts = [cell if isinstance(cell, str) else amount(words, cell) for cell in cells[:-1]]
        yield (*texts, signed(words, line.difference), share(words, *line.amounts))


def _filled(breakdown: Breakdown, line: Line) -> Line:
    """`line` with as many names as the table has."""
    names = (*line.names, *("" for _ in breakdown.headings[1:]))
    return Line(names, line.households, line.amounts)


def _aligned(rows: Iterator[tuple[str, ...]]) -> list[str]:
    """Rows as lines, their columns below each other: numbers to the right, what begins the line to the left."""
    found = list(rows)
    sizes = [max(width(line[at]) for line in found) for at in range(len(found[0]))]
    return ["  ".join(_padded(line, sizes)).rstrip() for line in found]


def _padded(line: Sequence[str], sizes: Sequence[int]) -> Iterator[str]:
    for at, (cell, size) in enumerate(zip(line, sizes, strict=True)):
        blanks = " " * (size - width(cell))
        is_name = at == 0 or not (cell[-1:].isdigit() or cell.endswith("%"))
        yield cell + blanks if is_name else blanks + cell


def _all_worked(impact: Impact) -> Iterator[str]:
    words = impact.words
    for at, worked in enumerate(impact.worked):
        yield ""
        if at == 0:
            yield words["effect_worked"]
        kind = worked.kind.text(words, impact.cube.measured.measure)
        yield words["effect_worked_title"].format(kind=kind, households=worked.households, row=worked.row)
        yield from (f"  {caused(words, cause)}" for cause in worked.parting.causes)
        for heading, old, new in worked.parting.results:
            yield f"  {heading}{words['colon']}{said(words, old)} → {said(words, new)}"


def caused(words: Words, cause: Cause) -> str:
    """The sentence that says what was changed, with its clause and its place."""
    key = "effect_cause" if cause.old and cause.new else "effect_cause_added" if cause.new else "effect_cause_removed"
    text = f"{words[key].format(name=cause.name, old=cause.old, new=cause.new)} {cause.unit}".rstrip()
    clause = f" {words['says'].format(clause=cause.clause)}" if cause.clause else ""
    place = "" if cause.place is None else f" ({cause.place.file}{f':{cause.place.line}' if cause.place.line else ''})"
    return text + clause + place


def said(words: Words, value: Value) -> str:
    """What an output came to, as a person reads it."""
    return (value or words["effect_none"]) if isinstance(value, str) or value is None else spoken(words, value)
