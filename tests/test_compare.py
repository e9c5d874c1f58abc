"""What changed from one policy to another: `bangfu diff`, word for word, and two expressions of one meaning."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from engine.compare import Comparison, diff
from engine.expression import Expression, parse
from engine.normal_form import normal_form
from engine.source import Leaf, Place

ROOT = Path(__file__).parent.parent
BASE = ROOT / "tests" / "years" / "2022"
POLICIES = Path("policies")
Bangfu = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder with `policies/2022` in it, and a copy of it to be changed."""
    for name in ("2022", "copy"):
        shutil.copytree(BASE, tmp_path / "policies" / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANGUAGE", "en")


def edited(kind: str, *pairs: tuple[str, str]) -> None:
    """The file of the copy with each first text, which stands there once, replaced by the second."""
    path = POLICIES / "copy" / f"{kind}.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def compared() -> Comparison:
    return diff(POLICIES / "2022", POLICIES / "copy")


def changes() -> list[str]:
    """Each change in one line: where, what it was, what it is."""
    return [f"{'.'.join(change.path)}: {change.old} -> {change.new}" for change in compared().changes]


def later(name: str, **files: str) -> Path:
    """The folder `policies/name` with these files."""
    folder = POLICIES / name
    folder.mkdir()
    for kind, text in files.items():
        (folder / f"{kind}.yaml").write_text(dedent(text).lstrip(), encoding="utf-8")
    return folder


# Two expressions of one meaning --------------------------------------------------------------------


def form(text: str) -> str:
    found = parse(Leaf(text, Place("")))
    assert isinstance(found, Expression)
    return normal_form(found.tree)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a+b", "( a  +  b )"),
        ("a + b + c", "c + (b + a)"),
        ("a - b - c", "a - (b + c)"),
        ("a - (b - c)", "c + a - b"),
        ("-a + b", "b - a"),
        ("a * b / c", "b / c * a"),
        ("a / b / c", "a / c / b"),
        ("a and b and c", "c and (b and a)"),
        ("a or b", "(b) or (a)"),
        ("a or b and c", "c and b or a"),
        ("a < b", "b > a"),
        ("a <= b", "(b >= a)"),
        ("a == b", "b == a"),
        ("a < b < c", "b < c and a < b"),
        ("(a < b < c) or d", "d or (b < c and a < b)"),
        ("max(a, b)", "max(b, a)"),
        ('a in ("x", "y")', "a in ('y', 'x')"),
        ("2 * a", "a * 2.0"),
        ("a if (b) else (c + d)", "a if b else d + c"),
        ("not (a)", "not a"),
        ("not not a", "a"),
        ("not a < b", "a >= b"),
        ("not a == b", "a != b"),
        ("not a < b < c", "b >= c or a >= b"),
        ('not a in ("x", "y")', 'a not in ("y", "x")'),
        ("not (a and b < c)", "b >= c or not a"),
        ("a if not b else c", "c if b else a"),
        ("max(a, max(b, c))", "max(c, b, a)"),
        ("a + 0", "a"),
        ("0 - a", "-a"),
        ("1 * a / 1", "a"),
    ],
)
def test_another_writing_of_the_same_has_the_same_normal_form(one: str, other: str) -> None:
    assert form(one) == form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a - b", "b - a"),
        ("a / b", "b / a"),
        ("a - (b + c)", "a - b + c"),
        ("a / (b * c)", "a / b * c"),
        ("a < b", "a <= b"),
        ("a < b", "b < a"),
        ("a and b", "a or b"),
        ("(a or b) and c", "a or b and c"),
        ("not (a and b)", "not a and b"),
        ("a if b else c", "c if b else a"),
        ("max(a, b)", "min(a, b)"),
        ("round_up(a, b)", "round_up(b, a)"),
        ("lookup(t, a, b)", "lookup(t, b, a)"),
        ('a == "1"', "a == 1"),
        ('a in ("x", "y")', 'a not in ("x", "y")'),
        ("0.15 * a", "0.150001 * a"),
        ("(a < b) == c", "a < b == c"),
        ("a + b * c", "(a + b) * c"),
        ("1 / a", "a"),
        ("-a", "a"),
        ("not (a or b)", "not a or not b"),
        ("max(a, min(b, c))", "max(a, b, c)"),
        ("min(of_persons)", "min(of_persons, of_persons)"),
    ],
)
def test_another_meaning_has_another_normal_form(one: str, other: str) -> None:
    assert form(one) != form(other)


