"""A tuple of small checks: each finds what a policy says that cannot be meant."""

from __future__ import annotations

import ast
import calendar
import datetime
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial

from engine.algebras.exact import Exact, Value
from engine.algebras.interval import Dates, Interval, Range, Span, Texts, Truths, span_of
from engine.algebras.kinds import Kind
from engine.expression import ROUNDINGS, Expression, Reader, calls, names_in
from engine.fold import fold, read_all
from engine.messages import Message, say
from engine.policy import Fact, Group, Policy, Rule, Table
from engine.source import Problem
from engine.units import kinds_of

__all__ = ["CHECKS", "check", "spans_of"]


def check(policy: Policy) -> tuple[Problem, ...]:
    """Every problem that `CHECKS` find in `policy`; warnings among them hinder nothing."""
    return tuple(problem for finder in CHECKS for problem in finder(policy))


def spans_of(policy: Policy) -> dict[str, Span]:
    """Every value that each name of `policy` can have, given the declared bounds of the facts."""
    return fold(policy, core_spans(policy), Interval(policy.tables, policy.groups), _person_spans(policy))


def _person_spans(policy: Policy) -> dict[str, list[dict[str, Span]]]:
    """For each group one person who stands for any."""
    found: dict[str, list[dict[str, Span]]] = {}
    for group in policy.groups:
        person: dict[str, Span] = dict.fromkeys(group.core_facts(policy.words), Truths(True, True))
        found[group.name] = [person | {fact.name: span_of(fact) for fact in group.facts}]
    return found


def core_spans(policy: Policy) -> dict[str, Span]:
    """Every value that each core fact can have."""
    words = policy.words
    found: dict[str, Span] = {fact.name: span_of(fact) for fact in policy.facts}
    for fact in policy.facts:
        for word in ("given", "valid", "in_force"):
            found[f"{fact.name}·{words[word]}"] = Truths(True, True)
    return found


def _absences(policy: Policy) -> Iterator[Problem]:
    """What absence means reads what is settled before it, and comes to nothing that the fact cannot be."""
    figures: dict[str, Span] = {figure.name: Range(figure.value, figure.value) for figure in policy.figures}
    people = _person_spans(policy)
    scopes = [(policy.facts, core_spans(policy)), *((group.facts, people[group.name][0]) for group in policy.groups)]
    for facts, spans in scopes:
        reader = Reader(Interval(policy.tables), {**figures, **spans, "today": Dates()})
        settled = {fact.name for fact in facts if fact.absence is None} | set(figures)
        for fact in facts:
            if fact.absence is not None:
                early = list(_unsettled(fact, fact.absence.value, settled))
                yield from early or _unfit(policy, fact, fact.absence.value, reader)
            settled.add(fact.name)


def _unsettled(fact: Fact, expression: Expression, settled: set[str]) -> Iterator[Problem]:
    for node in names_in(expression.tree):
        if node.id not in settled and node.id not in ("today", "true", "false"):
            wrong = say(
                "What the absence of “{fact}” means reads “{name}”, which is settled later.",
                fact=fact.name,
                name=node.id,
            )
            remedy = say("Read only figures, facts without when_absent, and facts declared above.")
            yield Problem(expression.place_of(node), wrong, None, remedy)


def _unfit(policy: Policy, fact: Fact, expression: Expression, reader: Reader[Span]) -> Iterator[Problem]:
    """A value that the fact could not have if somebody wrote it, a divisor that could be 0, a day that there is not."""
    undefined = [*_not_positive(expression, reader.read), *_not_days(policy, expression, reader.read)]
    yield from undefined
    found, allowed = reader.read(expression), span_of(fact)
    outside: str | Fraction | Message | None = None
    if isinstance(found, Range) and isinstance(allowed, Range):
        outside = _beyond(found, allowed)
    elif isinstance(found, Texts) and isinstance(allowed, Texts) and allowed.values is not None:
        outside = say("any text") if found.values is None else min(found.values - allowed.values, default=None)
    if outside is not None and not undefined:
        wrong = say("What absence means can be {value}, which “{fact}” cannot be.", value=outside, fact=fact.name)
        remedy = say("Write what the fact may be, or widen its at_least, at_most or choices.")
        yield Problem(expression.place, wrong, None, remedy)


