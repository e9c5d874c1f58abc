"""What a run leaves behind: amounts as they are paid, files all together or none, every column its owner's."""

from __future__ import annotations

import csv
import datetime
import json
import os
from collections.abc import Callable
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import pytest
import small_policies as small
from click.testing import CliRunner

from cli import cli
from engine import Policy, TableError, decide, evaluate, evaluate_by_date, load, shown
from engine.manifest import manifest_path
from engine.messages import plain
from engine.messages.numbers import places_of
from engine.tables import open_source
from engine.tables.whole import together, whole

ROOT = Path(__file__).parent.parent
SCHOOL = Path(__file__).parent / "school"
EXAMPLE = ROOT / "examples/households-2023.csv"
_MUCH = bytes(1 << 24)
TODAY = datetime.date(2023, 8, 15)


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def scheme() -> Policy:
    return load(ROOT / "policies/2023")


# Amounts


@pytest.mark.parametrize(
    ("value", "least", "text"),
    [
        (Fraction("12307.5"), 2, "12307.50"),
        (Fraction("-0.5"), 2, "-0.50"),
        (7600, 2, "7600"),
        (Fraction("0.015"), 2, "0.015"),
        (Fraction("12307.5"), 0, "12307.5"),
        (Fraction(1, 3), 2, "1/3"),
    ],
)
def test_a_number_that_is_not_whole_has_at_least_its_places(value: int | Fraction, least: int, text: str) -> None:
    assert plain(value, least) == text


def test_a_step_says_the_places() -> None:
    assert [places_of(Fraction(step)) for step in ("0.01", "0.05", "0.1", "1", "100", "1/3")] == [2, 2, 1, 0, 0, 0]


_SHARE = small.number("share", unit="share", at_most=1, step="0.1")
_RULES = "rules:\n  half:\n    is: cost / 2\n  part:\n    is: share / 2\noutputs:\n  - half\n  - part\n"


@pytest.mark.parametrize(("step", "half"), [("0.01", "12.50"), ("0.001", "12.500"), ("0.1", "12.5"), ("1", "12.5")])
def test_only_money_has_the_decimals_of_its_step(tmp_path: Path, step: str, half: str) -> None:
    policy = small.policy(tmp_path, facts="facts:\n" + small.money("cost", step) + _SHARE, rules=_RULES)
    source, result = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("cost,share\n25,1\n24,0.2\n")
    summary = evaluate(policy, source, result)
    assert summary.decided == 2
    assert [(row["half"], row["part"]) for row in _table(result)] == [(half, "0.5"), ("12", "0.1")]
    decision = decide(policy, {"cost": "25", "share": "1"})
    assert [shown(policy, value, name) for name, value in decision.outputs if name in ("half", "part")] == [half, "0.5"]


def test_json_stays_exact(tmp_path: Path) -> None:
    policy = small.policy(tmp_path, facts="facts:\n" + small.money("cost") + _SHARE, rules=_RULES)
    (tmp_path / "in.csv").write_text("cost,share\n25,1\n")
    evaluate(policy, tmp_path / "in.csv", tmp_path / "out.jsonl")
    assert '"half": 12.5, "part": 0.5,' in (tmp_path / "out.jsonl").read_text()


def test_by_date_writes_the_same_amounts(tmp_path: Path, scheme: Policy) -> None:
    evaluate(scheme, EXAMPLE, tmp_path / "one.csv", today=TODAY)
    evaluate_by_date(ROOT / "policies", EXAMPLE, tmp_path / "other.csv", today=TODAY)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()
    assert "860.40" in (tmp_path / "one.csv").read_text(encoding="utf-8-sig")


# All files or none


def _left(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(errors="replace") for name in sorted(os.listdir(folder))}


def _full_at(failing: int, sent: list[int]) -> Callable[[int], None]:
    """In place of what sends a file to the disk: that is full when so many were `sent`."""

    def send(file: int) -> None:
        sent.append(file)
        if len(sent) == failing:
            raise OSError(28, "No space left on device")

    return send


