"""The expressions of `expressions.yaml` in every algebra, and random ones: exact is the meaning, the others agree."""

import datetime
import string
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from spans import contains, kind_name, point

from engine.algebras.exact import Exact, Value
from engine.algebras.interval import Dates, Interval, Range, Span, Texts, Truths, span_of
from engine.algebras.kinds import Kind, Kinds, kind_of
from engine.algebras.trace import Trace
from engine.expression import Expression, Personal, Reader, parse
from engine.policy import Fact, Group, Row, Saying, Table, Unit
from engine.source import Branch, Leaf, Place, read_text

TESTS = Path(__file__).parent
WORDS = frozenset(("number", "truth", "text", "date"))

Names = Mapping[str, tuple[Fact, Value]]
Persons = Mapping[str, tuple[Fact, Personal[Value]]]


@dataclass(frozen=True)
class Example:
    """One expression of the file: as written, its names with their facts and values, and what it comes to."""

    written: str
    names: Names
    persons: Persons
    value: Value = None
    unit: str = ""
    problems: tuple[str, ...] = ()


# The file ------------------------------------------------------------


def _unit(text: str) -> Unit:
    """The unit as written; 人, 倍 and 比例 have no dimension, and * joins two of them."""
    powers: dict[str, int] = {}
    above, *below = text.split("/")
    for base, power in [*((base, 1) for base in above.split("*")), *((base, -1) for base in below)]:
        if base not in ("", "人", "倍", "比例"):
            powers[base] = powers.get(base, 0) + power
    return Unit(text, tuple(sorted((base, power) for base, power in powers.items() if power)))


def _value(kind: str, text: str) -> Value:
    if kind == "text":
        return text
    if kind == "truth":
        return {"true": True, "false": False}[text]
    if kind == "date":
        return datetime.date.fromisoformat(text)
    return _number(text)


def _number(text: str) -> Fraction:
    return Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)


def _fact(name: str, said: Mapping[str, str]) -> Fact:
    bounds = {word: _number(said[word]) for word in ("at_least", "at_most") if word in said}
    return Fact(name=name, kind=said["kind"], unit=_unit(said.get("unit", "")), meaning="", **bounds)


def _within(fact: Fact, text: str) -> Value:
    """The value that `text` writes, which lies in the bounds of the fact."""
    value = _value(fact.kind, text)
    if fact.kind in ("money", "count"):
        assert fact.at_least is not None and fact.at_most is not None and isinstance(value, Fraction)
        assert fact.at_least <= value <= fact.at_most, (fact.name, text)
    return value


def _named(name: str, said: Mapping[str, str]) -> tuple[Fact, Value]:
    fact = _fact(name, said)
    return fact, _within(fact, said["value"])


def _personal(name: str, said: Mapping) -> tuple[Fact, Personal[Value]]:
    fact = _fact(name, said)
    return fact, Personal(said["of"], tuple(_within(fact, text) for text in said["values"]))


