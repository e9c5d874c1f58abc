"""The laws of the policy of 2023: the engine is the reference, every algebra agrees, rows are alone, content is identity."""

import csv
import datetime
import os
import pickle
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
import yaml
from campaign_2023 import (
    NUMBERS,
    TODAY,
    by_engine,
    by_reference,
    changes,
    differences,
    main,
    pasteable,
    policy,
    question,
    stands,
)
from households_2023 import households
from reference_2023 import AIDS, CATEGORIES
from spans import contains, kind_name, point

from engine import Decision, HouseholdError, Policy, decide, evaluate, examine, load
from engine.algebras.exact import Exact, Value
from engine.algebras.interval import Interval, Range, Span, Truths, span_of
from engine.algebras.trace import Trace
from engine.elaborate import fingerprint
from engine.expression import CONSTANTS, names_in
from engine.fold import fold
from engine.loading import FILES, read_folder
from engine.source import Branch, Place, merge, read, read_text
from engine.tables.intake import Intake
from engine.units import kinds_of

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "policies" / "2023"
SEEDS = (101, 202, 303)
Household = dict[str, object]

MADE_UP: tuple[Household, ...] = tuple(
    household for seed, count in zip(SEEDS, (667, 667, 666), strict=True) for household in households(seed, count)
)


@cache
def as_read() -> tuple[tuple[Decision | None, Mapping[str, object] | None], ...]:
    """What the engine and the reference say of every made-up household, as read."""
    return tuple((by_engine(policy(), household), by_reference(household)) for household in MADE_UP)


def fail_at(household: Mapping[str, object], said: object) -> None:
    pytest.fail(f"{said}\n{pasteable(household)}", pytrace=False)


# The engine is the reference ------------------------------------------------------------


def test_the_numbers_of_the_reference_are_the_questions_of_the_policy():
    assert [one.name for one in policy().questions] == [
        "医疗上限印误",
        "未核定按下限",
        "救助顺序取高",
        "已付支出扣除",
        "损失按总额",
        "相对医疗全额",
        "按年初标准",
        "相对也审批",
        "审批合并已获",
        "意外须困难",
        "按最深类别",
    ]


@pytest.mark.parametrize("seed", range(len(SEEDS)), ids=lambda at: f"seed {SEEDS[at]}")
def test_the_engine_decides_as_the_reference(seed: int):
    share = range(seed * 667, min(seed * 667 + 667, len(MADE_UP)))
    for at in share:
        found = differences(*as_read()[at])
        if found:
            fail_at(MADE_UP[at], found)


def test_the_made_up_households_reach_every_end_of_a_decision():
    decided = [decision for decision, _ in as_read() if decision is not None]
    assert 10 <= len(MADE_UP) - len(decided) <= 100
    assert {decision.category for decision in decided} == {"", *CATEGORIES}
    assert {decision.conclusion for decision in decided} == {
        *("不符合建档标准", "应建档", "实名核验未通过", "本年已足额", "可帮扶"),
    }
    assert {decision.approval for decision in decided} == {"", "省总工会", "全国总工会"}


@pytest.mark.parametrize("number", NUMBERS)
def test_the_engine_decides_as_the_reference_under_another_reading(number: int):
    other = policy(number)
    for household in households(number, 150):
        found = differences(by_engine(other, household), by_reference(household, number))
        if found:
            fail_at(household, found)


def test_a_difference_is_found_and_its_household_can_be_pasted():
    household = next(one for one, (decision, _) in zip(MADE_UP, as_read(), strict=True) if decision is not None)
    decision, expected = by_engine(policy(), household), by_reference(household)
    assert decision is not None and expected is not None
    wrong = {**expected, "合计": Fraction(-1), "holds": ("无",)}
    assert set(differences(decision, wrong)) == {"合计", "holds"}
    assert set(differences(None, expected)) == {"problem"}
    pasted = yaml.load(pasteable(household), Loader=yaml.BaseLoader)["facts"]
    assert decide(policy(), pasted, today=TODAY) == decision