@pytest.mark.parametrize("failing", range(1, 5))
def test_a_disk_that_fails_at_the_end_leaves_neither_result_nor_rejects(
    tmp_path: Path, scheme: Policy, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ROOT / "examples/households-2023-with-mistakes.csv"
    monkeypatch.setattr(os, "fsync", _full_at(failing, []))
    (tmp_path / "result.csv").write_text("as it was")
    if failing < 4:  # the rejects, the result, the manifest
        with pytest.raises(TableError, match="The disk is full"):
            evaluate(scheme, source, tmp_path / "result.csv", today=TODAY)
        assert _left(tmp_path) == {"result.csv": "as it was"}
    else:
        evaluate(scheme, source, tmp_path / "result.csv", today=TODAY)
        assert list(_left(tmp_path)) == ["result.csv", "result.csv.manifest.json", "result.rejects.csv"]


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system sends nothing before the end")
@pytest.mark.parametrize("failing", [1, 3])
def test_a_disk_that_fails_while_the_file_grows_leaves_the_old_one(
    tmp_path: Path, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(os, "fdatasync", _full_at(failing, sent))
    (tmp_path / "a").write_text("as it was")
    with pytest.raises(TableError, match="The disk is full"), whole(tmp_path / "a") as stream:
        while len(sent) <= failing:
            stream.write(_MUCH)
    assert _left(tmp_path) == {"a": "as it was"}


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system sends nothing before the end")
def test_a_large_file_is_sent_to_the_disk_while_it_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda file: sent.append(os.fstat(file).st_size))
    with together() as parts, whole(tmp_path / "a") as stream:
        while len(sent) < 3:
            stream.write(_MUCH)
    assert 0 < sent[0] < sent[1] < sent[2] <= (tmp_path / "a").stat().st_size
    assert parts.sha256(tmp_path / "a") == sha256((tmp_path / "a").read_bytes()).hexdigest()


def test_where_one_name_cannot_be_had_no_new_file_is_left(tmp_path: Path) -> None:
    with pytest.raises(TableError), together(), whole(tmp_path / "b") as second:
        second.write(b"2")
        with whole(tmp_path / "a") as first:
            first.write(b"1")
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "in the way").touch()
    assert list(_left(tmp_path / "b")) == ["in the way"]
    assert os.listdir(tmp_path) == ["b"]


def test_nothing_appears_before_all_is_on_the_disk(tmp_path: Path) -> None:
    with together() as parts:
        for name in ("a", "b", "c"):
            with whole(tmp_path / name) as stream:
                stream.write(name.encode())
        assert parts.part(tmp_path / "a").read_text() == "a"
        assert all(name.startswith(".") for name in os.listdir(tmp_path))
        parts.drop(tmp_path / "c")
    assert _left(tmp_path) == {"a": "a", "b": "b"}


# Columns


def test_columns_that_no_fact_uses_are_named(tmp_path: Path, scheme: Policy) -> None:
    rows = EXAMPLE.read_text(encoding="utf-8-sig").splitlines()
    (tmp_path / "in.csv").write_text("\n".join([rows[0] + ",街道电话", *(f"{row},1" for row in rows[1:])]), "utf-8")
    summary = evaluate(scheme, tmp_path / "in.csv", tmp_path / "out.csv", today=TODAY)
    assert summary.unused[-1] == "街道电话"
    assert "家庭人口" not in summary.unused
    manifest = json.loads(manifest_path(tmp_path / "out.csv").read_text(encoding="utf-8"))
    assert manifest["counts"]["unused_columns"] == list(summary.unused)
    arguments = ["--lang", "en", "evaluate", str(tmp_path / "in.csv"), "--year", "2023", "--today", "2023-08-15"]
    done = CliRunner().invoke(cli, [*arguments, "--policies", str(ROOT / "policies")])
    assert f"Columns that no fact uses: {', '.join(summary.unused)}\n" in done.output


_HOUSEHOLDS = "身份证号,家庭年收入,姓名\n990101198503070017,20000,甲\n"
_STUDENTS = "身份证号,学籍号,学段,学费,寄宿,爱好\n990101198503070017,A1,大学,5000,,琴\n"


