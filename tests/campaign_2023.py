"""The engine against the reference on many made-up households of 2023: as read, under another reading, and the notes.

    python tests/campaign_2023.py --count 20000 --seed 1 --processes 2

prints one line of figures, and exits 1 where the two differ; the first differences are shown with the household as YAML.
Households come in blocks, each with a seed of its own: the same count and seed are the same households on any machine.
"""

import argparse
import datetime
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from multiprocessing import Pool
from pathlib import Path

from households_2023 import households
from reference_2023 import decide as decide_by_reference

from engine import Decision, HouseholdError, Policy, decide, load

__all__ = [
    "NUMBERS",
    "TODAY",
    "by_engine",
    "by_reference",
    "changes",
    "differences",
    "pasteable",
    "policy",
    "question",
    "stands",
]

FOLDER = Path(__file__).parent.parent / "policies" / "2023"

TODAY = datetime.date(2023, 8, 1)
NUMBERS = (1, 2, 3, 4, 5, 6, 8, 9, 10, 11)
"""The questions that the reference knows, by their number in questions.yaml; 7 is about the lookup of standards."""

_BLOCK = 500
_SHOWN = 5
_FOLLOWS = ("holds", "结论", "可发放合计")
"""What a note does not speak of by itself: it follows from the category and the amounts, or is no part of the result."""

Household = Mapping[str, object]
Outcome = Mapping[str, object]


# One household ------------------------------------------------------------


def by_engine(base: Policy, household: Household) -> Decision | None:
    """The engine's decision; None where the household has a problem."""
    try:
        return decide(base, household, today=TODAY)
    except HouseholdError:
        return None


def by_reference(household: Household, other: int | None = None) -> Outcome | None:
    """The reference's decision, as read or with one question read the other way; None where there is a problem."""
    try:
        return decide_by_reference(dict(household), frozenset() if other is None else frozenset({other}))
    except ValueError:
        return None


def differences(decision: Decision | None, expected: Outcome | None) -> dict[str, tuple[object, object]]:
    """Everything that the engine and the reference say differently: (engine, reference)."""
    if decision is None or expected is None:
        return {} if decision is expected else {"problem": (decision is None, expected is None)}
    found = {**dict(decision.outputs), "holds": decision.holds}
    for aid in decision.aids:
        if (found[aid.name], found[f"{aid.name}下限"], found[f"{aid.name}上限"]) != (
            aid.amount,
            aid.floor,
            aid.ceiling,
        ):
            return {aid.name: (aid, found[aid.name])}
    return {name: (found[name], value) for name, value in expected.items() if found[name] != value}


def changes(as_read: Outcome | None, otherwise: Outcome | None) -> bool:
    """Whether a reading changes the category, an amount, the total, the approval or a range, or makes a problem."""
    if as_read is None or otherwise is None:
        return as_read is not otherwise
    return any(otherwise[name] != value for name, value in as_read.items() if name not in _FOLLOWS)


@cache
def policy(number: int | None = None) -> Policy:
    """The policy of 2023 as read, or under the other reading of one question."""
    return load(FOLDER, questions=() if number is None else (question(number),))


def question(number: int) -> str:
    """The name of the question, by its number in questions.yaml from 1."""
    return policy().questions[number - 1].name


def stands(base: Policy, decision: Decision, number: int) -> bool:
    """Whether the note of the question stands among the notes of the result."""
    matters = base.questions[number - 1].matters
    texts = [remark.text for remark in base.remarks if remark.when == matters]
    assert len(texts) == 1
    return texts[0] in decision.notes


def pasteable(household: Household) -> str:
    """The household as the `facts:` of a case, in YAML; what a case would take from `starting_from` is said blank."""
    facts: dict[str, object] = dict.fromkeys(("核算日期", "身份证号", "已建档"), "")
    facts |= {"家庭年收入" if name == "家庭年度总收入" else name: value for name, value in household.items()}
    return "    facts:\n" + "".join(f"      {name}: {_written(name, value)}\n" for name, value in facts.items())


def _written(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Fraction) and value.denominator != 1:
        cents = value * 100
        assert cents.denominator == 1, (name, value)
        return f"{cents.numerator // 100}.{cents.numerator % 100:02}"
    return f'"{value or ""}"' if value is None or isinstance(value, str) else str(value)


# Many households ------------------------------------------------------------


@dataclass
class Tally:
    """What a block, or the whole campaign, came to."""

    households: int = 0
    problems: int = 0
    others: int = 0
    notes: Counter[int] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)
    """Each difference, with the household as YAML."""

    def add(self, tally: "Tally") -> None:
        """Count another tally in."""
        self.households += tally.households
        self.problems += tally.problems
        self.others += tally.others
        self.notes += tally.notes
        self.categories += tally.categories
        self.found += tally.found


def block(asked: tuple[int, int, int]) -> Tally:
    """The tally of one block: its seed, its number of households, and which of NUMBERS it reads the other way first."""
    seed, count, first = asked
    tally = Tally()
    base = policy()
    for at, household in enumerate(households(seed, count), first):
        number = NUMBERS[at % len(NUMBERS)]
        decision, expected = by_engine(base, household), by_reference(household)
        tally.households += 1
        tally.problems += decision is None
        tally.others += 1
        if decision is not None:
            tally.categories[decision.category] += 1
        _keep(tally, household, "as read", differences(decision, expected))
        otherwise = by_reference(household, number)
        name = question(number)
        _keep(tally, household, name, differences(by_engine(policy(number), household), otherwise))
        if decision is not None and expected is not None:
            for other in NUMBERS:
                has_changed = changes(expected, otherwise if other == number else by_reference(household, other))
                is_noted = stands(base, decision, other)
                tally.notes[other] += has_changed
                if has_changed != is_noted:
                    said = {"note of " + question(other): (is_noted, has_changed)}
                    _keep(tally, household, "note", said)
    return tally


def _keep(tally: Tally, household: Household, reading: str, found: Mapping[str, tuple[object, object]]) -> None:
    if found:
        lines = "".join(f"    # {name}: engine {one}, reference {two}\n" for name, (one, two) in found.items())
        tally.found.append(f"    # {reading}\n{lines}{pasteable(household)}")


def blocks(count: int, seed: int) -> Iterator[tuple[int, int, int]]:
    """The blocks of a campaign."""
    for at, first in enumerate(range(0, count, _BLOCK)):
        yield seed * 1_000_000 + at, min(_BLOCK, count - first), first


def run(count: int, seed: int, processes: int) -> Tally:
    """The tally of `count` households, shared out among `processes`."""
    tally = Tally()
    if processes == 1:
        for asked in blocks(count, seed):
            tally.add(block(asked))
        return tally
    with Pool(processes) as pool:
        for part in pool.imap(block, blocks(count, seed)):
            tally.add(part)
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Run a campaign, print its figures; 1 where the engine and the reference differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    tally = run(asked.count, asked.seed, asked.processes)
    took = time.monotonic() - begun
    categories = ", ".join(f"{name or 'none'} {count}" for name, count in sorted(tally.categories.items()))
    notes = ", ".join(f"{question(number)} {tally.notes[number]}" for number in NUMBERS)
    print(
        f"seed {asked.seed}: {tally.households} households ({categories}; {tally.problems} with a problem), "
        f"{tally.others} under another reading, notes that must stand: {notes}; "
        f"{len(tally.found)} differences; {took:.0f} s"
    )
    for text in tally.found[:_SHOWN]:
        print(text, file=sys.stderr)
    return 1 if tally.found else 0


if __name__ == "__main__":
    sys.exit(main())
