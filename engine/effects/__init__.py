"""What a change of policy does to the households of a table: the same households decided under both policies.

    a table -> pairs (each row under both) -> standings (one cube) -> breakdowns (tables) -> a report

    grouping      the fact by whose values households are grouped
    standings     where households stand, counted and added up in one cube; winners and losers
    pairs         each row read and decided under both policies, or set aside from both
    blocks        the same by whole columns, many rows at once (extra `batch`)
    kinds         the kinds of change that households meet
    breakdowns    the tables
    causes        where the traces of one household part, and by which change
    sentences     headlines and titles
    report        the report as text, JSON and CSV
    ledger        the table of households with what changes for each

Every table is read from the one cube, so that all of them add up to the same.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from engine.compare import Comparison, changes
from engine.effects.breakdowns import breakdowns
from engine.effects.causes import Traced, as_changed, parting
from engine.effects.grouping import grouping
from engine.effects.kinds import kinds_in
from engine.effects.ledger import Ledger
from engine.effects.pairs import Aside, Households, Pairs, Part, Progress
from engine.effects.report import Impact, Worked
from engine.effects.standings import Cube, measured
from engine.manifest import hash_of, manifest_path
from engine.reach import core_of
from engine.variants import Variant

__all__ = ["Households", "Impact", "impact"]

_MOST_WORKED = 12


def impact(
    old: Variant,
    new: Variant,
    households: Households,
    *,
    by: str | None = None,
    measure: str | None = None,
    target: Path | None = None,
    language: str = "en",
    progress: Progress | None = None,
) -> Impact:
    """What the change from `old` to `new` does to `households`, each decided under both policies in one pass.

    `by` names the fact by whose values households are grouped, `measure` the output that tells winners from losers (by
    default what is paid). `target` gets every household with what changes for it; beside it go its manifest, and the rows
    that are bad under either policy, with the reasons in `language`.

    Raises: PolicyError where `by` or `measure` names nothing that the policies have; TableError where a file cannot be read
    or written; HouseholdError where the columns are wrong under either policy.
    """
    policies = old.policy, new.policy
    cube = Cube(measured(*policies, measure))
    groups = grouping(policies, by)
    pairs = Pairs(policies, households, cube.measured, groups, language, progress)
    counting = _Counting(pairs, cube)
    with Ledger((old, new), pairs, target, language) as ledger:
        counting.all(ledger, progress)
    comparison = Comparison(*policies, changes(old.tree, new.tree))
    return Impact(
        variants=(old, new),
        comparison=comparison,
        source=households,
        hash=hash_of(households.path),
        made=datetime.date.today(),
        algebra=pairs.algebra,
        because=pairs.because,
        read=counting.read,
        aside=counting.aside,
        strays=pairs.strays(),
        cube=cube,
        breakdowns=breakdowns(cube, policies, groups.heading),
        worked=_worked(old, new, pairs, cube, comparison),
        manifest="" if target is None else str(manifest_path(target)),
    )


class _Counting:
    """Counts the rows of a table into a cube, and sets bad ones aside."""

    def __init__(self, pairs: Pairs, cube: Cube) -> None:
        self._pairs = pairs
        self._cube = cube
        self.aside = Aside()
        self.read = 0

    def all(self, ledger: Ledger, progress: Progress | None) -> None:
        """Every row of the table."""
        before, total = self._pairs.runs[0].people.size, self._pairs.table.position()[1]
        for part in self._pairs.parts(one_by_one=ledger.is_written):
            self._count(part, ledger)
            if progress is not None:
                progress(before + part.done, before + total)

    def _count(self, part: Part, ledger: Ledger) -> None:
        self.read += part.read
        for key, cell in part.cells:
            self._cube.add(key, cell)
        for row in part.rows:
            ledger.write(row)
        for bad in part.bad:
            ledger.set_aside(bad.cells, self.aside.add(bad))


def _worked(old: Variant, new: Variant, pairs: Pairs, cube: Cube, comparison: Comparison) -> tuple[Worked, ...]:
    """The first household of each of the kinds of change that most households meet, worked out under both policies."""
    before, after = core_of(old.tree), core_of(new.tree)
    assert before is not None and after is not None
    kinds = {cell.first: (kind, cell.households) for kind, cell in list(kinds_in(cube).items())[:_MOST_WORKED]}
    found = {}
    for row, sides in pairs.households(set(kinds)):
        traces = Traced.of(before, sides[0], pairs.today), Traced.of(after, sides[1], pairs.today)
        found[row] = Worked(*kinds[row], row, as_changed(parting(*traces, cube.measured), comparison))
    return tuple(found[row] for row in kinds)
