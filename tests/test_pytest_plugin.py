"""Cases and recorded years as tests of pytest, tried by pytest itself on policies of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import engine

ROOT = Path(__file__).parent.parent
PERMIT = ROOT / "examples/policies/parking-permit"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the policies 2030 and 2031, and with files called alike that are none of a policy."""
    for year in ("2030", "2031"):
        shutil.copytree(PERMIT, tmp_path / "policies" / year, ignore=shutil.ignore_patterns("baseline*"))
        edit(tmp_path / "policies" / year / "policy.yaml", "year: 2024", f"year: {year}")
    for other in ("policies/notes", "elsewhere/2030"):
        (tmp_path / other).mkdir(parents=True)
        (tmp_path / other / "cases.yaml").write_text("- no: cases\n", encoding="utf-8")
        (tmp_path / other / "baseline.json").write_text("[]", encoding="utf-8")
    (tmp_path / "test_own.py").write_text("def test_of_their_own(): pass\n", encoding="utf-8")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and the words of pytest in `folder`, with no plugin but this one and what `arguments` name."""
    command = [sys.executable, "-m", "pytest", "-p", "engine.pytest_plugin", "-p", "no:cacheprovider", *arguments]
    alike = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "LANGUAGE": "en", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env={**os.environ, **alike})
    return done.returncode, done.stdout + done.stderr


def test_every_case_is_a_test_of_its_own_with_its_name(folder: Path):
    code, output = run(folder, "-v")
    assert code == 0, output
    assert "policies/2030/cases.yaml::one car PASSED" in output
    cases = len(engine.read_cases(PERMIT))
    assert f"{2 * cases + 1} passed" in output


def test_a_year_is_selected_by_its_name(folder: Path):
    code, output = run(folder, "-v", "-k", "2031")
    assert code == 0 and "policies/2031/cases.yaml::one car PASSED" in output
    assert "policies/2030/cases.yaml::" not in output and "test_of_their_own" not in output


def test_a_case_that_fails_shows_the_difference_and_no_traceback(folder: Path):
    edit(folder / "policies/2030/cases.yaml", "fee: 90", "fee: 91")
    code, output = run(folder, "-k", "2030")
    assert code == 1 and "1 failed" in output
    assert "The case “one car” expects fee = 91. It comes to 90." in output
    assert "      fee: 91\n" in output and "first step that differs: fee = " in output
    assert "Traceback" not in output and "pytest_plugin.py" not in output


def test_a_recorded_year_is_one_test(folder: Path):
    engine.record(folder / "policies/2030", count=40)
    code, output = run(folder, "-v", "-k", "2030 and recorded")
    assert code == 0 and "policies/2030/baseline.json::as recorded PASSED" in output


def test_a_recorded_year_that_moved_says_what_and_no_traceback(folder: Path):
    engine.record(folder / "policies/2030", count=40)
    edit(folder / "policies/2030/figures.yaml", "value: 60", "value: 61")
    code, output = run(folder, "-k", "2030 and recorded")
    assert code == 1 and "The policy has changed since it was recorded:" in output
    assert "old_diesel_fee: 60 → 61" in output
    assert "Traceback" not in output and "pytest_plugin.py" not in output


def test_a_policy_that_does_not_load_is_told_in_its_own_words(folder: Path):
    edit(folder / "policies/2030/figures.yaml", "value: 60", "value: sixty")
    code, output = run(folder)
    assert code == 2 and "figures.yaml:" in output and "sixty" in output
    assert "Traceback" not in output


def test_nothing_is_collected_where_there_is_no_policy(folder: Path):
    code, output = run(folder, "-v", "elsewhere", "policies/notes")
    assert code == 5 and "no tests ran" in output, output


def test_the_suite_of_this_project_runs_its_cases_and_its_baselines():
    code, output = run(ROOT, "-p", "xdist", "--collect-only", "-q", "-n", "0", "policies", "examples/policies")
    assert code == 0
    for policy in (ROOT / "policies/2023", *(ROOT / "examples/policies").iterdir()):
        count = len(engine.read_cases(policy))
        assert f"{policy.relative_to(ROOT).as_posix()}/cases.yaml: {count}\n" in output and count > 10
    assert "policies/2023/baseline.json: 1\n" in output
