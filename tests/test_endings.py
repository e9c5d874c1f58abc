"""How a run ends where its surroundings fail it: no fault of ours, nothing half-written, nothing written over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples/households-2023.csv"
TODAY = ("--today", "2023-08-15")


def _run(redirection: str, *arguments: str | bytes, language: str = "en") -> subprocess.CompletedProcess[bytes]:
    """A run whose outputs the shell has redirected."""
    command = [
        sys.executable,
        str(ROOT / "cli.py"),
        "--lang",
        language,
        *arguments,
        "--policies",
        str(ROOT / "policies"),
    ]
    return subprocess.run(["sh", "-c", f'exec "$0" "$@" {redirection}', *command], capture_output=True, check=False)


def test_an_output_that_takes_nothing_is_told() -> None:
    done = _run("> /dev/full", "evaluate", str(EXAMPLE), "--year", "2023", *TODAY)
    assert done.returncode == 1
    assert done.stderr.decode().endswith("\nWhat was to be shown cannot be written: No space left on device.\n")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/null", ">&-"])
def test_a_closed_output_changes_nothing(redirection: str, tmp_path: Path) -> None:
    result = tmp_path / "result.csv"
    done = _run(redirection, "evaluate", str(EXAMPLE), "--year", "2023", *TODAY, "-o", str(result))
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert len(result.read_text(encoding="utf-8-sig").splitlines()) == 31


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    command = f"'{sys.executable}' cli.py evaluate '{EXAMPLE}' --year 2023 2>&1 >&3 3>&- | cat"
    done = subprocess.run(
        ["sh", "-c", f"exec 3>&1; {{ {command}; }} | head -1"], cwd=ROOT, capture_output=True, check=False
    )
    assert b"Traceback" not in done.stdout + done.stderr


def test_a_name_that_is_no_utf_8_is_written_as_well_as_it_can_be(tmp_path: Path) -> None:
    source, result = (os.fsencode(tmp_path) + name for name in (b"/in\xff.csv", b"/out\xfe.csv"))
    rows = EXAMPLE.read_bytes()
    Path(os.fsdecode(source)).write_bytes(rows + rows.splitlines(keepends=True)[1])
    done = _run("", "evaluate", source, "--year", "2023", *TODAY, "-o", result)
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False)
    manifest = json.loads(Path(os.fsdecode(result + b".manifest.json")).read_text(encoding="utf-8"))
    assert (manifest["input"]["file"], manifest["result"]["file"]) == ("in\\xff.csv", "out\\xfe.csv")
    rejects = Path(os.fsdecode(os.fsencode(tmp_path) + b"/out\xfe.rejects.csv")).read_text(encoding="utf-8-sig")
    assert f"{tmp_path}/in\\xff.csv:2:" in rejects


@pytest.mark.parametrize(
    ("output", "rejects", "reason"),
    [
        ("r.csv", "r.csv", "The result and the rejects would be written into the same file."),
        ("r.csv", "./r.csv", "The result and the rejects would be written into the same file."),
        ("r.csv", "link.csv", "The result and the rejects would be written into the same file."),
        ("h.csv", "r.csv", "The result would be written over the table that is read."),
        ("r.csv", "h.csv", "The result would be written over the table that is read."),
        ("r.csv", "hard.csv", "The result would be written over the table that is read."),
    ],
)
@pytest.mark.parametrize("chosen", [("--year", "2023"), ("--by-date",)])
def test_files_that_are_one_are_refused(
    tmp_path: Path, output: str, rejects: str, reason: str, chosen: tuple[str, ...]
) -> None:
    household = tmp_path / "h.csv"
    household.write_bytes(EXAMPLE.read_bytes())
    (tmp_path / "link.csv").symlink_to(tmp_path / "r.csv")
    os.link(household, tmp_path / "hard.csv")
    done = _run(
        "", "evaluate", str(household), *chosen, "-o", f"{tmp_path}/{output}", "--rejects", f"{tmp_path}/{rejects}"
    )
    assert done.returncode == 1
    assert reason in done.stderr.decode()
    assert sorted(os.listdir(tmp_path)) == ["h.csv", "hard.csv", "link.csv"]
    assert household.read_bytes() == EXAMPLE.read_bytes()


def test_the_input_sheet_is_written_under_no_other_ending(tmp_path: Path) -> None:
    done = _run("", "template", "2023", "-o", str(tmp_path / "sheet.csv"))
    assert done.returncode == 1
    assert done.stderr.decode().endswith(
        "sheet.csv: The input sheet is a workbook. Give it a name that ends in .xlsx.\n"
    )
    assert os.listdir(tmp_path) == []
