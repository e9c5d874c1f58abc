"""A baseline written: the cases and a population of households of a year, and what is decided for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import __version__
from engine.cache import load_cached
from engine.cases import Case, read_cases, run_cases
from engine.flat import flat_files
from engine.messages import Message, say
from engine.policy import Policy
from engine.population import population
from engine.regression.baseline import Baseline, Cells, RecordedCase, Row, read_baseline, write_baseline
from engine.regression.deciding import REFUSED, Decider, digests_of
from engine.source import Place, PolicyError, Problem
from engine.tables.household import plain_cells

__all__ = ["Recorded", "cells_of", "record", "said_of"]

COUNT, SEED = 20_000, 1


@dataclass(frozen=True)
class Recorded:
    """What was recorded: cases and households, whether the households are new, whether anything is, and the algebra."""

    cases: int
    households: int
    is_new_population: bool
    is_changed: bool
    algebra: str
    because: Message | None


def record(
    folder: Path,
    *,
    count: int | None = None,
    seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Recorded:
    """Write the baseline of the policy in `folder`: its cases, and `count` households made up with `seed`.

    Households that are recorded already are kept where no other number and seed are asked for and their facts still are facts.
    Raises: PolicyError where the policy has problems or a case is not as expected; TableError where it cannot be written.
    """
    policy = load_cached(folder)
    failed = [result.case.name for result in run_cases(folder) if not result.has_passed]
    if failed:
        wrong = say("These cases are not as expected: {cases}.", cases=tuple(failed))
        raise PolicyError((Problem(Place(str(folder / "cases.yaml")), wrong, None, say("See them with bangfu test.")),))
    cases = read_cases(folder)
    before = read_baseline(folder)
    kept = None if before is None else _kept(before, policy, count, seed)
    number, start = count or COUNT, SEED if seed is None else seed
    if kept is not None and before is not None:
        households, start = kept, before.seed
    else:
        households = population(policy, number, start, [cells_of(case) for case in cases], progress)
    decider = Decider(policy)
    found = list(decider.decide(decider.brought(households), decider.rules))
    rows = tuple(row for row, _ in found)
    baseline = Baseline(
        policy=policy.label,
        fingerprint=policy.fingerprint,
        engine=__version__,
        seed=start,
        files=flat_files(folder),
        headings=decider.headings,
        rules=decider.rules,
        cases=_recorded(folder, policy, cases),
        households=tuple(households),
        decided=rows,
        digests=digests_of(decider.rules, [values for _, values in found]),
    )
    is_changed = write_baseline(folder, baseline, _summary(policy, decider.headings, rows))
    algebra = "columns" if decider.why_exact is None else "exact"
    return Recorded(len(cases), len(households), kept is None, is_changed, algebra, decider.why_exact)


def _kept(before: Baseline, policy: Policy, count: int | None, seed: int | None) -> tuple[Cells, ...] | None:
    """The recorded households, where they are as many and as made up as asked for, and bring facts of the policy."""
    known = {fact.name for fact in policy.facts} | {group.name for group in policy.groups}
    names = {name for household in before.households for name in household}
    is_asked = count in (None, len(before.households)) and seed in (None, before.seed)
    return before.households if is_asked and names <= known else None


def _recorded(folder: Path, policy: Policy, cases: Sequence[Case]) -> dict[str, RecordedCase]:
    policies: dict[str, Policy] = {"": policy}
    found = {}
    for case in cases:
        if case.question not in policies:
            policies[case.question] = load_cached(folder, (case.question,))
        decider = Decider(policies[case.question])
        row, values = next(decider.exact(decider.brought([cells_of(case)]), decider.rules))
        found[case.name] = RecordedCase(said_of(case), row, values)
    return found


def cells_of(case: Case) -> Cells:
    """The household of a case as cells write it."""
    return {name: plain_cells(entry.value) for name, entry in case.facts.entries.items()}


def said_of(case: Case) -> dict[str, object]:
    """What a case says that decides whether it passes."""
    expected = {name: plain_cells(entry.value) for name, entry in case.expect.entries.items()}
    return {"facts": cells_of(case), "expect": expected, "refused": case.refused, "question": case.question}


def _summary(policy: Policy, headings: Row, rows: Sequence[Row]) -> Mapping[str, object]:
    """For people: how many households under each category, conclusion and approval."""
    decided = [dict(zip(headings, row, strict=True)) for row in rows if not row[0].startswith(REFUSED)]
    parts = [output.heading for part in ("category", "conclusion", "approval") if (output := policy.output(part))]
    counts: dict[str, object] = {
        heading: dict(sorted(Counter(row[heading] for row in decided).items())) for heading in parts
    }
    return {**counts, REFUSED: len(rows) - len(decided)}
