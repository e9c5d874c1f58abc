"""What a result was made of stands beside it."""

import datetime
import hashlib
import json
from pathlib import Path

import engine

ROOT = Path(__file__).parent.parent
POLICY = engine.load(ROOT / "policies/2023")
EXAMPLE = ROOT / "examples/households-2023.csv"


def manifest_of(result: Path) -> dict[str, object]:
    content = json.loads(result.with_name(f"{result.name}.manifest.json").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_a_result_says_what_it_was_made_of(tmp_path: Path) -> None:
    result = tmp_path / "result.csv"
    summary = engine.evaluate(POLICY, EXAMPLE, result, today=datetime.date(2023, 8, 15))
    found = manifest_of(result)
    assert summary.manifest == str(result) + ".manifest.json"
    assert (found["policy"], found["fingerprint"]) == (POLICY.title, POLICY.fingerprint)
    assert (found["algebra"], found["engine"], found["questions"]) == ("columns", engine.__version__, [])
    digest = hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert found["input"] == {"file": EXAMPLE.name, "sha256": digest, "path": str(EXAMPLE)}
    assert found["asked"] == {"format": "", "encoding": "", "language": "en"}
    assert found["result"] == {"file": "result.csv", "sha256": hashlib.sha256(result.read_bytes()).hexdigest()}
    counts = found["counts"]
    assert isinstance(counts, dict)
    assert (counts["read"], counts["decided"], counts["rejected"]) == (30, 30, 0)
    assert (counts["total"], counts["payable"]) == ("433996.02", "346140.02")


def test_two_runs_differ_in_nothing_but_the_time(tmp_path: Path) -> None:
    results = [tmp_path / name / "result.csv" for name in ("one", "two")]
    for result in results:
        result.parent.mkdir()
        engine.evaluate(POLICY, EXAMPLE, result, today=datetime.date(2023, 8, 15))
    one, two = (manifest_of(result) for result in results)
    assert results[0].read_bytes() == results[1].read_bytes()
    assert {key for key in one if one[key] != two[key]} <= {"written"}


def test_the_questions_read_the_other_way_are_named(tmp_path: Path) -> None:
    other = engine.load(ROOT / "policies/2023", questions=("医疗上限印误",))
    engine.evaluate(other, EXAMPLE, tmp_path / "result.csv", today=datetime.date(2023, 8, 15))
    found = manifest_of(tmp_path / "result.csv")
    assert found["questions"] == ["医疗上限印误"]
    assert found["fingerprint"] != POLICY.fingerprint
