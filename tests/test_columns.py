"""Columns agree with exact, row by row and bit for bit: every rule of every policy, every expression, every width."""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import lcm
from pathlib import Path
from random import Random

import polars as pl
import pytest
from campaign_columns import main as run_campaign
from columns_and_exact import exact_changes, exact_names, is_same, kernel_of, wrong
from households_2023 import households
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_policies import number, written
from test_expressions import GROUPS, TABLES, VALUES, Example, parsed

from engine import HouseholdError, Policy, PolicyError, load
from engine.algebras.columns import Column, Columns, Ratio
from engine.algebras.exact import Exact, Value
from engine.algebras.interval import span_of
from engine.decision import headings
from engine.expression import Expression, Personal, Reader, Refusal
from engine.fold import fold
from engine.kernel import ROW, Typed, compile, facts_frame, frames, persons_frames
from engine.kernel import numbering as numbering_room
from engine.kernel.numbering import Numbering
from engine.kernel.program import Program
from engine.kernel.sums import shared
from engine.kernel.writing import dtype_of, write
from engine.messages.numbers import plain as shown_plainly
from engine.policy import Fact, Unit
from engine.tables.intake import Household, Intake
from engine.terms import MOST_64, MOST_128

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "policies" / "2023"
OTHERS = sorted(path.parent for path in (ROOT / "examples" / "policies").glob("*/policy.yaml"))
TODAY = datetime.date(2023, 8, 1)
QUESTIONS = tuple(question.name for question in load(FOLDER).questions)


# The policy of 2023 ------------------------------------------------------------


@cache
def scheme(*questions: str) -> Policy:
    return load(FOLDER, questions=questions)


@cache
def made_up(count: int, *questions: str) -> tuple[Household, ...]:
    """The core facts of the first made-up households, most of them on a line."""
    intake = Intake(scheme(*questions), TODAY)
    return tuple(intake.household(one) for one in households(2023, count))


@cache
def exactly() -> dict[str, list[Value]]:
    """Every name of the scheme as read, for 1,000 households."""
    return exact_names(scheme(), made_up(1_000))


def test_the_lists_of_exact_values_hold_what_exact_gives_each_household():
    for question in ((), (QUESTIONS[0],), (QUESTIONS[2],)):
        found, made = scheme(*question), made_up(100)
        names = exact_changes(found, made, scheme(), {name: values[:100] for name, values in exactly().items()})
        exact = Exact(found.tables)
        for row, one in enumerate(made):
            assert {name: values[row] for name, values in names.items()} == fold(found, one.facts, exact)


def test_columns_are_exact_for_every_rule_and_every_output():
    assert len(exactly()) > 400
    assert wrong(scheme(), made_up(1_000), exactly()) == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_columns_are_exact_under_the_other_reading(question: str):
    other = scheme(question)
    made = made_up(200, question) if other.facts != scheme().facts else made_up(1_000)[:200]
    known = {name: values[:200] for name, values in exactly().items()}
    assert wrong(other, made, exact_changes(other, made, scheme(), known)) == []


def test_a_campaign_of_columns_finds_no_difference(capsys: pytest.CaptureFixture[str]):
    assert run_campaign(["--count", "100", "--seed", "9", "--processes", "1"]) == 0
    assert "seed 9: 100 households" in capsys.readouterr().out


# Other policies ------------------------------------------------------------


def numbers_of(policy: Policy) -> list[Fraction]:
    """The numbers that the policy sets: where households stand on a line."""
    return [*(figure.value for figure in policy.figures), *(row.value for table in policy.tables for row in table.rows)]


def some_value(fact: Fact, policy: Policy, random: Random) -> Value:
    """A value of the fact, often at an end of its bounds or beside a number of the policy."""
    if fact.kind == "truth":
        return random.random() < 0.6
    if fact.kind == "date":
        days = (policy.since, policy.until, datetime.date(2024, 2, 29), datetime.date(2001, 2, 28))
        return random.choice((*days, datetime.date(1998, 1, 1) + datetime.timedelta(random.randrange(10_000))))
    if fact.kind == "text":
        keys = [str(key) for table in policy.tables for row in table.rows for key in row.keys]
        return random.choice(fact.choices or (*keys, "990101198503070017", "?"))
    assert fact.at_least is not None and fact.at_most is not None and fact.step is not None
    near = random.choice([fact.at_least, fact.at_most, Fraction(random.randrange(10 ** random.randrange(1, 8)))])
    if random.random() < 0.5:
        near = random.choice(numbers_of(policy)) * random.choice((1, 2, 12)) + random.choice((-1, 0, 1)) * fact.step
    steps = (near - fact.at_least) // fact.step
    return min(max(fact.at_least + steps * fact.step, fact.at_least), fact.at_most)


def some_facts(facts: Sequence[Fact], policy: Policy, random: Random) -> dict[str, object]:
    """Values of the facts, of which a third is left out where that may be."""
    may_lack = {fact.name for fact in facts if fact.is_optional or fact.absence is not None}
    return {
        fact.name: some_value(fact, policy, random)
        for fact in facts
        if fact.name not in may_lack or random.random() < 0.65
    }


