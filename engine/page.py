"""A policy as a page that one can read beside the text, and the core rules that it comes to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from engine.elaborate.draft import saying_of
from engine.expression import calls
from engine.folders import layers, read_heading, relative
from engine.messages import plain
from engine.policy import Fact, Policy, Rule, Saying, Scale, Table
from engine.source import Branch, Place
from engine.units import kinds_of

__all__ = ["page_of", "when_blank"]


def page_of(policy: Policy, *, core: bool = False) -> str:
    """`policy` as text: every figure, table, fact, rule, category and question with its clause and its place.

    A place is the line that last said it, as seen from the policy's folder: `../2023/figures.yaml:12` is the line of a policy
    that this one extends. With `core`, the ordered list of named expressions instead, one a line.
    """
    return "\n".join(_core(policy) if core else _page(policy)) + "\n"


def _core(policy: Policy) -> Iterator[str]:
    for rule in policy.rules:
        clause = f"  〔{rule.saying.clause}〕" if rule.saying.clause else ""
        yield f"{rule.name} = {rule.expression.canonical}{clause}  {_where(policy, rule.place)}"


def _where(policy: Policy, place: Place) -> str:
    return f"({found})" if (found := relative(place, policy.folder)) else ""


def _said(saying: Saying) -> str:
    quote = f"“{saying.quote}”" if saying.quote else saying.because
    return "  ".join(part for part in (f"〔{saying.clause}〕" if saying.clause else "", quote) if part)


def _page(policy: Policy) -> Iterator[str]:
    words = policy.words
    yield policy.label
    yield f"{policy.issuer}  {policy.since} – {policy.until}  {words['fingerprint']} {policy.fingerprint}"
    yield from _titled(words["page_figures"], _figures(policy))
    for table in policy.tables:
        yield from _titled(f"{words['page_table']} {table.name} ({table.unit.text})", _table(policy, table))
    yield from _titled(words["page_facts"], (_fact(policy, fact) for fact in policy.facts))
    for group in policy.groups:
        size = f"{group.name} ({group.at_least} – {group.at_most})"
        yield from _titled(f"{words['page_facts']} {size}", (_fact(policy, fact) for fact in group.facts))
    yield from _titled(words["page_rules"], _rules(policy))
    for category in policy.categories:
        yield from _titled(f"{words['category']} {category.name}", _category(policy, category.name))
    yield from _titled(words["page_questions"], _questions(policy))
    yield from _titled(words["page_removed"], _removed(policy))


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = [f"  {line}" for line in lines]
    if found:
        yield ""
        yield title
        yield from found


def _figures(policy: Policy) -> Iterator[str]:
    for figure in policy.figures:
        if "·" in figure.name:
            continue  # of a band, or of the other reading of a question: told where they stand
        yield f"{figure.name} = {plain(figure.value)} {figure.unit.text}  {_said(figure.saying)}  {_where(policy, figure.place)}"


def _table(policy: Policy, table: Table) -> Iterator[str]:
    if said := _said(table.saying):
        yield f"{said}  {_where(policy, table.place)}"
    for row in table.rows:
        days = " ".join(str(day) for day in (row.since, "–", row.until) if day) if row.since else ""
        keys = " ".join(key if isinstance(key, str) else plain(key) for key in row.keys)
        yield f"{keys}  {days}  {plain(row.value)}  {_where(policy, row.place)}"


def _fact(policy: Policy, fact: Fact) -> str:
    names = f" ({'、'.join(fact.also_named)})" if fact.also_named else ""
    bounds = (
        f" {plain(fact.at_least)} – {plain(fact.at_most)}"
        if fact.at_least is not None and fact.at_most is not None
        else ""
    )
    absent = f"  {policy.words['sheet_blank'].format(value=when_blank(policy, fact))}" if fact.absence else ""
    return f"{fact.name}{names}  {fact.unit.text}{bounds}{absent}  {fact.meaning}  {_where(policy, fact.place)}"


def when_blank(policy: Policy, fact: Fact) -> str:
    """What a blank cell of `fact` comes to, as a person says it; empty where nothing says it."""
    words = policy.words
    if fact.absence is None:
        return ""
    tree, text = fact.absence.value.tree, fact.absence.value.text
    known = {"today": "blank_today", "true": "true", "false": "false"}
    if isinstance(tree, ast.Name) and tree.id in known:
        return words[known[tree.id]]
    if fact.absence.is_looked_up:
        found = (call.args[0] for call in calls(tree, "lookup"))
        tables = words["comma"].join(table.id for table in found if isinstance(table, ast.Name))
        return words["blank_looked_up"].format(tables=tables)
    is_plain = isinstance(tree, ast.Constant)
    return text.strip("\"'") if is_plain else words["blank_worked_out"].format(text=text)


def _rules(policy: Policy) -> Iterator[str]:
    tests = {category.test for category in policy.categories}
    scales = {scale.rule: scale for scale in policy.scales}
    for rule in policy.rules:
        if (rule.is_written or rule.name in scales) and rule.name not in tests and "·" not in rule.name:
            yield _rule(policy, rule.name, rule)
            if rule.name in scales:
                yield from _bands(policy, scales[rule.name])
    for heading in (policy.words["exclusion"], policy.words["approval"]):
        for rule in policy.rules:
            if rule.name.startswith(f"{heading}·") and rule.name.count("·") == 1:
                yield _rule(policy, rule.name, rule)
    yield from _gates(policy, policy.gates)


def _bands(policy: Policy, scale: Scale) -> Iterator[str]:
    """The numbers of a rule's bands: what each gives in the rule's unit, and its ends in the unit of what is measured."""
    measured = _unit_of(policy, scale.subject.tree)
    for figure in policy.figures:
        if figure.name.startswith(f"{scale.rule}·"):
            is_end = figure.name.startswith(f"{scale.rule}·{policy.words['end']}")
            unit = measured if is_end else figure.unit.text.strip("*")
            yield f"    {figure.name} = {plain(figure.value)} {unit}".rstrip() + f"  {_where(policy, figure.place)}"


def _unit_of(policy: Policy, tree: ast.expr) -> str:
    """The unit of the name that `tree` is; empty where it is more than a name, or has no unit."""
    if not isinstance(tree, ast.Name):
        return ""
    of_facts = {fact.name: fact.unit.text for facts in _all_facts(policy) for fact in facts}
    kind = kinds_of(policy)[0].get(tree.id)
    return of_facts.get(tree.id) or (kind.unit if kind is not None and kind.name == "number" and kind.powers else "")


def _all_facts(policy: Policy) -> Iterator[tuple[Fact, ...]]:
    yield policy.facts
    yield from (group.facts for group in policy.groups)


def _removed(policy: Policy) -> Iterator[str]:
    """What the policy, or one that it extends, says is removed from the one before it."""
    found = layers(Path(policy.folder), read_heading) if policy.folder else ()
    for layer in found:
        removed = Branch({}, Place("")) if layer.tree is None else layer.tree.branch("removed")
        for path, entry in removed.entries.items():
            said = _said(saying_of(entry.value)) if isinstance(entry.value, Branch) else ""
            yield f"- {path}  {said}  {_where(policy, entry.key.place)}"


def _rule(policy: Policy, name: str, rule: Rule, joint: str = " =") -> str:
    return f"{name}{joint} {rule.expression.text}  {_said(rule.saying)}  {_where(policy, rule.place)}"


def _gates(policy: Policy, gates: tuple[tuple[str, str], ...]) -> Iterator[str]:
    rules = {rule.name: rule for rule in policy.rules}
    for gate, name in gates:
        yield _rule(policy, f"{policy.words['gate']} {gate}", rules[name], ":")


def _category(policy: Policy, name: str) -> Iterator[str]:
    category = next(found for found in policy.categories if found.name == name)
    rules = {rule.name: rule for rule in policy.rules}
    test = rules[category.test]
    yield f"{test.expression.text}  {_said(category.saying)}  {_where(policy, test.place)}"
    yield from _gates(policy, category.gates)
    for aid in category.aids:
        for word, end in (("ceiling", aid.ceiling), ("floor", aid.floor)):
            rule = rules.get(f"{end}·{policy.words['stated']}") or rules[end]
            if rule.is_written or word == "ceiling":
                heading = f"{aid.name} {policy.words[word].strip('_')}:"
                yield f"{heading} {rule.expression.text}  {_where(policy, rule.place)}"
        yield f"{aid.name}  {_said(aid.saying)}  {_where(policy, aid.place)}"


def _questions(policy: Policy) -> Iterator[str]:
    for question in policy.questions:
        yield f"{question.name}  〔{question.saying.clause}〕 {question.text}  {_where(policy, question.place)}"
        yield f"    ✓ {question.reading}"
        yield f"    ○ {question.other}"
