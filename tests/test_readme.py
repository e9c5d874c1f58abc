"""What the two READMEs say: each command shown prints what is shown, every file named is there, and both are twins.

The blocks of a README run from top to bottom in a folder of its own that holds `examples` and `policies`:

- `console`: a line behind `$ ` is run, and prints the lines below it; `…` stands for what is cut;
- `yaml`, `python` with a comment `# name` on top: the file of that name is written (with `# from name`: is there so);
- `diff`: the file is edited;
- `bash`: not run here, since it installs: targets of the Makefile, and what `test_packaging.py` installs.
"""

import ast
import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

import cli
import engine

ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE = READMES = ("README.md", "README.zh-CN.md")
LOCALES = {ENGLISH: {"LANG": "en_US.UTF-8"}, CHINESE: {}}
"""The environment in which each README is true; without a locale the language is the policy's own."""
SECTIONS = {
    "cells": {ENGLISH: "How cells may be written", CHINESE: "单元格怎么填"},
    "columns": {ENGLISH: "The columns of a decision", CHINESE: "判定结果的列"},
    "map": {ENGLISH: "The map of the code", CHINESE: "代码地图"},
    "questions": {ENGLISH: "Questions the text leaves open", CHINESE: "原文留下的疑义"},
}
EXCERPT = re.compile(r"# (?:from|摘自) (\S+)")
FILE = re.compile(
    r"(?:[\w.-]+/)*[\w.-]+\.(?:cfg|csv|jsonl?|md|pot?|py|toml|xlsx|yaml)|(?:[a-z]+/)+(?:[\w.-]+/?)?", re.ASCII
)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its lines, and the line on which it begins."""

    language: str
    lines: tuple[str, ...]
    number: int

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(frozen=True)
class Shown:
    """A command with what the README shows of it, and what it prints."""

    command: str
    lines: tuple[str, ...]
    number: int
    printed: str = ""

    @property
    def is_true(self) -> bool:
        pattern = "".join(r"(?:.*\n)*?" if line == "…" else _pattern(line) + r"\n" for line in self.lines)
        return re.fullmatch(pattern, self.printed) is not None and "Traceback" not in self.printed


def _pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("…"))


@functools.cache
def parsed(name: str) -> tuple[tuple[Block, ...], tuple[tuple[int, str], ...]]:
    """The blocks of a README, and its other lines with their numbers."""
    blocks: list[Block] = []
    prose: list[tuple[int, str]] = []
    inside: Block | None = None
    for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```") and inside is None:
            inside = Block(line.removeprefix("```"), (), number)
        elif line.startswith("```"):
            assert inside is not None
            blocks.append(inside)
            inside = None
        elif inside is not None:
            inside = Block(inside.language, (*inside.lines, line), inside.number)
        else:
            prose.append((number, line))
    assert inside is None
    return tuple(blocks), tuple(prose)


def blocks_of(name: str, language: str = "") -> list[Block]:
    return [block for block in parsed(name)[0] if language in ("", block.language)]


def commands(block: Block) -> Iterator[Shown]:
    """The commands of a console block, each with the lines shown below it."""
    starts = [index for index, line in enumerate(block.lines) if line.startswith("$ ")]
    assert starts[:1] == [0], f"line {block.number}: the block does not begin with a command"
    for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        yield Shown(block.lines[start][2:], block.lines[start + 1 : end], block.number + start + 1)


def edited(block: Block, folder: Path) -> None:
    """Edit the file of a diff block: what stands there before must stand there once."""
    first, second, *body = block.lines
    name = first.removeprefix("--- ")
    assert second == f"+++ {name}", f"line {block.number}"
    before, after = ("".join(f"{line[1:]}\n" for line in body if line[0] != sign) for sign in "+-")
    text = (folder / name).read_text(encoding="utf-8")
    assert text.count(before) == 1, f"line {block.number}: {name} does not hold these lines once:\n{before}"
    (folder / name).write_text(text.replace(before, after), encoding="utf-8")


def written(block: Block, folder: Path) -> None:
    """Write the file that a block shows, or find the excerpt in the file that it is from."""
    excerpt = EXCERPT.fullmatch(block.lines[0])
    if excerpt is None:
        (folder / block.lines[0].removeprefix("# ")).write_text(block.text, encoding="utf-8")
    else:
        assert block.text.split("\n", 1)[1] in (ROOT / excerpt[1]).read_text(encoding="utf-8"), f"line {block.number}"


def programs(folder: Path) -> Path:
    """A folder with the commands `bangfu` and `python` of this run."""
    folder.mkdir()
    for name, command in (("bangfu", [sys.executable, ROOT / "cli.py"]), ("python", [sys.executable])):
        words = shlex.join(str(word) for word in command)
        (folder / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def walked(name: str, folder: Path, kept: Path) -> list[Shown]:
    """Every command of the README `name` with what it prints, in the order of the page; policies are kept in `kept`."""
    for entry in ("examples", "policies"):
        shutil.copytree(ROOT / entry, folder / entry)
    spoken = {"LANG", "LANGUAGE"}
    other = {key: value for key, value in os.environ.items() if key not in spoken and not key.startswith("LC_")}
    path = f"{programs(folder / 'bin')}{os.pathsep}{os.environ['PATH']}"
    own = {**LOCALES[name], "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "BANGFU_CACHE": str(kept)}
    found: list[Shown] = []
    code = 0
    for block in blocks_of(name):
        if block.language == "diff":
            edited(block, folder)
        elif block.language in ("yaml", "python"):
            written(block, folder)
        elif block.language == "console":
            for shown in commands(block):
                done = subprocess.run(
                    ["bash", "-c", f"(exit {code})\n{shown.command}"],
                    cwd=folder,
                    env={**other, **own},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    encoding="utf-8",
                )
                code = done.returncode
                found.append(Shown(shown.command, shown.lines, shown.number, done.stdout))
    return found


@pytest.fixture(scope="module")
def walks() -> Iterator[dict[str, tuple[Path, list[Shown]]]]:
    """Each README with the folder in which it was walked through, and what was seen there.

    One after the other: what the first has loaded the second finds kept, as whoever runs these commands twice does.
    """
    with tempfile.TemporaryDirectory(prefix="bangfu-readme-") as place:
        folders = {name: Path(place, str(number)) for number, name in enumerate(READMES)}
        yield {name: (folder, walked(name, folder, Path(place, "kept"))) for name, folder in folders.items()}


def rows(name: str, section: str) -> list[list[str]]:
    """The cells of the table in a section, without its headings."""
    lines = [line for _, line in parsed(name)[1]]
    heading = re.compile(f"##+ {re.escape(SECTIONS[section][name])}")
    (start,) = (index for index, line in enumerate(lines) if heading.fullmatch(line))
    table = []
    for line in lines[start + 1 :]:
        if line.startswith("##"):
            break
        if line.startswith("| "):
            table.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return table[1:]


def spans(text: str) -> list[str]:
    """The words in `code` of a line."""
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize("name", READMES)
def test_every_command_prints_what_is_shown(walks: dict[str, tuple[Path, list[Shown]]], name: str) -> None:
    seen = walks[name][1]
    assert len(seen) > 10
    wrong = [shown for shown in seen if not shown.is_true]
    told = (f"{name}:{shown.number}: $ {shown.command}\n{shown.printed}" for shown in wrong)
    assert not wrong, "\n".join(["These commands print something else than what is shown:", *told])


@pytest.mark.parametrize("name", READMES)
def test_every_program_shown_is_run(name: str) -> None:
    scripts = [block.lines[0].removeprefix("# ") for block in blocks_of(name, "python")]
    run = {shown.command for block in blocks_of(name, "console") for shown in commands(block)}
    assert scripts
    assert [script for script in scripts if f"python {script}" not in run] == []


@pytest.mark.parametrize("name", READMES)
def test_what_is_not_run_here_is_in_the_makefile_or_the_packaging(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):.* ## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installs = {"pip install .", *(f'pip install ".[{extra}]"' for extra in project["optional-dependencies"])}
    lines = [line for block in blocks_of(name, "bash") for line in block.lines]
    mentioned = {span for _, line in parsed(name)[1] for span in spans(line) if span.startswith(("make ", "pip "))}
    assert {"make demo", "make test", "pip install ."} <= set(lines)
    assert {*lines, *mentioned} - {f"make {target}" for target in targets} - installs == set()
    assert '"pip", "install"' in (ROOT / "tests" / "test_packaging.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", READMES)
def test_every_block_is_of_a_kind_that_is_tested(name: str) -> None:
    assert {block.language for block in blocks_of(name)} == {"bash", "console", "diff", "python", "yaml"}


@pytest.mark.parametrize("name", READMES)
def test_every_file_named_is_there(walks: dict[str, tuple[Path, list[Shown]]], name: str) -> None:
    folder = walks[name][0]
    named = {span for _, line in parsed(name)[1] for span in spans(line) if FILE.fullmatch(span)}
    named |= {link for _, line in parsed(name)[1] for link in re.findall(r"\]\(([^)#]+)\)", line)}
    assert len(named) > 30
    places = (ROOT, folder, *(folder / "draft").iterdir(), *(folder / "examples" / "policies").iterdir())
    assert {path for path in named if not any((place / path).exists() for place in places)} == set()


@pytest.mark.parametrize("name", READMES)
def test_every_command_in_the_prose_is_one_with_its_options(name: str) -> None:
    called = [span.split()[1:] for _, line in parsed(name)[1] for span in spans(line) if span.startswith("bangfu ")]
    options = {option for _, line in parsed(name)[1] for span in spans(line) for option in span.split()[:1]}
    known = {option for command in (cli.cli, *cli.cli.commands.values()) for option in opts(command)}
    assert called
    for words in called:
        command = cli.cli.commands[words[0]]
        assert {word for word in words if word.startswith("-")} <= opts(command), words
    assert {option for option in options if re.fullmatch(r"--[a-z-]+", option)} <= known


def opts(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("name", READMES)
def test_cells_are_read_as_the_page_says(name: str) -> None:
    policy = engine.load(ROOT / "policies" / "2023")
    household = {"家庭人口": 3, "家庭年收入": 20000, "当地低保月标准": 738, "城市低保平均标准": 747}
    for fact, row in zip(("因病支出", "已建档", "核算日期", "身份证号"), rows(name, "cells"), strict=False):
        for cell in spans(row[1]):
            engine.decide(policy, {**household, fact: cell})
        for cell in spans(row[2]):
            with pytest.raises(engine.HouseholdError, match=f"^{fact}: “{re.escape(cell)}”"):
                engine.decide(policy, {**household, fact: cell})
        assert spans(row[1]) + spans(row[2])


@pytest.mark.parametrize("name", READMES)
def test_the_columns_are_those_of_the_result(walks: dict[str, tuple[Path, list[Shown]]], name: str) -> None:
    folder = walks[name][0]
    result = (folder / "result.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    source = (folder / "examples" / "households-2023-with-mistakes.csv").read_text(encoding="utf-8-sig")
    told = [span for row in rows(name, "columns") for span in spans(row[0])]
    assert told == result[len(source.splitlines()[0].split(",")) :]


@pytest.mark.parametrize("name", READMES)
def test_every_room_of_the_engine_is_on_the_map(name: str) -> None:
    entries = (entry for entry in (ROOT / "engine").iterdir() if not entry.name.startswith(("__pycache__", "_inst")))
    rooms = {f"engine/{entry.name}" for entry in entries if entry.suffix == ".py"}
    rooms |= {f"engine/{entry.parent.name}/" for entry in (ROOT / "engine").glob("*/__init__.py")}
    told = {span for row in rows(name, "map") for span in spans(row[0])} - {"cli.py"}
    assert rooms - told == set(), f"Add a row for each of these to the map of the code in {name}."
    assert told - rooms == set(), f"Take these off the map of the code in {name}: they are gone."


def test_the_questions_are_those_of_the_policy() -> None:
    questions = engine.load(ROOT / "policies" / "2023").questions
    for name in READMES:
        assert [spans(row[0]) for row in rows(name, "questions")] == [[question.name] for question in questions]
    readings = [[question.reading, question.other] for question in questions]
    assert [row[1:] for row in rows(CHINESE, "questions")] == readings


def test_both_languages_have_the_same_headings_and_tables() -> None:
    def shape(name: str) -> list[str | int]:
        """The level of each heading, and the number of columns of each row, in order."""
        lines = [line for _, line in parsed(name)[1] if line.startswith(("#", "|"))]
        return [len(line.split(" ")[0]) if line[0] == "#" else f"{len(line.split(' | '))} columns" for line in lines]

    assert shape(ENGLISH) == shape(CHINESE)
    assert shape(ENGLISH).count(2) > 5


def test_both_languages_have_the_same_blocks() -> None:
    english, chinese = ([content(block) for block in blocks_of(name)] for name in READMES)
    assert english == chinese


def content(block: Block) -> tuple[str, object]:
    """What a block says in any language: commands without what they print, files without their comments."""
    if block.language == "console":
        return block.language, [shown.command for shown in commands(block)]
    if block.language == "python":
        return block.language, ast.dump(ast.parse(block.text))
    return block.language, [line for line in block.lines if not EXCERPT.fullmatch(line)]


@pytest.mark.parametrize("name", READMES)
def test_a_line_of_prose_holds_one_sentence(name: str) -> None:
    lines = [
        (number, re.sub(r"`[^`]*`|“[^”]*”", "", line))
        for number, line in parsed(name)[1]
        if line[:2] not in ("- ", "| ")
    ]
    assert [number for number, line in lines if re.search(r"[.?!] [A-Z]|。.", line)] == []