def some_households(policy: Policy, count: int) -> list[Household]:
    """The core facts of `count` households drawn at random from what the policy declares."""
    random, intake = Random(policy.title), Intake(policy, TODAY)
    found: list[Household] = []
    for _ in range(20 * count):
        household = some_facts(policy.facts, policy, random)
        for group in policy.groups:
            size = random.randint(group.at_least, min(group.at_most, group.at_least + 4))
            household[group.name] = [some_facts(group.facts, policy, random) for _ in range(size)]
        try:
            found.append(intake.household(household))
        except HouseholdError:  # a lookup that has no row
            continue
        if len(found) == count:
            return found
    raise AssertionError(f"{len(found)} households of {count}")


@pytest.mark.parametrize("folder", OTHERS, ids=lambda folder: folder.name)
def test_columns_are_exact_for_every_policy_of_the_examples(folder: Path):
    found = load(folder)
    made = some_households(found, 250)
    assert wrong(found, made, exact_names(found, made)) == []


def test_the_examples_gather_persons_look_up_and_read_days():
    texts = "".join(rule.expression.canonical for folder in OTHERS for rule in load(folder).rules)
    assert all(word in texts for word in ("sum(", "count(", "any(", "lookup(", "full_years("))


def test_persons_are_gathered_in_whatever_block_their_household_is(monkeypatch: pytest.MonkeyPatch):
    found = load(ROOT / "examples" / "policies" / "hubei-2021")
    made = some_households(found, 200)
    frame, persons = facts_frame(found, made), persons_frames(found, made)
    kernel = compile(found)
    whole = kernel.decide(frame, persons)
    monkeypatch.setattr(frames, "_MOST", 7)
    assert len(frames.blocks(frame, persons)) == 29
    assert kernel.decide(frame, persons).equals(whole)


# Single expressions ------------------------------------------------------------


@cache
def _made_of(expression: Expression, facts: tuple[tuple[Fact, str], ...]) -> tuple[Program, bool]:
    """The steps of one expression over facts, each of a group or (empty) of the household; and whether it is a number."""
    columns = Columns(TABLES, GROUPS)
    names: dict[str, Column] = {}
    personal = {}
    for fact, group in facts:
        scale = fact.step.denominator if fact.step is not None else 1
        column = columns.fact(fact.name, fact.kind, span_of(fact), scale, group)
        if group:
            personal[fact.name] = Personal(group, (column,))
        else:
            names[fact.name] = column
    found = Reader(columns, names, personal).read(expression)
    roots = [found.above, found.below] if isinstance(found, Ratio) else [found]
    return write(roots, TABLES, GROUPS), isinstance(found, Ratio)


def stored(fact: Fact, values: Sequence[Value]) -> pl.Series:
    """The values of a fact as a frame for columns holds them."""
    if fact.kind in ("money", "count"):
        assert all(isinstance(value, int | Fraction) for value in values)
        whole = [Fraction(value) * (1 if fact.step is None else fact.step.denominator) for value in values]  # type: ignore[arg-type]  # just seen
        return pl.Series(fact.name, [value.numerator for value in whole], dtype=pl.Int128)
    kinds = {"truth": pl.Boolean, "text": pl.String, "date": pl.Date}
    return pl.Series(fact.name, values, dtype=kinds[fact.kind])


def in_columns(
    expression: Expression,
    facts: Mapping[str, Fact],
    rows: Sequence[Mapping[str, Value]],
    persons: Mapping[str, tuple[Fact, Personal[Value]]] | None = None,
) -> list[Value]:
    """What `expression` comes to for each of `rows`, each of which has the same `persons`."""
    people = persons or {}
    homes = [(fact, "") for fact in facts.values()] + [(fact, found.group) for fact, found in people.values()]
    program, is_number = _made_of(expression, tuple(homes))
    frame = pl.DataFrame([stored(fact, [row[name] for row in rows]) for name, fact in facts.items()])
    frames_of: dict[str, pl.DataFrame] = {}
    for name, (fact, found) in people.items():
        parents = pl.Series(ROW, [row for row in range(len(rows)) for _ in found.values], dtype=pl.Int64)
        group = frames_of.setdefault(found.group, pl.DataFrame([parents]))
        frames_of[found.group] = group.with_columns(stored(fact, list(found.values) * len(rows)).alias(name))
    given = frame if frame.width else pl.DataFrame({"": range(len(rows))})
    found = [
        column if len(column) == len(rows) else column.new_from_index(0, len(rows))
        for column in program.run(given, frames_of)
    ]
    assert not any(column.null_count() for column in found)
    return [Fraction(*pair) for pair in zip(*found, strict=True)] if is_number else found[0].to_list()


@pytest.mark.parametrize("example", VALUES)
def test_columns_give_the_value_written_for_each_expression_of_the_file(example: Example):
    facts = {name: stepped(fact, [value]) for name, (fact, value) in example.names.items()}
    persons = {name: (stepped(fact, found.values), found) for name, (fact, found) in example.persons.items()}
    row = {name: value for name, (_, value) in example.names.items()}
    (found,) = set(in_columns(parsed(example.written), facts, [row, row], persons))
    assert is_same(found, example.value)


def stepped(fact: Fact, values: Sequence[Value]) -> Fact:
    """The fact with a step of which its values are multiples."""
    below = [value.denominator for value in values if isinstance(value, Fraction)]
    return replace(fact, step=Fraction(1, lcm(*below)))


