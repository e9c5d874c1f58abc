"""A year recorded, and what has moved since: by the engine, in the policy, in its cases."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
import engine
from engine.algebras.columns import Columns
from engine.algebras.exact import Exact
from engine.regression import baseline_paths
from engine.regression.baseline import read_baseline
from engine.regression.deciding import Decider

ROOT = Path(__file__).parent.parent
PERMIT = ROOT / "examples/policies/parking-permit"
RECORDED = sorted(path.parent for path in ROOT.glob("**/policies/*/baseline.json") if "_installed" not in path.parts)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The policy of the parking permits with a baseline of 300 households."""
    folder = tmp_path_factory.mktemp("policies") / "parking-permit"
    shutil.copytree(PERMIT, folder, ignore=shutil.ignore_patterns("baseline*"))
    engine.record(folder, count=300)
    return folder


@pytest.fixture
def copy(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "policies" / recorded.name))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def regress(folder: Path) -> engine.Regression:
    found = engine.regress(folder)
    assert found is not None
    return found


def said(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.cli, ["--lang", "en", *arguments])
    return done.exit_code, done.output


def test_nothing_has_moved_right_after_recording(recorded: Path):
    found = regress(recorded)
    assert found.has_passed and found.text() == ""
    assert (found.algebras, found.decided, found.decided_exact) == (("columns", "exact"), 300, 30)


def test_recording_again_keeps_the_households_and_every_byte(copy: Path):
    before = [path.read_bytes() for path in baseline_paths(copy)]
    again = engine.record(copy)
    assert (again.is_new_population, again.is_changed, again.households) == (False, False, 300)
    assert [path.read_bytes() for path in baseline_paths(copy)] == before


def test_recording_anew_is_the_same_bytes(copy: Path):
    before = [path.read_bytes() for path in baseline_paths(copy)]
    for path in baseline_paths(copy):
        path.unlink()
    engine.record(copy, count=300)
    assert [path.read_bytes() for path in baseline_paths(copy)] == before


def test_another_number_or_seed_makes_other_households_up(copy: Path):
    assert engine.record(copy, count=40).is_new_population
    before = read_baseline(copy)
    assert engine.record(copy, seed=2, count=40).is_new_population
    after = read_baseline(copy)
    assert before is not None and after is not None
    assert before.households != after.households


def test_row_by_row_comes_to_what_columns_come_to(recorded: Path):
    baseline = read_baseline(recorded)
    assert baseline is not None
    decider = Decider(engine.load(recorded))
    assert decider.why_exact is None
    brought = decider.brought(baseline.households)
    assert list(decider.exact(brought, decider.rules)) == list(decider.columns(brought, decider.rules))


def test_a_fault_in_exact_moves_decisions_and_the_step_is_named(recorded: Path, monkeypatch: pytest.MonkeyPatch):
    whole = Exact.compare
    monkeypatch.setattr(Exact, "compare", lambda self, sign, *sides: whole(self, "<" if sign == "<=" else sign, *sides))
    found = regress(recorded)
    cases = {move.case: move for move in found.moves if move.case}
    assert not found.has_passed and {move.algebra for move in found.moves} == {"exact"}
    assert all(move.is_of_engine for move in found.moves) and found.comparison is None
    move = cases["emission of 75"]
    assert ("fee", "30", "90") in move.changes
    assert move.step == "full_fee" and move.line.startswith("full_fee = ")
    assert "The engine moved" in found.text() and "fee: 30 → 90" in found.text()


def test_a_fault_in_columns_moves_households_and_the_step_is_named(recorded: Path, monkeypatch: pytest.MonkeyPatch):
    whole = Columns.compare
    monkeypatch.setattr(
        Columns, "compare", lambda self, sign, *sides: whole(self, "<" if sign == "<=" else sign, *sides)
    )
    found = regress(recorded)
    assert {move.algebra for move in found.moves} == {"columns"}
    assert all(move.number and move.step and move.line for move in found.moves[:20])


def test_the_first_step_is_counted_in_all_and_explained_in_what_is_told(copy: Path):
    edit(copy, "figures.yaml", "value: 50%", "value: 49%")
    found = regress(copy)
    households = [move for move in found.moves if move.number]
    assert len(households) > 20 and all(move.step for move in households)
    assert all(move.line for move in households[:20]) and not any(move.line for move in households[20:])
    steps = Counter(move.step for move in found.moves)
    assert (
        f"\nFirst steps that differ: {', '.join(f'{step} {count}' for step, count in steps.most_common(5))}."
        in found.text()
    )
    assert sum(steps.values()) == len(found.moves) == found.moved
    assert "\nMoved in all: " in found.text()


