"""Terms written out as the steps of a program: each common part once, each sum over what it shares with others."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import polars as pl

from engine.expression import CALENDAR
from engine.kernel import series
from engine.kernel.program import Bounds, Program, Reach, Run, Step
from engine.kernel.sums import Sum, shared
from engine.policy import Group, Table
from engine.terms import MOST_64, Constant, Term, scheduled, weighed

__all__ = ["dtype_of", "write"]


def dtype_of(term: Term) -> pl.DataType:
    """The type of the column that `term` is: Int64 where its bounds fit, else Int128; texts that are all known an Enum."""
    if term.kind == "number":
        return pl.Int64() if term.most <= MOST_64 else pl.Int128()
    if term.kind == "text":
        texts = _texts(term)
        return pl.String() if texts is None else pl.Enum(texts)
    return pl.Boolean() if term.kind == "truth" else pl.Date()


def _texts(term: Term) -> list[str] | None:
    """Every text that a choice between constants can give, in order; None where a fact's text is among them."""
    found: dict[str, None] = {}
    left = [term]
    while left:
        part = left.pop()
        if part.operation == "choose":
            left += [part.parts[2], part.parts[1]]
        elif isinstance(part.value, str):
            found[part.value] = None
        else:
            return None
    return list(found)


# How far whole numbers go


def _added(left: Bounds, right: Bounds) -> Bounds:
    return left[0] + right[0], left[1] + right[1]


def _taken_off(left: Bounds, right: Bounds) -> Bounds:
    return left[0] - right[1], left[1] - right[0]


def _multiplied(left: Bounds, right: Bounds) -> Bounds:
    corners = [one * other for one in left for other in right]
    return min(corners), max(corners)


