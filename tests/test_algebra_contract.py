"""The contract leaves room: an algebra whose values have no truth, no order and no equality reads a whole policy.

Its values are texts in prefix notation (`if < $a 3 "x" "y"`). Put the facts back, and they come to what `exact` gives.
"""

import ast
import datetime
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

import pytest
from households_2023 import households

from engine import HouseholdError, Policy, load
from engine.algebras.exact import Exact, Value
from engine.expression import COMPARISONS, Algebra, Personal, Reader, Refusal, parse
from engine.fold import fold
from engine.source import Leaf, Place
from engine.tables.intake import Intake

ROOT = Path(__file__).parent.parent
TODAY = datetime.date(2023, 8, 1)


# The algebra ------------------------------------------------------------


class Term:
    """A text in prefix notation, of which Python can ask nothing: no truth, no equality, no order, no length."""

    def __init__(self, text: str) -> None:
        self.text = text

    def _refuse(self, *_: object) -> NoReturn:
        raise AssertionError(f"Python was asked about {self.text}; the algebra has to be")

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __len__ = __iter__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __neg__ = __abs__ = _refuse
    __contains__ = __int__ = __float__ = __index__ = __round__ = __floordiv__ = __mod__ = _refuse


class Prefix(Algebra[Term]):
    """Writes down what is to be done; `definitions` holds each name of a policy with its text, in the order read.

    What is read for each person has a number behind its name, from the second person on.
    """

    def __init__(self) -> None:
        self.definitions: dict[str, str] = {}

    def named(self, name: str, value: Term) -> Term:
        times = sum(known.partition("#")[0] == name for known in self.definitions)
        known = f"{name}#{times + 1}" if times else name
        self.definitions[known] = value.text
        return Term(f"${known}")

    def number(self, value: Fraction) -> Term:
        return Term(str(Fraction(value)))

    def text(self, value: str) -> Term:
        return Term(json.dumps(value).replace(" ", "\\u0020"))

    def truth(self, value: bool) -> Term:
        return Term("true" if value is True else "false")

    def negate(self, value: Term) -> Term:
        return _term("neg", value)

    def add(self, left: Term, right: Term) -> Term:
        return _term("+", left, right)

    def subtract(self, left: Term, right: Term) -> Term:
        return _term("-", left, right)

    def multiply(self, left: Term, right: Term) -> Term:
        return _term("*", left, right)

    def divide(self, left: Term, right: Term) -> Term:
        return _term("/", left, right)

    def compare(self, operator: str, left: Term, right: Term) -> Term:
        return _term(operator, left, right)

    def both(self, left: Term, right: Term) -> Term:
        return _term("and", left, right)

    def either(self, left: Term, right: Term) -> Term:
        return _term("or", left, right)

    def opposite(self, value: Term) -> Term:
        return _term("not", value)

    def choose(self, condition: Term, chosen: Term, otherwise: Term) -> Term:
        return _term("if", condition, chosen, otherwise)

    def minimum(self, values: Sequence[Term]) -> Term:
        return _term(f"min {len(values)}", *values)

    def maximum(self, values: Sequence[Term]) -> Term:
        return _term(f"max {len(values)}", *values)

    def absolute(self, value: Term) -> Term:
        return _term("abs", value)

    def rounded(self, rounding: str, value: Term, step: Term) -> Term:
        return _term(rounding, value, step)

    def lookup(self, table: str, keys: Sequence[Term]) -> Term:
        return _term(f"lookup {table} {len(keys)}", *keys)

    def calendar(self, word: str, values: Sequence[Term]) -> Term:
        return _term(word, *values)

    def gather(self, word: str, group: str, values: Sequence[Term], nobody: Sequence[Term]) -> Term:
        return _term(f"{word}_of {group} {len(values)} {len(nobody)}", *values, *nobody)

    def rank(self, group: str, values: Sequence[Term], index: int) -> Term:
        return _term(f"rank_in {group} {len(values)}", values[index])


def _term(word: str, *parts: Term) -> Term:
    return Term(" ".join((word, *(part.text for part in parts))))


