"""A policy as a page that one can read beside the text, and the core rules that it comes to."""

from __future__ import annotations

from collections.abc import Iterator

from engine.messages import plain
from engine.policy import Fact, Policy, Saying, Table
from engine.source import Place

__all__ = ["page"]


def page(policy: Policy, *, core: bool = False) -> str:
    """`policy` as text: every figure, table, fact, rule, category and question with its clause and its place.

    With `core`, the ordered list of named expressions instead, one a line.
    """
    return "\n".join(_core(policy) if core else _page(policy)) + "\n"


def _core(policy: Policy) -> Iterator[str]:
    for rule in policy.rules:
        clause = f"  〔{rule.saying.clause}〕" if rule.saying.clause else ""
        yield f"{rule.name} = {rule.expression.canonical}{clause}  {_where(rule.place)}"


def _where(place: Place) -> str:
    return f"({place.file.rsplit('/', 1)[-1].rsplit(chr(92), 1)[-1]}:{place.line})" if place.line else ""


def _said(saying: Saying) -> str:
    quote = f"“{saying.quote}”" if saying.quote else saying.because
    return "  ".join(part for part in (f"〔{saying.clause}〕" if saying.clause else "", quote) if part)


def _page(policy: Policy) -> Iterator[str]:
    words = policy.words
    yield policy.label
    yield f"{policy.issuer}  {policy.since} – {policy.until}  {words['fingerprint']} {policy.fingerprint}"
    yield from _titled(words["page_figures"], _figures(policy))
    for table in policy.tables:
        yield from _titled(f"{words['page_table']} {table.name} ({table.unit.text})", _table(table))
    yield from _titled(words["page_facts"], (_fact(fact) for fact in policy.facts))
    yield from _titled(words["page_rules"], _rules(policy))
    for category in policy.categories:
        yield from _titled(f"{words['category']} {category.name}", _category(policy, category.name))
    yield from _titled(words["page_questions"], _questions(policy))


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = [f"  {line}" for line in lines]
    if found:
        yield ""
        yield title
        yield from found


def _figures(policy: Policy) -> Iterator[str]:
    for figure in policy.figures:
        yield f"{figure.name} = {plain(figure.value)} {figure.unit.text}  {_said(figure.saying)}  {_where(figure.place)}"


def _table(table: Table) -> Iterator[str]:
    for row in table.rows:
        days = " ".join(str(day) for day in (row.since, "–", row.until) if day) if row.since else ""
        keys = " ".join(key if isinstance(key, str) else plain(key) for key in row.keys)
        yield f"{keys}  {days}  {plain(row.value)}  {_where(row.place)}"


def _fact(fact: Fact) -> str:
    names = f" ({'、'.join(fact.also_named)})" if fact.also_named else ""
    bounds = (
        f" {plain(fact.at_least)} – {plain(fact.at_most)}"
        if fact.at_least is not None and fact.at_most is not None
        else ""
    )
    absent = f"  ← {fact.absence.value.text}" if fact.absence else ""
    return f"{fact.name}{names}  {fact.unit.text}{bounds}{absent}  {fact.meaning}"


def _rules(policy: Policy) -> Iterator[str]:
    tests = {category.test for category in policy.categories}
    for rule in policy.rules:
        if rule.is_written and rule.name not in tests and "·" not in rule.name:
            yield f"{rule.name} = {rule.expression.text}  {_said(rule.saying)}  {_where(rule.place)}"
    heading = policy.words["approval"]
    for rule in policy.rules:
        if rule.name.startswith(f"{heading}·") and rule.name.count("·") == 1:
            yield f"{rule.name} = {rule.expression.text}  {_said(rule.saying)}  {_where(rule.place)}"
    for gate, name in policy.gates:
        found = next(rule for rule in policy.rules if rule.name == name)
        yield f"{policy.words['gate']} {gate}: {found.expression.text}  {_said(found.saying)}  {_where(found.place)}"


def _category(policy: Policy, name: str) -> Iterator[str]:
    category = next(found for found in policy.categories if found.name == name)
    rules = {rule.name: rule for rule in policy.rules}
    test = rules[category.test]
    yield f"{test.expression.text}  {_said(category.saying)}  {_where(test.place)}"
    for gate, rule in category.gates:
        yield f"{policy.words['gate']} {gate}: {rules[rule].expression.text}  {_said(rules[rule].saying)}  {_where(rules[rule].place)}"
    for aid in category.aids:
        for word, end in (("ceiling", aid.ceiling), ("floor", aid.floor)):
            rule_ = rules.get(f"{end}·{policy.words['stated']}") or rules[end]
            if rule_.is_written or word == "ceiling":
                yield f"{aid.name} {policy.words[word].strip('_')}: {rule_.expression.text}  {_where(rule_.place)}"
        yield f"{aid.name}  {_said(aid.saying)}"


def _questions(policy: Policy) -> Iterator[str]:
    for question in policy.questions:
        yield f"{question.name}  〔{question.saying.clause}〕 {question.text}  {_where(question.place)}"
        yield f"    ✓ {question.reading}"
        yield f"    ○ {question.other}"