def fact(name: str, low: object, high: object, step: str = "1") -> Fact:
    return Fact(
        name, "count", Unit(), "", at_least=Fraction(str(low)), at_most=Fraction(str(high)), step=Fraction(step)
    )


PLAIN = {
    "a": fact("a", -1000, 1000, "0.01"),
    "b": fact("b", 0, 100_000_000, "0.01"),
    "n": fact("n", -9, 50),
    "p": fact("p", 1, 30),
    "q": fact("q", "0.05", 400, "0.05"),
    "t": Fact("t", "truth", Unit(), ""),
    "u": Fact("u", "truth", Unit(), ""),
    "s": Fact("s", "text", Unit(), ""),
    "d": Fact("d", "date", Unit(), ""),
    "e": Fact("e", "date", Unit(), ""),
}
_ROUNDING = st.sampled_from(("round_half_up", "round_half_even", "round_up", "round_down"))
_NUMBER = st.sampled_from(("a", "b", "n", "p", "q", "0", "1", "2", "0.15", "12", "100", "2 / 37", "24000"))
_TRUTH = st.sampled_from(("t", "u", "true", "s == 'x'", "s in ('x', 'y')", "d < e", "d == e", "a > 0", "n == 0"))


def _numbers(inner: st.SearchStrategy[str], truths: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
        st.builds("({} / {})".format, inner, st.sampled_from(("p", "q", "12", "0.8", "(p * q)", "max(n, 1)"))),
        st.builds("{}({}, {})".format, st.sampled_from(("min", "max")), inner, inner),
        st.builds("{}({}, {}, 0)".format, st.sampled_from(("min", "max")), inner, inner),
        st.builds("{}({}, {})".format, _ROUNDING, inner, st.sampled_from(("0.01", "1", "100", "2 / 3", "p", "q"))),
        st.builds("({} if {} else {})".format, inner, truths, inner),
        st.builds("{}({})".format, st.sampled_from(("-", "abs")), inner),
        st.sampled_from(
            (
                "full_years(d, e)",
                "full_months(d, e)",
                "year(d) + month(e)",
                "days_between(d, e)",
                "full_years(years_before(e, n), year_start(d))",
            )
        ),
    )


def _truths(inner: st.SearchStrategy[str], numbers: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, numbers, st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), numbers),
        st.builds("({} {} {})".format, inner, st.sampled_from(("and", "or")), inner),
        st.builds("(not {})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("(('x' if {} else s) == ('y' if {} else 'x'))".format, inner, inner),
    )


def _deep(levels: int) -> tuple[st.SearchStrategy[str], st.SearchStrategy[str]]:
    numbers, truths = _NUMBER, _TRUTH
    for _ in range(levels):
        numbers, truths = st.one_of(_NUMBER, _numbers(numbers, truths)), st.one_of(_TRUTH, _truths(truths, numbers))
    return numbers, truths


EXPRESSIONS = st.one_of(*_deep(3), st.builds("('x' if {} else s)".format, _deep(2)[1]))
DAYS = (
    *(datetime.date(2024, 2, 29), datetime.date(2023, 2, 28), datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
    *(datetime.date(1999, 12, 31), datetime.date(2000, 2, 29), datetime.date(2024, 3, 1)),
)


def some_rows() -> list[dict[str, Value]]:
    """Rows with every fact of `PLAIN` at an end of its bounds, at zero, and in between."""
    random = Random(5)
    rows: list[dict[str, Value]] = []
    for index in range(60):
        row: dict[str, Value] = {"s": random.choice("xyz"), "d": random.choice(DAYS), "e": random.choice(DAYS)}
        for name in "tu":
            row[name] = random.random() < 0.5
        for name in "abnpq":
            found = PLAIN[name]
            assert found.at_least is not None and found.at_most is not None and found.step is not None
            steps = int((found.at_most - found.at_least) / found.step)
            at = random.choice((0, steps, random.randint(0, steps), min(steps, random.randint(0, 200))))
            row[name] = found.at_least + at * found.step
        rows.append(row | {"n": Fraction(index - 9)})
    return rows


ROWS = some_rows()


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS)
def test_columns_are_exact_for_any_expression(text: str):
    expression = parsed(text)
    try:
        found = in_columns(expression, PLAIN, ROWS)
    except Refusal as refusal:
        assert "128 bits" in refusal.wrong.text()
        return
    for row, value in zip(ROWS, found, strict=True):
        assert is_same(value, Reader(Exact(TABLES), row).read(expression)), row