def test_a_small_campaign_finds_no_difference(capsys: pytest.CaptureFixture[str]):
    assert main(["--count", "40", "--seed", "5", "--processes", "1"]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    assert "40 households" in printed.out and "; 0 differences; " in printed.out and printed.err == ""


# The notes on open questions ------------------------------------------------------------


@cache
def noted(number: int) -> tuple[tuple[Household, bool, bool], ...]:
    """Each decided household: whether the other reading changes something, and whether the note says so."""
    found = []
    for household, (decision, expected) in zip(MADE_UP, as_read(), strict=True):
        if decision is not None:
            has_changed = changes(expected, by_reference(household, number))
            found.append((household, has_changed, stands(policy(), decision, number)))
    return tuple(found)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_note_stands_wherever_the_other_reading_changes_something(number: int):
    assert sum(has_changed for _, has_changed, _ in noted(number)) >= 5
    for household, has_changed, is_noted in noted(number):
        if has_changed and not is_noted:
            fail_at(household, f"{question(number)} changes the result, and no note says so")


@pytest.mark.parametrize("number", NUMBERS)
def test_the_note_stands_only_where_the_other_reading_changes_something(number: int):
    for household, has_changed, is_noted in noted(number):
        if is_noted and not has_changed:
            fail_at(household, f"the note of {question(number)} stands, and nothing changes")


def _with_january(folder: Path, county: str, average: str) -> Path:
    """A copy of the policy whose tables begin on 1 January, with these standards of the first half year for 颍州."""
    shutil.copytree(FOLDER, folder)
    text = (folder / "tables.yaml").read_text(encoding="utf-8")
    row = "      - 城市: 阜阳\n{key}        from: 2023-01-01\n        until: 2023-06-30\n        value: {value}\n"
    first, second = text.split("  城市低保平均:\n")
    first += row.format(key="        县区: 颍州\n", value=county)
    second += row.format(key="", value=average)
    (folder / "tables.yaml").write_text(first + "  城市低保平均:\n" + second, encoding="utf-8")
    return folder


def test_the_note_on_the_standard_of_january_stands_wherever_it_changes_something(tmp_path: Path):
    folder = _with_january(tmp_path / "2023", "700", "725.5")
    base, other = load(folder), load(folder, questions=("按年初标准",))
    changed = 0
    for household in households(7, 90):
        looked_up = {name: value for name, value in household.items() if "标准" not in name}
        looked_up |= {"城市": "阜阳", "县区": "颍州区", "核算日期": datetime.date(2023, 9, 1)}
        decision, otherwise = by_engine(base, looked_up), by_engine(other, looked_up)
        if decision is None:
            continue
        has_changed = changes(_of_reference(decision), None if otherwise is None else _of_reference(otherwise))
        changed += has_changed
        if has_changed and not stands(base, decision, 7):
            fail_at(looked_up, "the standard of 1 January changes the result, and no note says so")
    assert changed > 30


def _of_reference(decision: Decision) -> dict[str, object]:
    """A decision in the reference's words."""
    ends = [*AIDS, *(f"{aid}下限" for aid in AIDS), *(f"{aid}上限" for aid in AIDS)]
    kept = {"困难类别", "合计", "审批", *ends}
    return {name: value for name, value in decision.outputs if name in kept}


def test_no_note_on_the_standard_of_january_where_the_standards_are_given():
    for household, (decision, _) in zip(MADE_UP, as_read(), strict=True):
        if decision is not None and stands(policy(), decision, 7):
            fail_at(household, "both standards are given, and the note on the table stands")


# Every algebra agrees, for every name ------------------------------------------------------------


@cache
def core(count: int) -> tuple[tuple[Household, dict[str, Value]], ...]:
    """Made-up households with their core facts; those with a problem left out."""
    intake = Intake(policy(), TODAY)
    found = []
    for household in households(404, count):
        try:
            found.append((household, dict(intake.household(household).facts)))
        except HouseholdError:
            continue
    return tuple(found)


@cache
def exact_names(count: int) -> tuple[dict[str, Value], ...]:
    return tuple(fold(policy(), facts, Exact(policy().tables)) for _, facts in core(count))


@cache
def bounds() -> Mapping[str, Span]:
    """Every value that each core fact may have, by its declared bounds."""
    found: dict[str, Span] = {}
    for fact in policy().facts:
        found |= dict.fromkeys(fact.core_names(policy().words), Truths(True, True))
        found[fact.name] = span_of(fact)
    return found


def _outside(spans: Mapping[str, Span], names: Mapping[str, Value]) -> dict[str, tuple[Span, Value]]:
    return {name: (spans[name], value) for name, value in names.items() if not contains(spans[name], value)}


def test_the_bounds_of_every_name_contain_exact():
    spans = fold(policy(), bounds(), Interval(policy().tables))
    for (household, _), names in zip(core(500), exact_names(500), strict=True):
        if found := _outside(spans, names):
            fail_at(household, found)


def test_the_interval_of_the_facts_contains_exact_for_every_name():
    for (household, facts), names in islice(zip(core(500), exact_names(500), strict=True), 60):
        points = {name: point(value) for name, value in facts.items()}
        assert set(points) == set(bounds())
        if found := _outside(fold(policy(), points, Interval(policy().tables)), names):
            fail_at(household, found)


def test_a_value_outside_its_bounds_is_found():
    assert _outside({"甲": Range(Fraction(0), None)}, {"甲": -1}) == {"甲": (Range(Fraction(0), None), -1)}
    assert _outside({"乙": Truths(True, False)}, {"乙": False}) and not _outside(
        {"乙": Truths(True, False)}, {"乙": True}
    )


def test_every_name_has_the_kind_of_its_exact_value():
    kinds, problems = kinds_of(policy())
    assert problems == ()
    for (household, _), names in zip(core(500), exact_names(500), strict=True):
        found = {name: (kinds[name].name, value) for name, value in names.items()}
        wrong = {name: pair for name, pair in found.items() if pair[0] != kind_name(pair[1])}
        if wrong:
            fail_at(household, wrong)


def test_every_name_has_the_value_of_exact_in_the_trace():
    for (household, facts), names in islice(zip(core(500), exact_names(500), strict=True), 150):
        algebra = Trace(policy().tables)
        steps = fold(policy(), {name: algebra.fact(value) for name, value in facts.items()}, algebra)
        found = {name: step.value for name, step in steps.items()}
        if found != names:
            fail_at(household, {name: (found[name], value) for name, value in names.items() if found[name] != value})


def test_all_that_a_policy_puts_out_is_among_its_names():
    names = exact_names(500)[0]
    assert {output.name for output in policy().outputs} <= set(names)
    assert {remark.when for remark in (*policy().remarks, *policy().refusals)} <= set(names)


# A row is alone ------------------------------------------------------------

Row = list[str]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Fraction):
        cents = value * 100
        return f"{cents.numerator // 100}.{cents.numerator % 100:02}"
    return "" if value is None else str(value)


