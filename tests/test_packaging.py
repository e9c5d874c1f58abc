"""What a fresh machine gets: a wheel with everything inside, the command that it installs, and how soon that answers."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from time import perf_counter
from zipfile import ZipFile

import pytest

import engine

ROOT = Path(__file__).parent.parent
BIN = "Scripts" if os.name == "nt" else "bin"
WANTED = {"click", "jsonschema", "pyyaml", "simpleeval"}
THEIRS = {"attrs", "colorama", "jsonschema-specifications", "referencing", "rpds-py", "typing-extensions"}
OF_A_VENV = {"pip", "setuptools"}


def run(*command: str | Path, cwd: Path | None = None, **more: str) -> str:
    """What `command` prints; it must succeed. No PYTHON variable of this run reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, "PYTHONUTF8": "1", **more},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def contents(archive: Path) -> dict[str, bytes]:
    with ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def files(folder: Path, pattern: str = "*") -> set[str]:
    """Every file below `folder` that fits `pattern`, as a path from there."""
    return {
        found.relative_to(folder).as_posix()
        for found in folder.rglob(pattern)
        if found.is_file() and "__pycache__" not in found.parts
    }


def only(found: Iterable[Path]) -> Path:
    (one,) = found
    return one


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as a clone would have it, at a path with a blank and with Chinese characters."""
    copy = tmp_path_factory.mktemp("source") / "某 处"
    copy.mkdir()
    for entry in ROOT.iterdir():
        if entry.name in {"engine", "policies", "schemas"}:
            shutil.copytree(entry, copy / entry.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif entry.suffix in {".py", ".toml", ".md"}:
            shutil.copy(entry, copy)
    return copy


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment of its own."""
    fresh = tmp_path_factory.mktemp("fresh") / "环 境"
    run(sys.executable, "-m", "venv", fresh)
    return fresh / BIN / "python"


