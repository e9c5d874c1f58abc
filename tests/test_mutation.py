"""Edits of a policy that its worked cases should see: `bangfu mutate`, in policies of a few lines and on a sample of 2023."""

import json
import os
import signal
import sys
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen, run
from textwrap import dedent

import pytest
from small_policies import number, written

import cli
from engine.expression import Expression, parse
from engine.loading import read_folder
from engine.mutation import Mutation, mutate
from engine.mutation.edits import edits
from engine.mutation.expressions import changed, moved
from engine.mutation.sameness import Sameness
from engine.mutation.trials import Trials
from engine.source import Leaf, Place

YEAR = Path(__file__).parent.parent / "policies" / "2023"

FACTS = "facts:\n" + number("rooms", at_most=9)
FIGURES = """
    figures:
      limit:
        value: 6
        unit: person
        because: as said
"""
RULES = """
    rules:
      help:
        is: min(10 * rooms, 40) if rooms < limit else 0
        clause: art. 2
    outputs:
      - help
"""
CASE = """
      {name}:
        clause: art. 2
        because: by hand
        facts:
          rooms: {rooms}
        expect:
          help: {help}
"""


def cases(*pairs: tuple[int, int]) -> str:
    """Cases of so many rooms with so much help."""
    lines = (dedent(CASE).strip("\n").format(name=f"rooms{rooms}", rooms=rooms, help=help_) for rooms, help_ in pairs)
    return "cases:\n" + "".join(f"  {line}\n" for text in lines for line in text.split("\n"))


def tried(folder: Path, *pairs: tuple[int, int], rules: str = RULES) -> Mutation:
    written(folder, facts=FACTS, figures=FIGURES, rules=rules, cases=cases(*pairs))
    return mutate(folder, households=60, mixtures=200)


def outcomes(mutation: Mutation) -> dict[str, str]:
    return {f"{one.edit.old} -> {one.edit.new}": one.outcome for one in mutation.mutants}


# What is edited ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fresh"),
    [
        ("a < b", ["a <= b"]),
        ("a >= b", ["a > b"]),
        ("a == b", ["a != b"]),
        ("a <= b < c", ["a < b < c", "a <= b <= c"]),
        ("a and b", ["b", "a", "a or b"]),
        ("a or b and c", ["b and c", "a", "a and (b and c)", "a or c", "a or b", "a or (b or c)"]),
        ("not a", ["a"]),
        ("a if b else c", ["a", "c"]),
        ("min(a, b, c)", ["min(b, c)", "min(a, c)", "min(a, b)"]),
        ("max(a, b)", ["b", "a"]),
        ("round_up(a, b)", ["round_half_up(a, b)", "round_half_even(a, b)", "round_down(a, b)", "a"]),
        ("a + b - c", ["a + b", "a + b + c", "a - c", "b - c", "a - b - c"]),
        ("a * b", ["a", "b"]),
        ("-a", ["a"]),
        ("a > 10", ["a >= 10", "a > 9", "a > 11"]),
        ("a > 0.5", ["a >= 0.5", "a > 0.4", "a > 0.6"]),
        ("a in (b, c)", ["a not in (b, c)", "a in (c,)", "a in (b,)"]),
        ("any(a)", ["all(a)"]),
        ("highest(a, b)", ["lowest(a, b)"]),
        ("true", ["false"]),
        ('"text"', []),
    ],
)
def test_an_expression_is_changed_in_one_place_at_a_time(text: str, fresh: list[str]) -> None:
    expression = parse(Leaf(text, Place("")))
    assert isinstance(expression, Expression)
    assert [change.text for change in changed(expression)] == fresh


@pytest.mark.parametrize(
    ("text", "both"),
    [("8", ("7", "9")), ("80%", ("79%", "81%")), ("0.05", ("0.04", "0.06")), ("2/37", ("1/37", "3/37"))],
)
def test_a_number_moves_by_one_in_its_last_digit(text: str, both: tuple[str, str]) -> None:
    assert moved(text) == both


def test_every_figure_and_every_row_of_2023_moves_both_ways() -> None:
    tree = read_folder(YEAR).tree
    assert tree is not None
    found = edits(tree)
    figures = [edit for edit in found if edit.steps[0] == "figures"]
    assert len(figures) == 2 * len(tree.branch("figures").entries)
    assert ("24000", "23999.99") in {(edit.old, edit.new) for edit in figures}
    assert ("80%", "79%") in {(edit.old, edit.new) for edit in figures}
    rows = [edit for edit in found if edit.steps[0] == "tables"]
    assert len(rows) == 4 * 9  # the value and the first day of each row


def test_each_edit_of_2023_stands_where_it_says() -> None:
    tree = read_folder(YEAR).tree
    assert tree is not None
    for edit in edits(tree):
        line = Path(edit.place.file).read_text(encoding="utf-8").split("\n")[edit.place.line - 1]
        assert edit.kind not in ("figure", "day") or edit.old in line, edit
        assert edit.place.column <= len(line)