def _beyond(found: Range, allowed: Range) -> Fraction | Message | None:
    """An end of `found` that lies outside of `allowed`; None where there is none."""
    if allowed.low is not None and (found.low is None or found.low < allowed.low):
        return say("any number") if found.low is None else found.low
    if allowed.high is not None and (found.high is None or found.high > allowed.high):
        return say("any number") if found.high is None else found.high
    return None


def _kinds(policy: Policy) -> Iterator[Problem]:
    """Kinds and units fit, tests are truths, amounts are in the unit that is paid."""
    names, problems = kinds_of(policy)
    yield from problems
    rules = {rule.name: rule for rule in policy.rules}
    wanted = {category.test: say("the test of a category") for category in policy.categories}
    wanted |= {remark.when: say("the condition of a note") for remark in (*policy.remarks, *policy.refusals)}
    wanted |= {rule: say("what a gate needs") for _, rule in policy.gates}
    for name, role in wanted.items():
        kind = names.get(name)
        if kind is not None and kind.name not in ("truth", "unknown") and name in rules:
            wrong = say("{role} is {kind}.", role=role, kind=kind.said())
            yield Problem(
                rules[name].place, wrong, say("A truth is needed."), say("Compare it with something (x > 0).")
            )
    yield from _amount_units(policy, names, rules)


def _amount_units(policy: Policy, names: dict[str, Kind], rules: dict[str, Rule]) -> Iterator[Problem]:
    ends = [(aid, end) for category in policy.categories for aid in category.aids for end in (aid.ceiling, aid.floor)]
    units = [names[end] for _, end in ends if end in names and names[end].name == "number" and not names[end].is_zero]
    if not units:
        return
    usual = max(units, key=lambda kind: (units.count(kind), -units.index(kind)))
    for aid, end in ends:
        kind = names.get(end)
        if kind is not None and not kind.is_zero and kind.name != "unknown" and kind != usual:
            wrong = say("The range of “{aid}” is {kind}.", aid=aid.name, kind=kind.said())
            expected = say("The other aids are {usual}.", usual=usual.said())
            yield Problem(rules[end].place, wrong, expected, say("Multiply or divide by the number of months (月/年)."))


def _divisors(policy: Policy) -> Iterator[Problem]:
    """Every divisor and every rounding step is shown to be above zero by the declared bounds."""
    reading = read_all(policy, core_spans(policy), Interval(policy.tables, policy.groups), _person_spans(policy))
    for rule in policy.rules:
        person = reading.persons[rule.of][0] if rule.of else {}
        yield from _not_positive(rule.expression, partial(reading.reader.read_for, person))


def _days(policy: Policy) -> Iterator[Problem]:
    """Every day that a rule makes of a year, a month and a day is shown to be one of the calendar."""
    reading = read_all(policy, core_spans(policy), Interval(policy.tables, policy.groups), _person_spans(policy))
    for rule in policy.rules:
        person = reading.persons[rule.of][0] if rule.of else {}
        yield from _not_days(policy, rule.expression, partial(reading.reader.read_for, person))


def _not_days(policy: Policy, expression: Expression, read: Callable[[Expression], Span]) -> Iterator[Problem]:
    for call in calls(expression.tree, "date"):
        spans = [read(Expression(expression.text, part, expression.leaf)) for part in call.args]
        if not (_are_days(spans) and all(_is_whole(policy, part) for part in call.args)):
            wrong = say("“{date}” may be no day of the calendar.", date=ast.unparse(call))
            remedy = say("Write a day that there is in each year, for example date(2023, 7, 1).")
            yield Problem(expression.place_of(call), wrong, None, remedy)


