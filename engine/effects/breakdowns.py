"""The tables of a report: what all households get before and after, by what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from engine.effects.kinds import Kind, kinds_in
from engine.effects.standings import SIZES, Amounts, Cell, Cube, Number
from engine.messages import Words
from engine.policy import Policy

__all__ = ["Breakdown", "Line", "breakdowns"]


@dataclass(frozen=True)
class Line:
    """One line: what it is of, how many households before and after (the same where they are the same ones), and the amounts."""

    names: tuple[str, ...]
    households: tuple[int, int]
    amounts: tuple[Number, Number]

    @property
    def difference(self) -> Number:
        """What the amount becomes less what it was."""
        return Fraction(self.amounts[1]) - self.amounts[0]


@dataclass(frozen=True)
class Breakdown:
    """One table: `key` names it in files, `headings` its names; `whole` adds its lines up, where they do.

    With `is_paired` the households before and after are counted separately, since they may be others.
    """

    key: str
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    is_paired: bool = True
    whole: Line | None = None


def breakdowns(cube: Cube, policies: tuple[Policy, Policy], group: str = "") -> tuple[Breakdown, ...]:
    """Every table of `cube`; by group where `group` is the heading of the fact that groups the households."""
    teller = _Teller(cube, policies)
    has_categories = any(policy.categories for policy in policies)
    found = [teller.totals(), teller.sizes()]
    if has_categories:
        found += [teller.moves(), teller.standings("category"), teller.aids()]
    if group:
        found.append(teller.groups(group))
    found += [teller.standings(word) for word in ("approval", "conclusion") if teller.heading(word)]
    return (*found, teller.kinds())


class _Teller:
    """Reads the tables from one cube."""

    def __init__(self, cube: Cube, policies: tuple[Policy, Policy]) -> None:
        self.cube = cube
        self.policies = policies
        self.words: Words = policies[1].words
        self.measure = cube.measured.measure
        whole = cube.whole
        self.all = Line(
            (self.words["effect_all"],), (whole.households, whole.households), _amounts(whole, self.measure)
        )

    def heading(self, part: str) -> str:
        """The heading of the output that plays `part`, in the new policy or else in the old one; empty: there is none."""
        outputs = (policy.output(part) for policy in reversed(self.policies))
        return next((output.heading for output in outputs if output is not None), "")

    def totals(self) -> Breakdown:
        """Each amount in all, with the households for which it is not 0; first the one that is measured."""
        whole = self.cube.whole
        names = [self.measure, *(name for name in self.cube.measured.amounts if name != self.measure)]
        names = [name for name in names if name not in self.cube.measured.aids]
        lines = (_line((name,), whole.amounts.get(name, Amounts())) for name in names)
        return Breakdown("totals", (self.words["effect_output"],), tuple(lines))

    def aids(self) -> Breakdown:
        """Each aid with the households that get it; what a gate holds back of it is the last line."""
        whole = self.cube.whole
        lines = [_line((name,), whole.amounts.get(name, Amounts())) for name in self.cube.measured.aids]
        payable, total = self.heading("payable"), self.heading("total")
        if payable == self.measure and total in self.cube.measured.amounts:
            paid, entitled = (whole.amounts.get(name, Amounts()) for name in (payable, total))
            held = (paid.old - entitled.old, paid.new - entitled.new)
            counts = (entitled.old_count - paid.old_count, entitled.new_count - paid.new_count)
            if held != (0, 0):
                lines.append(Line((self.words["effect_held_back"],), counts, held))
        return Breakdown("aids", (self.words["diff_aids"],), tuple(lines))

    def standings(self, word: str) -> Breakdown:
        """The households and the amount by where they stand, before and after."""
        old = self.cube.by(lambda key: getattr(key.old, word))
        new = self.cube.by(lambda key: getattr(key.new, word))
        lines = (
            Line(
                (name or self._none(word),),
                (old.get(name, Cell()).households, new.get(name, Cell()).households),
                (_amounts(old.get(name), self.measure)[0], _amounts(new.get(name), self.measure)[1]),
            )
            for name in self._ordered(word, {*old, *new})
        )
        return Breakdown(_FILES[word], (self.heading(word),), tuple(lines), whole=self.all)

    def groups(self, heading: str) -> Breakdown:
        """The households and the amount by group, in the order of the groups' names."""
        cells = self.cube.by(lambda key: key.group)
        lines = (self._same(name or self.words["effect_blank"], cells[name]) for name in sorted(cells))
        return Breakdown("groups", (heading,), tuple(lines), is_paired=False, whole=self.all)

    def moves(self) -> Breakdown:
        """The households and the amount by category before and after."""
        cells = self.cube.by(lambda key: (key.old.category, key.new.category))
        order = self._ordered("category", {name for pair in cells for name in pair})
        pairs = sorted(cells, key=lambda pair: tuple(map(order.index, pair)))
        none = self._none("category")
        lines = (self._same(old or none, cells[old, new], new or none) for old, new in pairs)
        heading = self.heading("category")
        headings = tuple(self.words[word].format(heading=heading) for word in ("effect_old", "effect_new"))
        return Breakdown("moves", headings, tuple(lines), is_paired=False, whole=self.all)

    def sizes(self) -> Breakdown:
        """Winners and losers in five classes."""
        cells = self.cube.by(lambda key: key.size)
        lines = (self._same(self.words[f"effect_size_{size}"], cells.get(size, Cell())) for size in SIZES)
        return Breakdown("sizes", (self.words["effect_size"],), tuple(lines), is_paired=False, whole=self.all)

    def kinds(self) -> Breakdown:
        """The households that meet a change, by its kind."""
        found: dict[Kind, Cell] = kinds_in(self.cube)
        lines = (self._same(kind.text(self.words, self.measure), cell) for kind, cell in found.items())
        return Breakdown("kinds", (self.words["effect_kind"],), tuple(lines), is_paired=False)

    def _same(self, name: str, cell: Cell, *more: str) -> Line:
        """A line whose households are the same before and after."""
        return Line((name, *more), (cell.households, cell.households), _amounts(cell, self.measure))

    def _none(self, word: str) -> str:
        return self.words["effect_no_category" if word == "category" else "effect_none"]

    def _ordered(self, word: str, names: set[str]) -> list[str]:
        """`names` in the order of the policies, the new one first; the empty one last, others before it by name."""
        known = list(dict.fromkeys(self._known(word)))
        return sorted(names, key=lambda name: (not name, known.index(name) if name in known else len(known), name))

    def _known(self, word: str) -> Iterator[str]:
        for policy in reversed(self.policies):
            if word == "category":
                yield from (category.name for category in policy.categories)


_FILES = {"category": "categories", "approval": "approvals", "conclusion": "conclusions"}


def _line(names: tuple[str, ...], amounts: Amounts) -> Line:
    return Line(names, (amounts.old_count, amounts.new_count), (amounts.old, amounts.new))


def _amounts(cell: Cell | None, heading: str) -> tuple[Number, Number]:
    found = Amounts() if cell is None else cell.amounts.get(heading, Amounts())
    return found.old, found.new
