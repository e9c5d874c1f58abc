"""A result is made again from its manifest, and whatever was changed or comes out otherwise is told."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
import engine
from engine.manifest import manifest_path

ROOT = Path(__file__).parent.parent
PERMIT = ROOT / "examples/policies/parking-permit"
HOUSEHOLDS = ROOT / "examples/households-2023.csv"
MISTAKES = ROOT / "examples/households-2023-with-mistakes.csv"
DAY = date(2023, 8, 15)
FIRST_CELLS = [" | ".join(line.split(",")[:5]) for line in HOUSEHOLDS.read_text(encoding="utf-8-sig").splitlines()[1:]]


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A folder of policies with 2023, and what was recorded of it left out."""
    shutil.copytree(ROOT / "policies/2023", tmp_path / "policies/2023", ignore=shutil.ignore_patterns("baseline*"))
    return tmp_path / "policies"


def evaluated(policies: Path, source: Path, name: str = "result.csv", *questions: str) -> Path:
    """The result of `source`, which is copied beside it first."""
    source = Path(shutil.copy(source, policies.parent))
    policy = engine.load_cached(policies / "2023", questions)
    engine.evaluate(policy, source, policies.parent / name, today=DAY)
    return policies.parent / name


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")


def row_with(result: Path, old: str, new: str) -> tuple[str, str]:
    """The first row that holds `old`, and the same with `new` instead."""
    row = next(line for line in result.read_text(encoding="utf-8").splitlines() if old in line)
    return row, row.replace(old, new)


def set_in_manifest(result: Path, values: Mapping[str, object]) -> None:
    path = manifest_path(result)
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **values}), encoding="utf-8")


def said(result: Path, policies: Path, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.cli, ["--lang", "en", "verify", str(result), "--policies", str(policies), *more])
    return done.exit_code, done.output


@pytest.mark.parametrize("name", ["result.csv", "result.jsonl", "result.xlsx"])
def test_a_result_comes_out_the_same(name: str, policies: Path):
    found = engine.verify(evaluated(policies, MISTAKES, name), policies)
    assert found.has_passed and found.is_same and found.is_same_engine and not found.found[0].is_recorded
    assert (found.summary.decided, found.summary.rejected, found.problems) == (6, 16, ())
    assert "every byte is the same; 6 rows decided again, 16 set aside again." in found.text()


def test_the_other_reading_of_a_question_is_taken_again(policies: Path):
    found = engine.verify(evaluated(policies, HOUSEHOLDS, "result.csv", "医疗上限印误"), policies)
    assert found.has_passed and found.manifest.policies[0].questions == ("医疗上限印误",)


def test_a_workbook_and_its_rejects_come_out_the_same(policies: Path):
    assert engine.verify(
        evaluated(policies, ROOT / "examples/households-2023.xlsx", "result.xlsx"), policies
    ).has_passed


def test_what_was_moved_is_found_beside_the_result(policies: Path, tmp_path: Path):
    result = evaluated(policies, MISTAKES)
    archive = tmp_path / "archive"
    archive.mkdir()
    for path in (result, manifest_path(result), tmp_path / "result.rejects.csv", tmp_path / MISTAKES.name):
        shutil.move(path, archive)
    code, output = said(archive / "result.csv", policies)
    assert code == 0 and "under another path" in output and "every byte is the same" in output


def test_a_changed_cell_of_the_result_is_told_with_row_and_column(policies: Path):
    result = evaluated(policies, HOUSEHOLDS)
    row, other = row_with(result, ",可帮扶,", ",应建档,")
    edit(result, row, other)
    code, output = said(result, policies)
    assert code == 1
    assert "The result was changed after it was written." in output
    assert "row 2, 结论: 应建档 stands, 可帮扶 comes out\n" in output and output.count(" comes out\n") == 1


def test_a_result_that_is_no_table_any_more_is_told_as_changed(policies: Path):
    result = evaluated(policies, HOUSEHOLDS)
    result.write_bytes(b"\x00\xff")
    code, output = said(result, policies)
    assert code == 1 and "The result was changed after it was written." in output


def test_a_row_that_was_taken_out_is_told(policies: Path):
    result = evaluated(policies, HOUSEHOLDS)
    lines = result.read_text(encoding="utf-8").splitlines(keepends=True)
    result.write_text("".join(lines[:-1]), encoding="utf-8", newline="")
    code, output = said(result, policies)
    assert code == 1 and f"  row 31 is missing: {FIRST_CELLS[-1]}\n" in output
    assert "29 rows are the same; 0 differ, in 0 cells; 0 are too many, 1 are missing." in output