def _content() -> dict:
    """The file with every value as the text that was written; surrogates and NUL may stand in its quotes."""
    return yaml.load((TESTS / "expressions.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def _groups() -> tuple[Group, ...]:
    place = Place("expressions.yaml")
    bounds = {name: (int(said["at_least"]), int(said["at_most"])) for name, said in CONTENT["groups"].items()}
    return tuple(Group(name, "", least, most, (), place) for name, (least, most) in bounds.items())


def _tables() -> tuple[Table, ...]:
    place = Place("expressions.yaml")
    return tuple(
        Table(
            name=name,
            keys=tuple(said["keys"]),
            number_keys=tuple(said.get("number_keys", ())),
            is_dated=said["dated"] == "true",
            default=_number(said["default"]) if "default" in said else None,
            unit=_unit(said["unit"]),
            saying=Saying(),
            spellings=tuple(said["spellings"].items()),
            rows=tuple(
                Row(
                    keys=tuple(_number(key) if "number_keys" in said else key for key in row["keys"]),
                    value=_number(row["value"]),
                    since=datetime.date.fromisoformat(row["since"]) if "since" in row else None,
                    until=datetime.date.fromisoformat(row["until"]) if "until" in row else None,
                    published=None,
                    place=place,
                )
                for row in said["rows"]
            ),
            place=place,
        )
        for name, said in CONTENT["tables"].items()
    )


def _example(said: Mapping) -> Example:
    assert set(said) <= {"expression", "names", "unit", "problems", "repeat", "times", *WORDS}, said
    written = said["expression"]
    if "repeat" in said:
        written = written.replace("…", said["repeat"] * int(said["times"]))
    names = {name: _named(name, value) for name, value in said.get("names", {}).items() if "of" not in value}
    persons = {name: _personal(name, value) for name, value in said.get("names", {}).items() if "of" in value}
    problems = tuple(text.replace("{words}", CONTENT["words"]) for text in said.get("problems", ()))
    comes_to = [(word, said[word]) for word in WORDS if word in said]
    assert len(comes_to) + bool(problems) == 1, said
    value = _value(*comes_to[0]) if comes_to else None
    return Example(written, names, persons, value, said.get("unit", ""), problems)


def _params(section: str) -> list:
    found = [_example(said) for said in CONTENT[section]]
    return [pytest.param(one, id=f"{at}: {_shown(one.written)}") for at, one in enumerate(found, 1)]


def _shown(written: str) -> str:
    return ascii(written[:40]).strip("'") if not written.isprintable() else written[:40]


CONTENT = _content()
TABLES = _tables()
GROUPS = _groups()
VALUES = _params("values")
MISFITS = _params("misfits")
REFUSED = _params("refused")


# The algebras ------------------------------------------------------------


NOBODY: Persons = MappingProxyType({})


def _leaf(written: str) -> Leaf:
    return Leaf(written, Place("", 0, 1, written))


def parsed(written: str) -> Expression:
    found = parse(_leaf(written))
    assert isinstance(found, Expression), [problem.text() for problem in found]
    return found


def exact(expression: Expression, values: Mapping[str, Value], persons: Persons = NOBODY) -> Value:
    personal = {name: found for name, (_, found) in persons.items()}
    return Reader(Exact(TABLES), values, personal).read(expression)


def traced(expression: Expression, values: Mapping[str, Value], persons: Persons = NOBODY) -> Value:
    algebra = Trace(TABLES)
    personal = {
        name: Personal(found.group, tuple(algebra.fact(value) for value in found.values))
        for name, (_, found) in persons.items()
    }
    steps = {name: algebra.fact(value) for name, value in values.items()}
    return Reader(algebra, steps, personal).read(expression).value


def spanned(expression: Expression, spans: Mapping[str, Span], persons: Persons = NOBODY) -> Span:
    """The span of the expression; one person's span stands for any person."""
    personal = {name: Personal(found.group, (span_of(fact),)) for name, (fact, found) in persons.items()}
    return Reader(Interval(TABLES, GROUPS), spans, personal).read(expression)


def kinded(expression: Expression, names: Names, persons: Persons = NOBODY) -> tuple[Kind, list[str]]:
    algebra = Kinds(TABLES)
    kinds = {name: kind_of(fact) for name, (fact, _) in names.items()}
    personal = {name: Personal(found.group, (kind_of(fact),)) for name, (fact, found) in persons.items()}
    kind = Reader(algebra, kinds, personal).read(expression)
    return kind, [problem.text() for problem in algebra.problems]


def values_of(names: Names) -> dict[str, Value]:
    return {name: value for name, (_, value) in names.items()}


def _at_the_bounds(names: Names) -> Iterator[dict[str, Value]]:
    """The values of `names` with each number at either end of its bounds, each truth both ways."""
    ends: list[Sequence[Value]] = []
    for fact, value in names.values():
        if fact.kind == "truth":
            ends.append((True, False))
        else:
            is_number = fact.at_least is not None and fact.at_most is not None
            ends.append((fact.at_least, fact.at_most) if is_number else (value,))
    for found in product(*ends):
        yield dict(zip(names, found, strict=True))


# What the file says ------------------------------------------------------------


def test_the_file_holds_enough_of_each():
    assert len(VALUES) >= 120
    assert len(MISFITS) >= 20
    assert len(REFUSED) >= 50


def test_every_algebra_that_exists_is_known_here():
    """`columns` meets expressions of its own in test_columns.py; these are read by the other four."""
    found = {path.stem for path in (TESTS.parent / "engine" / "algebras").glob("*.py")} - {"__init__"}
    assert found == {"exact", "trace", "kinds", "interval", "columns"}


@pytest.mark.parametrize("example", VALUES)
def test_exact_gives_the_value_written(example: Example):
    found = exact(parsed(example.written), values_of(example.names), example.persons)
    assert (kind_name(found), found) == (kind_name(example.value), example.value)
    assert isinstance(found, int | Fraction | str | datetime.date)


@pytest.mark.parametrize("example", VALUES)
def test_the_value_of_the_trace_is_that_of_exact(example: Example):
    found = traced(parsed(example.written), values_of(example.names), example.persons)
    assert (kind_name(found), found) == (kind_name(example.value), example.value)


@pytest.mark.parametrize("example", VALUES)
def test_kinds_names_the_kind_of_exact_and_the_unit_written(example: Example):
    kind, problems = kinded(parsed(example.written), example.names, example.persons)
    assert problems == []
    assert (kind.name, kind.powers) == (kind_name(example.value), _unit(example.unit).powers)


@pytest.mark.parametrize("example", VALUES)
def test_the_interval_of_the_values_contains_exact(example: Example):
    values = values_of(example.names)
    span = spanned(parsed(example.written), {name: point(value) for name, value in values.items()}, example.persons)
    assert contains(span, example.value), span


@pytest.mark.parametrize("example", VALUES)
def test_the_interval_of_the_bounds_contains_exact_wherever_the_facts_lie(example: Example):
    expression = parsed(example.written)
    span = spanned(expression, {name: span_of(fact) for name, (fact, _) in example.names.items()}, example.persons)
    assert contains(span, example.value), span
    for values in _at_the_bounds(example.names):
        found = exact(expression, values, example.persons)
        assert contains(span, found), (values, found, span)


@pytest.mark.parametrize("example", VALUES)
def test_the_canonical_text_is_read_as_the_same_expression(example: Example):
    expression = parsed(example.written)
    again = parsed(expression.canonical)
    assert (again.canonical, again) == (expression.canonical, expression)
    assert exact(again, values_of(example.names), example.persons) == example.value


@pytest.mark.parametrize("example", MISFITS)
def test_kinds_and_units_that_do_not_fit_are_problems(example: Example):
    _, problems = kinded(parsed(example.written), example.names, example.persons)
    assert [text.removeprefix(":") for text in problems] == list(example.problems)


@pytest.mark.parametrize("example", REFUSED)
def test_what_the_language_does_not_have_is_refused(example: Example):
    found = parse(_leaf(example.written))
    assert isinstance(found, tuple), found.canonical
    assert tuple(problem.text() for problem in found) == example.problems


def test_a_problem_points_into_the_line_of_the_file():
    line = '  is: "收入 - 𠮷支出 + 取高(1, 2)"'
    tree, problems = read_text(f"深度:\n{line}\n", "rules.yaml")
    assert isinstance(tree, Branch) and not problems
    leaf = tree.branch("深度").leaf("is")
    assert leaf is not None
    found = parse(leaf)
    assert isinstance(found, tuple)
    assert (found[0].place.line, line[found[0].place.column - 1 :]) == (2, '取高(1, 2)"')


def test_a_comment_never_drops_a_part_of_the_expression():
    found = parse(_leaf("收入 - 支出 # 全年\n- 其他支出"))
    assert isinstance(found, tuple), found.canonical


def test_a_quote_inside_a_text_does_not_end_the_text():
    found = parse(_leaf(r'城市 == "\"" and 县区 == "％"'))
    assert isinstance(found, Expression), [problem.text() for problem in found]


@pytest.mark.parametrize("written", ['城市 == "\\d"', "1if 已建档 else 2"])
def test_parsing_never_warns_beside_its_problems(written: str, recwarn: pytest.WarningsRecorder):
    parse(_leaf(written))
    assert [str(warning.message) for warning in recwarn] == []


def test_a_rounding_of_zero_takes_every_step():
    kind, problems = kinded(parsed("round_up(0, 步长)"), {"步长": _named("步长", STEP)})
    assert problems == []
    assert kind.name == "number"


def test_a_comma_without_a_blank_divides_two_values():
    assert exact(parsed("round_half_up(9062.5 * 0.8,100)"), {}) == 7300


@pytest.mark.parametrize(("years", "day"), [("0", "2024-02-29"), ("4", "2020-02-29")])
def test_years_before_29_february_is_29_february_where_there_is_one(years: str, day: str):
    expression = parsed(f"years_before(date(2024, 2, 29), {years})")
    assert exact(expression, {}) == datetime.date.fromisoformat(day)


@pytest.mark.parametrize("years", ["0.5", "金额"])
def test_years_before_takes_whole_years_only(years: str):
    said = {"kind": "money", "unit": "元", "at_least": "0", "at_most": "9", "value": "1"}
    _, problems = kinded(parsed(f"years_before(date(2024, 8, 1), {years})"), {"金额": _named("金额", said)})
    assert problems != []


STEP = {"kind": "money", "unit": "元", "at_least": "1", "at_most": "1", "value": "1"}


# Random expressions ------------------------------------------------------------

_LITERALS = ("0", "1", "2", "3", "7", "12", "37", "100", "0.1", "0.2", "0.3", "0.15", "2.5", "0.005", "24000.01")
_STEPS = ("1", "100", "0.01", "0.3", "7", "12.5", "(2 / 37)")
_NUMBERS = ("甲", "乙", "丙", "a_1", "年·月")
_TRUTHS = ("真", "假", "p")
_TEXTS = ("城市", "t")
_DAYS = ("日", "d")
_QUOTED = ('"阜阳"', '""', "'a'", '"，(=%"')
_COMPARED = ("<", "<=", ">", ">=", "==", "!=")

Tokens = tuple[str, ...]


def _join(*parts: str | Tokens) -> Tokens:
    return tuple(token for part in parts for token in ((part,) if isinstance(part, str) else part))


def _in_brackets(part: Tokens) -> Tokens:
    return _join("(", part, ")")


def _listed(parts: Sequence[Tokens]) -> Tokens:
    return _join(parts[0], *(_join(",", part) for part in parts[1:]))


@st.composite
def _numbers(draw: st.DrawFn, depth: int) -> Tokens:
    """The tokens of an expression that comes to a number; every divisor and step is above 0."""
    form = draw(st.integers(0, 11)) if depth else 0
    inner = _numbers(depth - 1) if depth else None
    if inner is None or form == 0:
        return (draw(st.sampled_from(_LITERALS + _NUMBERS)),)
    if form == 1:
        return _join(draw(st.sampled_from(("abs", "-"))), _in_brackets(draw(inner)))
    if form in (2, 3):
        sign = draw(st.sampled_from(("+", "-", "*")))
        return _join(_in_brackets(draw(inner)), sign, _in_brackets(draw(inner)))
    if form == 4:
        return _join(draw(st.sampled_from(_NUMBERS)), draw(st.sampled_from("+-*")), draw(inner))
    if form == 5:
        divisor = draw(st.one_of(st.sampled_from([("37",), ("0.15",)]), inner.map(_above_zero)))
        return _join(_in_brackets(draw(inner)), "/", divisor)
    if form == 6:
        word = draw(st.sampled_from(("min", "max")))
        return _join(word, "(", _listed(draw(st.lists(inner, min_size=2, max_size=4))), ")")
    if form == 7:
        word = draw(st.sampled_from(("round_half_up", "round_half_even", "round_up", "round_down")))
        step = draw(st.one_of(st.sampled_from(_STEPS).map(lambda text: (text,)), inner.map(_above_zero)))
        return _join(word, "(", draw(inner), ",", step, ")")
    if form == 8:
        word = draw(st.sampled_from(("full_years", "full_months", "days_between")))
        return _join(word, "(", draw(_days()), ",", draw(_days()), ")")
    if form == 9:
        word, name = draw(st.sampled_from((("sum", "岁"), ("count", "在学"), ("highest", "岁"), ("lowest", "岁"))))
        nobody = _join(",", draw(inner)) if word in ("highest", "lowest") else ()
        return _join(word, "(", name, nobody, ")")
    condition = draw(_truths(depth - 1))
    return _in_brackets(_join(draw(inner), "if", condition, "else", draw(inner)))


def _above_zero(number: Tokens) -> Tokens:
    return _join("max", "(", number, ",", "0.5", ")")


@st.composite
def _truths(draw: st.DrawFn, depth: int) -> Tokens:
    """The tokens of an expression that comes to a truth."""
    form = draw(st.integers(0, 8)) if depth else 0
    if form == 0:
        return (draw(st.sampled_from((*_TRUTHS, "true", "false"))),)
    if form == 8:
        return _join(draw(st.sampled_from(("any", "all"))), "(", "在学", ")")
    if form == 1:
        return _join("not", _in_brackets(draw(_truths(depth - 1))))
    if form == 2:
        parts = draw(st.lists(_truths(depth - 1), min_size=2, max_size=3))
        sign = draw(st.sampled_from(("and", "or")))
        return _in_brackets(_join(parts[0], *(_join(sign, part) for part in parts[1:])))
    if form == 3:
        parts = draw(st.lists(_numbers(depth - 1), min_size=2, max_size=3))
        return _join(parts[0], *(_join(draw(st.sampled_from(_COMPARED)), part) for part in parts[1:]))
    if form == 4:
        options = _listed(draw(st.lists(_numbers(depth - 1), min_size=2, max_size=3)))
        word = draw(st.sampled_from((("in",), ("not", "in"))))
        return _in_brackets(_join(_in_brackets(draw(_numbers(depth - 1))), word, _in_brackets(options)))
    if form == 5:
        sign = draw(st.sampled_from(("==", "!=")))
        return _in_brackets(_join(draw(_texts(depth - 1)), sign, draw(_texts(depth - 1))))
    if form == 6:
        return _in_brackets(_join(draw(_days()), draw(st.sampled_from(_COMPARED)), draw(_days())))
    return _join("(", draw(_truths(depth - 1)), "if", draw(_truths(depth - 1)), "else", draw(_truths(depth - 1)), ")")


@st.composite
def _texts(draw: st.DrawFn, depth: int) -> Tokens:
    if not depth or draw(st.booleans()):
        return (draw(st.sampled_from(_QUOTED + _TEXTS)),)
    return _join("(", draw(_texts(depth - 1)), "if", draw(_truths(depth - 1)), "else", draw(_texts(depth - 1)), ")")


@st.composite
def _days(draw: st.DrawFn) -> Tokens:
    form = draw(st.integers(0, 3))
    day = (draw(st.sampled_from(_DAYS)),)
    if form == 0:
        return _join("date", "(", "2024", ",", draw(st.sampled_from(("2", "12"))), ",", "29", ")")
    if form == 1:
        return _join("year_start", "(", day, ")")
    return _join("years_before", "(", day, ",", draw(st.sampled_from(("1", "18", "-60"))), ")") if form == 2 else day


@st.composite
def _exact_numbers(draw: st.DrawFn) -> Fraction:
    value = draw(st.one_of(st.integers(-30, 30), st.integers(-(10**8), 10**8)))
    return Fraction(value, draw(st.sampled_from((1, 1, 2, 100, 37, 12))))


@dataclass(frozen=True)
class Drawn:
    """A value for every name, a span that the value lies in, and the persons with the bounds that they lie in."""

    values: dict[str, Value]
    spans: dict[str, Span]
    persons: dict[str, tuple[Fact, Personal[Value]]]


@st.composite
def _households(draw: st.DrawFn) -> Drawn:
    values: dict[str, Value] = {}
    spans: dict[str, Span] = {}
    for name in _NUMBERS:
        value = draw(_exact_numbers())
        low, high = draw(_room()), draw(_room())
        values[name] = value
        spans[name] = Range(None if low is None else value - low, None if high is None else value + high)
    for name in _TRUTHS:
        values[name] = draw(st.booleans())
        spans[name] = draw(st.sampled_from((Truths(True, True), point(values[name]))))
    for name in _TEXTS:
        values[name] = draw(st.sampled_from(("阜阳", "", "a", "合肥")))
        spans[name] = draw(st.sampled_from((Texts(None), point(values[name]))))
    for name in _DAYS:
        values[name] = draw(st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)))
        spans[name] = Dates()
    ages = tuple(draw(st.lists(_exact_numbers(), max_size=5)))
    low, high = draw(_room()), draw(_room())
    least = None if low is None else min((*ages, Fraction(0))) - low
    most = None if high is None else max((*ages, Fraction(0))) + high
    studying = tuple(draw(st.booleans()) for _ in ages)
    persons = {
        "岁": (Fact("岁", "count", Unit(), "", at_least=least, at_most=most), Personal[Value]("家人", ages)),
        "在学": (Fact("在学", "truth", Unit(), ""), Personal[Value]("家人", studying)),
    }
    return Drawn(values, spans, persons)