def written_out(policy: Policy, count: int = 1) -> dict[str, str]:
    """Every name of `policy` as prefix text, with `count` persons a group; a fact is a hole (`?name`, `?name#2`)."""
    algebra = Prefix()
    facts = {name: Term(f"?{name}") for fact in policy.facts for name in fact.core_names(policy.words)}
    persons = {
        group.name: [{name: Term(_hole(name, at)) for name in group.core_facts(policy.words)} for at in range(count)]
        for group in policy.groups
    }
    names = fold(policy, facts, algebra, persons)
    assert all(isinstance(value, Term) for value in names.values())
    return algebra.definitions


def _hole(name: str, person: int) -> str:
    return f"?{name}#{person + 1}" if person else f"?{name}"


# Putting the facts back ------------------------------------------------------------

_TWO: Mapping[str, Callable] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: Fraction(a) / b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "round_down": lambda a, b: math.floor(Fraction(a) / b) * b,
    "round_up": lambda a, b: math.ceil(Fraction(a) / b) * b,
    "round_half_up": lambda a, b: math.floor(Fraction(a) / b + Fraction(1, 2)) * b,
    "round_half_even": lambda a, b: round(Fraction(a) / b) * b,
    "days_between": lambda a, b: (b - a).days,
}
_ONE: Mapping[str, Callable] = {
    "neg": lambda a: -a,
    "not": lambda a: not a,
    "abs": abs,
    "year_start": lambda day: day.replace(month=1, day=1),
}
_GATHER: Mapping[str, Callable] = {
    "sum_of": lambda values, _: sum(values),
    "count_of": lambda values, _: values.count(True),
    "any_of": lambda values, _: True in values,
    "all_of": lambda values, _: False not in values,
    "min_of": lambda values, nobody: min(values or nobody),
    "max_of": lambda values, nobody: max(values or nobody),
}


def evaluate(
    words: Iterator[str], known: Callable[[str], Value], tables: Mapping[str, Mapping[tuple, Fraction]]
) -> Value:
    """What the next part of a prefix text comes to; `known` gives the value of a name or a hole."""
    word = next(words)
    if word in _TWO:
        return _TWO[word](evaluate(words, known, tables), evaluate(words, known, tables))
    if word in _ONE:
        return _ONE[word](evaluate(words, known, tables))
    if word == "if":
        condition, chosen, otherwise = (evaluate(words, known, tables) for _ in range(3))
        return chosen if condition else otherwise
    if word in ("min", "max"):
        values = [evaluate(words, known, tables) for _ in range(int(next(words)))]
        return (min if word == "min" else max)(values)
    if word in _GATHER:
        _, persons, others = next(words), int(next(words)), int(next(words))
        values = [evaluate(words, known, tables) for _ in range(persons)]
        return _GATHER[word](values, [evaluate(words, known, tables) for _ in range(others)])
    if word == "lookup":
        table, count = next(words), int(next(words))
        return tables[table][tuple(evaluate(words, known, tables) for _ in range(count))]
    if word in ("true", "false"):
        return word == "true"
    if word[0] == '"':
        return json.loads(word)
    return known(word) if word[0] in "$?" else Fraction(word)


def put_back(policy: Policy, definitions: Mapping[str, str], holes: Mapping[str, Value]) -> dict[str, Value]:
    """The value of every name once the holes are filled, each name read where another asks for it."""
    tables = {table.name: {row.keys: row.value for row in table.rows} for table in policy.tables}

    @cache
    def known(word: str) -> Value:
        if word[0] == "?":
            return holes[word]
        words = iter(definitions[word[1:]].split(" "))
        value = evaluate(words, known, tables)
        assert next(words, None) is None
        return value

    return {name: known(f"${name}") for name in definitions}


# The policies ------------------------------------------------------------