@pytest.mark.parametrize(
    "text",
    [
        *("(a if t else b) if t else q", "q if t else (a if t else b)", "(a if u else b) if t else b"),
        *("(b if u else a) if t else b", "a if t else (a if u else b)", "a if t else (b if u else a)"),
        *("(a if t else b) if not t else q", "(t if u else u) if t else not u", "(t or u) and (not t or u)"),
        *("t or (not t and u)", "t and (not t or u)", "not (t and u) and (t or u)", "t and u or t and not u"),
        *(
            "n * 2 == 3",
            "n * 2 == 4",
            "n * 2 - p * 4 == 3",
            "n * 6 < p * 4 - 1",
            "n * 6 <= p * 4 - 1",
            "0 == n",
            "p != 1",
        ),
        *(
            "max(n, 3) <= 3",
            "max(n, 3) < 5",
            "min(n, 3) >= 3",
            "min(n, -n, 4) > -3",
            "max(a, b) == a",
            "min(a, b) == b",
        ),
        *("(n if t else 3) > 3", "(2 if t else n) == 2", "-max(n, p) < -2", "max(min(n, p), -3, 1 - n)"),
        *("(5 if n == 3 else n + 2)", "(n + 2 if n != 3 else 5)", "(0 if b == 0 else min(b, q) * n)"),
        *("(0 if n == 0 else n * p)", "round_down(-max(n / 4, -q), 0.5)", "round_up(min(n / 4, q) - n, 0.5)"),
        *(
            "round_down((n if t else a) / 7, 3)",
            "round_down((n * 3 if t else a * 3) / 7, 3)",
            "round_half_up(n * 8 + 3, 4)",
        ),
        *(
            "round_down(6 * n + 4, 9)",
            "('x' if t else s) == ('y' if u else s)",
            "('x' if t else 'y') != ('y' if u else 'x')",
        ),
        *("s in ('x', 'z')", "(d if t else e) == d", "(d if t else e) < e", "not d >= e", "days_between(d, e) == 0"),
        "full_years(e, d) > n",
    ],
)
def test_what_is_said_more_simply_comes_to_the_same(text: str):
    expression = parsed(text)
    for row, value in zip(ROWS, in_columns(expression, PLAIN, ROWS), strict=True):
        assert is_same(value, Reader(Exact(), row).read(expression)), row


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize("name", ["a", "b", "n", "p", "q"])
def test_a_fact_compared_with_a_value_near_an_end_of_its_bounds_is_exact(name: str, operator: str):
    low, high, step = PLAIN[name].at_least, PLAIN[name].at_most, PLAIN[name].step
    assert low is not None and high is not None and step is not None
    values = [low - step, low, low + step, (low + high) / 2, high - step, high, high + step]
    rows = [ROWS[0] | {name: low + number * step} for number in (0, 1, 2, int((high - low) / step) - 1)]
    rows.append(ROWS[0] | {name: high})
    for value in values:
        expression = parsed(f"{name} {operator} {value.numerator} / {value.denominator}")
        assert in_columns(expression, PLAIN, rows) == [Reader(Exact(), row).read(expression) for row in rows], value


GRID = [ROWS[0] | {"n": Fraction(n), "p": Fraction(p)} for n in range(-9, 10) for p in range(1, 6)]


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize(
    "left", ["n * 2", "-n * 3", "n * 4 - p * 6", "p * 6 - n * 4", "max(n, 2) * 2", "-min(n, p) * 3"]
)
@pytest.mark.parametrize("right", ["-7", "-3", "0", "1", "5", "8 / 3"])
def test_multiples_are_compared_exactly(left: str, operator: str, right: str):
    expression = parsed(f"{left} {operator} {right}")
    assert in_columns(expression, PLAIN, GRID) == [Reader(Exact(), row).read(expression) for row in GRID]


@pytest.mark.parametrize("constant", [-40, -5, 4, 13, 40])
@pytest.mark.parametrize("rounding", ["round_half_up", "round_up", "round_down"])
def test_what_stands_beside_a_rounded_number_counts_once(rounding: str, constant: int):
    expression = parsed(f"{rounding}(6 * n + 9 * p + {constant}, 9)")
    assert in_columns(expression, PLAIN, GRID) == [Reader(Exact(), row).read(expression) for row in GRID]


@pytest.mark.parametrize(
    "text", ["years_before(d, n / 4)", "years_before(e, -n / 4)", "full_years(years_before(d, n / 2), e)"]
)
def test_a_part_of_a_year_goes_towards_zero(text: str):
    expression = parsed(text)
    assert in_columns(expression, PLAIN, ROWS) == [Reader(Exact(), row).read(expression) for row in ROWS]


@pytest.mark.parametrize("rounding", ["round_half_up", "round_half_even", "round_up", "round_down"])
@pytest.mark.parametrize("step", ["1", "0.5", "2 / 3", "q"])
@pytest.mark.parametrize("value", ["n / 4", "-n / 4", "a / 3", "n * 2.5", "min(n / 4, a) - n"])
def test_roundings_of_numbers_below_zero_are_exact(rounding: str, step: str, value: str):
    expression = parsed(f"{rounding}({value}, {step})")
    rows = [
        {**ROWS[0], "n": n, "a": Fraction(n, 7) * 7, "q": q}
        for n in range(-9, 10)
        for q in (Fraction(1, 4), Fraction(1))
    ]
    found = in_columns(expression, PLAIN, rows)
    assert found == [Reader(Exact(), row).read(expression) for row in rows]