def _table(count: int) -> tuple[Row, list[Row]]:
    """A header and rows with a number each; every tenth row has a cell that is no number."""
    facts = [fact.name for fact in policy().facts]
    rows = []
    for at, household in enumerate(households(909, count)):
        named = {"家庭年收入" if name == "家庭年度总收入" else name: value for name, value in household.items()}
        named["核算日期"] = named.get("核算日期") or TODAY
        if at % 10 == 9:
            named["家庭人口"] = "三"
        rows.append([f"R{at}", *(_cell(named.get(name)) for name in facts)])
    return ["编号", *facts], rows


def _write(path: Path, header: Row, rows: Sequence[Row]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def _answers(path: Path) -> tuple[dict[str, Row], dict[str, Row]]:
    """The rows of the output and of the rejects by their number, the place left out of the reasons."""
    evaluate(policy(), path, path.with_name("out.csv"), today=TODAY)
    good, bad = (_by_number(path.with_name(name)) for name in ("out.csv", "out.rejects.csv"))
    return good, {number: [re.sub(r"[^ ;；]*?\.csv:\d+:", "", cell) for cell in row] for number, row in bad.items()}


def _by_number(path: Path) -> dict[str, Row]:
    if not path.exists():
        return {}  # no row was rejected
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    found = {row[0]: row for row in rows[1:]}
    assert len(found) == len(rows) - 1
    return found


@pytest.fixture(scope="module")
def table() -> tuple[Row, list[Row]]:
    return _table(90)


@pytest.fixture(scope="module")
def together(table: tuple[Row, list[Row]], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict]:
    good, bad = _answers(_write(tmp_path_factory.mktemp("together") / "in.csv", *table))
    assert len(good) > 70 and len(bad) >= 9
    return good, bad


@pytest.mark.parametrize("seed", [1, 2])
def test_the_answer_to_a_row_does_not_depend_on_the_order_of_rows(
    seed: int, table: tuple[Row, list[Row]], together: tuple[dict, dict], tmp_path: Path
):
    header, rows = table
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert shuffled != rows
    assert _answers(_write(tmp_path / "in.csv", header, shuffled)) == together


@pytest.mark.parametrize("size", [1, 7, 45])
def test_the_answer_to_a_row_does_not_depend_on_other_rows(
    size: int, table: tuple[Row, list[Row]], together: tuple[dict, dict], tmp_path: Path
):
    header, rows = table
    rows = rows[:20] if size == 1 else rows
    good: dict[str, Row] = {}
    bad: dict[str, Row] = {}
    for first in range(0, len(rows), size):
        part, rejected = _answers(_write(tmp_path / "in.csv", header, rows[first : first + size]))
        assert {*part, *rejected} == {row[0] for row in rows[first : first + size]}
        good |= part
        bad |= rejected
    asked = {row[0] for row in rows}
    assert (good, bad) == tuple({number: row for number, row in found.items() if number in asked} for found in together)


def test_the_rows_of_two_tables_in_one_are_answered_as_alone(
    table: tuple[Row, list[Row]], together: tuple[dict, dict], tmp_path: Path
):
    header, rows = table
    good, bad = _answers(_write(tmp_path / "in.csv", header, rows[60:] + rows[:30]))
    kept = {row[0] for row in rows[60:] + rows[:30]}
    assert (good, bad) == tuple({number: row for number, row in found.items() if number in kept} for found in together)


def test_the_answers_do_not_depend_on_the_order_of_columns(
    table: tuple[Row, list[Row]], together: tuple[dict, dict], tmp_path: Path
):
    header, *rows = ([row[0], *reversed(row[1:])] for row in (table[0], *table[1]))
    good, _ = _answers(_write(tmp_path / "in.csv", header, rows))
    added = len(header)
    assert {number: row[added:] for number, row in good.items()} == {
        number: row[added:] for number, row in together[0].items()
    }


_RUN = """
import datetime, sys
from pathlib import Path
import engine
policy = engine.load(Path(sys.argv[1]))
day = datetime.date(2023, 8, 1)
folder = Path(sys.argv[2])
summary = engine.evaluate(policy, folder / "in.csv", folder / "out.csv", today=day)
print(policy.fingerprint, summary)
print(engine.explain(policy, {"家庭人口": 3, "家庭年收入": "20,000", "当地低保月标准": 738, "城市低保平均标准": 747}, today=day).text())
print(*(problem.text() for problem in engine.examine(Path(sys.argv[3]))[1]), sep="\\n")
"""


def _run(folder: Path, seed: str, broken: Path) -> tuple[bytes, bytes, str]:
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(FOLDER), str(folder), str(broken)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8", "LANG": "C.UTF-8"},
        capture_output=True,
        check=True,
    )
    printed = done.stdout.decode()
    return (folder / "out.csv").read_bytes(), (folder / "out.rejects.csv").read_bytes(), printed


