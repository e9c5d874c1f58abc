"""Where households stand under two policies, counted and added up in cells of one cube, from which every table is read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from engine.algebras.exact import Value
from engine.messages import say
from engine.policy import Policy
from engine.source import Place, PolicyError, Problem, nearest
from engine.units import kinds_of

__all__ = [
    "BORDER",
    "SIZES",
    "Amounts",
    "Cell",
    "Cube",
    "Key",
    "Measured",
    "Number",
    "Outputs",
    "Standing",
    "both",
    "cell_of",
    "measured",
    "size_of",
]

Number = int | Fraction

SIZES = ("much_more", "more", "same", "less", "much_less")
"""Winners and losers, from those who gain most to those who lose most."""

BORDER = Fraction(1, 10)
"""From this share of the old amount on, a gain or a loss is a large one; all of it where the amount was or becomes 0."""

_COMPARED = ("category", "conclusion", "aid", "total", "payable", "approval", "other")
_STANDINGS = ("category", "conclusion", "approval")
_SUMMED = ("aid", "total", "payable", "other")


def size_of(old: Number, new: Number) -> str:
    """The one of `SIZES` in which a household lies whose amount goes from `old` to `new`, both exact."""
    if old == new:
        return "same"
    word = "more" if new > old else "less"
    return f"much_{word}" if abs(Fraction(new) - old) >= BORDER * abs(Fraction(old)) else word


@dataclass(frozen=True)
class Measured:
    """The outputs of two policies that are compared, by heading, and what each is called in the core; empty: it is not there.

    `standings` are the headings of category, conclusion and approval in either policy. `amounts` are the outputs that are
    numbers. `measure` is the one by which winners and losers are told, in `unit`.
    """

    headings: Mapping[str, tuple[str, str]]
    standings: tuple[tuple[str, str], ...]
    amounts: tuple[str, ...]
    aids: tuple[str, ...]
    measure: str
    unit: str


def measured(old: Policy, new: Policy, asked: str | None = None) -> Measured:
    """What is compared; winners and losers are told by the output `asked`, else by what is paid, else by the first amount
    that has a unit of money or time, else by the first.

    Raises: PolicyError where `asked` is no amount that the new policy puts out, or there is none at all.
    """
    headings: dict[str, tuple[str, str]] = {}
    for at, policy in ((1, new), (0, old)):
        for output in policy.outputs:
            if output.part in _COMPARED:
                names = headings.get(output.heading, ("", ""))
                headings[output.heading] = (output.name, names[1]) if at == 0 else (names[0], output.name)
    kinds = kinds_of(old)[0], kinds_of(new)[0]
    summed = {output.heading for policy in (old, new) for output in policy.outputs if output.part in _SUMMED}
    amounts = tuple(
        heading
        for heading, names in headings.items()
        if heading in summed and all(not name or kinds[at][name].name == "number" for at, name in enumerate(names))
    )
    aids = {output.heading for policy in (old, new) for output in policy.outputs if output.part == "aid"}
    found = {name: kinds[1].get(headings[name][1]) or kinds[0][headings[name][0]] for name in amounts}
    measure = _measure(new, tuple(sorted(amounts, key=lambda name: not found[name].powers)), asked)
    kind = found[measure]
    standings = tuple((_heading(old, part), _heading(new, part)) for part in _STANDINGS)
    return Measured(headings, standings, amounts, tuple(name for name in headings if name in aids), measure, kind.unit)


def _heading(policy: Policy, part: str) -> str:
    output = policy.output(part)
    return "" if output is None else output.heading


def _measure(new: Policy, amounts: tuple[str, ...], asked: str | None) -> str:
    payable = new.output("payable")
    if asked is None and payable is not None and payable.heading in amounts:
        return payable.heading
    if asked in amounts or (asked is None and amounts):
        return asked or amounts[0]
    if asked is None:
        wrong, close = say("Neither policy puts out an amount, so there is nothing to measure."), None
    else:
        wrong, close = say("No amount is called “{name}”.", name=asked), nearest(asked, amounts)
    expected = say("The amounts are {amounts}.", amounts=amounts) if amounts else None
    remedy = say("Did you mean “{close}”?", close=close) if close else say("Name one of the amounts.")
    raise PolicyError((Problem(Place(new.folder), wrong, expected, remedy),))


@dataclass(frozen=True)
class Standing:
    """Where a household stands under one policy; empty where the policy has no such output."""

    category: str
    conclusion: str
    approval: str


@dataclass(frozen=True)
class Key:
    """What the households of a cell have in common: their group, where they stand before and after, and their gain or loss.

    `is_changed`: whether any output that is compared differs.
    """

    group: str
    old: Standing
    new: Standing
    size: str
    is_changed: bool


@dataclass
class Amounts:
    """The sums of one output before and after, and the number of households for which it is not 0."""

    old: Number = 0
    new: Number = 0
    old_count: int = 0
    new_count: int = 0

    def __iadd__(self, other: Amounts) -> Amounts:
        self.old += other.old
        self.new += other.new
        self.old_count += other.old_count
        self.new_count += other.new_count
        return self


@dataclass
class Cell:
    """How many households have a key in common, the row of the first, and their amounts by heading."""

    households: int = 0
    first: int = 0
    amounts: dict[str, Amounts] = field(default_factory=dict)

    def __iadd__(self, other: Cell) -> Cell:
        self.first = min(self.first or other.first, other.first)
        self.households += other.households
        for heading, amounts in other.amounts.items():
            self.amounts.setdefault(heading, Amounts()).__iadd__(amounts)
        return self


Outputs = Mapping[str, tuple[Value, Value]]
"""The outputs of one household that are compared, by heading, under both policies."""


def cell_of(measured: Measured, row: int, group: str, found: Outputs) -> tuple[Key, Cell]:
    """The cell of one household alone, whose outputs are `found`."""
    paired = {name: _numbers(found[name]) for name in measured.amounts}
    places = [Standing(*(str(found[pair[at]][at] if pair[at] else "") for pair in measured.standings)) for at in (0, 1)]
    is_changed = any(before != after for before, after in found.values())
    key = Key(group, places[0], places[1], size_of(*paired[measured.measure]), is_changed)
    amounts = {name: Amounts(*values, *(int(value != 0) for value in values)) for name, values in paired.items()}
    return key, Cell(1, row, amounts)


Label = TypeVar("Label", bound=Hashable)


@dataclass
class Cube:
    """Every household that was decided under both policies, in the cell of its key."""

    measured: Measured
    cells: dict[Key, Cell] = field(default_factory=dict)

    def add(self, key: Key, cell: Cell) -> None:
        """Count in households that have `key` in common."""
        self.cells.setdefault(key, Cell()).__iadd__(cell)

    def by(self, label: Callable[[Key], Label]) -> dict[Label, Cell]:
        """The cells whose keys have the same `label`, added up, in the order in which the labels were met."""
        found: dict[Label, Cell] = {}
        for key, cell in self.cells.items():
            found.setdefault(label(key), Cell()).__iadd__(cell)
        return found

    @property
    def whole(self) -> Cell:
        """All cells, added up."""
        return self.by(lambda key: "").get("", Cell())


def both(old: Value, new: Value) -> tuple[Value, Value]:
    """One output under both policies; where one of them has none (None), it is what gives nothing: 0, no, or no text."""
    return (_nothing(new) if old is None else old), (_nothing(old) if new is None else new)


def _nothing(value: Value) -> Value:
    return False if isinstance(value, bool) else "" if isinstance(value, str) else 0


def _numbers(values: tuple[Value, Value]) -> tuple[Number, Number]:
    return values  # type: ignore[return-value]  # `measured` kept numbers only