def test_a_lookup_by_texts_numbers_and_days_is_exact():
    facts = {name: Fact(name, "text", Unit(), "") for name in ("城", "区")} | {"日": Fact("日", "date", Unit(), "")}
    table = replace(TABLES[0], default=Fraction(7, 3))
    keys = [("阜阳", "颍州"), ("阜阳市", "颍州区"), ("阜阳", "太和"), ("", ""), ("阜阳", "无")]
    ends = (
        datetime.date(2022, 12, 31),
        datetime.date(2023, 1, 1),
        datetime.date(2023, 6, 30),
        datetime.date(2023, 7, 1),
    )
    days = (*ends, datetime.date(2023, 12, 31), datetime.date(2024, 1, 1))
    rows = [{"城": city, "区": county, "日": day} for city, county in keys for day in days]
    columns = Columns([table])
    names = {name: columns.fact(name, fact.kind, span_of(fact)) for name, fact in facts.items()}
    found = Reader(columns, names).read(parsed("lookup(低保标准, 城, 区, 日)"))
    assert isinstance(found, Ratio) and isinstance(found.below.value, int)
    (looked_up,) = write([found.above], [table], ()).run(
        pl.DataFrame([stored(facts[name], [row[name] for row in rows]) for name in facts]), {}
    )
    exact = [Reader(Exact([table]), row).read(parsed("lookup(低保标准, 城, 区, 日)")) for row in rows]
    assert [Fraction(value, found.below.value) for value in looked_up] == exact
    assert len(set(exact)) == 4


# How wide whole numbers are ------------------------------------------------------------


def product_of(tmp_path: Path, at_most: int, expression: str) -> Policy:
    facts = "facts:\n" + "".join(number(name, at_most=at_most) for name in ("x", "y", "z"))
    return load(written(tmp_path, facts=facts, rules=f"rules:\n  found:\n    is: {expression}\noutputs:\n  - found\n"))


def decided(found: Policy, *rows: tuple[int, int, int]) -> list[int]:
    """The products, and what is decided has the type that the kernel says."""
    kernel = compile(found, ["found"])
    result = kernel.decide(
        pl.DataFrame(dict(zip("xyz", zip(*rows, strict=True), strict=True)), schema=dict.fromkeys("xyz", pl.Int64))
    )
    assert result.schema["found"] == kernel.outputs["found"].dtype
    return result["found"].to_list()


MOST = 10**10
"""10^8 元 in 分."""


@pytest.mark.parametrize(
    ("expression", "dtype"),
    [("x + y + z", pl.Int64), ("x * 900000000", pl.Int64), ("x * y", pl.Int128), ("x * y * z - x * y", pl.Int128)],
)
def test_a_number_is_as_wide_as_its_bounds_ask_for(tmp_path: Path, expression: str, dtype: pl.DataType):
    found = product_of(tmp_path, MOST, expression)
    assert compile(found, ["found"]).outputs["found"].dtype == dtype
    for rows in ([(1, 2, 3)], [(MOST, MOST, MOST), (0, 1, MOST)], [(2**31 - 1, 1, 0)], [(2**31, 2, 1)]):
        names = [dict(zip("xyz", row, strict=True)) for row in rows]
        assert decided(found, *rows) == [Reader(Exact(), row).read(parsed(expression)) for row in names]


@pytest.mark.parametrize("above", [2**31 - 1, 2**31, 2**31 + 1, MOST_64 - 1, MOST_64, MOST_64 + 1])
def test_blocks_are_exact_on_either_side_of_each_width(above: int):
    facts = {"x": fact("x", 0, MOST_128 // 8), "y": fact("y", 0, 1)}
    rows = [{"x": above, "y": 1}, {"x": above - 1, "y": 0}, {"x": 0, "y": 1}]
    assert in_columns(parsed("x + y"), facts, rows) == [above + 1, above - 1, 1]
    assert in_columns(parsed("max(x, y) - x * 2"), facts, rows[:2]) == [-above, 1 - above]


@pytest.mark.parametrize(
    "text", ["x - y", "-x + y", "min(x, -y) - max(x, y)", "(x if y > 0 else y) - y", "x * 3 / 2 - y"]
)
def test_differences_are_as_wide_as_they_can_be(text: str):
    most = 2**31 - 1
    facts = {"x": fact("x", -most, most), "y": fact("y", -most, most)}
    rows = [{"x": x, "y": y} for x in (-most, 0, most) for y in (-most, 1, most)]
    expression = parsed(text)
    assert in_columns(expression, facts, rows) == [Reader(Exact(), row).read(expression) for row in rows]


WIDE = {"x": fact("x", -(2**61), 2**61), "y": fact("y", -(2**61), 2**61), "z": fact("z", 1, 2**33)}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "x * y",
            "x * z * 3",
            "x * z - y",
            "x * 3 - y * 5 + 7",
            "round_down(x / z, 1)",
            "round_half_up(x * y / z, 3)",
        ),
        *("max(x, y) * z", "min(x, y, 0) - z", "abs(x) - abs(y)", "(x if y > z else y) * 4", "x * x >= y * z"),
    ],
)
def test_any_few_rows_are_exact_in_whatever_width_they_ask_for(text: str):
    expression, random = parsed(text), Random(text)
    for _ in range(60):
        rows = []
        for _ in range(random.randint(1, 3)):
            x, y = (random.choice((-1, 1)) * some_whole(random, 61) for _ in range(2))
            rows.append({"x": Fraction(x), "y": Fraction(y), "z": Fraction(max(some_whole(random, 33), 1))})
        assert in_columns(expression, WIDE, rows) == [Reader(Exact(), row).read(expression) for row in rows], rows


def some_whole(random: Random, bits: int) -> int:
    """A whole number beside a power of two of some width."""
    return max(2 ** random.choice((0, 1, 15, 16, 20, 30, 31, 32, bits)) + random.choice((-1, 0, 1)), 0) % (2**bits + 1)