# What is no change -----------------------------------------------------------------------------------


def test_a_policy_is_equal_to_itself() -> None:
    found = compared()
    assert found.changes == ()
    assert found.text().splitlines()[1:] == ["", "Nothing changed."]


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("figures", "value: 12000", 'value: "12000"'),
        ("figures", "value: 12000", "value: 12000.00"),
        ("figures", "value: 50%", "value: 0.5"),
        ("figures", "value: 50%", "value: 1/2"),
        ("figures", "figures:\n", "# the figures\nfigures:\n\n"),
        ("figures", "because: § 2", "because: §   2"),
        ("figures", "because: § 2", "because: § 2\n    checked: 2022-01-05"),
        ("rules", "is: income - rent", "is: >-\n      (income) - (rent)"),
        ("rules", "is: income - rent", "is: -rent + income"),
        ("rules", "need: filed", "need: ((filed))"),
        ("rules", "max(min(share * rent, cap), least)", "max(least, min(cap, rent * share))"),
        ("rules", "when: left < limit", "when: limit > left"),
        ("facts", "kind: date", "optional: false\n    kind: date"),
        ("facts", "optional: true\n  town", "unique: true\n  town".replace("unique", "optional")),
        ("policy", "title: Heating aid 2022\nyear: 2022\n", "year: 2022\ntitle: 'Heating aid 2022'\n"),
    ],
)
def test_layout_order_and_writing_are_no_change(kind: str, old: str, new: str) -> None:
    edited(kind, (old, new))
    assert changes() == []


def test_a_year_that_extends_is_equal_to_its_full_copy(bangfu: Bangfu) -> None:
    later("2023", policy="extends: 2022\nyear: 2023\nin_force:\n  from: 2023-01-01\n  until: 2023-12-31\n")
    assert bangfu("show", "2023", "--flat", "-o", "full")[0] == 0
    assert diff(POLICIES / "2023", Path("full")).changes == ()


# What changed ----------------------------------------------------------------------------------------


def test_a_change_is_told_with_its_clause_its_line_and_what_it_reaches(bangfu: Bangfu) -> None:
    edited(
        "figures",
        ("value: 60", "value: 70"),
        ("value: 12000", "value: 13000"),
        ("because: § 2", "clause: § 2\n    quote: below 13000"),
    )
    edited("rules", ("when: total < least", "when: total <= least"))
    code, out, beside = bangfu("diff", "2022", "copy")
    assert beside == "Policy folder: policies/2022\nPolicy folder: policies/copy\n"
    assert code == 0
    assert out.split("\n", 1)[1] == (
        "\n"
        "Figures\n"
        "    limit: 12000 → 13000 EUR/year  [§ 2]  (policies/copy/figures.yaml:4)\n"
        "      reaches every output\n"
        "  - limit because: § 2  (policies/2022/figures.yaml:6)\n"
        "  + limit clause: § 2  [§ 2]  (policies/copy/figures.yaml:6)\n"
        "  + limit quote: below 13000  [§ 2]  (policies/copy/figures.yaml:7)\n"
        "    lamp: 60 → 70 EUR/year  (policies/copy/figures.yaml:21)\n"
        "      reaches light, light_ceiling, total, approval, conclusion, payable, notes\n"
        "\n"
        "Notes\n"
        "    low: total < least → total <= least  (policies/copy/rules.yaml:45)\n"
        "      reaches notes\n"
        "\n"
        "Changes: 6\n"
    )


def reaches(path: str) -> tuple[str, ...]:
    return next(change.reaches for change in compared().changes if ".".join(change.path) == path)