def _are_days(spans: Sequence[Span]) -> bool:
    """Whether every year, month and day of `spans` make a day; a fixed day of a fixed month is tried in its year."""
    ends = [(span.low, span.high) for span in spans if isinstance(span, Range)]
    lows = [int(low) for low, _ in ends if low is not None]
    highs = [int(high) for _, high in ends if high is not None]
    if not len(lows) == len(highs) == 3 or lows[0] < datetime.MINYEAR or highs[0] > datetime.MAXYEAR:
        return False
    if lows[1:] != highs[1:]:
        return lows[1] >= 1 and highs[1] <= 12 and lows[2] >= 1 and highs[2] <= 28
    year = lows[0] if lows[0] == highs[0] else _COMMON_YEAR
    return 1 <= lows[1] <= 12 and 1 <= lows[2] <= calendar.monthrange(year, lows[1])[1]


_COMMON_YEAR = 2001


def _not_positive(expression: Expression, read: Callable[[Expression], Span]) -> Iterator[Problem]:
    for node, wrong in _must_be_positive(expression.tree):
        span = read(Expression(expression.text, node, expression.leaf))
        if isinstance(span, Range) and (span.low is None or span.low <= 0):
            low = say("It can be {low}.", low=span.low) if span.low is not None else say("It has no lowest value.")
            divisor = ast.unparse(node)
            shown = say("{wrong}: “{divisor}”.", wrong=wrong, divisor=divisor)
            remedy = say(
                "Raise the lowest value (at_least) of the facts in it, or write max({divisor}, …).", divisor=divisor
            )
            yield Problem(expression.place_of(node), shown, low, remedy)


