"""A policy pruned to what is wanted, read in columns, and written out as the steps of a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from engine.algebras.columns import Column, Columns, declared, refused
from engine.decision import _layout, decimals
from engine.expression import CONSTANTS, Refusal, names_in
from engine.fold import read_all
from engine.kernel.deciding import Kernel
from engine.kernel.facts import Typed, typed
from engine.kernel.remarks import PARTS, Wording, names_of, wording
from engine.kernel.writing import dtype_of, write
from engine.policy import Fact, Policy
from engine.terms import Term

__all__ = ["compile"]

_MADE = "="
"""What a heading's source begins with where it is made of many names."""


def compile(policy: Policy, wanted: Sequence[str] | None = None) -> Kernel:
    """`policy` for columns, with a column for each of `wanted`: headings of a decision or names of the core.

    By default every heading of a decision.

    Raises: PolicyError where numbers can be larger than whole numbers of 128 bits; KeyError where a name is unknown.
    """
    layout = dict(_layout(policy))
    sources = {column: layout.get(column, column) for column in (layout if wanted is None else wanted)}
    made = {column: source.removeprefix(_MADE) for column, source in sources.items() if source.startswith(_MADE)}
    names = [source for source in sources.values() if not source.startswith(_MADE)]
    for part in PARTS:
        names += names_of(policy, part) if part in made.values() else []
    core = _pruned(policy, names)
    reading = _read(core, Columns(policy.tables, policy.groups))
    columns = {column: reading.names[""][source] for column, source in sources.items() if column not in made}
    worded = {
        column: wording(policy, part, reading.names[""], reading.absent, reading.columns.terms)
        for column, part in made.items()
        if part in PARTS
    }
    texts = {"policy": policy.label, "fingerprint": policy.fingerprint}
    certain = {column: texts[part] for column, part in made.items() if part in texts}
    return _kernel(core, list(sources), columns, worded, certain, reading).showing(decimals(policy))


# Only what is needed


def _pruned(policy: Policy, names: Iterable[str]) -> Policy:
    """`policy` with nothing but what `names` need."""
    needed = _needed(policy, names)
    rules = tuple(rule for rule in policy.rules if rule.name in needed)
    homes = {rule.of for rule in rules}
    groups = [replace(group, facts=_kept(policy, group.facts, needed)) for group in policy.groups]
    return replace(
        policy,
        rules=rules,
        facts=_kept(policy, policy.facts, needed),
        figures=tuple(figure for figure in policy.figures if figure.name in needed),
        groups=tuple(group for group in groups if group.facts or group.name in homes),
    )


def _kept(policy: Policy, facts: Sequence[Fact], needed: set[str]) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if needed.intersection(fact.core_names(policy.words)))


def _needed(policy: Policy, names: Iterable[str]) -> set[str]:
    """Every name that `names` read, and what the absence of the facts among them reads.

    Raises: KeyError where a name is unknown.
    """
    facts = [*policy.facts, *(fact for group in policy.groups for fact in group.facts)]
    trees = {rule.name: rule.expression.tree for rule in policy.rules}
    for fact in facts:
        if fact.absence is not None:
            trees.update(dict.fromkeys(fact.core_names(policy.words), fact.absence.value.tree))
    known = {*trees, *CONSTANTS, *(figure.name for figure in policy.figures)}
    known |= {name for fact in facts for name in fact.core_names(policy.words)}
    left, needed = list(names), set[str]()
    while left:
        name = left.pop()
        if name not in known:
            raise KeyError(name)
        if name not in needed:
            needed.add(name)
            left += [node.id for node in names_in(trees[name])] if name in trees else []
    return needed


# Reading


@dataclass(frozen=True)
class _Reading:
    """The column of every name of the household, under "", and of the persons of each group; what absences mean."""

    columns: Columns
    names: Mapping[str, Mapping[str, Column]]
    absent: Mapping[str, Column]


def _read(core: Policy, columns: Columns) -> _Reading:
    absent: dict[str, Column] = {}
    facts = declared(core, columns, core.facts, absent)
    persons = {group.name: [declared(core, columns, group.facts, {}, group.name, facts)] for group in core.groups}
    columns.read.clear()
    try:
        reading = read_all(core, facts, columns, persons)
    except Refusal as refusal:
        done = set(columns.read)
        rule = next(rule for rule in core.rules if rule.name not in done)
        raise refused(rule.name, rule.place, refusal) from None
    people = {group: found[0] for group, found in reading.persons.items()}
    return _Reading(columns, {"": reading.names, **people}, absent)


# Writing


def _kernel(
    core: Policy,
    order: Sequence[str],
    columns: Mapping[str, Column],
    worded: Mapping[str, Wording],
    certain: Mapping[str, str],
    reading: _Reading,
) -> Kernel:
    """The kernel that gives the columns of `order`: those of `columns`, and texts."""
    roots: dict[str, Term] = {}
    outputs: dict[str, Typed] = {}
    for name in order:
        for output, term, found in _outputs(name, columns[name]) if name in columns else ():
            roots[output], outputs[output] = term, found
        if name not in columns:
            outputs[name] = Typed("text", pl.String())
    for made in worded.values():
        roots.update(made.terms)
    program = write(list(roots.values()), core.tables, core.groups)
    facts: dict[str, dict[str, Typed]] = {"": {}, **{group: {} for group in program.parents}}
    for name, group, _ in program.facts:
        facts.setdefault(group, {})[name] = typed(reading.names[group][name])
    return Kernel(facts.pop(""), facts, outputs, core.words, program, tuple(roots), worded, certain)


def _outputs(name: str, column: Column) -> list[tuple[str, Term, Typed]]:
    """The columns of an output: one, or two where a number is divided by a fact."""
    if isinstance(column, Term):
        return [(name, column, typed(column))]
    above, below = column.above, column.below
    if isinstance(below.value, int):
        return [(name, above, typed(column))]
    divisor = f"{name}÷"
    return [
        (name, above, Typed("number", dtype_of(above), 1, divisor)),
        (divisor, below, Typed("below", dtype_of(below))),
    ]