FORTY = """\
title: Heating aid 2022 -> Heating aid 2023
year: 2022 -> 2023
in_force.until: 2022-12-31 -> 2023-01-31
sources: Heating act -> Heating act, Lamp act
units.counts: persons -> persons, lamps
figures.limit.value: 12000 -> 13000
figures.limit.because: § 2 -> § 2a
figures.cap.value: 500 -> 600.00
figures.least.value: 100 -> 120
figures.lamp: 60 -> 
figures.bulb:  -> 60
tables.rents.Aford north 2022-01-01.value: 900 -> 950
tables.rents.Beton all 2022-01-01: 700 -> 
tables.rents.Ceford all 2022-01-01:  -> 700
tables.rents.spellings:  -> A: Aford
facts.number.meaning: the number of the household -> its number
facts.town.meaning: the town -> the town or city
facts.income.meaning: the income of a year -> the net income of a year
facts.income.also_named: yearly income -> earnings, yearly income
facts.income.at_most: 1000000 -> 2000000
facts.rent.meaning: the rent of a year -> the rent of one year
facts.rent.at_least: 1 -> 2
facts.filed.when_absent: false -> true
facts.pets:  -> kind: truth
meaning: pets
when_absent: false
rules.left.is: income - rent -> (income) - rent * share
rules.spare:  -> income - rent
categories.tenant.when: left < limit -> limit >= left
categories.tenant.aids.heating.at_least: least -> least / 2
categories.tenant.aids.light.at_most: lamp -> bulb
categories.owner.aids.light.at_most: lamp / 2 -> bulb / 2
categories.owner.aids.light.because: § 4 -> § 4a
categories.tenant.several.give: all -> one
choose.by: first -> highest
gates.unfiled.because: § 5 -> § 5b
conclusions.none_holds: no aid -> no aid at all
approvals.county.when: total >= cap -> total > cap
approvals.board:  -> when: cap <= total / 2
because: § 6
notes.low.say: the aid is low -> the aid is rather low
questions.gross.reading: it is -> it is so
questions.gross.other: it is not -> it is not taken off"""


def test_forty_changes_are_told_and_nothing_else() -> None:
    edited(
        "policy",
        ("title: Heating aid 2022\nyear: 2022\n", "year: 2023\ntitle: Heating aid 2023\n"),
        ("until: 2022-12-31", "until: 2023-01-31"),
        ("    - persons", "    - persons\n    - lamps"),
        ("  - Heating act", "  - Heating act\n  - Lamp act"),
    )
    edited(
        "figures",
        ("value: 12000", "value: 13000"),
        ("value: 500\n    unit: EUR/year", "unit: EUR/year\n    value: 600.00"),
        ("value: 50%", "value: 1/2"),
        ("value: 100\n", "value: 120 # more\n"),
        ("because: § 2", "because: § 2a\n    checked: 2022-01-05"),
        ("  lamp:\n    value: 60", "  bulb:\n    value: 60"),
    )
    edited(
        "tables",
        ("value: 900", "value: 950"),
        ("        from: 2022-01-01\n        value: 800", "        value: 800.0\n        from: 2022-01-01"),
        ("      - town: Beton\n        district: all\n", "      - town: Ceford\n        district: all\n"),
        ("    dated: true", "    dated: true\n    spellings:\n      A: Aford"),
    )
    edited(
        "facts",
        ("at_most: 1000000", "at_most: 2000000"),
        ("the income of a year", "the net income of a year"),
        ("      - yearly income", "      - earnings\n      - yearly income"),
        ("at_least: 1\n", "at_least: 2\n"),
        ("the rent of a year", "the rent of one year"),
        ("meaning: the town\n", "meaning: the town or city\n"),
        ("the number of the household", "its number"),
        ("    when_absent: false", "    when_absent: true"),
        ("  filed:\n", "  pets:\n    kind: truth\n    meaning: pets\n    when_absent: false\n  filed:\n"),
    )
    edited(
        "rules",
        ("  left:\n    is: income - rent", "  left:\n    is: (income) - rent * share"),
        ("categories:\n", "  spare:\n    is: income - rent\n    because: § 9\ncategories:\n"),
        ("when: left < limit", "when: limit >= left"),
        ("at_least: least\n", "at_least: least / 2\n"),
        ("max(min(share * rent, cap), least)", "max(least, min(cap, rent * share))"),
        ("at_most: lamp\n", "at_most: bulb\n"),
        ("      give: all\n      because: § 3", "      give: one\n      because: § 3"),
        ("at_most: lamp / 2\n        because: § 4", "at_most: bulb / 2\n        because: § 4a"),
        ("need: filed\n    because: § 5", "need: ( filed )\n    because: § 5b"),
        ("none_holds: no aid", "none_holds: no aid at all"),
        ("when: total >= cap", "when: total > cap"),
        ("approvals:\n", "approvals:\n  board:\n    when: cap <= total / 2\n    because: § 6\n"),
        ("say: the aid is low", "say: the aid is rather low"),
        ("by: first", "by: highest"),
    )
    edited(
        "questions",
        ("other: it is not", "other: it is not taken off"),
        ("reading: it is\n", "reading: it is so\n"),
        ("is: income\n", "is: (income)\n"),
        ("text: Is the rent", "text: >-\n      Is the rent"),
    )
    assert "\n".join(changes()) == FORTY
    assert len(compared().changes) == 40
    assert [problem.text() for problem in compared().problems] == [
        "policies/copy/rules.yaml:6:3: warning: The change of “rules.spare” reaches no output. "
        "Let a rule read it, or take it out of both."
    ]