def test_a_changed_figure_is_told_from_a_moved_engine(copy: Path):
    edit(copy, "figures.yaml", "value: 60", "value: 61")
    found = regress(copy)
    assert found.comparison is not None and [change.path[1] for change in found.comparison.changes] == [
        "old_diesel_fee"
    ]
    assert found.moves and not any(move.is_of_engine for move in found.moves)
    assert "old_diesel_fee" in found.text() and "Under today's policy" in found.text()


def test_another_layout_moves_nothing(copy: Path):
    edit(copy, "figures.yaml", "value: 60", "value:   60   # sixty")
    assert regress(copy).has_passed


def test_cases_that_are_gone_new_or_otherwise_are_told(copy: Path):
    edit(copy, "cases.yaml", "  emission of 0:", "  emission of nothing:")
    edit(copy, "cases.yaml", "because: up to 75, which is included", "because: of another reason")
    edit(copy, "cases.yaml", "      reduction: 0\n", "")
    found = regress(copy)
    assert not found.has_passed and not found.moves
    assert [case.text() for case in found.cases] == [
        "The case “one car” is otherwise than it was recorded (expect: reduction).",
        "The case “emission of 0” was recorded, and is gone.",
        "The case “emission of nothing” is new since the year was recorded.",
    ]


def test_cases_changed_together_with_the_engine_are_told(copy: Path):
    plain = baseline_paths(copy)[0]
    edit(copy, plain.name, f'"engine": "{engine.__version__}"', '"engine": "0.0.9"')
    assert regress(copy).has_passed
    edit(copy, "cases.yaml", "      reduction: 0\n", "")
    told = f"The cases changed together with the engine: recorded with 0.0.9, now {engine.__version__}."
    assert told in regress(copy).text()


def test_a_case_that_fails_is_not_recorded(copy: Path):
    edit(copy, "cases.yaml", "fee: 90", "fee: 91")
    with pytest.raises(engine.PolicyError) as refused:
        engine.record(copy)
    assert "These cases are not as expected: one car." in refused.value.problems[0].text()


@pytest.mark.parametrize("fault", ["packed", "gone", "plain"])
def test_a_baseline_that_is_not_whole_is_a_problem(fault: str, copy: Path):
    plain, packed = baseline_paths(copy)
    if fault == "packed":
        packed.write_bytes(packed.read_bytes()[:-20])
    elif fault == "gone":
        packed.unlink()
    else:
        plain.write_text("{}", encoding="utf-8")
    with pytest.raises(engine.PolicyError) as refused:
        engine.regress(copy)
    assert "The baseline cannot be read." in refused.value.problems[0].text()


def test_the_plain_file_says_what_people_ask(recorded: Path):
    head = json.loads(baseline_paths(recorded)[0].read_text(encoding="utf-8"))
    assert (head["households"], head["engine"], head["seed"]) == (300, engine.__version__, 1)
    assert head["fingerprint"] == engine.load(recorded).fingerprint
    assert head["cases"]["one car"]["expect"]["fee"] == "90"
    assert head["cases"]["one car"]["decided"]["fee"] == "90"


def test_the_commands_record_and_regress(copy: Path):
    policies = ("--policies", str(copy.parent))
    code, output = said("regress", *policies)
    assert code == 0 and "300 households decided again (30 of them row by row); 0 decisions moved." in output
    code, output = said("record", copy.name, *policies)
    assert code == 0 and "Nothing is new: the files stay as they were." in output
    edit(copy, "figures.yaml", "value: 60", "value: 61")
    code, output = said("regress", copy.name, *policies)
    assert code == 1 and f"bangfu record {copy.name}" in output


def test_a_year_that_is_not_recorded_is_a_problem(tmp_path: Path):
    shutil.copytree(PERMIT, tmp_path / "permit", ignore=shutil.ignore_patterns("baseline*"))
    code, output = said("regress", "permit", "--policies", str(tmp_path))
    assert code == 1 and "This year has not been recorded. Run: bangfu record permit" in output
    code, output = said("regress", "--policies", str(tmp_path))
    assert code == 1 and "No year has been recorded." in output


def test_the_shipped_baseline_is_whole_and_of_the_shipped_policy():
    """That nothing has moved is a test of its own, which pytest collects from the baseline."""
    assert ROOT / "policies/2023" in RECORDED
    for folder in RECORDED:
        baseline = read_baseline(folder)
        assert baseline is not None and len(baseline.households) >= 10_000
        assert baseline.fingerprint == engine.load(folder).fingerprint
