"""A new year from the year before, and what is still open in it: `bangfu new-year` and `bangfu due`, word for word."""

import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.agenda import due
from engine.loading import check_questions, examine, load
from engine.scaffold import new_year
from engine.source import PolicyError

ROOT = Path(__file__).parent.parent
BASE = ROOT / "tests" / "years" / "2022"
POLICIES = Path("policies")
Bangfu = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder with `policies/2022` in it."""
    shutil.copytree(BASE, tmp_path / "policies" / "2022")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANGUAGE", "en")


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def without_first_line(path: Path) -> str:
    return text(path).split("\n", 1)[1]


def write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")


def replaced(path: Path, old: str, new: str) -> None:
    assert old in text(path)
    write(path, text(path).replace(old, new))


def refused(*arguments: str) -> str:
    with pytest.raises(PolicyError) as found:
        new_year(POLICIES, *arguments)
    return str(found.value)


# The folder of the new year ------------------------------------------------------------------------


def test_the_new_policy_extends_and_says_title_year_and_days() -> None:
    assert new_year(POLICIES, "2023", "2022") == POLICIES / "2023"
    assert without_first_line(POLICIES / "2023" / "policy.yaml") == (
        "# The policy of 2023: what does not stand here is as in 2022. The title, the days and the sources are to be confirmed.\n"
        "extends: 2022\n"
        "title: Heating aid 2023\n"
        "year: 2023\n"
        "in_force:\n"
        "  from: 2023-01-01\n"
        "  until: 2023-12-31\n"
        "# sources:\n"
        "#   - Heating act\n"
    )


def test_each_figure_is_a_comment_with_all_that_was_said_of_it() -> None:
    replaced(
        POLICIES / "2022" / "figures.yaml",
        "because: § 2",
        'clause: § 2\n    quote: "below 12000"\n    checked: 2022-01-03',
    )
    new_year(POLICIES, "2023", "2022")
    assert without_first_line(POLICIES / "2023" / "figures.yaml").splitlines()[:12] == [
        "# Every figure of 2022. Take the “# ” off “figures:” and off each figure that changes, with the new value, clause and quote;",
        "# for one that holds as it is, leave only its name and a line “checked: 2023-01-05”, the day on which you saw that it holds.",
        "# figures:",
        "#   limit:",
        "#     value: 12000",
        "#     unit: EUR/year",
        "#     clause: § 2",
        '#     quote: "below 12000"',
        "#   cap:",
        "#     value: 500",
        "#     unit: EUR/year",
        "#     because: § 3",
    ]


def test_the_first_lines_bind_the_schemas() -> None:
    folder = new_year(POLICIES, "2023", "2022")
    assert sorted(path.name for path in folder.iterdir()) == ["figures.yaml", "policy.yaml"]
    for path in folder.iterdir():
        bound = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", text(path).splitlines()[0])
        assert bound is not None
        assert (folder / bound[1]).resolve() == ROOT / "schemas" / f"{path.stem}.schema.json"


def test_a_new_year_has_the_schemas_of_the_year_before_where_they_are(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "schemas", "schemas")
    shutil.copytree(POLICIES / "2022", "plans/2022")
    file = Path("plans/2022/policy.yaml")
    lines = text(file).splitlines()
    file.write_text("\n".join([BOUND, *lines[lines[0].startswith("#") :]]) + "\n", encoding="utf-8")
    assert text(new_year(Path("plans"), "2023", "2022") / "policy.yaml").splitlines()[0] == BOUND


BOUND = "# yaml-language-server: $schema=../../schemas/policy.schema.json"


def test_a_new_year_has_no_problem_and_decides_as_the_year_before() -> None:
    base, folder = load(POLICIES / "2022"), new_year(POLICIES, "2023", "2022")
    policy, problems = examine(folder)
    assert policy is not None
    assert [problem.text().split(": ")[2] for problem in problems] == [
        "The year neither states nor has confirmed these figures"
    ]
    assert check_questions(folder) == ()
    assert (policy.rules, policy.figures, policy.facts) == (base.rules, base.figures, base.facts)
    assert (policy.title, policy.year, str(policy.since), str(policy.until)) == (
        "Heating aid 2023",
        "2023",
        "2023-01-01",
        "2023-12-31",
    )


def test_the_policy_of_2023_can_be_begun_anew(bangfu: Bangfu) -> None:
    shutil.copytree(ROOT / "policies" / "2023", POLICIES / "2023")
    assert bangfu("new-year", "2024", "--from", "2023")[0] == 0
    code, out, _ = bangfu("check", "2024")
    assert code == 0
    assert out.startswith("policies/2024: 0 problems, 1 warnings.\n2024年XX市困难职工帮扶民生实事实施方案 (")
    assert without_first_line(POLICIES / "2024" / "policy.yaml").splitlines()[0] == (
        "# 2024年度方案：这里没有写的，都照2023。标题、执行日期和文件依据请核对。"
    )


def test_the_figures_can_be_uncommented_as_they_are() -> None:
    folder = new_year(POLICIES, "2023", "2022")
    lines = text(folder / "figures.yaml").splitlines()
    write(folder / "figures.yaml", "".join(f"{line[2:]}\n" for line in lines[3:]))
    assert examine(folder)[1] == ()
    assert load(folder).figures == load(POLICIES / "2022").figures


def test_a_figure_is_stated_or_confirmed_by_what_the_comment_says() -> None:
    folder = new_year(POLICIES, "2023", "2022")
    write(folder / "figures.yaml", "figures:\n  limit:\n    checked: 2023-01-05\n  cap:\n    value: 600\n")
    assert [problem.text().split("“")[1].split("”")[0] for problem in due(folder)[:3]] == ["share", "least", "lamp"]


@pytest.mark.parametrize(
    ("since", "until", "year", "first", "last"),
    [
        ("2022-04-01", "2023-03-31", "2023", "2023-04-01", "2024-03-31"),
        ("2022-07-01", "2022-12-31", "2023", "2023-01-01", "2023-12-31"),
        ("2022-01-01", "2022-12-31", "2025", "2025-01-01", "2025-12-31"),
        ("2022-03-01", "2023-02-28", "2023", "2023-03-01", "2024-02-29"),
    ],
)
def test_the_days_follow_those_of_the_year_before(since: str, until: str, year: str, first: str, last: str) -> None:
    path = POLICIES / "2022" / "policy.yaml"
    write(path, text(path).replace("2022-01-01", since).replace("2022-12-31", until))
    policy = load(new_year(POLICIES, year, "2022"))
    assert (str(policy.since), str(policy.until)) == (first, last)


def test_a_title_without_the_year_is_inherited() -> None:
    replaced(POLICIES / "2022" / "policy.yaml", "Heating aid 2022", "Heating aid 12022")
    folder = new_year(POLICIES, "2023", "2022")
    assert "\ntitle:" not in text(folder / "policy.yaml")
    assert load(folder).title == "Heating aid 12022"


# What is refused -----------------------------------------------------------------------------------


def test_a_folder_that_is_there_is_left_as_it_is() -> None:
    (POLICIES / "2023").mkdir()
    assert refused("2023", "2022") == (
        "policies/2023: Something stands here already. Name a folder that does not exist yet."
    )
    assert list((POLICIES / "2023").iterdir()) == []


@pytest.mark.parametrize("year", ["23", "next", "２０２３", "0023", "2023-07", "../x", ""])
def test_a_year_that_is_no_year_is_refused(year: str) -> None:
    assert refused(year, "2022") == (f"{POLICIES / year}: “{year}” is not a year. Write four digits, for example 2024.")
    assert [path.name for path in POLICIES.iterdir()] == ["2022"]


def test_a_year_before_the_base_is_refused() -> None:
    assert refused("2021", "2022") == (
        "policies/2021: 2021 does not come after 2022, the year of “2022”. Name a later year, or another one to begin from."
    )


def test_a_base_that_is_missing_is_told_with_those_that_are() -> None:
    assert refused("2023", "2020") == (
        "policies: This folder has no policy of “2020”. It has 2022. Choose one of these, or another folder with --policies."
    )


def test_a_base_with_problems_is_told_and_nothing_is_written() -> None:
    replaced(POLICIES / "2022" / "figures.yaml", "12000", "12,000")
    assert refused("2023", "2022").startswith("policies/2022/figures.yaml:4:12: “12,000” is not a number.")
    assert [path.name for path in POLICIES.iterdir()] == ["2022"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="issue 5, 2026-11-24: root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told() -> None:
    POLICIES.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert refused("2023", "2022").startswith("policies/2023: The file may not be written here.")


def test_a_fault_while_writing_leaves_nothing_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert refused("2023", "2022").startswith("policies/2023: The disk is full.")
    assert [path.name for path in POLICIES.iterdir()] == ["2022"]


# Files of comments ----------------------------------------------------------------------------------


def test_a_file_of_comments_says_nothing_where_the_policy_extends() -> None:
    folder = new_year(POLICIES, "2023", "2022")
    write(folder / "rules.yaml", "# nothing yet\n\n  # and nothing here\n")
    assert not any(not problem.is_warning for problem in examine(folder)[1])


@pytest.mark.parametrize("content", ["", "\n\n", "figures:\n", "---\n# nothing\n"])
def test_a_file_that_holds_nothing_else_is_still_a_problem(content: str) -> None:
    folder = new_year(POLICIES, "2023", "2022")
    write(folder / "figures.yaml", content)
    assert any(not problem.is_warning for problem in examine(folder)[1])


def test_a_file_of_comments_is_a_problem_where_the_policy_extends_nothing() -> None:
    write(POLICIES / "2022" / "questions.yaml", "# none\n")
    assert [problem.text() for problem in examine(POLICIES / "2022")[1]] == [
        "policies/2022/questions.yaml:1: The file is empty. Write the keys that its schema names, or remove the file."
    ]


# What is open ----------------------------------------------------------------------------------------

OPEN = """\
policies/2022/figures.yaml:4:12: The figure “limit” (12000 EUR/year) is neither stated nor confirmed. Its reason: § 2.
policies/2022/figures.yaml:8:12: The figure “cap” (500 EUR/year) is neither stated nor confirmed. Its reason: § 3.
policies/2022/figures.yaml:12:12: The figure “share” (50% persons) is neither stated nor confirmed. Its reason: § 3.
policies/2022/figures.yaml:16:12: The figure “least” (100 EUR/year) is neither stated nor confirmed. Its reason: § 3.
policies/2022/figures.yaml:20:12: The figure “lamp” (60 EUR/year) is neither stated nor confirmed. Its reason: § 3.
policies/2022/tables.yaml:13:16: The table “rents” has no row of the year for Aford north, Aford south, Beton all.
policies/2022/questions.yaml:3:3: The question “gross” is open: “Is the rent taken off the income”. The reading taken is “it is”.
policies/2023: 7 things are open.
"""


def test_a_new_year_says_what_has_to_be_confirmed_as_due_does(bangfu: Bangfu) -> None:
    assert bangfu("new-year", "2023", "--from", "2022") == (
        0,
        "Written: policies/2023\n" + OPEN,
        "Policy folder: policies/2023\n",
    )
    assert bangfu("due", "2023") == (0, OPEN, "Policy folder: policies/2023\n")
    assert bangfu("due", "--on", "2023-08-15")[1] == OPEN


def told(folder: Path, words: str) -> list[str]:
    return [problem.text() for problem in due(folder) if words in problem.text()]


def test_a_year_that_states_everything_has_its_questions_open_only() -> None:
    assert [problem.text().split(": ")[1] for problem in due(POLICIES / "2022")] == ["The question “gross” is open"]


def test_a_table_is_open_for_each_key_without_a_row_of_the_year() -> None:
    folder = new_year(POLICIES, "2023", "2022")
    rows = "- {town: Aford, district: north, from: 2023-07-01, value: 950}"
    write(folder / "tables.yaml", f"tables:\n  rents:\n    rows:\n      {rows}\n")
    assert told(folder, "table") == [
        "policies/2022/tables.yaml:17:16: The table “rents” has no row of the year for Aford south, Beton all."
    ]


def test_a_table_is_open_whose_last_row_ends_inside_the_year() -> None:
    replaced(POLICIES / "2022" / "tables.yaml", "value: 900", "until: 2022-06-30\n        value: 900")
    assert told(POLICIES / "2022", "table") == [
        "policies/2022/tables.yaml:14:16: The table “rents” ends before 2022-12-31 for Aford north."
    ]


def test_a_change_within_the_year_has_what_the_year_has() -> None:
    folder = POLICIES / "2022-07"
    folder.mkdir()
    write(folder / "policy.yaml", "extends: 2022\nin_force:\n  from: 2022-07-01\n")
    assert told(folder, "figure") == told(folder, "table") == []


def test_a_policy_with_problems_has_nothing_due(bangfu: Bangfu) -> None:
    replaced(POLICIES / "2022" / "figures.yaml", "12000", "12,000")
    code, out, beside = bangfu("due", "2022")
    assert (code, out) == (1, "")
    assert "“12,000” is not a number." in beside


def test_new_year_needs_a_base_and_says_so(bangfu: Bangfu) -> None:
    assert bangfu("new-year", "2023")[0] == 2
    assert bangfu("new-year", "2023", "--from", "2020")[0] == 1


@pytest.mark.parametrize("command", ["new-year", "due"])
def test_the_help_has_examples(bangfu: Bangfu, command: str) -> None:
    assert f"Examples: bangfu {command} 2024" in " ".join(bangfu(command, "--help")[1].split())
