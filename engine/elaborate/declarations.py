"""Units, figures, tables and facts as declared: values read exactly, each with its place."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection
from dataclasses import replace

from engine.elaborate.draft import Draft, saying_of
from engine.expression import calls
from engine.messages import say
from engine.policy import FAULTS, Absence, Fact, Figure, Group, Remark, Row, Table, Unit
from engine.source import Branch, Entry, Leaf, Node, Problem, nearest, normal, number

__all__ = [
    "date",
    "declare_facts",
    "declare_figures",
    "declare_groups",
    "declare_tables",
    "declare_units",
    "truth",
    "unit_of",
]

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
FORMS = tuple(FAULTS)
_MOST_SHOWN = 20


def date(draft: Draft, leaf: Leaf | None) -> datetime.date | None:
    """The day that `leaf` writes (2023-07-01); None, with a problem kept, where that is no day."""
    if leaf is None:
        return None
    found = _DAY.fullmatch(leaf.text)
    try:
        return datetime.date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        draft.problems.append(
            Problem(
                leaf.place,
                say("“{text}” is no day of the calendar.", text=leaf.text),
                None,
                say("Write year-month-day, for example 2023-07-01."),
            )
        )
        return None


def truth(leaf: Leaf | None) -> bool:
    """Whether `leaf` says true; false where it is left out."""
    return leaf is not None and leaf.text == "true"


def declare_units(draft: Draft, tree: Branch) -> None:
    """Keep each declared unit with its dimension (money, periods) or without one (counts)."""
    units = tree.branch("units")
    for sort in ("money", "periods", "counts"):
        for item in units.listing(sort):
            if isinstance(item, Leaf):
                draft.bases[normal(item.text)] = sort


def unit_of(draft: Draft, leaf: Leaf | None) -> Unit:
    """The unit written in `leaf`, as bases above and below a stroke."""
    if leaf is None:
        return Unit()
    powers: dict[str, int] = {}
    above, *below = leaf.text.split("/")
    for base, power in [(above, 1), *((part, -1) for part in below)]:
        name = normal(base)
        if not draft.bases:  # the units themselves have a problem, told once
            return Unit(leaf.text)
        if name not in draft.bases:
            if name in draft.unknown_units:
                return Unit(leaf.text)
            draft.unknown_units.add(name)
            known = say("The policy declares the units {units}.", units=tuple(draft.bases))
            draft.problems.append(
                Problem(
                    leaf.place,
                    say("“{unit}” is not a unit of this policy.", unit=name),
                    known,
                    say("Use one of these, or declare it under “units” in policy.yaml."),
                )
            )
            return Unit(leaf.text)
        if draft.bases[name] != "counts":
            powers[name] = powers.get(name, 0) + power
    return Unit(leaf.text, tuple(sorted((base, power) for base, power in powers.items() if power)))


def declare_figures(draft: Draft, tree: Branch) -> None:
    """Keep each figure with its exact value, its unit and where the text says it."""
    for entry in tree.branch("figures").entries.values():
        name = draft.declare(entry.key)
        if name is None or not isinstance(entry.value, Branch):
            continue
        leaf = entry.value.leaf("value")
        value = None if leaf is None else number(leaf.text)
        if leaf is None or value is None:
            draft.broken.add(name)
            continue
        draft.figures[name] = Figure(
            name, value, unit_of(draft, entry.value.leaf("unit")), saying_of(entry.value), leaf.place
        )


def declare_tables(draft: Draft, tree: Branch, until: datetime.date | None) -> None:
    """Keep each table; a dated row without an end holds until the policy's last day."""
    for entry in tree.branch("tables").entries.values():
        name = draft.declare(entry.key)
        if name is None or not isinstance(entry.value, Branch):
            continue
        branch = entry.value
        keys = tuple(normal(item.text) for item in branch.listing("keys") if isinstance(item, Leaf))
        numbers = tuple(normal(item.text) for item in branch.listing("number_keys") if isinstance(item, Leaf))
        for stray in set(numbers) - set(keys):
            draft.unknown(stray, entry.key.place, say("key of this table"), keys)
        is_dated = truth(branch.leaf("dated"))
        default = branch.leaf("default")
        spellings = tuple(
            (other, normal(found.value.text))
            for other, found in branch.branch("spellings").entries.items()
            if isinstance(found.value, Leaf)
        )
        rows = tuple(
            row
            for item in branch.listing("rows")
            if isinstance(item, Branch) and (row := _row(draft, item, keys, numbers, is_dated, until)) is not None
        )
        draft.tables[name] = Table(
            name=name,
            keys=keys,
            number_keys=numbers,
            is_dated=is_dated,
            default=None if default is None else number(default.text),
            unit=unit_of(draft, branch.leaf("unit")),
            saying=saying_of(branch),
            spellings=spellings,
            rows=rows,
            place=entry.key.place,
        )
        is_whole = len(rows) == len(branch.listing("rows"))
        if not _refuse_twins(draft, draft.tables[name]) and is_whole:  # else a row may have lost its key
            _refuse_spellings(draft, draft.tables[name], branch.branch("spellings"))