def test_neighbours_in_an_order_change_places() -> None:
    tree = read_folder(YEAR).tree
    assert tree is not None
    swapped = [(edit.name, edit.old) for edit in edits(tree) if edit.kind == "order" and "→" in edit.old]
    assert ("approvals", "省总工会 → 全国总工会") in swapped
    assert ("categories.深度困难职工.aids", "医疗救助 → 助学救助") in swapped


# What comes of it ------------------------------------------------------------


def test_what_no_case_sees_survives_with_a_household_that_tells_it(tmp_path: Path) -> None:
    found = tried(tmp_path, (3, 30), (9, 0))
    assert outcomes(found)["6 -> 7"] == "survived"
    (mutant,) = (one for one in found.survivors if one.edit.old == "6" and one.edit.new == "7")
    assert found.case(mutant, "en") == (
        f"  to confirm {mutant.number}:\n"
        "    clause: —\n"
        f'    because: "To work by hand: it tells “6” from “7” ({tmp_path}/figures.yaml:3)."\n'
        "    facts:\n"
        "      rooms: 6\n"
        "    expect:\n"
        "      help: 0\n"
    )


def test_the_cases_told_kill_every_survivor_once_they_are_pasted(tmp_path: Path) -> None:
    found = tried(tmp_path, (3, 30))
    assert found.survivors
    with (tmp_path / "cases.yaml").open("a", encoding="utf-8") as stream:
        stream.writelines(found.case(mutant, "en") for mutant in found.survivors)
    assert not mutate(tmp_path).survivors


def test_cases_on_and_beside_the_line_and_the_cap_kill_every_edit(tmp_path: Path) -> None:
    found = tried(tmp_path, (3, 30), (4, 40), (5, 40), (6, 0))
    assert {one.outcome for one in found.mutants} == {"killed"}


def test_an_edit_that_cannot_load_is_refused(tmp_path: Path) -> None:
    rules = RULES.replace("rooms < limit", "rooms / limit < 1")
    found = tried(tmp_path, (3, 30), rules=rules.replace("limit", "(limit - 5)"))
    refused = {f"{one.edit.old} -> {one.edit.new}" for one in found.having("refused")}
    assert "6 -> 5" in refused
    assert all(one.verdict.why is not None for one in found.having("refused"))


def test_an_edit_that_the_bounds_show_to_be_none_is_no_change(tmp_path: Path) -> None:
    found = tried(tmp_path, (3, 30), rules=RULES.replace("10 * rooms, 40", "max(10 * rooms, 0), 40"))
    same = {f"{one.edit.old} -> {one.edit.new}": one.verdict.why for one in found.having("same")}
    why = same["max(10 * rooms, 0) -> 10 * rooms"]
    assert why is not None
    assert why.text() == "By the declared bounds of the facts every output comes to the same."


def test_a_condition_that_another_amount_implies_is_no_change_when_left_out(tmp_path: Path) -> None:
    rules = """
    rules:
      size:
        is: ("small" if rooms < limit else "large")
        clause: art. 2
      help:
        is: (10 * rooms if rooms < limit else 0)
        clause: art. 2
      told:
        is: size in ("small", "large") and SIZE help >= 20
        clause: art. 3
    outputs:
      - help
      - told
"""
    found = tried(tmp_path, (3, 30), rules=rules.replace("SIZE", 'size == "small" and'))
    same = {one.edit.new for one in found.having("same")}
    assert {"size in ('small', 'large') and help >= 20", "size == 'small' and help >= 20"} <= same
    assert "size == 'small'" not in same
    assert "size in ('small', 'large') and size == 'small'" not in same


def test_an_edit_for_which_nothing_is_found_says_how_many_households_were_tried(tmp_path: Path) -> None:
    found = tried(tmp_path, (3, 30), (5, 50), (6, 0), rules=RULES.replace("40", "50"))
    (mutant,) = (one for one in found.survivors if one.edit.new == "51")
    assert mutant.found is None
    assert found.case(mutant, "en") == ""
    assert f"No difference was found in {mutant.sought} households." in found.text()


def test_an_edit_of_what_nothing_reads_is_no_change(tmp_path: Path) -> None:
    found = tried(
        tmp_path,
        (3, 30),
        rules=RULES.replace("rules:", "rules:\n      unread:\n        is: rooms + 1\n        clause: art. 9"),
    )
    reasons = {one.verdict.why.text() for one in found.having("same") if one.verdict.why is not None}
    assert "No output reads it." in reasons