def _room() -> st.SearchStrategy[Fraction | None]:
    return st.one_of(st.none(), st.integers(0, 10).map(Fraction))


EXPRESSIONS = st.one_of(_numbers(3), _truths(3), _texts(2))
RANDOM = settings(max_examples=120, deadline=None, derandomize=True, database=None)


def _spaced(tokens: Tokens, blanks: Sequence[str]) -> str:
    """`tokens` with `blanks` between them; one at least between two words, and behind the comma between two numbers."""
    text = ""
    for at, token in enumerate(tokens):
        blank = blanks[at % len(blanks)]
        is_needed = bool(text) and (_is_wordy(text[-1]) or text[-1] == ",") and _is_wordy(token[0])
        text += (blank or (" " if is_needed else "")) + token
    return text


def _is_wordy(character: str) -> bool:
    return character.isalnum() or character in "_·.\"'"


@RANDOM
@given(EXPRESSIONS, _households())
def test_every_algebra_agrees_with_exact_on_random_expressions(tokens: Tokens, drawn: Drawn):
    expression = parsed(" ".join(tokens))
    meaning = exact(expression, drawn.values, drawn.persons)
    assert traced(expression, drawn.values, drawn.persons) == meaning
    names = {name: (_fact_of(name, value), value) for name, value in drawn.values.items()}
    kind, problems = kinded(expression, names, drawn.persons)
    assert problems == []
    assert kind.name == kind_name(meaning)
    assert contains(spanned(expression, drawn.spans, drawn.persons), meaning)
    points = {name: point(value) for name, value in drawn.values.items()}
    assert contains(spanned(expression, points, drawn.persons), meaning)