@pytest.fixture(scope="module")
def wheel(source: Path, python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    run(python, "-m", "pip", "wheel", "-q", "--no-deps", "-w", target, ".", cwd=source)
    return only(target.glob("*.whl"))


@pytest.fixture(scope="module")
def backend(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `pyproject.toml` builds with."""
    target = tmp_path_factory.mktemp("backend")
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    run(python, "-m", "pip", "install", "-q", "--target", target, *needed)
    return target


@pytest.fixture(scope="module")
def bangfu(wheel: Path, python: Path) -> Path:
    """The command, installed from the wheel with what it depends on."""
    run(python, "-m", "pip", "install", "-q", wheel)
    return python.with_name("bangfu")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that has nothing to do with the repository, with a copy of the examples."""
    folder = tmp_path / "别 处"
    folder.mkdir()
    for name in ("household-2023.yaml", "households-2023.csv"):
        shutil.copy(ROOT / "examples" / name, folder)
    return folder


def build(kind: str, source: Path, python: Path, backend: Path, target: Path) -> Path:
    """What the build backend makes of `source`: kind is "wheel" or "sdist"."""
    target.mkdir()
    call = f"from setuptools import build_meta; build_meta.build_{kind}({str(target)!r})"
    run(python, "-c", call, cwd=source, PYTHONPATH=str(backend))
    return only(target.iterdir())


def test_the_wheel_carries_the_engine_the_policies_and_the_schemas(source: Path, wheel: Path) -> None:
    carried = {name for name in contents(wheel) if ".dist-info/" not in name}
    of_engine, catalogues = files(source / "engine"), "messages/catalogues/"
    policies, schemas = files(source / "policies", "*.yaml"), files(source / "schemas", "*.schema.json")
    assert carried == {
        "cli.py",
        *(f"engine/{name}" for name in of_engine if name.endswith(".mo") or not name.startswith(catalogues)),
        *(f"engine/_installed/policies/{name}" for name in policies),
        *(f"engine/_installed/schemas/{name}" for name in schemas),
    }
    assert carried >= {
        "engine/__init__.pyi",
        "engine/py.typed",
        "engine/messages/words/en.json",
        "engine/messages/words/zh.json",
        "engine/messages/catalogues/zh_CN/LC_MESSAGES/bangfu.mo",
        "engine/_installed/policies/2023/policy.yaml",
        "engine/_installed/policies/2023/rules.yaml",
        "engine/_installed/schemas/rules.schema.json",
    }


def test_a_new_year_is_carried_and_a_removed_one_is_not(
    source: Path, wheel: Path, python: Path, backend: Path, tmp_path: Path
) -> None:
    before = files(source)
    year = source / "policies" / "1999"
    shutil.copytree(source / "policies" / "2023", year)
    with_year = contents(build("wheel", source, python, backend, tmp_path / "with"))
    shutil.rmtree(year)
    without = contents(build("wheel", source, python, backend, tmp_path / "without"))
    assert "engine/_installed/policies/1999/rules.yaml" in with_year
    assert without == contents(wheel)
    assert {name for name in files(source) - before if ".egg-info/" not in name} == set()


def test_the_sdist_builds_the_same_wheel(
    source: Path, wheel: Path, python: Path, backend: Path, tmp_path: Path
) -> None:
    sdist = build("sdist", source, python, backend, tmp_path / "sdist")
    again = tmp_path / "again"
    pip_wheel = (python, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation")
    run(*pip_wheel, "-w", again, sdist, PYTHONPATH=str(backend))
    assert contents(only(again.iterdir())) == contents(wheel)


def test_nothing_but_the_five_packages_and_what_they_need_is_installed(bangfu: Path, python: Path) -> None:
    listed = json.loads(run(python, "-m", "pip", "list", "--format=json"))
    names = {re.sub(r"[-_.]+", "-", entry["name"]).lower() for entry in listed}
    assert names >= WANTED | {"bangfu"}
    assert names - WANTED - THEIRS - OF_A_VENV == {"bangfu"}


def test_check_runs_from_any_folder(bangfu: Path, elsewhere: Path) -> None:
    said = run(bangfu, "--lang", "en", "check", cwd=elsewhere)
    assert f"{Path('engine', '_installed', 'policies', '2023')}: 0 problems" in said


def test_the_installed_catalogue_is_found(bangfu: Path, elsewhere: Path) -> None:
    assert run(bangfu, "--lang", "zh_CN", "show", "2023", cwd=elsewhere)


def test_evaluate_runs_from_any_folder(bangfu: Path, elsewhere: Path) -> None:
    table = elsewhere / "households-2023.csv"
    rows = len(table.read_text(encoding="utf-8-sig").splitlines()) - 1
    said = run(bangfu, "--lang", "en", "evaluate", table.name, "--year", "2023", "-o", "result.csv", cwd=elsewhere)
    assert f"{rows} rows: {rows} decided, 0 set aside" in said
    assert len((elsewhere / "result.csv").read_text(encoding="utf-8-sig").splitlines()) == 1 + rows


def test_explain_runs_from_any_folder(bangfu: Path, elsewhere: Path) -> None:
    said = run(bangfu, "--lang", "en", "explain", "household-2023.yaml", "--year", "2023", cwd=elsewhere)
    assert "困难类别" in said


def test_the_cases_run_from_any_folder(bangfu: Path, elsewhere: Path) -> None:
    said = run(bangfu, "--lang", "en", "test", "2023", cwd=elsewhere)
    assert re.search(r": ([1-9]\d*) of \1 cases as expected\.", said)


def test_the_wheel_gives_pytest_its_plugin_once(wheel: Path) -> None:
    (entries,) = (
        text.decode() for name, text in contents(wheel).items() if name.endswith(".dist-info/entry_points.txt")
    )
    assert entries.count("engine.pytest_plugin = engine.pytest_plugin") == 1
    assert "[pytest11]\nengine.pytest_plugin" in entries


def test_pytest_collects_cases_where_the_wheel_is_installed(
    bangfu: Path, python: Path, elsewhere: Path, tmp_path: Path
) -> None:
    """With the plugin found by itself, and named with -p as well."""
    run(python, "-m", "pip", "install", "-q", "--target", tmp_path / "pytest", "pytest")
    shutil.copytree(ROOT / "policies", elsewhere / "policies")
    called = (python, "-m", "pytest", "-q", "policies", "-k", "2023 and 查表 and not recorded")
    for more in ((), ("-p", "engine.pytest_plugin")):
        said = run(*called, *more, cwd=elsewhere, PYTHONPATH=str(tmp_path / "pytest"))
        assert re.search(r"[1-9][0-9]* passed", said)


def test_show_runs_from_any_folder(bangfu: Path, elsewhere: Path) -> None:
    core = run(bangfu, "--lang", "en", "show", "2023", "--core", cwd=elsewhere)
    assert len(core.splitlines()) > 100
    assert all(" = " in line for line in core.splitlines()[:3])


def test_a_reader_that_leaves_early_is_no_fault(bangfu: Path, elsewhere: Path) -> None:
    """As in `bangfu show 2023 --core | head`, at its worst: nobody reads at all."""
    command = [str(bangfu), "--lang", "en", "show", "2023", "--core"]
    with subprocess.Popen(command, cwd=elsewhere, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shown:
        assert shown.stdout is not None
        assert shown.stderr is not None
        shown.stdout.close()
        complaints = shown.stderr.read().decode()
    assert complaints.splitlines()[1:] == [], complaints


def test_an_editable_install_reads_the_folders_of_the_repository(
    source: Path, python: Path, backend: Path, elsewhere: Path, tmp_path: Path
) -> None:
    other = tmp_path / "editable"
    run(python, "-m", "venv", "--without-pip", other)
    pip_install = (python, "-m", "pip", "--python", other / BIN / "python", "install", "-q", "--no-build-isolation")
    run(*pip_install, "-e", source, PYTHONPATH=str(backend))
    asked = "import engine; from engine import schema; print(engine.find_policies(None), schema.folder(), sep='\\n')"
    found = run(other / BIN / "python", "-c", asked, cwd=elsewhere).splitlines()
    assert [Path(folder).resolve() for folder in found] == [source.resolve() / "policies", source.resolve() / "schemas"]
    assert run(other / BIN / "bangfu", "--lang", "en", "show", "2023", cwd=elsewhere)


def test_the_stub_names_what_the_engine_gives() -> None:
    named = set()
    for line in ast.parse((ROOT / "engine" / "__init__.pyi").read_text(encoding="utf-8")).body:
        if isinstance(line, ast.ImportFrom):
            named |= {alias.asname for alias in line.names}
        elif isinstance(line, ast.AnnAssign):
            named.add(ast.unparse(line.target))
    assert named - {"__all__"} == set(engine.__all__)


def test_every_name_of_the_engine_is_there() -> None:
    assert [name for name in engine.__all__ if not hasattr(engine, name)] == []


def test_importing_the_engine_imports_no_package_of_others() -> None:
    called = "import sys, engine; print(*({'jsonschema', 'openpyxl', 'polars', 'yaml'} & set(sys.modules)))"
    assert run(sys.executable, "-c", called, cwd=ROOT).strip() == ""


def test_help_answers_within_three_times_the_import_of_click_and_yaml(bangfu: Path, python: Path) -> None:
    asked: tuple[tuple[str | Path, ...], ...] = ((bangfu, "--help"), (python, "-c", "import click, yaml"))
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(5):
        for command, taken in zip(asked, seconds, strict=True):
            begun = perf_counter()
            run(*command)
            taken.append(perf_counter() - begun)
    of_help, of_import = (median(taken) for taken in seconds)
    both = f"bangfu --help: {of_help:.3f} s; import click, yaml: {of_import:.3f} s"
    print(both)
    assert of_help <= 3 * of_import, both
