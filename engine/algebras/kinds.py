"""Truth, text, date, or a number with its unit: the checker of kinds and units.

Money and periods are dimensions (元/年, 元/月, 月/年); persons, rates and literals have none; 0 has every unit.
A rounding step takes the unit of what it rounds, and may leave out its period (100 元 for 元/年).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

from engine.expression import Algebra, Refusal
from engine.messages import Message, say
from engine.policy import Fact, Table, Unit
from engine.source import Place, Problem

__all__ = ["DATE", "TEXT", "TRUTH", "UNKNOWN", "Kind", "Kinds", "kind_of", "kind_of_unit"]

Powers = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Kind:
    """What sort of value: `truth`, `text`, `date`, `number` with the powers of its dimensions, or `unknown` after a problem."""

    name: str
    powers: Powers = ()
    is_zero: bool = False
    is_whole: bool = field(default=False, compare=False)
    """Whether it is shown to be a whole number; only the number of years asks."""

    @property
    def unit(self) -> str:
        """The unit in its own words; empty for a number without dimension."""
        above = [base for base, power in self.powers for _ in range(power)]
        below = [base for base, power in self.powers for _ in range(-power)]
        return "*".join(above) + "".join(f"/{base}" for base in below) if above or not below else "1/" + "/".join(below)

    def said(self) -> Message:
        """The kind as problems call it."""
        if self.name == "number":
            return say("a number in {unit}", unit=self.unit) if self.powers else say("a number without unit")
        return {"truth": say("a truth"), "text": say("a text"), "date": say("a date")}.get(
            self.name, say("something unknown")
        )


TRUTH, TEXT, DATE, UNKNOWN = Kind("truth"), Kind("text"), Kind("date"), Kind("unknown")
_ZERO = Kind("number", is_zero=True, is_whole=True)


def kind_of_unit(unit: Unit) -> Kind:
    """The kind of a number in `unit`."""
    return Kind("number", unit.powers)


def kind_of(fact: Fact) -> Kind:
    """The kind of `fact`."""
    plain = {"truth": TRUTH, "text": TEXT, "date": DATE}
    is_whole = all(bound is not None and bound.denominator == 1 for bound in (fact.step, fact.at_least))
    return plain.get(fact.kind) or Kind("number", fact.unit.powers, is_whole=is_whole)


class Kinds(Algebra[Kind]):
    """Reads each expression for its kind; everything that does not fit is kept in `problems` and reading goes on."""

    def __init__(self, tables: Sequence[Table] = ()) -> None:
        self._tables = {table.name: table for table in tables}
        self.problems: list[Problem] = []

    def refused(self, refusal: Refusal, place: Place) -> Kind:
        self.problems.append(Problem(place, refusal.wrong, refusal.expected, refusal.remedy))
        return UNKNOWN

    def number(self, value: Fraction) -> Kind:
        return _ZERO if value == 0 else Kind("number", is_whole=value.denominator == 1)

    def text(self, value: str) -> Kind:
        return TEXT

    def truth(self, value: bool) -> Kind:
        return TRUTH

    def negate(self, value: Kind) -> Kind:
        return _must_be(value, "number")

    def add(self, left: Kind, right: Kind) -> Kind:
        return _same([left, right], say("added"))

    def subtract(self, left: Kind, right: Kind) -> Kind:
        return _same([left, right], say("subtracted"))

    def multiply(self, left: Kind, right: Kind) -> Kind:
        one, two = _must_be(left, "number"), _must_be(right, "number")
        if UNKNOWN in (one, two):
            return UNKNOWN
        return Kind("number", _joined(one.powers, two.powers, 1), one.is_zero or two.is_zero)

    def divide(self, left: Kind, right: Kind) -> Kind:
        one, two = _must_be(left, "number"), _must_be(right, "number")
        if UNKNOWN in (one, two):
            return UNKNOWN
        return Kind("number", _joined(one.powers, two.powers, -1), one.is_zero)

    def compare(self, operator: str, left: Kind, right: Kind) -> Kind:
        found = _same([left, right], say("compared"), numbers_only=False)
        if operator not in ("==", "!=") and found.name in ("text", "truth"):
            raise Refusal(
                say(
                    "“{operator}” compares numbers or dates, and here stands {kind}.",
                    operator=operator,
                    kind=found.said(),
                ),
                None,
                say("Use == or !=."),
            )
        if found.name == "truth":
            raise Refusal(say("Two truths are compared."), None, say("Write “a and b” or “a and not b”."))
        return TRUTH

    def both(self, left: Kind, right: Kind) -> Kind:
        _must_be(left, "truth"), _must_be(right, "truth")
        return TRUTH

    def either(self, left: Kind, right: Kind) -> Kind:
        return self.both(left, right)

    def opposite(self, value: Kind) -> Kind:
        _must_be(value, "truth")
        return TRUTH

    def choose(self, condition: Kind, chosen: Kind, otherwise: Kind) -> Kind:
        _must_be(condition, "truth")
        return _same([chosen, otherwise], say("chosen between"), numbers_only=False)

    def minimum(self, values: Sequence[Kind]) -> Kind:
        return _same(values, say("compared"))

    def maximum(self, values: Sequence[Kind]) -> Kind:
        return _same(values, say("compared"))

    def absolute(self, value: Kind) -> Kind:
        return _must_be(value, "number")

    def rounded(self, rounding: str, value: Kind, step: Kind) -> Kind:
        found, size = _must_be(value, "number"), _must_be(step, "number")
        if found.is_zero:
            return found
        if UNKNOWN not in (found, size) and not set(size.powers) <= set(found.powers):
            raise Refusal(
                say("{value} is rounded to a step that is {step}.", value=found.said(), step=size.said()),
                say("A step has the unit of what it rounds, with or without the period, or none."),
                say("Correct the unit of the step."),
            )
        return Kind("number", found.powers) if found is not UNKNOWN else UNKNOWN

    def lookup(self, table: str, keys: Sequence[Kind]) -> Kind:
        found = self._tables.get(table)
        if found is None:
            return UNKNOWN
        wanted = ["number" if key in found.number_keys else "text" for key in found.keys] + ["date"] * found.is_dated
        fits = len(wanted) == len(keys) and all(
            key.name in (want, "unknown") for want, key in zip(wanted, keys, strict=True)
        )
        if not fits:
            named = (*found.keys, *([say("a date")] if found.is_dated else []))
            raise Refusal(
                say("The table “{table}” is looked up with other keys than it has.", table=table),
                say("Its keys are {keys}.", keys=named),
                say("Write lookup({table}, …) with these keys in this order.", table=table),
            )
        return kind_of_unit(found.unit)

    def calendar(self, word: str, values: Sequence[Kind]) -> Kind:
        wanted, given = _CALENDAR[word]
        for value, name in zip(values, wanted, strict=True):
            found = _must_be(value, name)
            if name == "number" and found is not UNKNOWN and (found.powers or not found.is_whole):
                wrong = say(
                    "“{word}” takes a whole number without unit, and here stands {kind}.", word=word, kind=found.said()
                )
                raise Refusal(wrong, None, say("Write a whole number, a count or a figure that is one."))
        return given

    def gather(self, word: str, group: str, values: Sequence[Kind], nobody: Sequence[Kind]) -> Kind:
        if word in ("count", "any", "all"):
            for value in values:
                _must_be(value, "truth")
            return Kind("number") if word == "count" else TRUTH
        return _same([*values, *nobody], say("gathered"))

    def rank(self, group: str, values: Sequence[Kind], index: int) -> Kind:
        self.compare("<", values[index], values[index])  # what is ranked has an order
        return Kind("number")


_CALENDAR: Mapping[str, tuple[tuple[str, ...], Kind]] = MappingProxyType(
    {
        "date": (("number", "number", "number"), DATE),
        "year_start": (("date",), DATE),
        "years_before": (("date", "number"), DATE),
        "full_years": (("date", "date"), Kind("number")),
        "full_months": (("date", "date"), Kind("number")),
        "days_between": (("date", "date"), Kind("number")),
        "year": (("date",), Kind("number")),
        "month": (("date",), Kind("number")),
    }
)
"""What each word over days takes, and what it gives."""


def _joined(left: Powers, right: Powers, sign: int) -> Powers:
    powers = dict(left)
    for base, power in right:
        powers[base] = powers.get(base, 0) + sign * power
    return tuple(sorted((base, power) for base, power in powers.items() if power))


def _must_be(kind: Kind, name: str) -> Kind:
    if kind is UNKNOWN or kind.name == name:
        return kind
    wanted = {"number": say("a number"), "truth": say("a truth"), "date": say("a date")}[name]
    raise Refusal(
        say("Here stands {kind}, and {wanted} is needed.", kind=kind.said(), wanted=wanted),
        None,
        say("Compare a number to make a truth of it (x > 0); write numbers where one calculates."),
    )


def _same(kinds: Sequence[Kind], done: Message, *, numbers_only: bool = True) -> Kind:
    """The common kind of `kinds`; 0 takes the unit of its neighbours."""
    found: Kind | None = None
    for kind in kinds:
        if numbers_only:
            _must_be(kind, "number")
        if kind is UNKNOWN:
            return UNKNOWN
        if found is None or (found.is_zero and kind.name == "number"):
            found = kind
        elif kind != found and not (kind.is_zero and found.name == "number"):
            _refuse_difference(found, kind, done)
    assert found is not None
    return found


def _refuse_difference(one: Kind, two: Kind, done: Message) -> None:
    remedy = say("Multiply or divide by the number of months (月/年), or correct the unit where it is declared.")
    if one.name == two.name == "number" and not (one.powers and two.powers):
        remedy = say("Make the bare number a figure with its unit, or correct the unit where it is declared.")
    elif one.name != two.name:
        remedy = say("Correct one of the two.")
    raise Refusal(
        say("{one} and {two} are {done}.", one=one.said(), two=two.said(), done=done),
        say("Both sides need the same kind and unit."),
        remedy,
    )