def _fact_of(name: str, value: Value) -> Fact:
    kind = kind_name(value)
    return Fact(name=name, kind="count" if kind == "number" else kind, unit=Unit(), meaning="")


_BLANKS = st.lists(st.sampled_from(("", " ", "  ", "\t", "\n", " \n ")), min_size=1)


@RANDOM
@given(EXPRESSIONS, _households(), _BLANKS)
def test_layout_and_the_order_of_reading_do_not_matter(tokens: Tokens, drawn: Drawn, blanks: list[str]):
    expression = parsed(" ".join(tokens))
    other = parsed(_spaced(tokens, blanks))
    again = parsed(expression.canonical)
    assert expression.canonical == other.canonical == again.canonical
    assert expression == other == again and hash(expression) == hash(again)
    meaning = exact(expression, drawn.values, drawn.persons)
    personal = {name: found for name, (_, found) in reversed(drawn.persons.items())}
    backwards = Reader(Exact(TABLES), dict(reversed(drawn.values.items())), personal)
    assert [backwards.read(one) for one in (again, other, expression)] == [meaning] * 3


@RANDOM
@given(st.lists(EXPRESSIONS, min_size=2, max_size=4), _households())
def test_an_expression_read_before_leaves_nothing_behind(many: list[Tokens], drawn: Drawn):
    expressions = [parsed(" ".join(tokens)) for tokens in many]
    alone = [exact(expression, drawn.values, drawn.persons) for expression in expressions]
    reader = Reader(Exact(TABLES), drawn.values, {name: found for name, (_, found) in drawn.persons.items()})
    assert [reader.read(expression) for expression in reversed(expressions)] == list(reversed(alone))