def test_rows_after_one_that_is_missing_or_too_many_are_still_compared(policies: Path):
    result = evaluated(policies, HOUSEHOLDS)
    lines = result.read_text(encoding="utf-8").splitlines(keepends=True)
    changed = lines[25].replace(",可帮扶,", ",应建档,")
    assert changed != lines[25]
    lines[25:26] = [changed, lines[25].replace(FIRST_CELLS[24], "x | 1").replace(",", ";,", 1)]
    del lines[3:5]
    result.write_text("".join(lines), encoding="utf-8", newline="")
    found = engine.verify(result, policies).compared
    assert [(one.row, one.heading) for one in found.differences] == [(4, ""), (5, ""), (24, "结论"), (25, "")]
    assert (found.same, found.differing, found.cells, found.extra, found.missing) == (27, 1, 1, 1, 2)


def test_at_most_twenty_differences_are_shown(policies: Path):
    result = evaluated(policies, HOUSEHOLDS)
    text = result.read_text(encoding="utf-8")
    result.write_text(text.replace("阜阳", "亳州"), encoding="utf-8", newline="")
    code, output = said(result, policies)
    assert code == 1 and output.count(" comes out\n") == 20 and "… and more." in output


def test_a_changed_input_is_a_problem(policies: Path, tmp_path: Path):
    result = evaluated(policies, HOUSEHOLDS)
    edit(tmp_path / HOUSEHOLDS.name, "20000", "20001")
    code, output = said(result, policies)
    assert code == 1 and "The input was changed after the result was made from it." in output


def test_a_missing_input_is_a_problem_and_can_be_named(policies: Path, tmp_path: Path):
    result = evaluated(policies, HOUSEHOLDS)
    (tmp_path / HOUSEHOLDS.name).unlink()
    code, output = said(result, policies)
    assert code == 1 and "The input of the result is not here. " in output and "--input" in output
    assert said(result, policies, "--input", str(HOUSEHOLDS))[0] == 0


def test_changed_rejects_are_a_problem(policies: Path, tmp_path: Path):
    result = evaluated(policies, MISTAKES)
    set_in_manifest(result, {"rejects": {"file": "result.rejects.csv", "sha256": "0"}})
    code, output = said(result, policies)
    assert code == 1 and "The rows set aside are not those that were" in output
    assert "it comes out the same, but a file beside it does not" in output


def test_another_policy_is_a_problem_that_names_those_there_are(policies: Path):
    result = evaluated(policies, HOUSEHOLDS)
    fingerprint = engine.load(policies / "2023").fingerprint
    edit(policies / "2023/policy.yaml", "2023年XX市", "2023年YY市")
    code, output = said(result, policies)
    now = engine.load(policies / "2023").fingerprint
    assert code == 1 and f"No policy here has the fingerprint {fingerprint}" in output
    assert f"There are: 2023 {now}." in output


def test_the_recorded_policy_decides_where_the_year_has_changed(tmp_path: Path):
    folder = tmp_path / "policies/parking-permit"
    shutil.copytree(PERMIT, folder, ignore=shutil.ignore_patterns("baseline*"))
    engine.record(folder, count=40)
    households = tmp_path / "households.jsonl"
    facts = engine.read_cases(folder)[0].facts.entries
    cells = {"applied_on": "2024-05-10", "zone": "B", "born": "1980-06-01"}
    assert set(cells) <= {*facts, "born"}
    households.write_text(json.dumps(cells) + "\n", encoding="utf-8")
    result = tmp_path / "result.jsonl"
    engine.evaluate(engine.load(folder), households, result, today=date(2024, 5, 10))
    edit(folder / "figures.yaml", "value: 60", "value: 61")
    found = engine.verify(result, folder.parent)
    assert found.has_passed and [(one.is_recorded, one.folder) for one in found.found] == [(True, folder)]
    assert f"as it was recorded in {folder}" in found.text()