SMALL = {
    "policy": """
        title: Winter fuel help
        year: 2030
        issuer: The town
        language: en
        in_force:
          from: 2030-01-01
          until: 2030-12-31
        units:
          money:
            - euro
          periods:
            - year
            - month
          counts:
            - rooms
        """,
    "figures": """
        figures:
          months:
            value: 12
            unit: month/year
            because: a year has twelve months
          step:
            value: 0.05
            unit: euro
            because: the smallest coin
          odd:
            value: 2/37
            unit: euro
            because: any step will do
        """,
    "tables": """
        tables:
          price:
            unit: euro/month
            keys:
              - fuel
            dated: false
            source: the gazette of the town
            rows:
              - fuel: gas
                value: 31.25
              - fuel: oil
                value: 40/3
        """,
    "facts": """
        facts:
          income:
            kind: money
            unit: euro/year
            meaning: what comes in
            at_least: -1000
            at_most: 100000
            step: 0.01
          room_count:
            kind: count
            unit: rooms
            meaning: rooms that are heated
            at_least: 1
            at_most: 9
            step: 1
          fuel:
            kind: text
            meaning: what is burnt
          moved_in:
            kind: date
            meaning: the first day in the house
          applied:
            kind: date
            meaning: the day of the application
          is_owner:
            kind: truth
            meaning: owns the house
            when_absent: false
        groups:
          children:
            meaning: the children in the house
            at_most: 5
            facts:
              age:
                kind: count
                unit: rooms
                meaning: the years of the child
                at_least: 0
                at_most: 30
                step: 1
              at_school:
                kind: truth
                meaning: goes to school
                when_absent: false
        """,
    "rules": """
        rules:
          monthly:
            is: income / months / room_count
            because: shared
          cost:
            is: (lookup(price, "gas") if fuel == "gas" else lookup(price, "oil")) * months
            because: the price of the year
          is_new:
            is: year_start(applied) <= moved_in < applied
            because: moved in this year
          is_odd:
            is: room_count in (1, 3, 5) or fuel not in ("gas", "oil", "dry wood") and not is_owner
            because: a list and what is not in one
          halves:
            is: round_half_even(income, odd) - round_half_up(income, odd)
            because: the halves of an odd step
          spread:
            is: abs(round_down(income, step) - round_up(income, step))
            because: one step or none
          is_small:
            is: age < 3 and not at_school
            because: read for each child
          ages:
            is: sum(age / 2 if at_school else age) + lowest(age, 1) - highest(age + days_between(moved_in, applied), -1)
            because: gathered over the children
          is_lively:
            is: any(is_small) and not all(age >= 3) or count(at_school and age > 6) >= 2 or count(children) == 0
            because: gathered truths
        categories:
          cold:
            when: not is_new and -income / months < max(min(monthly, cost / months), 0) or is_odd and is_lively
            because: cold
            aids:
              fuel_help:
                at_most: cost if is_owner else cost / 2 if is_odd else cost / 3
                because: the cost
        conclusions:
          none_holds: none
          nothing_left: nothing left
          payable: payable
        """,
}


@pytest.fixture(scope="module")
def policy_2023() -> Policy:
    return load(ROOT / "policies" / "2023")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("small")
    for name, text in SMALL.items():
        lines = [line.removeprefix(" " * 8) for line in text.strip("\n").rstrip().split("\n")]
        (folder / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load(folder)


@pytest.fixture(scope="module")
def definitions_2023(policy_2023: Policy) -> dict[str, str]:
    return written_out(policy_2023)


@pytest.fixture(scope="module")
def definitions_small(small: Policy) -> dict[str, str]:
    return written_out(small)


# The contract ------------------------------------------------------------


def test_only_the_abstract_operations_are_needed():
    written = {name for name, value in vars(Prefix).items() if callable(value) and not name.startswith("_")}
    assert Algebra.__abstractmethods__ <= written
    assert written - Algebra.__abstractmethods__ == {"named", "calendar", "gather", "rank"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("year_start(日)", "“year_start” cannot be read here."),
        ("sum(岁)", "“sum” cannot be read here."),
        ("highest(岁, 0)", "“max” cannot be read here."),
    ],
)
def test_an_algebra_without_days_or_persons_says_so(text: str, said: str):
    shortened = type("Shortened", (Algebra,), {name: vars(Prefix)[name] for name in Algebra.__abstractmethods__})
    reader = Reader(shortened(), {"日": Term("?日")}, {"岁": Personal("家人", (Term("?岁"),))})
    found = parse(Leaf(text, Place("")))
    assert not isinstance(found, tuple)
    with pytest.raises(Refusal) as refusal:
        reader.read(found)
    assert refusal.value.wrong.text() == said