def _row(
    draft: Draft,
    branch: Branch,
    keys: tuple[str, ...],
    numbers: tuple[str, ...],
    is_dated: bool,
    until: datetime.date | None,
) -> Row | None:
    known = {*keys, "value", "from", "until", "published"}
    for name, entry in branch.entries.items():
        if name not in known:
            draft.unknown(
                name, entry.key.place, say("key of this table"), (*keys, "value", "from", "until", "published")
            )
    missing = [key for key in (*keys, "value", *(["from"] if is_dated else [])) if branch.leaf(key) is None]
    if missing:
        wrong = say("The row says nothing for {missing}.", missing=tuple(missing))
        draft.problems.append(Problem(branch.place, wrong, None, say("Add it to the row.")))
        return None
    leaf = branch.leaf("value")
    value = None if leaf is None else number(leaf.text)
    if leaf is None or value is None:
        return None
    since, last = date(draft, branch.leaf("from")), date(draft, branch.leaf("until"))
    found = [(key, part) for key in keys if (part := branch.leaf(key)) is not None]
    values = tuple(number(part.text) if key in numbers else normal(part.text) for key, part in found)
    for (key, part), read in zip(found, values, strict=True):
        if read is None:
            wrong = say(
                "“{text}” is no number, and the table is looked up by the number “{key}”.", text=part.text, key=key
            )
            draft.problems.append(
                Problem(part.place, wrong, None, say("Write the number, or take the key out of number_keys."))
            )
    texts = tuple(read for read in values if read is not None)
    published = date(draft, branch.leaf("published"))
    return Row(texts, value, since, last or (until if is_dated else None), published, leaf.place)


def _refuse_twins(draft: Draft, table: Table) -> bool:
    """Whether two rows have the same keys and the same first day; then a problem is kept."""
    before = len(draft.problems)
    seen: dict[tuple[object, ...], Row] = {}
    for row in table.rows:
        key = (*row.keys, row.since)
        if key in seen:
            wrong = say(
                "The table “{table}” has two rows for {keys}.",
                table=table.name,
                keys=tuple(str(part) for part in key if part),
            )
            first = say("The first is in line {line}.", line=seen[key].place.line)
            draft.problems.append(Problem(row.place, wrong, first, say("Keep one of the two.")))
        seen.setdefault(key, row)
    return len(draft.problems) > before


def _refuse_spellings(draft: Draft, table: Table, spellings: Branch) -> None:
    """Another spelling stands for a key that some row has, and is no key itself."""
    keys = {key for row in table.rows for key in row.keys if isinstance(key, str)}
    for other, entry in spellings.entries.items():
        if not isinstance(entry.value, Leaf) or not keys:
            continue
        meant = normal(entry.value.text)
        if meant not in keys:
            wrong = say("No row of the table “{table}” has the key “{key}”.", table=table.name, key=meant)
            close = nearest(meant, keys)
            remedy = say("Did you mean “{close}”?", close=close) if close else say("Write the key as the rows have it.")
            shown = sorted(keys)[:_MOST_SHOWN]
            expected = say("The rows have {keys}.", keys=(*shown, *(["…"] if len(keys) > _MOST_SHOWN else [])))
            draft.problems.append(Problem(entry.value.place, wrong, expected, remedy))
        elif other in keys:
            wrong = say(
                "“{other}” is itself a key of the table “{table}”, and its rows would not be found.",
                other=other,
                table=table.name,
            )
            draft.problems.append(Problem(entry.key.place, wrong, None, say("Remove the line, or the rows.")))