@pytest.mark.parametrize(("stands", "code"), [("8964.00", 0), ("8965", 1)])
def test_under_another_engine_decisions_are_compared_by_value(stands: str, code: int, policies: Path):
    """An amount written otherwise is the same, another amount is not; what the household brought is not compared."""
    result = evaluated(policies, HOUSEHOLDS)
    text = result.read_text(encoding="utf-8").replace("周立新", "周立心")
    head, comma, amount = text.partition(",深度困难职工,可帮扶,8964,")
    assert comma
    result.write_text(f"{head},深度困难职工,可帮扶,{stands},{amount}", encoding="utf-8", newline="")
    digest = hashlib.sha256(result.read_bytes()).hexdigest()
    set_in_manifest(result, {"engine": "0.0.1", "result": {"file": "result.csv", "sha256": digest}})
    found, output = said(result, policies)
    assert found == code and "The result was written by bangfu 0.0.1" in output
    assert ("every decision is the same by value" in output) == (not code)
    assert (", 生活救助: 8965 stands, 8964 comes out\n" in output) == bool(code)


def test_without_a_manifest_nothing_is_made_again(policies: Path):
    result = evaluated(policies, HOUSEHOLDS)
    manifest_path(result).unlink()
    code, output = said(result, policies)
    assert code == 1 and "Beside “result.csv” stands no manifest." in output


def test_a_run_that_only_shows_leaves_no_manifest(policies: Path, tmp_path: Path):
    shown = engine.evaluate(engine.load(policies / "2023"), HOUSEHOLDS, today=DAY)
    assert shown.manifest == "" and list(tmp_path.glob("*.manifest.json")) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"policy": 1}', '{"questions": 1, "asked": {}}', "[" * 100_000])
def test_a_manifest_that_cannot_be_read_is_a_problem(text: str, policies: Path):
    result = evaluated(policies, HOUSEHOLDS)
    manifest_path(result).write_text(text, encoding="utf-8")
    code, output = said(result, policies)
    assert code == 1 and "This is no manifest that a result can be made again from." in output


@pytest.mark.parametrize("key", ["asked", "input", "fingerprint", "blank_reference_date", "result"])
def test_a_manifest_that_says_too_little_names_what_is_missing(key: str, policies: Path):
    result = evaluated(policies, HOUSEHOLDS)
    path = manifest_path(result)
    content = json.loads(path.read_text(encoding="utf-8"))
    del content[key]
    path.write_text(json.dumps(content), encoding="utf-8")
    code, output = said(result, policies)
    assert code == 1 and f"It does not say “{key}”." in output


def test_a_manifest_that_names_another_folder_has_nothing_written_there(policies: Path, tmp_path: Path):
    result = evaluated(policies, MISTAKES)
    kept = tmp_path / "kept.csv"
    kept.write_text("kept\n", encoding="utf-8")
    set_in_manifest(result, {"rejects": {"file": str(kept), "sha256": "0"}})
    code, _ = said(result, policies)
    assert code == 1 and kept.read_text(encoding="utf-8") == "kept\n"


def test_a_run_by_date_is_made_again_by_the_versions_that_decided_then(policies: Path, tmp_path: Path):
    """A year added since, and one changed since whose recorded copy is there, decide nothing else."""
    later = policies / "2024"
    later.mkdir()
    (later / "policy.yaml").write_text(
        "extends: 2023\nyear: 2024\nin_force:\n  from: 2024-01-01\n  until: 2024-12-31\n"
    )
    engine.record(later, count=40)
    source = tmp_path / "rows.csv"
    rows = HOUSEHOLDS.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    assert "2023-07-01" in rows[1] and "2023/8/1" in rows[3]
    rows[1], rows[3] = rows[1].replace("2023-07-01", "2024-07-01"), rows[3].replace("2023/8/1", "2025/8/1")
    source.write_text("".join(rows), encoding="utf-8")
    result = tmp_path / "result.csv"
    engine.evaluate_by_date(policies, source, result, today=DAY)
    (later / "figures.yaml").write_text("figures:\n  意外救助封顶:\n    value: 12000\n", encoding="utf-8")
    shutil.copytree(later, policies / "2025", ignore=shutil.ignore_patterns("baseline*"))
    edit(policies / "2025/policy.yaml", "year: 2024\nin_force:\n  from: 2024-01-01\n  until: 2024-12-31", "year: 2025")
    code, output = said(result, policies)
    assert code == 0 and f"as it was recorded in {later}\n" in output
    assert "every byte is the same; 29 rows decided again, 1 set aside again." in output


def test_a_table_of_persons_that_the_result_was_made_without_is_a_problem(policies: Path):
    code, output = said(evaluated(policies, HOUSEHOLDS), policies, "--persons", f"子女={MISTAKES}")
    assert code == 1 and "“子女” is no table of persons that the result was made from." in output