@pytest.mark.parametrize("operation", sorted(Algebra.__abstractmethods__))
def test_an_algebra_without_one_of_the_operations_cannot_be_made(operation: str):
    kept = {name: vars(Prefix)[name] for name in Algebra.__abstractmethods__ - {operation}}
    with pytest.raises(TypeError, match=operation):
        type("Shortened", (Algebra,), kept)()


def test_the_whole_policy_of_2023_is_read(policy_2023: Policy, definitions_2023: dict[str, str]):
    rules = [rule.name for rule in policy_2023.rules]
    assert len(rules) > 300
    facts = [name for fact in policy_2023.facts for name in fact.core_names(policy_2023.words)]
    assert list(definitions_2023) == [*(figure.name for figure in policy_2023.figures), *facts, *rules]


def test_a_policy_of_another_language_and_other_words_is_read(small: Policy, definitions_small: dict[str, str]):
    assert [rule.name for rule in small.rules if rule.is_written] == [*list(_rules_of_small()), "cold"]
    assert definitions_small["is_new"] == "and <= year_start $applied $moved_in < $moved_in $applied"
    assert definitions_small["monthly"] == "/ / $income $months $room_count"
    assert definitions_small["spread"] == "abs - round_down $income $step round_up $income $step"
    assert definitions_small["is_odd"] == (
        "or or or == $room_count 1 == $room_count 3 == $room_count 5 "
        'and not or or == $fuel "gas" == $fuel "oil" == $fuel "dry\\u0020wood" not $is_owner'
    )
    assert definitions_small["cold"] == (
        "or and not $is_new < / neg $income $months max 2 min 2 $monthly / $cost $months 0 and $is_odd $is_lively"
    )
    assert definitions_small["is_small"] == "and < $age 3 not $at_school"
    assert definitions_small["is_lively·each1"] == "$is_small"
    assert definitions_small["is_lively"] == (
        "or or and any_of children 1 0 $is_lively·each1 not all_of children 1 0 $is_lively·each2 "
        ">= count_of children 1 0 $is_lively·each3 2 == count_of children 1 0 $is_lively·each4 0"
    )
    assert definitions_small["cost"] == ('* if == $fuel "gas" lookup price 1 "gas" lookup price 1 "oil" $months')


def _rules_of_small() -> Iterator[str]:
    lines = SMALL["rules"].split("categories:")[0].splitlines()
    return (line.strip().rstrip(":") for line in lines if line.startswith(" " * 10) and line.rstrip().endswith(":"))


def _operations_of(policy: Policy) -> Counter[str]:
    """How often the rules of `policy` say each operation, counted from their trees alone."""
    found: Counter[str] = Counter()
    for node in (node for rule in policy.rules for node in ast.walk(rule.expression.tree)):
        if isinstance(node, ast.BoolOp):
            found["and" if isinstance(node.op, ast.And) else "or"] += len(node.values) - 1
        elif isinstance(node, ast.UnaryOp):
            found["not" if isinstance(node.op, ast.Not) else "neg"] += 1
        elif isinstance(node, ast.IfExp):
            found["if"] += 1
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            options = len(node.comparators[0].elts)  # type: ignore[attr-defined]  # a tuple or a list stands there
            found["=="] += options
            found["or"] += options - 1
            found["not"] += isinstance(node.ops[0], ast.NotIn)
        elif isinstance(node, ast.Compare):
            found["and"] += len(node.ops) - 1
            found.update(COMPARISONS[type(operator)] for operator in node.ops)
    return found


@pytest.mark.parametrize("which", ["2023", "small"])
def test_every_and_or_not_comparison_and_choice_goes_through_the_algebra(which: str, request: pytest.FixtureRequest):
    policy = request.getfixturevalue("policy_2023" if which == "2023" else "small")
    definitions = request.getfixturevalue(f"definitions_{which}")
    expected = _operations_of(policy)
    said = Counter(word for text in definitions.values() for word in text.split(" "))
    assert {word: said[word] for word in expected} == dict(expected)
    assert all(expected[word] for word in ("and", "or", "not", "if", "==", "<"))