def declare_facts(draft: Draft, tree: Branch) -> None:
    """Keep each fact, first all their names, then what absence means, in the order written."""
    entries: list[tuple[str, Entry]] = []
    for entry in tree.branch("facts").entries.values():
        name = draft.declare(entry.key)
        if name is not None and isinstance(entry.value, Branch):
            entries.append((name, entry))
    reference = tree.leaf("reference_date")
    for name, entry in entries:
        assert isinstance(entry.value, Branch)
        draft.facts[name] = _fact(
            draft, name, entry.value, entry.key, reference is not None and normal(reference.text) == name
        )
    if reference is not None:
        _check_reference(draft, reference)
    _refuse_shared_names(draft, draft.facts.values())
    _refuse_names_of_groups(draft)
    for name, entry in entries:
        assert isinstance(entry.value, Branch)
        draft.facts[name] = _write_need(draft, draft.facts[name], entry.value.leaf("needed_when"))


def _check_reference(draft: Draft, leaf: Leaf) -> None:
    """The day of a decision is a fact that is a date."""
    name = normal(leaf.text)
    dates = tuple(fact.name for fact in draft.facts.values() if fact.kind == "date")
    if name not in draft.facts:
        draft.unknown(name, leaf.place, say("fact"), dates or draft.facts)
    elif name not in dates:
        wrong = say("“{name}” is no date, and the day of a decision is needed here.", name=name)
        expected = say("The facts that are dates: {names}.", names=dates) if dates else None
        remedy = say("Write one of these, or remove the line.") if dates else say("Remove the line.")
        draft.problems.append(Problem(leaf.place, wrong, expected, remedy))


def declare_groups(draft: Draft, tree: Branch) -> None:
    """Keep each group of persons with the facts that each person brings."""
    for entry in tree.branch("groups").entries.values():
        name = draft.declare(entry.key)
        if name is None or not isinstance(entry.value, Branch):
            continue
        branch = entry.value
        least, most = (number(leaf.text) if (leaf := branch.leaf(word)) else None for word in ("at_least", "at_most"))
        facts: list[Fact] = []
        needs: list[Leaf | None] = []
        for found in branch.branch("facts").entries.values():
            own = draft.declare(found.key)
            if own is not None and isinstance(found.value, Branch):
                facts.append(_fact(draft, own, found.value, found.key, is_reference=False))
                needs.append(found.value.leaf("needed_when"))
        _refuse_shared_names(draft, facts)
        meaning, joined_by = (leaf.text if (leaf := branch.leaf(word)) else "" for word in ("meaning", "joined_by"))
        size = int(least or 0), int(most or 0)
        group = Group(name, meaning, *size, tuple(facts), entry.key.place, normal(joined_by))
        draft.groups[name] = group
        needed = tuple(_write_need(draft, fact, leaf, name) for fact, leaf in zip(facts, needs, strict=True))
        draft.groups[name] = replace(group, facts=needed)


def _write_need(draft: Draft, fact: Fact, leaf: Leaf | None, group: str = "") -> Fact:
    """An optional fact that must be given under a condition: without it the household cannot be decided."""
    if leaf is None:
        return fact
    if not fact.is_optional:
        wrong = say("“{name}” says when it is needed, and is not optional.", name=fact.name)
        draft.problems.append(Problem(leaf.place, wrong, None, say("Add “optional: true”, or remove “needed_when”.")))
        return fact
    needed = draft.adopt(draft.name(fact.name, draft.words["needed"]), leaf, is_written=False)
    given = draft.name(fact.name, draft.words["given"])
    missing = draft.write(draft.name(fact.name, draft.words["missing"]), f"{needed} and not {given}", leaf)
    if group:  # one person for whom it is missing is enough
        missing = draft.write(draft.name(group, missing), f"any({missing})", leaf)
    draft.refusals.append(Remark(draft.words["refuse_missing"].format(fact=fact.name), missing, "refusal"))
    return replace(fact, needed_when=needed)


