"""Mistakes that people make, and what is said of each, word for word in both languages.

`bad/edits.yaml` holds one slip in a policy file of 2023 each, and what `check` says; `bad/constructs.yaml` the same for the
policies of the examples, which use the words that 2023 does not; `bad/households.yaml` what `evaluate` says of the example
table with mistakes, row by row.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from engine.loading import examine

ROOT = Path(__file__).parent.parent
EDITS = yaml.safe_load((ROOT / "tests/bad/edits.yaml").read_text(encoding="utf-8"))
CONSTRUCTS = yaml.safe_load((ROOT / "tests/bad/constructs.yaml").read_text(encoding="utf-8"))
HOUSEHOLDS = yaml.safe_load((ROOT / "tests/bad/households.yaml").read_text(encoding="utf-8"))
MISTAKES = "examples/households-2023-with-mistakes.csv"


def test_the_most_likely_slips_are_all_here():
    assert len(EDITS) >= 25
    assert {edit["file"] for edit in EDITS.values()} == {"policy", "figures", "tables", "facts", "rules", "questions"}


@pytest.mark.parametrize("slip", EDITS)
def test_what_is_said_of_a_slip_in_a_policy(slip, tmp_path):
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    check_slip(EDITS[slip], tmp_path / "policies" / "2023")


@pytest.mark.parametrize("slip", CONSTRUCTS)
def test_what_is_said_of_a_slip_in_a_policy_of_the_examples(slip, tmp_path):
    for name in ("policies", "examples/policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    check_slip(CONSTRUCTS[slip], tmp_path / "examples/policies" / CONSTRUCTS[slip]["policy"])


def check_slip(edit, folder):
    file = folder / f"{edit['file']}.yaml"
    text = file.read_text(encoding="utf-8")
    assert edit["replace"] in text
    file.write_text(text.replace(edit["replace"], edit["by"], 1), encoding="utf-8")
    policy, problems = examine(folder)
    for language, expected in (("en", edit["en"]), ("zh_CN", edit["zh"])):
        assert [problem.text(language).replace(f"{folder}/", "") for problem in problems] == expected
    assert (policy is None) == any(not problem.is_warning for problem in problems)


def run(language, *arguments):
    return subprocess.run(
        [sys.executable, "cli.py", "--lang", language, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_what_is_said_of_bad_rows(language, tmp_path):
    done = run(language, "evaluate", MISTAKES, "--year", "2023", "-o", str(tmp_path / "result.csv"))
    said = [line.removeprefix(f"{MISTAKES}:") for line in done.stderr.splitlines() if line.startswith(MISTAKES)]
    assert said == HOUSEHOLDS[language]
    assert done.returncode == 1
    good = (tmp_path / "result.csv").read_text(encoding="utf-8-sig").splitlines()
    bad = (tmp_path / "result.rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    assert (len(good), len(bad)) == (1 + 6, 1 + 16)


def test_a_row_is_rejected_once_with_all_its_reasons(tmp_path):
    run("en", "evaluate", MISTAKES, "--year", "2023", "-o", str(tmp_path / "result.csv"))
    bad = (tmp_path / "result.rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    numbers = [line.split(",")[0] for line in bad]
    assert len(numbers) == len(set(numbers))
    both = [line for line in bad if "is outside the range" in line and "is neither yes nor no" in line]
    assert len(both) == 1