def test_survivors_in_notes_are_listed_apart(tmp_path: Path) -> None:
    note = """
    notes:
      many:
        when: rooms > 7
        say: Many rooms.
        clause: art. 3
"""
    found = tried(
        tmp_path, (3, 30), (4, 40), (5, 40), (6, 0), rules=RULES.replace("    outputs:", note + "    outputs:")
    )
    assert not found.survivors_that_decide
    assert found.survivors == found.survivors_in_remarks
    assert {one.edit.name for one in found.survivors} == {"notes.many.when"}
    assert f"These survived in notes and open questions ({len(found.survivors)}):" in found.text()


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    one = tried(tmp_path, (3, 30), (9, 0))
    two = mutate(tmp_path, households=60, mixtures=200, processes=2)
    assert two.json() == one.json()


def test_a_sample_is_spread_from_the_first_to_the_last(tmp_path: Path) -> None:
    tried(tmp_path, (3, 30))
    found = mutate(tmp_path, sample=3, households=60, mixtures=200)
    assert [mutant.number for mutant in found.mutants] == [0, found.all // 3, 2 * found.all // 3]
    assert found.text().startswith(f"{tmp_path}: 3 of {found.all} mutants tried\n")


def test_the_command_ends_with_1_where_an_edit_survives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "2024"
    folder.mkdir()
    written(folder, facts=FACTS, figures=FIGURES, rules=RULES, cases=cases((3, 30)))
    with pytest.raises(SystemExit) as ended:
        arguments = ["mutate", "2024", "--policies", str(tmp_path), "--households", "60", "--processes", "1", "--json"]
        cli.cli(["--lang", "en", *arguments])
    assert ended.value.code == 1
    content = json.loads(capsys.readouterr().out)
    assert content["outcomes"]["survived"] == sum(result["case"] is not None for result in content["results"]) > 0


def test_cases_that_differ_already_are_made_right_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "2024"
    folder.mkdir()
    written(folder, facts=FACTS, figures=FIGURES, rules=RULES, cases=cases((3, 31)))
    with pytest.raises(SystemExit) as ended:
        cli.cli(["--lang", "en", "mutate", "2024", "--policies", str(tmp_path)])
    assert ended.value.code == 1
    assert "Cases differ already: make them right first (bangfu test)." in capsys.readouterr().err


def test_the_cases_of_2023_see_a_sample_of_the_edits_of_figures_and_rules() -> None:
    """Every edit: `make mutate`."""
    trials = Trials(YEAR)
    sameness = Sameness(trials.tree)
    sample = [edit for edit in trials.edits if edit.steps[0] in ("figures", "rules", "categories")][::16]
    assert len(sample) > 10
    survived = [edit for edit in sample if trials.tried(edit).outcome == "survived"]
    seen = [edit for edit in survived if sameness.shown(edit, tuple(trials.pairs(edit))) is None]
    assert [(edit.name, edit.old, edit.new) for edit in seen] == []


STOPPED = """
import sys, time
from pathlib import Path
from engine import mutate

def wait(done, all_):
    print(done, flush=True)
    for _ in range(600):
        time.sleep(0.1)  # one long sleep would miss a signal that comes just before it

mutate(Path(sys.argv[1]), processes=2, progress=wait)
"""


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_no_process(tmp_path: Path, stop: signal.Signals) -> None:
    written(tmp_path, facts=FACTS, figures=FIGURES, rules=RULES, cases=cases((3, 30)))
    command = [sys.executable, "-c", STOPPED, str(tmp_path)]
    with Popen(command, stdout=PIPE, stderr=STDOUT, text=True, start_new_session=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "1\n"
        if stop == signal.SIGINT:
            os.killpg(running.pid, stop)  # as a terminal does
        else:
            running.send_signal(stop)
        said, _ = running.communicate(timeout=20)  # its end comes when the last process that can write there has ended
    assert said.count("Traceback") == (1 if stop == signal.SIGINT else 0)


INTERRUPTED_AT_ONCE = """
import os, signal, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children
from pathlib import Path
from engine import mutate

begin = ProcessPoolExecutor.map

def hears(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return int(caught, 16) >> signal.SIGINT - 1 & 1

def begin_and_interrupt(*arguments):
    verdicts = begin(*arguments)
    while not all(hears(process) for process in active_children()):
        time.sleep(0.001)
    os.killpg(0, signal.SIGINT)  # Python runs there, and has imported next to nothing
    return verdicts

ProcessPoolExecutor.map = begin_and_interrupt
if __name__ == "__main__":
    mutate(Path(sys.argv[1]), processes=2)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system what a process hears")
def test_processes_that_have_just_begun_leave_an_interruption_to_the_one_that_began_them(tmp_path: Path) -> None:
    written(tmp_path, facts=FACTS, figures=FIGURES, rules=RULES, cases=cases((3, 30)))
    command = [sys.executable, "-c", INTERRUPTED_AT_ONCE, str(tmp_path)]
    ended = run(command, stdout=PIPE, stderr=STDOUT, text=True, start_new_session=True, timeout=20)
    assert ended.stdout.count("Traceback") == 1
    assert ended.stdout.endswith("\nKeyboardInterrupt\n")