def test_repeated_runs_give_the_same_bytes_whatever_the_hash_seed(table: tuple[Row, list[Row]], tmp_path: Path):
    _write(tmp_path / "in.csv", *table)
    broken = tmp_path / "broken"
    shutil.copytree(FOLDER, broken)
    text = (broken / "rules.yaml").read_text(encoding="utf-8")
    (broken / "rules.yaml").write_text(
        text.replace("因病支出 + ", "因病支处 + ").replace("already", "alredy"), encoding="utf-8"
    )
    first, again, other = (_run(tmp_path, seed, broken) for seed in ("0", "0", "1"))
    assert first == again == other
    assert len(first[0]) > 10_000 and "因病支处" in first[2] and "alredy" in first[2]


# Content is identity ------------------------------------------------------------


def test_a_policy_equals_its_reload():
    again = load(FOLDER)
    assert again == policy() and again is not policy()
    assert again.fingerprint == policy().fingerprint


def test_a_policy_equals_its_copy_in_another_folder(tmp_path: Path):
    shutil.copytree(FOLDER, tmp_path / "2023")
    assert load(tmp_path / "2023") == policy()


def test_policies_that_differ_in_anything_are_not_equal():
    assert policy(1) != policy()
    assert replace(policy(), rules=policy().rules[:-1]) != policy()
    assert replace(policy(), title="另一方案") != policy()