def _must_be_positive(tree: ast.expr) -> Iterator[tuple[ast.expr, Message]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield node.right, say("The divisor is not shown to be above 0")
    for rounding in ROUNDINGS:
        for call in calls(tree, rounding):
            yield call.args[1], say("The step of a rounding is not shown to be above 0")


def _certainties(policy: Policy) -> Iterator[Problem]:
    """A test that holds always or never, whatever the household, is probably a slip: a warning."""
    spans = spans_of(policy)
    rules = {rule.name: rule for rule in policy.rules}
    tests = [category.test for category in policy.categories] + [rule for _, rule in policy.gates]
    tests += [rule.name for rule in policy.rules if rule.name.startswith(policy.words["approval"] + "·")]
    for name in tests:
        span = spans.get(name)
        if isinstance(span, Truths) and name in rules and span.can_hold != span.can_fail:
            wrong = (
                say("“{name}” can never hold.", name=name)
                if not span.can_hold
                else say("“{name}” always holds.", name=name)
            )
            remedy = say("Check the operator and the figure.")
            yield Problem(rules[name].place, wrong, say("The facts' declared bounds show it."), remedy, is_warning=True)


def _ranges(policy: Policy) -> Iterator[Problem]:
    """No floor above its ceiling, tried on households at the ends and in the middle of the facts' bounds."""
    if not policy.categories:
        return
    rules = {rule.name: rule for rule in policy.rules}
    exact = Exact(policy.tables)
    seen: set[str] = set()
    for share in (Fraction(0), Fraction(1, 1000), Fraction(1, 2), Fraction(1)):
        persons = {group.name: _sample_persons(policy, group, share) for group in policy.groups}
        names = fold(policy, _sample(policy, policy.facts, share), exact, persons)
        for category in policy.categories:
            for aid in category.aids:
                low, high = names[aid.floor], names[aid.ceiling]
                comparable = isinstance(low, (int, Fraction)) and isinstance(high, (int, Fraction))
                if comparable and low > high and aid.floor not in seen:  # type: ignore[operator]  # both are numbers here
                    seen.add(aid.floor)
                    wrong = say(
                        "The floor of “{aid}” can be above its ceiling ({low} > {high}).",
                        aid=aid.name,
                        low=low,
                        high=high,
                    )
                    yield Problem(
                        rules[aid.floor].place, wrong, None, say("Check at_least and at_most and their figures.")
                    )


def _sample(policy: Policy, facts: Sequence[Fact], share: Fraction) -> dict[str, Value]:
    """A household, or a person, whose every number lies at `share` of its range."""
    words = policy.words
    found: dict[str, Value] = {}
    for fact in facts:
        found[fact.name] = _sample_value(policy, fact, share)
        for word in ("given", "valid", "in_force"):
            found[f"{fact.name}·{words[word]}"] = True
    for fact in facts:
        if fact.is_optional and fact.kind in ("money", "count"):
            found[f"{fact.name}·{words['given']}"] = False
    return found


def _sample_persons(policy: Policy, group: Group, share: Fraction) -> list[dict[str, Value]]:
    """As many persons as lie at `share` between the fewest and the most, all alike."""
    size = group.at_least + (group.at_most - group.at_least) * share // 1
    return [_sample(policy, group.facts, share)] * int(size)


def _sample_value(policy: Policy, fact: Fact, share: Fraction) -> Value:
    if fact.kind == "truth":
        return True
    if fact.kind == "text":
        return fact.choices[int((len(fact.choices) - 1) * share)] if fact.choices else ""
    if fact.kind == "date":
        return policy.since
    low, high, step = fact.at_least or Fraction(0), fact.at_most or Fraction(1), fact.step or Fraction(1)
    return low + (high - low) * share // step * step


def _absent_is_not_zero(policy: Policy) -> Iterator[Problem]:
    """The value of an optional fact is read only where the rule has asked whether it is given."""
    facts = [*policy.facts, *(fact for group in policy.groups for fact in group.facts)]
    optional = {fact.name: f"{fact.name}·{policy.words['given']}" for fact in facts if fact.is_optional}
    for rule in policy.rules:
        if rule.is_written or "·" in rule.name:
            for node in _unguarded(rule.expression.tree, optional, frozenset()):
                wrong = say("“{name}” can be absent, and is read here without asking.", name=node.id)
                remedy = say("Write “{name} if given({name}) else …”, or “given({name}) and …”.", name=node.id)
                yield Problem(
                    rule.expression.place_of(node),
                    wrong,
                    say("Absent is not zero: the rule says what it means."),
                    remedy,
                )


def _unguarded(tree: ast.AST, optional: dict[str, str], asked: frozenset[str]) -> Iterator[ast.Name]:
    if isinstance(tree, ast.Name):
        if tree.id in optional and tree.id not in asked:
            yield tree
    elif isinstance(tree, ast.IfExp):
        yield from _unguarded(tree.test, optional, asked)
        yield from _unguarded(tree.body, optional, asked | _asked(tree.test, optional))
        yield from _unguarded(tree.orelse, optional, asked | _asked_not(tree.test, optional))
    elif isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        for value in tree.values:
            yield from _unguarded(value, optional, asked)
            asked |= _asked(value, optional)
    elif isinstance(tree, ast.BoolOp):
        for value in tree.values:
            yield from _unguarded(value, optional, asked)
            asked |= _asked_not(value, optional)
    else:
        for child in ast.iter_child_nodes(tree):
            if not (isinstance(tree, ast.Call) and child is tree.func):
                yield from _unguarded(child, optional, asked)


def _asked(tree: ast.AST, optional: dict[str, str]) -> frozenset[str]:
    """The optional facts that are given wherever `tree` holds."""
    if isinstance(tree, ast.Name):
        return frozenset(name for name, given in optional.items() if given == tree.id)
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        return frozenset().union(*(_asked(value, optional) for value in tree.values))
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        return _asked_not(tree.operand, optional)
    return frozenset()


def _asked_not(tree: ast.AST, optional: dict[str, str]) -> frozenset[str]:
    """The optional facts that are given wherever `tree` does not hold."""
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        return _asked(tree.operand, optional)
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or):
        return frozenset().union(*(_asked_not(value, optional) for value in tree.values))
    return frozenset()