@pytest.mark.parametrize(("most", "dtype"), [(MOST_64, pl.Int64), (MOST_64 + 1, pl.Int128), (MOST_128, pl.Int128)])
def test_a_fact_has_64_bits_as_long_as_they_hold_it(most: int, dtype: pl.DataType):
    for low, high in ((0, most), (-most, 0)):
        column = Columns().fact("x", "count", span_of(fact("x", low, high)))
        assert isinstance(column, Ratio)
        assert dtype_of(column.above) == dtype


@pytest.mark.parametrize("most", [2**31 - 1, 2**31, MOST_64])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_over_persons_is_as_wide_as_it_comes_to(most: int, sign: int):
    values = tuple(Fraction(sign * number) for number in (most, most, 1))
    persons = {"x": (fact("x", -most, most), Personal[Value]("家人", values))}
    assert in_columns(parsed("sum(x)"), {}, [{}, {}], persons) == [sign * (2 * most + 1)] * 2


def test_the_last_number_that_128_bits_hold_is_not_refused():
    facts = {"x": fact("x", 0, MOST_128), "y": fact("y", 0, MOST_128 - 1)}
    assert in_columns(parsed("x"), facts, [{"x": MOST_128, "y": 0}]) == [MOST_128]
    assert in_columns(parsed("y + 1"), facts, [{"x": 0, "y": MOST_128 - 1}]) == [MOST_128]
    for text in ("x + 1", "-x - 1", "y + 2", "x - y", "y * 2", "x * y"):
        with pytest.raises(Refusal, match="128 bits"):
            in_columns(parsed(text), facts, [{"x": 0, "y": 0}])


def test_a_policy_whose_numbers_pass_128_bits_is_refused_by_name(tmp_path: Path):
    found = product_of(tmp_path, MOST, "x * y * z * x / 3 - y")
    with pytest.raises(PolicyError) as caught:
        compile(found)
    assert str(caught.value).split(": ", 1)[1].splitlines()[0] == (
        "“found” cannot be computed in columns. Exact whole numbers of 128 bits do not hold what this can come to. "
        "It could have 41 digits; 38 fit. Tighten the bounds (at_least, at_most) of “x”, the widest fact in it."
    )


def test_a_rule_that_nobody_wants_is_not_refused(tmp_path: Path):
    facts = "facts:\n" + number("x", at_most=MOST)
    rules = "rules:\n  wide:\n    is: x * x * x * x\n  narrow:\n    is: x + 1\noutputs:\n  - wide\n  - narrow\n"
    found = load(written(tmp_path, facts=facts, rules=rules))
    assert compile(found, ["narrow"]).decide(pl.DataFrame({"x": [1, MOST]}))["narrow"].to_list() == [2, MOST + 1]
    with pytest.raises(PolicyError):
        compile(found)


def test_a_fact_far_outside_its_bounds_never_wraps(tmp_path: Path):
    found = product_of(tmp_path, 10, "x * y")
    assert decided(found, (2**40, 2**20, 0)) == [2**60]
    with pytest.raises(pl.exceptions.InvalidOperationError):
        decided(found, (2**62, 2**62, 0))


# Notes and clauses ------------------------------------------------------------


def with_notes(tmp_path: Path, count: int, always: Sequence[int]) -> Policy:
    """A policy of so many notes: each holds for a few `x`, some of them for every one."""
    facts = (
        "facts:\n" + number("x", at_least=1) + number("z", more="when_absent: 0") + number("w", more="when_absent: 7")
    )
    rules = "rules:\n  found:\n    is: x + z + w\n    clause: A\noutputs:\n  - found\n" + ("notes:\n" if count else "")
    for at in range(count):
        when = "x >= 1" if at in always else f"x == {at + 1} or x > {90 + at % 10}"
        rules += f"  note_{at}:\n    when: {when}\n    say: Note {at}\n    clause: A\n"
    return load(written(tmp_path, facts=facts, rules=rules))


@pytest.mark.parametrize(
    ("count", "always"), [(0, ()), (1, (0,)), (3, (1,)), (5, ()), (20, (0, 7)), (40, (39,)), (70, (3,))]
)
def test_notes_are_said_as_exact_says_them_however_many_there_are(tmp_path: Path, count: int, always: tuple[int, ...]):
    found = with_notes(tmp_path, count, always)
    intake = Intake(found, TODAY)
    made = [
        intake.household({"x": x} | {name: 1 for name in "zw" if name in given})
        for x in range(1, 101)
        for given in ("", "z", "zw")
    ]
    assert wrong(found, made, exact_names(found, made)) == []
    kernel = kernel_of(found)
    for one in made[::9]:
        assert wrong(found, [one], exact_names(found, [one]), kernel) == []


def test_notes_of_many_kinds_are_the_same_in_whatever_blocks_they_are_met():
    frame = facts_frame(scheme(), made_up(1_000))
    notes = compile(scheme(), ["提示", "依据"]).decide(frame)
    assert notes["提示"].n_unique() > 500
    kernel = compile(scheme(), ["提示", "依据"])
    for part, right in zip(frame.iter_slices(400), notes.iter_slices(400), strict=True):
        for _ in range(2):
            assert kernel.decide(part).equals(right)
    assert kernel.decide(frame).equals(notes)