def test_columns_that_no_fact_of_a_person_uses_are_named_behind_the_group(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(_HOUSEHOLDS, "utf-8")
    (tmp_path / "students.csv").write_text(_STUDENTS, "utf-8")
    summary = evaluate(load(SCHOOL), tmp_path / "in.csv", persons={"在学子女": tmp_path / "students.csv"})
    assert summary.unused == ("姓名", "在学子女:爱好")


def test_a_column_called_like_the_reasons_is_its_owners(tmp_path: Path) -> None:
    policy = load(SCHOOL)
    source = tmp_path / "in.csv"
    source.write_text("身份证号,问题,家庭年收入\n990101198503070017,住房,20000\n990101199001010015,无,二万\n", "utf-8")
    evaluate(policy, source, tmp_path / "out.csv")
    assert [row["问题"] for row in _table(tmp_path / "out.csv")] == ["住房"]
    rejects = tmp_path / "out.rejects.csv"
    (row,) = _table(rejects)
    assert (row["问题"], list(row)[-1]) == ("无", "问题2")
    assert "二万" in row["问题2"]
    rejects.write_text(rejects.read_text("utf-8-sig").replace("无,二万", "无,20000"), "utf-8")
    evaluate(policy, rejects, tmp_path / "mended.csv")
    (row,) = _table(tmp_path / "mended.csv")
    assert (row["问题"], "问题2" in row) == ("无", False)


def test_rejects_fed_back_by_date_lose_their_reasons(tmp_path: Path) -> None:
    rows = EXAMPLE.read_text(encoding="utf-8-sig").splitlines()
    (tmp_path / "in.csv").write_text("\n".join([rows[0] + ",问题", *(f"{row},旧" for row in rows[1:])]), "utf-8")
    evaluate_by_date(ROOT / "policies", tmp_path / "in.csv", tmp_path / "out.csv", today=TODAY)
    evaluate_by_date(ROOT / "policies", EXAMPLE, tmp_path / "plain.csv", today=TODAY)
    assert _table(tmp_path / "out.csv") == _table(tmp_path / "plain.csv")


# Manifests and empty rejects


def test_by_date_leaves_a_manifest_and_no_empty_rejects(tmp_path: Path) -> None:
    (tmp_path / "out.rejects.csv").write_text("of an earlier run")
    found = evaluate_by_date(ROOT / "policies", EXAMPLE, tmp_path / "out.csv", today=TODAY)
    assert sorted(os.listdir(tmp_path)) == ["out.csv", "out.csv.manifest.json"]
    manifest = json.loads(Path(found.manifest).read_text(encoding="utf-8"))
    assert [part["year"] for part in manifest["policies"]] == ["2023"]
    assert manifest["counts"] == {"read": 30, "decided": 30, "rejected": 0, "without_policy": 0}
    assert manifest["result"]["file"] == "out.csv"


def test_persons_without_strays_leave_no_rejects(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(_HOUSEHOLDS, "utf-8")
    students = tmp_path / "students.csv"
    students.write_text(_STUDENTS, "utf-8")
    summary = evaluate(load(SCHOOL), tmp_path / "in.csv", tmp_path / "out.csv", persons={"在学子女": students})
    assert summary.rejected_persons == {}
    assert not [name for name in os.listdir(tmp_path) if "rejects" in name]
    students.write_text(_STUDENTS + "990101199009090019,A9,大学,5000,,棋\n", "utf-8")
    summary = evaluate(load(SCHOOL), tmp_path / "in.csv", tmp_path / "out.csv", persons={"在学子女": students})
    assert [name for name in os.listdir(tmp_path) if "rejects" in name] == ["out.rejects.在学子女.csv"]
    summary = evaluate(load(SCHOOL), tmp_path / "in.csv", tmp_path / "out.xlsx", persons={"在学子女": students})
    strays = open_source(tmp_path / "out.rejects.xlsx", groups=("在学子女",)).persons["在学子女"]
    assert [record.cells[1] for record in strays.records()] == ["A9"]


def test_a_household_in_yaml_has_its_problems_at_the_lines_of_its_facts(
    tmp_path: Path, bangfu: Callable[..., tuple[int, str, str]]
) -> None:
    file = tmp_path / "h.yaml"
    file.write_text("核算日期: 2023-08-01\n家庭人口: 3\n家庭年度总收入: 两万\n\n已建档: 也许\n", encoding="utf-8")
    for command in ("explain", "evaluate"):
        code, out, beside = bangfu(command, file, "--year", "2023", "--policies", ROOT / "policies")
        found = [line.removeprefix(f"{file}:") for line in beside.splitlines() if line.startswith(str(file))]
        assert code == 1
        assert {"3:家庭年度总收入", "5:已建档"} == {line.partition(": ")[0] for line in found}
    assert "1 rows: 0 decided, 1 set aside" in out and "困难类别" not in out  # nothing decided, nothing counted