def _approvals_rise(policy: Policy) -> Iterator[Problem]:
    """Levels of approval are listed from low to high, since the last that holds is the one needed."""
    levels = [
        rule
        for rule in policy.rules
        if rule.name.startswith(policy.words["approval"] + "·") and rule.name.count("·") == 1
    ]
    figures = {figure.name: figure.value for figure in policy.figures}
    before: dict[str, tuple[Fraction, Rule]] = {}
    for rule in levels:
        for node in ast.walk(rule.expression.tree):
            if (
                isinstance(node, ast.Compare)
                and isinstance(node.ops[0], (ast.Gt, ast.GtE))
                and isinstance(node.comparators[0], ast.Name)
            ):
                line = figures.get(node.comparators[0].id)
                amount = ast.unparse(node.left)
                if line is not None and amount in before and line < before[amount][0]:
                    wrong = say(
                        "A higher level of approval begins at a lower amount ({line} < {before}).",
                        line=line,
                        before=before[amount][0],
                    )
                    remedy = say("List the levels from low to high, and check the figures.")
                    yield Problem(
                        rule.expression.place_of(node),
                        wrong,
                        say("The last level that holds is the one needed."),
                        remedy,
                    )
                elif line is not None:
                    before[amount] = (line, rule)


def _unused(policy: Policy) -> Iterator[Problem]:
    """A figure or a fact that no rule reads: a warning."""
    read = {node.id for rule in policy.rules for node in names_in(rule.expression.tree)}
    read |= {node.id for fact in policy.facts if fact.absence for node in names_in(fact.absence.value.tree)}
    read |= {name.split("·")[0] for name in read if "·" in name}
    for figure in policy.figures:
        if figure.name not in read and "·" not in figure.name:
            wrong = say("No rule reads the figure “{name}”.", name=figure.name)
            yield Problem(figure.place, wrong, None, say("Use it in a rule, or remove it."), is_warning=True)
    for fact in policy.facts:
        if fact.name not in read and not fact.is_unique and not fact.is_reference:
            wrong = say("No rule reads the fact “{name}”.", name=fact.name)
            yield Problem(fact.place, wrong, None, say("Use it in a rule, or remove it."), is_warning=True)


def _tiling(policy: Policy) -> Iterator[Problem]:
    """The bands of a scale cover every value that what they measure can have."""
    reading = read_all(policy, core_spans(policy), Interval(policy.tables, policy.groups), _person_spans(policy))
    groups = {rule.name: rule.of for rule in policy.rules}
    for scale in policy.scales:
        person = reading.persons[groups[scale.rule]][0] if groups.get(scale.rule) else {}
        span = reading.reader.read_for(person, scale.subject)
        if not isinstance(span, Range):
            continue
        below = scale.low is not None and (
            span.low is None or span.low < scale.low or (span.low == scale.low and not scale.includes_low)
        )
        above = scale.high is not None and (
            span.high is None or span.high > scale.high or (span.high == scale.high and not scale.includes_high)
        )
        if below or above:
            shown = scale.subject.text
            wrong = say(
                "The bands leave out what lies {where} {end}.",
                where=say("below") if below else say("above"),
                end=scale.low if below else scale.high,
            )
            low, high = (say("without end") if end is None else end for end in (span.low, span.high))
            expected = say("“{subject}” goes from {low} to {high}.", subject=shown, low=low, high=high)
            yield Problem(scale.place, wrong, expected, say("Leave the outer end of the first and the last band open."))