def test_a_chain_reads_the_value_in_its_middle_once():
    class Counting(Prefix):
        read = 0

        def absolute(self, value: Term) -> Term:
            self.read += 1
            return super().absolute(value)

    algebra = Counting()
    found = parse(Leaf("1 < abs(甲) <= 3 != 4", Place("")))
    assert not isinstance(found, tuple)
    text = Reader(algebra, {"甲": Term("?甲")}).read(found).text
    assert (text, algebra.read) == ("and and < 1 abs ?甲 <= abs ?甲 3 != 3 4", 1)


def test_both_branches_of_a_choice_and_both_sides_of_a_truth_are_read():
    found = parse(Leaf("(甲 if true or 乙 else 丙) == (丁 if false and 戊 else 己)", Place("")))
    assert not isinstance(found, tuple)
    text = Reader(Prefix(), {name: Term(f"?{name}") for name in "甲乙丙丁戊己"}).read(found).text
    assert text == "== if or true ?乙 ?甲 ?丙 if and false ?戊 ?丁 ?己"


# The facts put back ------------------------------------------------------------


def _facts_2023(policy: Policy, count: int) -> Iterator[Mapping[str, Value]]:
    intake = Intake(policy, TODAY)
    for household in households(7, count):
        try:
            yield intake.household(household).facts
        except HouseholdError:
            continue


def _differences(
    policy: Policy,
    definitions: Mapping[str, str],
    facts: Mapping[str, Value],
    persons: Mapping[str, Sequence[Mapping[str, Value]]] = MappingProxyType({}),
) -> dict[str, tuple]:
    """Each name of the household for which the prefix text comes to something else than `exact`."""
    meaning = fold(policy, facts, Exact(policy.tables), persons)
    holes = {f"?{name}": value for name, value in facts.items()}
    for people in persons.values():
        for at, person in enumerate(people):
            holes |= {_hole(name, at): value for name, value in person.items()}
    found = put_back(policy, definitions, holes)
    assert set(meaning) <= set(found)
    return {name: (found[name], value) for name, value in meaning.items() if found[name] != value}


def test_the_prefix_texts_of_2023_with_facts_put_back_are_exact(policy_2023: Policy, definitions_2023: dict[str, str]):
    facts = list(_facts_2023(policy_2023, 55))
    assert len(facts) >= 50
    for household in facts:
        assert _differences(policy_2023, definitions_2023, household) == {}, household


CHILDREN: tuple[tuple[int, bool], ...] = ((2, False), (7, True), (30, True))


def _persons(count: int) -> dict[str, list[dict[str, Value]]]:
    children = [
        {"age": age, "at_school": is_there, "at_school·given": True} for age, is_there in islice(CHILDREN, count)
    ]
    return {"children": children}


@pytest.mark.parametrize("count", range(len(CHILDREN) + 1))
@pytest.mark.parametrize("income", ["-1000", "-0.01", "0", "0.03", "1/37", "100", "1200.07"])
@pytest.mark.parametrize("fuel", ["gas", "oil", "dry wood", ""])
def test_the_prefix_texts_of_the_small_policy_with_facts_put_back_are_exact(
    small: Policy, count: int, income: str, fuel: str
):
    definitions = written_out(small, count)
    for room_count, moved_in, is_owner in (
        (1, (2030, 1, 1), True),
        (2, (2029, 12, 31), False),
        (4, (2030, 5, 1), True),
    ):
        facts: dict[str, Value] = {
            "income": Fraction(income),
            "room_count": room_count,
            "fuel": fuel,
            "moved_in": datetime.date(*moved_in),
            "applied": datetime.date(2030, 5, 1),
            "is_owner": is_owner,
            "is_owner·given": True,
        }
        assert _differences(small, definitions, facts, _persons(count)) == {}


def test_the_evaluator_finds_a_wrong_text(small: Policy):
    facts: dict[str, Value] = {
        "income": Fraction(5),
        "room_count": 1,
        "fuel": "gas",
        "moved_in": TODAY,
        "applied": TODAY,
        "is_owner": True,
        "is_owner·given": True,
    }
    wrong = {**written_out(small, 2), "monthly": "/ / $income $room_count 13"}
    assert _differences(small, wrong, facts, _persons(2))["monthly"] == (Fraction(5, 13), Fraction(5, 12))
