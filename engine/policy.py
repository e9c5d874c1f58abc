"""The frozen model of a policy: facts, figures, tables, and the ordered list of named expressions with what it puts out.

A policy compares equal by content (places do not count), pickles, and never changes.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

from engine.expression import Expression
from engine.messages import Words
from engine.source import Place

__all__ = [
    "FAULTS",
    "Absence",
    "Aid",
    "AtCeiling",
    "Category",
    "Fact",
    "Figure",
    "Group",
    "Output",
    "Policy",
    "Question",
    "Remark",
    "Row",
    "Rule",
    "Saying",
    "Scale",
    "Table",
    "Unit",
]


@dataclass(frozen=True)
class Unit:
    """A unit as written (`元/月`) and its dimensions: each base with its power, those without dimension left out."""

    text: str = ""
    powers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Saying:
    """Where the text says it: the clause, the quoted words, or the reason where the text is silent."""

    clause: str = ""
    quote: str = ""
    because: str = ""
    answers: str = ""
    """Why the quoted words and the expression differ, where somebody has looked at it."""


@dataclass(frozen=True)
class Absence:
    """What an absent fact comes to, and whether that is a plain constant (which the result lists as taken)."""

    value: Expression
    is_looked_up: bool


FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"id_number": ("id_length", "id_characters", "id_date", "id_check")}
)
"""For each form that a text may declare, what may be wrong with such a text: words of every language."""


@dataclass(frozen=True)
class Fact:
    """What a household brings. `kind` is money, count, truth, text or date; bounds and step are in `unit`.

    `absence` None and `is_optional` False: a blank is a problem. `is_optional`: absent is not zero, `given(x)` tells.
    """

    name: str
    kind: str
    unit: Unit
    meaning: str
    also_named: tuple[str, ...] = ()
    at_least: Fraction | None = None
    at_most: Fraction | None = None
    step: Fraction | None = None
    absence: Absence | None = None
    is_optional: bool = False
    form: str = ""
    is_unique: bool = False
    is_reference: bool = False
    choices: tuple[str, ...] = ()
    """The texts that a text fact may have; empty: any."""
    needed_when: str = ""
    """The truth rule under which an optional fact must be given; empty: never."""
    place: Place = field(default=Place(""), compare=False)

    def core_names(self, words: Words) -> tuple[str, ...]:
        """The names that the fact brings into the core: its value, and what is known of it."""
        found = [self.name]
        if self.is_optional or self.absence is not None:
            found.append(f"{self.name}·{words['given']}")
        if self.form:
            found.append(f"{self.name}·{words['valid']}")
            found += [f"{self.name}·{words[fault]}" for fault in FAULTS[self.form]]
        if self.is_reference:
            found.append(f"{self.name}·{words['in_force']}")
        return tuple(found)


@dataclass(frozen=True)
class Group:
    """A group of persons (or months, or things) of a household, with the facts that each of them brings."""

    name: str
    meaning: str
    at_least: int
    at_most: int
    facts: tuple[Fact, ...]
    place: Place = field(compare=False)
    joined_by: str = ""
    """The column by which persons in a table of their own find their household; empty: the household's unique fact."""

    def core_facts(self, words: Words) -> tuple[str, ...]:
        """Every name that a person of the group brings into the core."""
        return tuple(name for fact in self.facts for name in fact.core_names(words))


@dataclass(frozen=True)
class Figure:
    """A number that the policy sets, with its unit and where the text says it."""

    name: str
    value: Fraction
    unit: Unit
    saying: Saying
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Row:
    """One line of a table: its keys, the days between which it holds (the first included), when it was published."""

    keys: tuple[str | Fraction, ...]
    value: Fraction
    since: datetime.date | None
    until: datetime.date | None
    published: datetime.date | None
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Table:
    """Figures looked up by texts or numbers and, where `is_dated`, by a day: the row begun last on or before it holds.

    `default` is what the table gives where it has no row; None: that is a problem, found before any household is decided.
    """

    name: str
    keys: tuple[str, ...]
    number_keys: tuple[str, ...]
    is_dated: bool
    default: Fraction | None
    unit: Unit
    saying: Saying
    spellings: tuple[tuple[str, str], ...]
    """Other spellings of a key, each with the key it stands for."""
    rows: tuple[Row, ...]
    place: Place = field(compare=False)

    def find(self, keys: Sequence[str | int | Fraction], day: datetime.date | None) -> Row | None:
        """The row that holds for `keys` on `day`; None where the table has none. Spellings of a key are one key."""
        spellings = dict(self.spellings)
        wanted = tuple(spellings.get(key, key) if isinstance(key, str) else key for key in keys)
        held = [row for row in self.rows if row.keys == wanted and _holds(row, day)]
        return max(held, key=lambda row: row.since or datetime.date.min, default=None)