def _lookups(policy: Policy) -> Iterator[Problem]:
    """A lookup in a rule has a default, or a row for every key that it can meet."""
    reading = read_all(policy, core_spans(policy), Interval(policy.tables, policy.groups), _person_spans(policy))
    tables = {table.name: table for table in policy.tables}
    for rule in policy.rules:
        for call in calls(rule.expression.tree, "lookup"):
            assert isinstance(call.args[0], ast.Name)
            table = tables[call.args[0].id]
            if table.default is None:
                person = reading.persons[rule.of][0] if rule.of else {}
                spans = [
                    reading.reader.read_for(person, Expression(rule.expression.text, key, rule.expression.leaf))
                    for key in call.args[1:]
                ]
                missing = _missing_row(policy, table, spans, [_is_whole(policy, key) for key in call.args[1:]])
                if missing is not None:
                    wrong = say(
                        "The table “{table}” may be asked for what it does not have: {missing}.",
                        table=table.name,
                        missing=missing,
                    )
                    remedy = say(
                        "Add the rows, say “default” in the table, or look it up where a fact says what absence means."
                    )
                    yield Problem(rule.expression.place_of(call), wrong, None, remedy)


_MOST_KEYS = 10_000


def _missing_row(policy: Policy, table: Table, spans: list[Span], whole: list[bool]) -> Message | str | None:
    """The first combination of keys that can be met and has no row; None where every one has."""
    if table.is_dated:
        return say("a day before its first row")
    choices: list[list[str | Fraction]] = []
    for span, is_whole in zip(spans, whole, strict=True):
        if isinstance(span, Texts) and span.values is not None:
            choices.append(sorted(span.values))
        elif isinstance(span, Range) and is_whole and span.low is not None and span.high is not None:
            choices.append(
                [Fraction(value) for value in range(int(span.low), min(int(span.high), int(span.low) + _MOST_KEYS) + 1)]
            )
        else:
            return say("a key without known choices")
    if math.prod(len(values) for values in choices) > _MOST_KEYS:
        return say("too many keys to try")
    return next(
        (" ".join(str(key) for key in keys) for keys in itertools.product(*choices) if table.find(keys, None) is None),
        None,
    )


def _is_whole(policy: Policy, tree: ast.expr) -> bool:
    """Whether `tree` is a whole number for certain: made of counts and whole constants without a division."""
    whole = {fact.name for group in policy.groups for fact in group.facts if _steps_whole(fact)}
    whole |= {fact.name for fact in policy.facts if _steps_whole(fact)}
    whole |= {figure.name for figure in policy.figures if figure.value.denominator == 1}
    rules = {rule.name: rule.expression.tree for rule in policy.rules}

    def holds(node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            return node.id in whole or (node.id in rules and holds(rules[node.id]))
        if isinstance(node, ast.Constant):
            return isinstance(node.value, Fraction) and node.value.denominator == 1
        if isinstance(node, ast.BinOp):
            return not isinstance(node.op, ast.Div) and holds(node.left) and holds(node.right)
        if isinstance(node, ast.IfExp):
            return holds(node.body) and holds(node.orelse)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            parts = node.args[1:] if node.func.id.startswith("round_") else node.args
            return node.func.id in ("count", "full_years", "days_between") or all(holds(part) for part in parts)
        return isinstance(node, ast.UnaryOp) and holds(node.operand)

    return holds(tree)


def _steps_whole(fact: Fact) -> bool:
    bounds = (fact.step, fact.at_least)
    return all(bound is not None and bound.denominator == 1 for bound in bounds)


def _headings(policy: Policy) -> Iterator[Problem]:
    """No fact is called like a column that every result has."""
    made = {policy.words[word] for word in ("clauses", "notes", "policy", "fingerprint", "reason")}
    for fact in policy.facts:
        for name in {fact.name, *fact.also_named} & made:
            wrong = say("“{name}” is the name of a column of every result.", name=name)
            yield Problem(fact.place, wrong, None, say("Give the fact another name."))


CHECKS: tuple[Callable[[Policy], Iterator[Problem]], ...] = (
    _absences,
    _kinds,
    _divisors,
    _days,
    _certainties,
    _ranges,
    _absent_is_not_zero,
    _approvals_rise,
    _tiling,
    _lookups,
    _unused,
    _headings,
)
"""Every check, in the order in which problems are reported."""