@pytest.mark.parametrize("number", [None, 3])
def test_a_policy_pickles_and_comes_back_equal(number: int | None):
    copied = pickle.loads(pickle.dumps(policy(number)))
    assert copied == policy(number) and copied.label == policy(number).label
    for household in households(11, 30):
        assert by_engine(copied, household) == by_engine(policy(number), household)


def test_the_other_reading_has_a_fingerprint_of_its_own():
    prints = {policy(number).fingerprint for number in (None, *NUMBERS)}
    assert len(prints) == len(NUMBERS) + 1


@cache
def _texts() -> Mapping[str, str]:
    return {kind: (FOLDER / f"{kind}.yaml").read_text(encoding="utf-8") for kind in FILES}


@cache
def _node(kind: str) -> Branch:
    found, problems = read(FOLDER / f"{kind}.yaml")
    assert isinstance(found, Branch) and not problems
    return found


def printed(**texts: str) -> str:
    """The fingerprint of the policy with these files in other words."""
    tree = Branch({}, Place(""))
    for kind in FILES:
        node = _node(kind)
        if kind in texts:
            other, problems = read_text(texts[kind], f"{kind}.yaml")
            assert isinstance(other, Branch) and not problems, [problem.text() for problem in problems]
            node = other
        merged = merge(tree, node)
        assert isinstance(merged, Branch)
        tree = merged
    return fingerprint(tree)


def _blocks(text: str, indent: int, under: str) -> tuple[str, list[str], str]:
    """The text before, the blocks at `indent` below the line `under`, and the text behind."""
    head, line, rest = text.partition(f"{' ' * (indent - 2)}{under}:\n")
    assert line, under
    end = re.search(rf"^ {{0,{indent - 1}}}(?=[^ \n])", rest, re.M)
    body, tail = (rest, "") if end is None else (rest[: end.start()], rest[end.start() :])
    blocks = re.split(rf"^(?= {{{indent}}}[^ \n])", body, flags=re.M)
    found = [block for block in blocks if block]
    assert len(found) > 1, under
    return head + line, found, tail


def _reversed(text: str, indent: int, under: str) -> str:
    head, blocks, tail = _blocks(text, indent, under)
    return head + "".join(reversed(blocks)) + tail


def test_the_fingerprint_of_the_texts_is_that_of_the_policy(tmp_path: Path):
    assert printed() == policy().fingerprint
    assert printed(**_texts()) == policy().fingerprint
    folder = tmp_path / "2023"
    shutil.copytree(FOLDER, folder)
    (folder / "figures.yaml").write_text(_texts()["figures"].replace("24000", "24001"), encoding="utf-8")
    tree = read_folder(folder).tree
    assert tree is not None
    assert (
        printed(figures=_texts()["figures"].replace("24000", "24001")) == fingerprint(tree) == load(folder).fingerprint
    )
    assert fingerprint(tree) != policy().fingerprint