def _fact(draft: Draft, name: str, branch: Branch, key: Leaf, is_reference: bool) -> Fact:
    kind, meaning, form = (leaf.text if (leaf := branch.leaf(word)) else "" for word in ("kind", "meaning", "form"))
    bounds = {
        word: number(leaf.text) if (leaf := branch.leaf(word)) else None for word in ("at_least", "at_most", "step")
    }
    fact = Fact(
        name=name,
        kind=kind,
        unit=unit_of(draft, branch.leaf("unit")),
        meaning=meaning,
        also_named=tuple(normal(item.text) for item in branch.listing("also_named") if isinstance(item, Leaf)),
        at_least=bounds["at_least"],
        at_most=bounds["at_most"],
        step=bounds["step"],
        absence=_absence(draft, branch.get("when_absent")),
        is_optional=truth(branch.leaf("optional")),
        form=form,
        is_unique=truth(branch.leaf("unique")),
        is_reference=is_reference,
        choices=tuple(normal(item.text) for item in branch.listing("choices") if isinstance(item, Leaf)),
        place=key.place,
    )
    _check_fact(draft, fact, branch)
    return fact


def _absence(draft: Draft, node: Node | None) -> Absence | None:
    if not isinstance(node, Leaf):
        return None
    expression = draft.parsed(node)
    if expression is None:
        return None
    return Absence(expression, any(True for _ in calls(expression.tree, "lookup")))


def _check_fact(draft: Draft, fact: Fact, branch: Branch) -> None:
    place = fact.place
    if fact.kind in ("money", "count"):
        missing = tuple(word for word in ("unit", "at_least", "at_most", "step") if branch.leaf(word) is None)
        if missing:
            wrong = say("The fact “{name}” does not say {missing}.", name=fact.name, missing=missing)
            draft.problems.append(
                Problem(
                    place,
                    wrong,
                    say("A number has a unit, a lowest and a highest value and a step."),
                    say("Add the lines."),
                )
            )
        elif fact.at_least is not None and fact.at_most is not None and fact.at_least > fact.at_most:
            wrong = say("The fact “{name}” has a lowest value above its highest.", name=fact.name)
            draft.problems.append(Problem(place, wrong, None, say("Exchange at_least and at_most.")))
        elif fact.step is not None and fact.step <= 0:
            draft.problems.append(
                Problem(
                    place,
                    say("The step of “{name}” is not above 0.", name=fact.name),
                    None,
                    say("Write the smallest unit, for example 0.01."),
                )
            )
    if fact.is_optional and fact.absence:
        wrong = say("The fact “{name}” is optional and also says what absence means.", name=fact.name)
        draft.problems.append(Problem(place, wrong, None, say("Keep either “optional” or “when_absent”.")))


def _refuse_shared_names(draft: Draft, facts: Collection[Fact]) -> None:
    owner = {fact.name: fact.name for fact in facts}
    for fact in facts:
        for other in fact.also_named:
            if owner.setdefault(other, fact.name) != fact.name:
                wrong = say("“{other}” names both “{one}” and “{two}”.", other=other, one=owner[other], two=fact.name)
                draft.problems.append(Problem(fact.place, wrong, None, say("Leave the name to one of the two facts.")))


def _refuse_names_of_groups(draft: Draft) -> None:
    """A column called like a group lists its persons, and cannot bring a fact as well."""
    for fact in draft.facts.values():
        for other in fact.also_named:
            if other in draft.groups:
                wrong = say("“{other}” names both “{one}” and “{two}”.", other=other, one=fact.name, two=other)
                draft.problems.append(Problem(fact.place, wrong, None, say("Leave the name to the group.")))
