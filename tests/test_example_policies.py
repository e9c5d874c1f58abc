"""The policies in `examples/policies`: each loads, agrees with its cases, and is found again in what is shown of it.

A folder whose households have no groups is run from YAML and from CSV, the others from YAML and JSONL.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import engine
from engine.cases import Case, read_cases
from engine.expression import VOCABULARY
from engine.source import Branch, Leaf, Listing, Node, read
from engine.tables.household import plain_cells
from engine.timeline import read_timeline

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "examples" / "policies"
NAMES = ("anhui-sister-2023", "hubei-2021", "parking-permit", "shanghai-2019", "shanghai-songjiang-2019")
PRINTED = {
    "anhui-sister-2023": ("7270", "5816", "15999.20", "16000", "9000", "10000"),
    "hubei-2021": ("7100", "4260"),
    "shanghai-2019": ("7200", "9000", "9000.70", "12500", "19999.80", "20000"),
    "shanghai-songjiang-2019": ("9999.50", "10000"),
}
"""The products that the page of each published scheme prints."""

every_folder = pytest.mark.parametrize("name", NAMES)


def plain(text: str) -> str:
    """`text` without what only lays it out."""
    return " ".join(text.split())


def said(node: Node, word: str) -> Iterator[str]:
    """What stands behind every `word` in a file, however deep."""
    if isinstance(node, Branch):
        for name, entry in node.entries.items():
            if name == word and isinstance(entry.value, Leaf):
                yield plain(entry.value.text)
            else:
                yield from said(entry.value, word)
    elif isinstance(node, Listing):
        for item in node.items:
            yield from said(item, word)


def files(name: str) -> list[Path]:
    return sorted((FOLDER / name).glob("*.yaml"))


def tree(path: Path) -> Node:
    node, problems = read(path)
    assert node is not None and not problems
    return node


def test_every_folder_is_tested() -> None:
    assert tuple(sorted(path.name for path in FOLDER.iterdir())) == NAMES


@every_folder
def test_it_loads_without_a_problem_or_a_warning(name: str) -> None:
    folder = FOLDER / name
    assert [problem.text() for problem in engine.examine(folder)[1] + engine.check_questions(folder)] == []


@every_folder
def test_every_folder_has_cases_which_pytest_runs_one_by_one(name: str) -> None:
    assert len(read_cases(FOLDER / name)) >= 12


@every_folder
def test_every_question_has_a_case_of_its_other_reading(name: str) -> None:
    own = {name for path in files(name) if path.stem == "questions" for name in tree(path).branch("questions").entries}  # type: ignore[union-attr]  # a file of keys
    assert own <= {case.question for case in read_cases(FOLDER / name)}


@pytest.mark.parametrize(
    ("name", "product"), [(name, product) for name, products in PRINTED.items() for product in products]
)
def test_every_printed_product_is_a_case(name: str, product: str) -> None:
    expected = {text for case in read_cases(FOLDER / name) for text in texts(case.expect)}
    assert product in expected


def texts(branch: Branch) -> Iterator[str]:
    return (entry.value.text for entry in branch.entries.values() if isinstance(entry.value, Leaf))


@every_folder
def test_every_clause_is_shown(name: str) -> None:
    policy = engine.load(FOLDER / name)
    shown = engine.page_of(policy, core=True) + engine.page_of(policy)
    clauses = {
        clause for path in files(name) if path.stem not in ("cases", "policy") for clause in said(tree(path), "clause")
    }
    assert clauses and {clause for clause in clauses if f"〔{clause}〕" not in shown} == set()


@every_folder
def test_the_core_shows_every_rule_that_the_folder_writes(name: str) -> None:
    shown = engine.page_of(engine.load(FOLDER / name), core=True).splitlines()
    written = tree(FOLDER / name / "rules.yaml")
    assert isinstance(written, Branch)
    for rule in written.branch("rules").entries:
        assert any(line.startswith(f"{rule} = ") for line in shown), rule


@every_folder
def test_every_quote_and_clause_stands_in_its_source(name: str) -> None:
    source = plain((FOLDER / name / "source.md").read_text(encoding="utf-8"))
    for path in files(name):
        if path.stem != "cases":
            assert [quote for quote in said(tree(path), "quote") if quote not in source] == []
            assert [
                clause for clause in said(tree(path), "clause") if clause not in source and not inherited(clause, name)
            ] == []


def inherited(clause: str, name: str) -> bool:
    """Whether the clause is one of the year that the folder extends: a question keeps it."""
    return name == "anhui-sister-2023" and clause in set(
        said(tree(ROOT / "policies" / "2023" / "rules.yaml"), "clause")
    )


@every_folder
def test_the_first_line_binds_the_schema(name: str) -> None:
    for path in files(name):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        bound = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert bound is not None and (path.parent / bound[1]).resolve() == ROOT / "schemas" / f"{path.stem}.schema.json"


@every_folder
def test_it_is_written_in_blocks(name: str) -> None:
    for path in files(name):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert re.search(r":\s*[\[{]", line) is None, f"{path}: {line}"


def first_case(name: str) -> Case:
    return next(case for case in read_cases(FOLDER / name) if not case.refused and not case.question)


def brought(case: Case) -> dict[str, Any]:
    return {name: plain_cells(entry.value) for name, entry in case.facts.entries.items()}


def as_yaml(facts: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for name, value in facts.items():
        if not isinstance(value, list):
            lines.append(f'{name}: "{value}"')
            continue
        lines.append(f"{name}:")
        for person in value:
            lines += [
                f'  {" " if index else "-"} {fact}: "{cell}"' for index, (fact, cell) in enumerate(person.items())
            ]
    return "\n".join(lines) + "\n"


def as_csv(facts: Mapping[str, Any]) -> str:
    return ",".join(facts) + "\n" + ",".join(facts.values()) + "\n"


def decided(policy: engine.Policy, path: Path) -> list[object]:
    """What every household of the file comes to; none is set aside."""
    found: list[object] = []
    summary = engine.evaluate(policy, path, each=lambda _, decision: found.append(decision.outputs))
    assert (summary.rejected, [problem.text() for problem in summary.problems]) == (0, [])
    return found


@every_folder
def test_one_household_is_decided_from_a_file(name: str, tmp_path: Path) -> None:
    policy, case = engine.load(FOLDER / name), first_case(name)
    facts = brought(case)
    written = {"yaml": as_yaml(facts), "jsonl": json.dumps(facts, ensure_ascii=False) + "\n"}
    if not policy.groups:
        written["csv"] = as_csv(facts)
    for ending, text in written.items():
        path = tmp_path / f"household.{ending}"
        path.write_text(text, encoding="utf-8")
        assert decided(policy, path) == [engine.decide(policy, facts).outputs]
        assert engine.explain(policy, facts).text()


def test_the_folder_without_groups_is_the_sister_scheme() -> None:
    assert [name for name in NAMES if not engine.load(FOLDER / name).groups] == ["anhui-sister-2023"]


def test_a_second_tier_beside_the_first_replaces_nothing() -> None:
    timeline = read_timeline(FOLDER)
    assert timeline.problems == () and timeline.unread == ()
    assert timeline.instead_of(FOLDER / "shanghai-2019") == ()


def test_the_engine_knows_no_word_of_these_schemes() -> None:
    names = {
        declared
        for name in NAMES
        for policy in [engine.load(FOLDER / name)]
        for declared in (
            *(fact.name for fact in policy.facts),
            *(figure.name for figure in policy.figures),
            *(table.name for table in policy.tables),
            *(category.name for category in policy.categories),
            *(rule.name for rule in policy.rules if rule.is_written),
        )
        if not declared.isascii() and "·" not in declared
    }
    assert len(names) > 50 and not names & set(VOCABULARY)
    for path in (ROOT / "engine").rglob("*.py"):
        code = path.read_text(encoding="utf-8")
        assert [word for word in names if word in code] == [], path