def _divided(left: Bounds, right: Bounds) -> Bounds:
    corners = [one // other for one in left for other in right]
    return min(corners), max(corners)


def _lower(left: Bounds, right: Bounds) -> Bounds:
    return min(left[0], right[0]), min(left[1], right[1])


def _higher(left: Bounds, right: Bounds) -> Bounds:
    return max(left[0], right[0]), max(left[1], right[1])


def _either_of(_: object, left: Bounds, right: Bounds) -> Bounds:
    return min(left[0], right[0]), max(left[1], right[1])


def _as_it_is(values: Bounds, *_: object) -> Bounds:
    return values


def _always(term: Term) -> Reach:
    low, high = term.low, term.high
    return lambda *_: (low, high)


def _of_so_many(most: int) -> Reach:
    return lambda values, *_: (min(values[0] * most, 0), max(values[1] * most, 0))


_NUMBERS: Mapping[str, tuple[Run, Reach]] = MappingProxyType(
    {
        "+": (operator.add, _added),
        "-": (operator.sub, _taken_off),
        "*": (operator.mul, _multiplied),
        "//": (operator.floordiv, _divided),
        "least": (series.least, _lower),
        "greatest": (series.greatest, _higher),
    }
)
_TRUTHS: Mapping[str, Run] = MappingProxyType(
    {
        ">=": operator.ge,
        ">": operator.gt,
        "<=": operator.le,
        "==": operator.eq,
        "same": operator.eq,
        "before": operator.lt,
        "both": operator.and_,
        "either": operator.or_,
        "not": operator.invert,
    }
)


def write(roots: Sequence[Term], tables: Sequence[Table], groups: Sequence[Group]) -> Program:
    """The steps that compute `roots` for a block, each common part once."""
    return _Writer(roots, tables, groups).program(roots)


_Body = tuple[tuple[int, int], ...]
_COMPARED = ("from zero", "zero")
_SHARED = ("sum", "least", "greatest", "both", "either")


class _Writer:
    """Writes terms as steps; what has been written is not written again."""

    def __init__(self, roots: Sequence[Term], tables: Sequence[Table], groups: Sequence[Group]) -> None:
        self._tables = {table.name: table for table in tables}
        self._sizes = {group.name: group.at_most for group in groups}
        self._homes: list[str | None] = []
        """The group of each slot, empty for the household; None where one value stands for every row."""
        self._counted: set[int] = set()
        """The slots that hold whole numbers."""
        self._known: dict[tuple[object, ...], int] = {}
        self._steps: list[Step] = []
        self._constants: dict[int, pl.Series] = {}
        self._numbers: dict[int, int] = {}
        self._facts: list[tuple[str, str, int]] = []
        self._parents: dict[str, int] = {}
        self._rows = self._slot(None)
        self._values: dict[int, int] = {}
        self._written: dict[tuple[str, _Body], Sum] = {}
        self._made: dict[int, tuple[str, Sum]] = {}
        needed = scheduled(roots)
        self._terms = {term.index: term for term in needed}
        for operation in _SHARED:
            self._share(operation, [term for term in needed if term.operation == operation])
        used = {part for term in needed if term.operation not in _COMPARED for part in term.parts} | set(roots)
        for term in needed:
            if term.kind != "text" and (term in used or term.operation != "sum"):
                self._value(term.index)

    def program(self, roots: Sequence[Term]) -> Program:
        """What has been written, with `roots` as outputs; each slot freed behind its last use."""
        outputs = [
            self._text(term, dtype_of(term)) if term.kind == "text" else self._value(term.index) for term in roots
        ]
        kept = {*outputs, *self._constants, *self._numbers}
        steps: list[Step] = []
        for step in reversed(self._steps):
            frees = tuple({*step.takes, step.gives} - kept)
            kept.update(frees)
            steps.append(replace(step, frees=frees))
        types = [dtype_of(term) for term in roots]
        return Program(
            facts=tuple(self._facts),
            parents=self._parents,
            rows=self._rows,
            constants=self._constants,
            numbers=self._numbers,
            steps=tuple(reversed(steps)),
            outputs=tuple(zip(outputs, types, strict=True)),
            slots=len(self._homes),
        )

    def _share(self, operation: str, terms: Sequence[Term]) -> None:
        """What several terms of one operation have in common becomes a part of its own."""
        bodies = list(dict.fromkeys(_body(term) for term in terms))
        first = max([*self._terms, *self._made], default=0) + 1
        written, made = shared([dict(body) for body in bodies], first)
        self._written.update(((operation, body), weights) for body, weights in zip(bodies, written, strict=True))
        self._made.update((part, (operation, weights)) for part, weights in made.items())

    # Slots

    def _slot(self, home: str | None, *, is_number: bool = False) -> int:
        self._homes.append(home)
        if is_number:
            self._counted.add(len(self._homes) - 1)
        return len(self._homes) - 1

    def _step(self, name: object, run: Run, takes: Sequence[int], reach: Reach | None = None) -> int:
        """The slot of what `run` gives for `takes`, each spread over the persons where one of them is theirs."""
        home = max((found for slot in takes if (found := self._homes[slot]) is not None), default="")
        return self._raw(name, run, [self._spread(slot, home) for slot in takes], home, reach)

    def _raw(self, name: object, run: Run, takes: Sequence[int], home: str, reach: Reach | None) -> int:
        key = (name, home, *takes)
        if key not in self._known:
            self._known[key] = self._slot(home, is_number=reach is not None)
            self._steps.append(Step(run, tuple(takes), self._known[key], reach))
        return self._known[key]

    def _spread(self, slot: int, home: str) -> int:
        """A value of the household for each person of a group."""
        if not home or self._homes[slot] != "":
            return slot
        reach = _as_it_is if slot in self._counted else None
        return self._raw("spread", series.spread, [slot, self._parent(home)], home, reach)

    def _parent(self, group: str) -> int:
        if group not in self._parents:
            self._parents[group] = self._slot(group)
        return self._parents[group]

    def _constant(self, value: Constant, dtype: pl.DataType | None = None) -> int:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        key = ("constant", type(value), value, dtype)
        if key not in self._known:
            slot = self._known[key] = self._slot(None, is_number=is_number)
            if isinstance(value, int) and is_number:
                self._numbers[slot] = value
            else:
                self._constants[slot] = pl.Series([value], dtype=dtype)
        return self._known[key]

    def _between(self, name: str, left: int, right: int) -> int:
        """An operation between two whole numbers."""
        run, reach = _NUMBERS[name]
        return self._step(name, run, [left, right], reach)

    # Terms

    def _value(self, index: int) -> int:
        """The slot of a term, or of a part that several terms share."""
        if index not in self._values:
            term = self._terms.get(index)
            if term is None:
                operation, weights = self._made[index]
                found = self._sum_of(weights, 0) if operation == "sum" else self._together(operation, list(weights))
            else:
                found = _WRITERS[term.operation](self, term)
            self._values[index] = found
        return self._values[index]

    def _fact(self, term: Term) -> int:
        assert isinstance(term.detail, tuple)
        name, group = term.detail
        self._facts.append((name, group, self._slot(group, is_number=term.kind == "number")))
        return self._facts[-1][2]

    def _same_in_all(self, term: Term) -> int:
        assert term.value is not None
        return self._constant(term.value)

    def _sum(self, term: Term) -> int:
        return self._sum_of(self._written["sum", _body(term)], weighed(term)[1])

    def _sum_of(self, weights: Sum, constant: int) -> int:
        """The sum of parts with their weights; what is added comes before what is taken off."""
        order = sorted(weights.items(), key=lambda item: (item[1] < 0, abs(item[1]) != 1, item[0]))
        total: int | None = None
        for index, weight in order:
            part = self._value(index)
            if abs(weight) != 1:
                part = self._between("*", part, self._constant(abs(weight)))
            if total is None and weight < 0:
                total, constant = self._constant(constant), 0
            total = part if total is None else self._between("+" if weight > 0 else "-", total, part)
        assert total is not None
        return self._between("+", total, self._constant(constant)) if constant else total

    def _product(self, term: Term) -> int:
        return self._between("*", *(self._value(part.index) for part in term.parts))

    def _quotient(self, term: Term) -> int:
        return self._between("//", *(self._value(part.index) for part in term.parts))

    def _several(self, term: Term) -> int:
        return self._together(term.operation, list(self._written[term.operation, _body(term)]))

    def _together(self, operation: str, parts: Sequence[int]) -> int:
        """A least, a greatest, every one or one of several."""
        first, *others = (self._value(part) for part in parts)
        for other in others:
            if operation in _NUMBERS:
                first = self._between(operation, first, other)
            else:
                first = self._step(operation, _TRUTHS[operation], [first, other])
        return first

    def _compared(self, term: Term) -> int:
        """A comparison with zero: of what is added with what is taken off, where that saves a step."""
        [part] = term.parts
        constant = weighed(part)[1]
        is_order = term.operation == "from zero"
        same, not_below = ("==", "==") if not is_order else (">=", "<=")
        if part.operation != "sum" or part.index in self._values:
            return self._truth(same, self._value(part.index), self._constant(0))
        written = self._written["sum", _body(part)]
        above = {index: weight for index, weight in written.items() if weight > 0}
        below = {index: -weight for index, weight in written.items() if weight < 0}
        if not above:
            return self._truth(not_below, self._sum_of(below, 0), self._constant(constant))
        if not below or constant not in ((0, -1) if is_order else (0,)):
            return self._truth(same, self._sum_of(written, 0), self._constant(-constant))
        return self._truth(">" if constant else same, self._sum_of(above, 0), self._sum_of(below, 0))

    def _truth(self, name: str, *takes: int) -> int:
        return self._step(name, _TRUTHS[name], takes)

    def _same(self, term: Term) -> int:
        return self._truth("same", *(self._text(part, pl.String()) for part in term.parts))

    def _plain_truth(self, term: Term) -> int:
        return self._truth(term.operation, *(self._value(part.index) for part in term.parts))

    def _choice(self, term: Term) -> int:
        takes = [self._value(part.index) for part in term.parts]
        return self._step("choose", series.choose, takes, _either_of if term.kind == "number" else None)

    def _text(self, term: Term, dtype: pl.DataType) -> int:
        """A text as a column of `dtype`: strings, or an Enum of every text that it can be. Anything else as it is."""
        if term.kind == "text" and term.operation == "choose":
            condition, *values = term.parts
            takes = [self._value(condition.index), *(self._text(part, dtype) for part in values)]
            return self._step(("choose", dtype), series.choose, takes)
        return self._constant(term.value, dtype) if isinstance(term.value, str) else self._value(term.index)

    def _looked_up(self, term: Term) -> int:
        assert isinstance(term.detail, tuple)
        table, below, scale = term.detail
        takes = [self._text(part, pl.String()) for part in term.parts]
        run = series.looker(self._tables[table], below, scale, dtype_of(term))
        return self._step(("lookup", term.detail), run, takes, _always(term))

    def _gathered(self, term: Term) -> int:
        """What is read for each person of a group, as one value of the household."""
        assert isinstance(term.detail, tuple)
        word, group = term.detail
        values, *nobody = (self._value(part.index) for part in term.parts)
        takes = [self._of_each(values, group), *nobody, self._parent(group), self._rows]
        reach = _of_so_many(self._sizes[group]) if word == "sum" else _always(term) if term.kind == "number" else None
        return self._raw(("gather", word), series.gather(word), takes, "", reach)

    def _ranked(self, term: Term) -> int:
        """The place of each person of a group among those of the household."""
        [part] = term.parts
        takes = [self._of_each(self._value(part.index), term.of), self._parent(term.of)]
        return self._raw("rank", series.rank, takes, term.of, _always(term))

    def _of_each(self, slot: int, group: str) -> int:
        """A value with a row for each person of `group`."""
        if self._homes[slot] is not None:
            return self._spread(slot, group)
        reach = _as_it_is if slot in self._counted else None
        return self._raw("repeat", series.repeat, [slot, self._parent(group)], group, reach)

    def _over_days(self, term: Term) -> int:
        takes = [self._value(part.index) for part in term.parts]
        reach = _always(term) if term.kind == "number" else None
        return self._step(term.operation, series.CALENDAR[term.operation], takes, reach)


def _body(term: Term) -> _Body:
    """The parts of a term by their numbers, those of a sum with their weights."""
    weights = weighed(term)[0] if term.operation == "sum" else dict.fromkeys(term.parts, 1)
    return tuple((part.index, weight) for part, weight in weights.items())


_WRITERS: Mapping[str, Callable[[_Writer, Term], int]] = {
    "constant": _Writer._same_in_all,
    "fact": _Writer._fact,
    "sum": _Writer._sum,
    "product": _Writer._product,
    "quotient": _Writer._quotient,
    "least": _Writer._several,
    "greatest": _Writer._several,
    "both": _Writer._several,
    "either": _Writer._several,
    "from zero": _Writer._compared,
    "zero": _Writer._compared,
    "same": _Writer._same,
    "before": _Writer._plain_truth,
    "not": _Writer._plain_truth,
    "choose": _Writer._choice,
    "lookup": _Writer._looked_up,
    "gather": _Writer._gathered,
    "rank": _Writer._ranked,
    **dict.fromkeys(CALENDAR, _Writer._over_days),
}
