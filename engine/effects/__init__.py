"""What a change of policy does to the households of a table: the same households decided under both policies.

a table -> pairs (each row under both) -> standings (one cube) -> breakdowns (tables) -> a report

grouping      the fact by whose values households are grouped
standings     where households stand, counted and added up in one cube; winners and losers
pairs         each row read and decided under both policies, or set aside from both
kinds         the kinds of change that households meet
breakdowns    the tables
causes        where the traces of one household part, and by which change
sentences     headlines and titles
report        the report as text, JSON and CSV
ledger        the table of households with what changes for each
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
from engine.effects.pairs import Households, Pairs, Progress
from engine.effects.report import Impact, Worked
from engine.effects.standings import Cube, measured
from engine.manifest import hash_of
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
    default what is paid). `target` gets every household with what changes for it; the rows that are bad under either
    policy go beside it, with the reasons in `language`.

    Raises: PolicyError where `by` or `measure` names nothing that the policies have; TableError where a file cannot be read
    or written; HouseholdError where the columns are wrong under either policy.
    """
    policies = old.policy, new.policy
    cube = Cube(measured(*policies, measure))
    groups = grouping(policies, by)
    pairs = Pairs(policies, households, language, progress)
    with Ledger(pairs, cube.measured, target, language) as ledger:
        for pair in pairs.each(ledger.set_aside):
            key = cube.add(pair.row, groups.group(pair.old, pair.new), pair.old, pair.new)
            ledger.write(pair, key)
    comparison = Comparison(*policies, changes(old.tree, new.tree))
    return Impact(
        variants=(old, new),
        comparison=comparison,
        source=households,
        hash=hash_of(households.path),
        made=datetime.date.today(),
        read=pairs.read,
        aside=pairs.aside,
        strays=pairs.strays(),
        cube=cube,
        breakdowns=breakdowns(cube, policies, groups.heading),
        worked=_worked(old, new, pairs, cube, comparison),
    )


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