def blank_facts(tmp_path: Path, values: Sequence[int | str]) -> Policy:
    """A policy of facts that may be left blank, each with what it then counts as."""
    facts = "facts:\n" + number("a") + number("b")
    facts += "".join(number(f"f{at}", more=f"when_absent: {value}") for at, value in enumerate(values))
    total = " + ".join(f"f{at}" for at in range(len(values)))
    return load(written(tmp_path, facts=facts, rules=f"rules:\n  found:\n    is: {total}\noutputs:\n  - found\n"))


@pytest.mark.parametrize(
    "values", [(0,) * 20, (0,) * 9 + (1,) * 9, (0, 1, 0, 2, 1), (0, 0, "a", 1), ("a", "b", "a"), (5,)]
)
def test_what_was_left_blank_is_listed_as_exact_lists_it(tmp_path: Path, values: tuple[int | str, ...]):
    found = blank_facts(tmp_path, values)
    intake, chance = Intake(found, TODAY), Random(len(values))
    made = []
    for _ in range(60):
        given = [name for name in (f"f{at}" for at in range(len(values))) if chance.random() < 0.5]
        made.append(intake.household({"a": 1, "b": chance.randrange(3)} | dict.fromkeys(given, 1)))
    assert wrong(found, made, exact_names(found, made)) == []


def test_combinations_are_numbered_as_they_are_met():
    met: list[pl.DataFrame] = []

    def learn(new: pl.DataFrame) -> None:
        met.append(new)

    numbering = Numbering(learn)
    for kind in (pl.UInt32, pl.Int64, pl.String):
        met.clear()
        numbering = Numbering(learn)
        left = pl.Series([5, 5, 9, 5]).cast(kind)
        right = pl.Series([1, 2, 1, 1]).cast(pl.UInt32)
        assert numbering.of([left, right]).to_list() == [0, 1, 2, 0]
        assert numbering.of([left, right]).to_list() == [0, 1, 2, 0]
        assert [frame.rows() for frame in met] == [list(zip(left[:3], right[:3], strict=True))]
        assert numbering.of([left.head(1), pl.Series([0], dtype=pl.UInt32)]).to_list() == [3]
        more = pl.Series([70, 71, 5, 72, 73]).cast(kind)
        ones = pl.Series([1] * 5, dtype=pl.UInt32)
        assert numbering.of([more, ones]).to_list() == [4, 5, 0, 6, 7]
        assert numbering.of([more, ones]).to_list() == [4, 5, 0, 6, 7]
    pairs = [pl.Series(numbers, dtype=pl.UInt32) for numbers in ([0, 1, 2**16, 3], [2**16, 0, 0, 2**31])]
    assert numbering_room._keyed(pairs).is_unique().all()
    single = Numbering(lambda new: None)
    for values, numbers in (([0, 7], [0, 1]), ([2**40, 7], [2, 1]), ([-(2**62), 2**40, 8], [3, 2, 4])):
        assert single.of([pl.Series(values, dtype=pl.Int64)]).to_list() == numbers


# Frames ------------------------------------------------------------


SEVEN = ("困难类别", "生活救助", "医疗救助", "助学救助", "意外救助", "合计", "审批")


def test_what_is_not_wanted_is_pruned_and_changes_nothing():
    frame = facts_frame(scheme(), made_up(1_000))
    whole = compile(scheme())
    decided = whole.decide(frame)
    for heading in headings(scheme()):
        alone = compile(scheme(), [heading])
        assert len(alone.program.steps) < len(whole.program.steps)
        assert alone.decide(frame).equals(decided.select(heading))
    seven = compile(scheme(), SEVEN)
    assert set(seven.facts) < set(whole.facts)
    assert len(seven.program.steps) < 170
    assert seven.decide(frame).equals(decided.select(*SEVEN))


def test_a_row_is_decided_alike_in_any_order_block_and_number_of_threads(monkeypatch: pytest.MonkeyPatch):
    frame = facts_frame(scheme(), made_up(1_000))
    decided = compile(scheme()).decide(frame)
    kernel = compile(scheme())
    assert kernel.decide(frame.reverse()).reverse().equals(decided)
    assert pl.concat([kernel.decide(part) for part in frame[:40].iter_slices(1)]).equals(decided[:40])
    for most, threads in ((999, 1), (100, 2), (64, 5)):
        monkeypatch.setattr(frames, "_MOST", most)
        monkeypatch.setattr(pl, "thread_pool_size", lambda threads=threads: threads)
        assert compile(scheme()).decide(frame).equals(decided)


def test_a_lazy_frame_is_decided_as_it_comes():
    frame = facts_frame(scheme(), made_up(1_000))
    kernel = compile(scheme())
    for engine in ("streaming", "in-memory"):
        assert kernel.decide(frame.lazy()).collect(engine=engine).equals(kernel.decide(frame))


def test_no_household_gives_no_row():
    kernel = compile(scheme())
    assert kernel.decide(facts_frame(scheme(), made_up(1))[:0]).schema == {
        name: typed.dtype for name, typed in kernel.outputs.items()
    }


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pl.lit(None, pl.Int64), "the column '家庭人口' holds a null"),
        (pl.lit("3"), "the column '家庭人口' holds String, and Int64 is needed"),
        (pl.lit(3.5), "the column '家庭人口' holds Float64, and Int64 is needed"),
    ],
)
def test_a_frame_that_is_not_core_facts_is_refused(column: pl.Expr, said: str):
    frame = facts_frame(scheme(), made_up(3)).with_columns(column.alias("家庭人口"))
    with pytest.raises(ValueError, match=said):
        compile(scheme()).decide(frame)
    with pytest.raises(ValueError, match="the frame has no column '家庭人口'"):
        compile(scheme()).decide(frame.drop("家庭人口"))