def _deeper(found: re.Match[str]) -> str:
    return found[1] * 3 + ("-     " if found[2] else "")


LAYOUTS: Mapping[str, Callable[[str], str]] = {
    "comments": lambda text: "# 说明\n" + re.sub(r"\n", "  # 注\n", text, count=40) + "# 完\n",
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "deeper indents": lambda text: re.sub(r"^( +)(- )?", _deeper, text, flags=re.M),
    "blanks around values": lambda text: re.sub(r": (?=\S)", ":   ", text),
    "blanks in expressions": lambda text: re.sub(r"(?<=\S) ([+*/<-]|>=|and|or) ", r"  \1   ", text),
    "quotes": lambda text: re.sub(r"^( +(?:is|when): )([^\"'\n]+)$", r"\1'\2'", text, flags=re.M),
    "line ends": lambda text: text.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_fingerprint_ignores_layout(layout: str):
    laid = {kind: LAYOUTS[layout](text) for kind, text in _texts().items()}
    assert laid != dict(_texts())
    assert printed(**laid) == policy().fingerprint


@pytest.mark.parametrize("kind", ["figures", "rules", "tables"])
def test_the_fingerprint_ignores_the_order_of_entries_that_has_no_meaning(kind: str):
    turned = _reversed(_texts()[kind], 2, kind)
    assert turned != _texts()[kind]
    assert printed(**{kind: turned}) == policy().fingerprint


def test_the_fingerprint_ignores_the_order_of_keys_of_a_figure():
    text = re.sub(r"(    value: .*\n)(    unit: .*\n)", r"\2\1", _texts()["figures"])
    assert text != _texts()["figures"]
    assert printed(figures=text) == policy().fingerprint


@pytest.mark.parametrize(
    ("written", "same"), [("24000", "24000.00"), ("80%", "0.8"), ("80%", "4/5"), ("0.01", "1/100")]
)
def test_the_fingerprint_ignores_how_a_number_is_written(written: str, same: str):
    text = _texts()["figures"].replace(f"value: {written}\n", f"value: {same}\n")
    assert text != _texts()["figures"]
    assert printed(figures=text) == policy().fingerprint


def _changed(text: str, pattern: str, change: Callable[[re.Match[str]], str]) -> Iterator[tuple[str, str]]:
    """The text with each place that `pattern` finds changed, one at a time, with the line that was changed."""
    for found in re.finditer(pattern, text, re.M):
        new = change(found)
        if new != found[0]:
            line = text[text.rfind("\n", 0, found.start()) + 1 : text.find("\n", found.end())]
            yield line.strip(), text[: found.start()] + new + text[found.end() :]


def _another_number(found: re.Match[str]) -> str:
    number, percent = found[1].removesuffix("%"), "%" if found[1].endswith("%") else ""
    return found[0].replace(found[1], f"{Fraction(number) + 1}" + percent)


_OTHER_SIGN = {
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "<": "<=",
    ">=": ">",
    ">": ">=",
    "==": "!=",
    "!=": "==",
    "and": "or",
}
_OTHER_SIGN |= {"or": "and", "<=": "<"}

CHANGES: Mapping[str, tuple[str, Callable[[re.Match[str]], str], int]] = {
    "a number": (r"^ +(?:- )?(?:value|at_least|at_most|step): ([0-9.]+%?)$", _another_number, 80),
    "an operator": (r"(?<=\S )([+*/<>-]|>=|<=|==|!=|and|or)(?= )", lambda found: _OTHER_SIGN[found[1]], 80),
    "a clause": (r"(?<=clause: ).*$", lambda found: found[0] + "改", 55),
    "a quote": (r"(?<=quote: ).*$", lambda found: found[0] + "改", 35),
    "a reason": (r"(?<=because: ).*$", lambda found: found[0] + "改", 5),
    "a unit": (r"(?<=unit: ).*$", lambda found: found[0] + "改", 30),
    "a day": (r"(?<=: 2023-)\d\d-\d\d$", lambda _: "02-02", 10),
    "a rounding": (r"round_half_up|(?<=round: )half_up", lambda found: found[0].replace("half_up", "down"), 4),
    "a truth": (r"(?<=: )(true|false)$", lambda found: {"true": "false", "false": "true"}[found[0]], 8),
    "a name in an expression": (r"(?<=is: )\w+", lambda found: found[0] + "改", 12),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_fingerprint_changes_with(what: str):
    pattern, change, least = CHANGES[what]
    prints = {}
    for kind, text in _texts().items():
        for line, other in _changed(text, pattern, change):
            found = printed(**{kind: other})
            assert found != policy().fingerprint, (kind, line)
            prints[len(prints)] = found
    assert len(prints) >= least
    assert len(set(prints.values())) == len(prints)


@pytest.mark.parametrize(
    ("kind", "indent", "under"),
    [
        ("rules", 2, "categories"),
        ("rules", 6, "aids"),
        ("rules", 2, "gates"),
        ("rules", 2, "approvals"),
        ("facts", 2, "facts"),
    ],
)
def test_the_fingerprint_changes_with_the_order_that_has_meaning(kind: str, indent: int, under: str):
    text = _reversed(_texts()[kind], indent, under)
    assert text != _texts()[kind]
    assert printed(**{kind: text}) != policy().fingerprint


def test_the_fingerprint_changes_with_a_blank_inside_a_text():
    text = _texts()["rules"].replace(
        '困难类别 == "深度困难职工" and 医疗救助', '困难类别 == "深度 困难职工" and 医疗救助'
    )
    assert text != _texts()["rules"]
    assert printed(rules=text) != policy().fingerprint


def test_the_order_of_questions_counts_for_it_is_the_order_of_the_notes():
    text = _reversed(_texts()["questions"], 2, "questions")
    assert printed(questions=text) != policy().fingerprint


# The order of the fold ------------------------------------------------------------


def _core_names(asked: Policy) -> set[str]:
    return {name for fact in asked.facts for name in fact.core_names(asked.words)}


@pytest.mark.parametrize("number", [None, 3, 4])
def test_each_rule_reads_only_names_before_it(number: int | None):
    known = {figure.name for figure in policy(number).figures} | _core_names(policy(number)) | set(CONSTANTS[:2])
    for rule in policy(number).rules:
        needed = {node.id for node in names_in(rule.expression.tree)}
        assert needed <= known, (rule.name, needed - known)
        assert rule.name not in known, f"{rule.name} is written twice"
        known.add(rule.name)
    assert len(policy(number).rules) > 300


# Total ------------------------------------------------------------


def _with_rule(folder: Path, expression: str) -> Path:
    """A copy of the policy with one more rule."""
    shutil.copytree(FOLDER, folder)
    text = _texts()["rules"].replace("  已获:\n", f"  另一规则:\n    is: {expression}\n    because: 试\n  已获:\n", 1)
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "expression",
    [
        "家庭年收入 / 在学子女数",
        "round_up(家庭年收入, 在学子女数)",
        "家庭年收入 / (医疗个人负担 - 因病支出)",
        'lookup(低保标准, "阜阳", "颍州", 核算日期)',
        'lookup(低保标准, 城市, "颍州", 核算日期)',
        "核定生活救助 + 付款最小单位",
        "date(2023, 2, 30)",
        "date(2023, 家庭人口, 1)",
    ],
)
def test_what_could_fail_for_a_household_is_a_problem_at_load(expression: str, tmp_path: Path):
    found, problems = examine(_with_rule(tmp_path / "2023", expression))
    assert found is None
    assert any(problem.place.file.endswith("rules.yaml") and not problem.is_warning for problem in problems)
