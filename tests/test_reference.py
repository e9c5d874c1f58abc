"""The reference page is true: every example on it loads, every value, message and core rule on it is what the engine gives.

How the page is read: a section runs from one heading to the next. Its `yaml` blocks name their file in the first line; laid
over the blocks of "The smallest policy" they are a policy (a section that has a `policy.yaml` with a title stands alone).
A block marked `refused` is tried and dropped, and the `problem` block after it is what the engine says of it.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from engine import schema
from engine.algebras.exact import Value
from engine.cases import read_cases, run_cases
from engine.decision import decided
from engine.expression import COMPARISONS, CONSTANTS, VOCABULARY
from engine.loading import examine
from engine.page import page_of as page
from engine.source import Problem, number
from engine.tables.household import plain_cells
from engine.tables.intake import Intake

PAGE = Path(__file__).parent.parent / "REFERENCE.md"
BASE = "The smallest policy"
HOUSEHOLD = "The household of the examples"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\w+)\.yaml( · refused)?\n")

Files = dict[str, dict[str, dict[str, str]]]
"""For each file its keys, for each key its entries, each as written."""


@dataclass
class Section:
    """What stands between two headings: the title and the blocks, each with its language."""

    title: str
    blocks: list[tuple[str, str]] = field(default_factory=list)


@cache
def sections() -> tuple[Section, ...]:
    found: list[Section] = []
    parts = re.split(r"^#{1,4} (.+)$", _hidden(PAGE.read_text(encoding="utf-8")), flags=re.MULTILINE)
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        found.append(Section(title, [(block[1], block[2].replace("\0", "#")) for block in _FENCE.finditer(body)]))
    return tuple(found)


def _hidden(text: str) -> str:
    """`text` with the `#` inside of blocks out of sight of the headings."""
    return re.sub(r"^```\w+\n.*?^```$", lambda found: found[0].replace("#", "\0"), text, flags=re.MULTILINE | re.DOTALL)


def section(title: str) -> Section:
    return next(found for found in sections() if found.title == title)


def laid(files: Files, block: str) -> Files:
    """`files` with a block laid over it: an entry replaces the entry of its name."""
    found = _FILE.match(block)
    assert found, f"no file is named in the first line of:\n{block}"
    copied = {name: {key: dict(entries) for key, entries in keys.items()} for name, keys in files.items()}
    keys = copied.setdefault(found[1], {})
    key = entry = ""
    for line in block[found.end() :].splitlines():
        if top := re.match(r"([^\s#][^:]*):", line):
            key, entry = top[1], ""
            keys.setdefault(key, {})[""] = line + "\n"
        elif line.strip():
            if second := re.match(r"  (- .*|[^\s#][^:]*)(:|$)", line):
                entry = second[1]
                keys[key].pop(entry, None)  # what is said again stands where it is said
                keys[key][entry] = ""
            keys[key][entry] += line + "\n"
    return copied


def written(files: Files, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, keys in files.items():
        text = "".join(line for entries in keys.values() for line in entries.values())
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@cache
def base() -> Files:
    files: Files = {}
    for language, block in section(BASE).blocks:
        if language == "yaml":
            files = laid(files, block)
    return files


def beginning(part: Section) -> Files:
    """What the blocks of `part` are laid over."""
    if part.title == BASE or any(block.startswith("# policy.yaml\ntitle:") for _, block in part.blocks):
        return {}
    return {name: keys for name, keys in base().items() if name != "cases"} | {
        "cases": {"starting_from": base()["cases"]["starting_from"], "cases": {"": "cases:\n"}}
    }


def steps(part: Section) -> Iterator[tuple[str, str, Files, Files]]:
    """Each block of `part` with the policy so far, and the refused one tried last."""
    files, tried = beginning(part), {}
    for language, block in part.blocks:
        if language == "yaml":
            is_refused = bool(_FILE.match(block) and _FILE.match(block)[2])  # type: ignore[index]
            tried = laid(files, block)
            if not is_refused:
                files = tried
        yield language, block, files, tried


def finished(part: Section) -> Files:
    return list(steps(part))[-1][2]


def without_cases(files: Files) -> Files:
    return {name: keys for name, keys in files.items() if name != "cases"}


def said(problem: Problem, folder: Path) -> str:
    return problem.text("en").removeprefix(f"{problem.place}: ").replace(f"{folder}/", "")


def problems_of(files: Files, folder: Path) -> list[str]:
    return [said(problem, folder) for problem in examine(written(without_cases(files), folder))[1]]


def core_of(files: Files, folder: Path) -> list[str]:
    policy, problems = examine(written(without_cases(files), folder))
    assert policy is not None, [problem.text() for problem in problems]
    return [re.sub(r"  \(\w+\.yaml:\d+\)$", "", line) for line in page(policy, core=True).splitlines()]


def with_yaml() -> list[Section]:
    return [part for part in sections() if any(language == "yaml" for language, _ in part.blocks)]


def _ids(part: Section) -> str:
    return part.title


@pytest.mark.parametrize("part", with_yaml(), ids=_ids)
def test_the_examples_of_a_section_are_a_policy_and_its_cases_pass(part: Section, tmp_path: Path) -> None:
    files = finished(part)
    folder = written(files if len(files.get("cases", {}).get("cases", {})) > 1 else without_cases(files), tmp_path)
    policy, problems = examine(folder)
    assert policy is not None, "\n".join(problem.text(with_line=True) for problem in problems)
    assert page(policy).startswith(policy.title)
    for result in run_cases(folder):
        assert result.has_passed, "\n".join(problem.text() for problem in result.problems) + result.step


def test_most_sections_with_examples_work_a_case() -> None:
    worked = [part for part in with_yaml() if any(block.startswith("# cases.yaml") for _, block in part.blocks)]
    assert len(worked) >= 30


def messages() -> list[tuple[str, Files, str]]:
    return [
        (part.title, tried, block)
        for part in sections()
        for language, block, _, tried in steps(part)
        if language == "problem"
    ]


@pytest.mark.parametrize(
    ("title", "tried", "block"), messages(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_message_on_the_page_is_what_the_engine_says(title: str, tried: Files, block: str, tmp_path: Path) -> None:
    found = problems_of(tried, tmp_path)
    shown = block.splitlines()
    assert [line for line in shown if line not in found] == [], found
    assert [line for line in found if not line.startswith("warning: ") and line not in shown] == []


def test_the_page_shows_messages() -> None:
    assert len(messages()) >= 25


@pytest.mark.parametrize("part", [part for part in sections() if "core" in dict(part.blocks)], ids=_ids)
def test_a_core_rule_on_the_page_is_what_the_engine_prints(part: Section, tmp_path: Path) -> None:
    for language, block, files, _ in steps(part):
        if language == "core":
            lines = core_of(files, tmp_path)
            for line in block.splitlines():
                assert line in lines, line
                lines = lines[lines.index(line) + 1 :]


def expressions() -> list[tuple[str, str, str]]:
    """Each worked expression: what is written, whether it comes to something (→) or is refused (✗), and to what."""
    found = []
    for part in sections():
        for language, block in part.blocks:
            if language == "expr":
                for line in block.splitlines():
                    sign = "→" if " → " in line else "✗"
                    written_, outcome = line.split(f" {sign} ")
                    found.append((written_.strip(), sign, outcome.strip()))
    return found


def with_rules(rules: list[str]) -> Files:
    lines = "".join(f"  例{at}:\n    is: >-\n      {rule}\n    because: 例\n" for at, rule in enumerate(rules, 1))
    return laid(finished(section(HOUSEHOLD)), f"# rules.yaml\nrules:\n{lines}")


def value_of(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    if text.startswith('"'):
        return text.strip('"')
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return datetime.date.fromisoformat(text)
    value = number(text)
    assert value is not None, text
    return value


def values_of(rules: list[str], folder: Path) -> list[Value]:
    written(with_rules(rules), folder)
    policy, problems = examine(folder)
    assert policy is not None, "\n".join(problem.text(with_line=True) for problem in problems)
    facts = {name: plain_cells(entry.value) for name, entry in read_cases(folder)[0].facts.entries.items()}
    names = dict(decided(policy, Intake(policy, policy.since).household(facts, "page")).names)
    return [names[f"例{at}"] for at in range(1, len(rules) + 1)]


def test_an_expression_on_the_page_comes_to_what_it_says(tmp_path: Path) -> None:
    worked = [(rule, outcome) for rule, sign, outcome in expressions() if sign == "→"]
    assert len(worked) >= 60
    values = values_of([rule for rule, _ in worked], tmp_path)
    for (rule, outcome), value in zip(worked, values, strict=True):
        assert value == value_of(outcome), rule
        assert isinstance(value, bool) == (outcome in ("true", "false")), rule


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [(rule, outcome) for rule, sign, outcome in expressions() if sign == "✗"],
    ids=lambda value: value[:40],
)
def test_a_refused_expression_is_refused_in_these_words(rule: str, outcome: str, tmp_path: Path) -> None:
    assert [text for text in problems_of(with_rules([rule]), tmp_path) if not text.startswith("warning: ")] == [outcome]


def test_every_word_of_the_language_is_worked_on_the_page() -> None:
    worked = " ".join(rule for rule, sign, _ in expressions() if sign == "→")
    text = PAGE.read_text(encoding="utf-8")
    for word in VOCABULARY:
        assert re.search(rf"\b{word}\(", worked if word != "other" else text), word
    for word in (*CONSTANTS, "and", "or", "not", "in", "if", "else"):
        assert re.search(rf"\b{word}\b", text), word
    for sign in (*COMPARISONS.values(), " + ", " - ", " * ", " / "):
        assert sign in worked, sign


def keys_of(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        properties = part.get("properties")
        if isinstance(properties, dict) and "x-against" not in json.dumps(list(part)):
            yield from properties
        for value in part.values():
            yield from keys_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from keys_of(value)


def choices_of(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if part.get("x-expects") == "choice":
            yield from map(str, part["enum"])
        for value in part.values():
            yield from choices_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from choices_of(value)


@pytest.mark.parametrize("kind", schema.kinds())
def test_every_key_and_choice_of_the_schemas_is_on_the_page(kind: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    content = json.loads((schema.folder() / f"{kind}.schema.json").read_text(encoding="utf-8"))
    names = set(keys_of(content))
    assert names
    missing = {name for name in names if not re.search(rf"`{name}`|^ *(- )?{name}:", text, re.MULTILINE)}
    missing |= {name for name in choices_of(content) if not re.search(rf"`{name}`|: {name}$", text, re.MULTILINE)}
    assert not missing