# Anything at all ------------------------------------------------------------

_SOUP = st.sampled_from(
    (
        *"()[]{},.:;+-*/%<>=!&|^~@$?`\\#\"' \t\n\r\f\0０（）“，×≤％",
        *("收入", "x", "1", "0.5", "1e3", "0x1", "010", "1_0", "\ud800", "\ufeff", "\u200b"),
        *("and", "or", "not", "in", "is", "if", "else", "lambda", "for", "await", "yield", "True", "None", "f'", "min"),
        *("max(", "lookup(", "given(", "round_up(", "==", ":=", "**", "//", "<>", "..."),
    )
)
_ANYTHING = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.text(string.printable),
    st.binary().map(lambda content: content.decode("latin-1")),
    st.binary().map(lambda content: content.decode("utf-8", errors="surrogateescape")),
    st.lists(_SOUP, max_size=30).map("".join),
    st.lists(_SOUP, max_size=30).map(" ".join),
)


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@settings(max_examples=1000, deadline=None, derandomize=True, database=None)
@given(_ANYTHING)
def test_whatever_is_written_is_an_expression_or_has_problems(written: str):
    found = parse(_leaf(written))
    if isinstance(found, Expression):
        assert parsed(found.canonical).canonical == found.canonical
        return
    assert found
    for problem in found:
        assert problem.text() and problem.text("zh_CN")
        assert 1 <= problem.place.column <= len(written) + 1
        problem.place.picture()


def test_very_deep_texts_are_problems_and_leave_the_stack_alone():
    limit = sys.getrecursionlimit()
    for opening, closing in (("(", ")"), ("[", "]"), ("-", ""), ("not ", ""), ("min(1,", ")"), ("1 if ", " else 1")):
        for times in (50, 150, 300, 999):
            found = parse(_leaf(opening * times + "1" + closing * times))
            assert isinstance(found, tuple) or opening == "("
    assert sys.getrecursionlimit() == limit