def test_an_amount_between_the_steps_of_its_fact_is_refused():
    made = made_up(1)[0]
    between = replace(made, facts={**made.facts, "因病支出": Fraction(1005, 1000)})
    with pytest.raises(ValueError, match=re.escape("1.005 is no multiple of 1/100")):
        facts_frame(scheme(), [made, between])


def test_texts_may_come_in_as_categories_and_go_out_as_an_enumeration():
    frame = facts_frame(scheme(), made_up(50))
    kernel = compile(scheme(), ["困难类别", "依据"])
    assert kernel.outputs["困难类别"] == Typed("text", pl.Enum(["深度困难职工", "相对困难职工", "意外致困职工", ""]))
    other = compile(load(OTHERS[0]))
    texts = {name: pl.Categorical for name, typed in other.facts.items() if typed.kind == "text"}
    assert kernel.decide(frame.cast(texts)).equals(kernel.decide(frame))


def test_a_name_that_the_policy_does_not_have_is_refused():
    with pytest.raises(KeyError, match="合记"):
        compile(scheme(), ["合记"])


@pytest.mark.parametrize(
    ("scale", "values", "texts"),
    [
        (100, [0, 5, -5, 1230, 100], ["0", "0.05", "-0.05", "12.3", "1"]),
        (2000, [7200030, -1], ["3600.015", "-0.0005"]),
        (3, [1, 3, -2], ["1/3", "1", "-2/3"]),
        (1, [7, -7], ["7", "-7"]),
        (10**18, [10**17, 1], ["0.1", "0.000000000000000001"]),
        (4, [2**62, 1 - 2**62], ["1152921504606846976", "-1152921504606846975.75"]),
    ],
)
def test_amounts_are_shown_as_plain_decimals(scale: int, values: list[int], texts: list[str]):
    typed = Typed("number", pl.Int64(), scale)
    found = frames.rendered(pl.DataFrame({"amount": values}), {"amount": typed}, scheme().words)
    assert found["amount"].to_list() == texts


@pytest.mark.parametrize("scale", [10, 100, 2000, 12])
def test_money_is_shown_with_its_decimals_as_single_values_are(scale: int):
    typed = Typed("number", pl.Int64(), scale, decimals=2)
    values = [0, 1, -5, 30, 6000, 2**55 + 1]
    found = frames.rendered(pl.DataFrame({"amount": values}), {"amount": typed}, scheme().words)
    assert found["amount"].to_list() == [shown_plainly(Fraction(value, scale), 2) for value in values]


# Terms ------------------------------------------------------------


def test_what_sums_share_is_added_once():
    sums, made = shared([{1: 1, 2: 1, 3: -1}, {1: 2, 2: 2, 3: -2, 4: 1}, {1: 1, 2: 1, 5: 1}], 10)
    assert made == {10: {1: 1, 2: 1}, 11: {3: 1, 10: -1}}
    assert sums == [{11: -1}, {4: 1, 11: -2}, {5: 1, 10: 1}]


def steps_of(text: str) -> int:
    found, _ = _made_of(parsed(text), tuple((fact, "") for fact in PLAIN.values()))
    return len(found.steps)


@pytest.mark.parametrize(
    ("text", "plainly"),
    [
        ("round_half_up(b, 0.01)", "b"),
        ("max(b, 0)", "b"),
        ("b / 12 / p < q", "b < 12 * p * q"),
        ("(0 if b == 0 else min(b, p))", "min(b, p)"),
        ("a + b - a", "b"),
        ("t and (t or u)", "t"),
        ("('x' if t else 'y') == 'x'", "t"),
        (
            "round_half_up(max(min(b * 0.15, 10000) - q, 0), 0.05)",
            "max(min(round_half_up(b * 0.15, 0.05), 10000) - q, 0)",
        ),
    ],
)
def test_an_expression_takes_no_more_steps_than_what_it_comes_to(text: str, plainly: str):
    assert steps_of(text) <= steps_of(plainly)


def test_what_is_the_same_in_every_row_takes_no_step():
    for plain in (
        "2 * 3 + 1",
        "p > 0",
        "b >= 0 or t",
        "t and not t",
        "full_years(date(2000, 1, 1), date(2024, 1, 1))",
    ):
        assert steps_of(plain) == 0


@pytest.mark.parametrize("absent", ["1.125", "twelfth * 15"])
def test_what_absence_means_may_lie_between_the_steps(tmp_path: Path, absent: str):
    facts = f"facts:\n{number('x', at_least=1, at_most=10, more=f'when_absent: {absent}')}"
    figures = "figures:\n  twelfth:\n    value: 1/12\n    unit: person\n    because: one of twelve\n"
    rules = "rules:\n  found:\n    is: max(x, 1) * 3 + min(x, 10) - twelfth\noutputs:\n  - found\n"
    found = load(written(tmp_path, facts=facts, figures=figures, rules=rules))
    intake = Intake(found, TODAY)
    made = [intake.household({} if x is None else {"x": x}) for x in (1, None, 10)]
    assert wrong(found, made, exact_names(found, made)) == []
