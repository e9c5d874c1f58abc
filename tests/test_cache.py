"""Policies kept between runs: the same as loaded anew, and never one that no longer holds."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import engine
from engine import cache, loading

ROOT = Path(__file__).parent.parent
YEAR = ROOT / "policies" / "2023"
QUESTION = "医疗上限印误"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    kept = tmp_path / "kept"
    monkeypatch.setenv("BANGFU_CACHE", str(kept))
    return kept


@pytest.fixture
def year(tmp_path: Path) -> Path:
    return Path(shutil.copytree(YEAR, tmp_path / "policies" / "2023"))


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every folder that is loaded anew."""
    found: list[Path] = []
    load = loading.load

    def counted(folder: Path, *, questions: tuple[str, ...] = ()) -> engine.Policy:
        found.append(folder)
        return load(folder, questions=questions)

    monkeypatch.setattr(loading, "load", counted)
    return found


def replaced(path: Path, old: str, new: str) -> None:
    """Change a file, as an editor that keeps its time would."""
    text, times = path.read_text(encoding="utf-8"), path.stat()
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_kept_policy_is_the_loaded_one(home: Path, year: Path, loads: list[Path]) -> None:
    first, second = engine.load_cached(year), engine.load_cached(year)
    assert first == second == engine.load(year)
    assert second.fingerprint == first.fingerprint
    assert [rule.place for rule in second.rules] == [rule.place for rule in first.rules]
    assert len(loads) == 2  # once for the cache, once for us


def test_every_question_is_kept_for_itself(home: Path, year: Path, loads: list[Path]) -> None:
    base, other = engine.load_cached(year), engine.load_cached(year, (QUESTION,))
    assert other.taken == (QUESTION,)
    assert engine.load_cached(year, (QUESTION,)) == other != base
    assert len(loads) == 2


def test_a_changed_figure_is_seen_at_once(home: Path, year: Path) -> None:
    before = engine.load_cached(year)
    replaced(year / "figures.yaml", "24000", "24001")
    after = engine.load_cached(year)
    assert after == engine.load(year) != before


def test_a_change_of_what_it_extends_is_seen_at_once(home: Path, year: Path, loads: list[Path]) -> None:
    later = engine.new_year(year.parent, "2024", "2023")
    before = engine.load_cached(later)
    assert engine.load_cached(later) == before
    assert len(loads) == 1
    replaced(year / "figures.yaml", "24000", "24001")
    assert engine.load_cached(later) == engine.load(later) != before


def test_a_new_file_is_seen_at_once(home: Path, year: Path) -> None:
    engine.load_cached(year)
    (year / "figure.yaml").write_text("figures: {}\n", encoding="utf-8")
    with pytest.raises(engine.PolicyError):
        engine.load_cached(year)


def test_a_bad_policy_is_not_kept(home: Path, year: Path) -> None:
    replaced(year / "figures.yaml", "value: 24000", "value: 2万")
    for _ in range(2):
        with pytest.raises(engine.PolicyError):
            engine.load_cached(year)
    assert list(home.glob("*")) == []


def test_another_engine_keeps_its_own(
    home: Path, year: Path, loads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.load_cached(year)
    monkeypatch.setattr(cache, "_engine_files", lambda: iter(["another"]))
    engine.load_cached(year)
    assert len(loads) == 2


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"[]\nx", b"not json\n", b'{"folders": {}, "sha256": ""}\nx'])
def test_a_damaged_one_is_loaded_anew(home: Path, year: Path, loads: list[Path], damage: bytes) -> None:
    policy = engine.load_cached(year)
    [kept] = home.iterdir()
    kept.write_bytes(damage)
    assert engine.load_cached(year) == policy
    assert engine.load_cached(year) == policy
    assert len(loads) == 2


def test_a_file_that_others_may_write_is_not_trusted(home: Path, year: Path, loads: list[Path]) -> None:
    engine.load_cached(year)
    [kept] = home.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.chmod(0o666)
    engine.load_cached(year)
    assert len(loads) == 2


def test_without_a_place_for_it_the_policy_is_loaded(
    tmp_path: Path, year: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    for place in ("", str(file / "below")):
        monkeypatch.setenv("BANGFU_CACHE", place)
        assert engine.load_cached(year) == engine.load(year)


def test_no_more_are_kept_than_are_of_use(home: Path, year: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST_KEPT", 1)
    engine.load_cached(year)
    engine.load_cached(year, (QUESTION,))
    assert len(list(home.iterdir())) == 1
    assert isinstance(pickle.loads(next(home.iterdir()).read_bytes().partition(b"\n")[2]), engine.Policy)


def test_a_kept_policy_explains_without_the_loader(home: Path) -> None:
    asked = "import sys, cli; cli.cli(standalone_mode=False); print(*sorted(sys.modules))"
    command = [sys.executable, "-c", asked, "explain", "examples/household-2023.yaml", "--year", "2023"]
    anew, kept = (subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout for _ in range(2))
    *explained, modules = kept.splitlines()
    assert explained == anew.splitlines()[:-1]
    assert b"engine.explanation" in modules.split()
    assert not {b"jsonschema", b"polars", b"engine.elaborate", b"engine.checks"} & set(modules.split())