def _holds(row: Row, day: datetime.date | None) -> bool:
    if day is None:
        return True
    return (row.since is None or row.since <= day) and (row.until is None or day <= row.until)


@dataclass(frozen=True)
class Rule:
    """A named expression. `of` names the group of persons that it is read for; empty: the household."""

    name: str
    expression: Expression
    saying: Saying = Saying()
    unit: Unit = Unit()
    is_written: bool = True
    """Whether the officer wrote the expression; the others come from the words of the policy (an aid, a category, a gate)."""
    told: str = "always"
    """When an explanation tells this step: `always`, where it `changed` the first value that it reads, or `never`."""
    of: str = ""

    @property
    def place(self) -> Place:
        """Where the policy says it."""
        return self.expression.place


@dataclass(frozen=True)
class Output:
    """A column of the result: its heading, the name whose value it shows, and its part in a decision."""

    heading: str
    name: str
    part: str
    is_money: bool = field(default=False, compare=False)
    """Whether the value is an amount of money, as its unit says."""


@dataclass(frozen=True)
class Remark:
    """A sentence that a result carries where the truth rule `when` holds; `shows` names values set behind it."""

    text: str
    when: str
    part: str
    shows: tuple[str, ...] = ()
    is_of_money: bool = False
    """Whether what it shows is an amount of money."""


@dataclass(frozen=True)
class Aid:
    """The names under which one aid of one category stands in the core; empty where it has none."""

    name: str
    floor: str
    ceiling: str
    candidate: str
    amount: str
    gate: str
    recheck: str
    picked: str
    chosen: str
    saying: Saying
    place: Place = field(compare=False)
    gates: tuple[tuple[str, str], ...] = ()
    """What must hold for this aid besides: each gate as written with the name of its rule."""


@dataclass(frozen=True)
class AtCeiling:
    """What one aid would come to at its ceiling: the names of the amount before and after stacking, and of the recheck."""

    aid: str
    candidate: str
    amount: str
    recheck: str


@dataclass(frozen=True)
class Category:
    """One category of households: the names of its test, of being chosen, of its totals, and its aids in order."""

    name: str
    test: str
    picked: str
    total_at_ceilings: str
    at_ceilings: tuple[AtCeiling, ...]
    gives_one: bool
    total: str
    gates: tuple[tuple[str, str], ...]
    aids: tuple[Aid, ...]
    saying: Saying
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Scale:
    """The bands of a rule: what is measured, and the ends of what the bands cover (None: open)."""

    rule: str
    subject: Expression
    low: Fraction | None
    includes_low: bool
    high: Fraction | None
    includes_high: bool
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Question:
    """A reading that the text leaves open: the one taken, the other, and when the reading changes something."""

    name: str
    text: str
    reading: str
    other: str
    saying: Saying
    matters: str
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Policy:
    """A year's scheme, ready to decide: everything in the order in which it is read."""

    title: str
    year: str
    issuer: str
    language: str
    since: datetime.date
    until: datetime.date
    facts: tuple[Fact, ...]
    groups: tuple[Group, ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    rules: tuple[Rule, ...]
    outputs: tuple[Output, ...]
    remarks: tuple[Remark, ...]
    refusals: tuple[Remark, ...]
    categories: tuple[Category, ...]
    gates: tuple[tuple[str, str], ...]
    scales: tuple[Scale, ...]
    questions: tuple[Question, ...]
    taken: tuple[str, ...]
    """The questions for which the other reading was taken in this policy."""
    fingerprint: str
    words: Words
    folder: str = field(default="", compare=False)
    decimals: int = field(default=0, compare=False)
    """The places with which an amount of money that is not whole is written: those of the finest step of its facts."""

    def output(self, part: str) -> Output | None:
        """The first output that plays `part`."""
        return next((output for output in self.outputs if output.part == part), None)

    def key_of(self, group: Group) -> Fact | None:
        """The column by which a person of `group` finds the household: a fact of it, or a text that is none of its facts.

        None where the group says nothing, and not exactly one fact of the household is unique.
        """
        if group.joined_by:
            facts = (fact for fact in self.facts if group.joined_by in (fact.name, *fact.also_named))
            return next(facts, None) or Fact(group.joined_by, "text", Unit(), "")
        unique = [fact for fact in self.facts if fact.is_unique]
        return unique[0] if len(unique) == 1 else None

    @property
    def label(self) -> str:
        """The policy as results name it: its title, its year, and the questions read the other way."""
        readings = "".join(f"[{self.words['other_reading']}{name}]" for name in self.taken)
        return f"{self.title}{readings}"