@pytest.mark.parametrize(
    ("kind", "old", "new", "path", "found"),
    [
        ("rules", "none_holds: no aid", "none_holds: nothing", "conclusions.none_holds", ("conclusion",)),
        ("rules", "total >= cap", "total > cap", "approvals.county.when", ("approval", "notes")),
        ("rules", "say: the aid is low", "say: low", "notes.low.say", ("notes",)),
        ("questions", "text: Is", "text: Was", "questions.gross.text", ()),
    ],
)
def test_a_change_reaches_what_reads_it(kind: str, old: str, new: str, path: str, found: tuple[str, ...]) -> None:
    edited(kind, (old, new))
    assert reaches(path) == found


def test_the_order_of_categories_is_content() -> None:
    path = POLICIES / "copy" / "rules.yaml"
    before, tenant, after = path.read_text(encoding="utf-8").partition("  tenant:")
    first, owner, rest = after.partition("  owner:")
    second, gates, end = rest.partition("gates:\n  unfiled")
    path.write_text(before + owner + second + tenant + first + gates + end, encoding="utf-8")
    assert changes() == ["categories: tenant, owner -> owner, tenant"]


def test_another_order_reaches_what_the_order_decides_and_not_what_changed_beside_it() -> None:
    path = POLICIES / "copy" / "facts.yaml"
    before, income, after = path.read_text(encoding="utf-8").partition("  income:")
    first, rent, rest = after.partition("  rent:")
    second, filed, end = rest.partition("  filed:")
    first = first.replace("at_most: 1000000", "at_most: 2000000")
    path.write_text(before + rent + second + income + first + filed + end, encoding="utf-8")
    found = compared()
    assert [(change.path[-1], change.is_order) for change in found.changes] == [("at_most", False), ("facts", True)]
    assert found.changes[0].reaches and not found.changes[1].reaches and found.problems == ()


def test_the_same_as_json(bangfu: Bangfu) -> None:
    edited("figures", ("value: 60", "value: 70"))
    code, out, _ = bangfu("diff", "policies/2022", "policies/copy", "--json")
    content = json.loads(out)
    assert code == 0
    assert content["old"]["policy"] == "Heating aid 2022"
    assert content["changes"] == [
        {
            "section": "figures",
            "path": ["figures", "lamp", "value"],
            "kind": "changed",
            "old": "60",
            "new": "70",
            "unit": "EUR/year",
            "clause": "",
            "old_place": "policies/2022/figures.yaml:20",
            "new_place": "policies/copy/figures.yaml:20",
            "reaches": ["light", "light_ceiling", "total", "approval", "conclusion", "payable", "notes"],
            "decides": True,
        }
    ]


def test_a_policy_with_problems_is_told(bangfu: Bangfu) -> None:
    edited("figures", ("value: 60", "value: 6,0"))
    code, out, beside = bangfu("diff", "2022", "copy")
    assert (code, out) == (1, "")
    assert "policies/copy/figures.yaml:20:12: “6,0” is not a number." in beside
    assert bangfu("diff", "2022", "2020")[0] == 1


def test_the_help_has_examples(bangfu: Bangfu) -> None:
    assert "Examples: bangfu diff 2023 2024" in " ".join(bangfu("diff", "--help")[1].split())
