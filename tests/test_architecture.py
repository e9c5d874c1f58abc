"""The rooms of the engine: who imports whom, what no module may hold, and words that belong to a scheme.

Every check is a function over modules that gives what it found, and each is tried on a copy of a module with a fault in
it: a check that cannot fail would prove nothing.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TypeGuard

import pytest
import yaml

import engine

ROOT = Path(__file__).parent.parent


# The table ------------------------------------------------------------

ROOMS: Mapping[str, str] = {
    "engine": "",
    "messages": "",
    "slips": "messages",
    "source": "messages slips",
    "expression": "messages source",
    "policy": "expression messages source",
    "schema": "messages source",
    "overlay": "messages source",
    "folders": "messages overlay source",
    "timeline": "folders messages source",
    "fold": "expression policy",
    "algebras": "",
    # The design gives an algebra the expression only; its tables, facts and units come from the policy.
    "algebras.exact": "expression policy",
    "algebras.trace": "algebras.exact expression policy",
    "algebras.kinds": "expression messages policy source",
    "algebras.interval": "algebras.exact expression messages policy source",
    "terms": "algebras.interval expression messages policy",
    "algebras.columns": "algebras.exact algebras.interval expression messages policy source terms",
    "proving": "algebras.columns fold policy terms",
    "units": "algebras.kinds expression fold messages policy source",
    "quotes": "expression messages policy source",
    # The design gives elaboration no algebra; `scales` reads its bands' figures with exact.
    "elaborate": "algebras.exact expression messages overlay policy source",
    # The design gives the checks no exact; `trials` decides households at the ends of the bounds.
    "checks": "algebras.exact algebras.interval algebras.kinds expression fold messages policy quotes source units",
    "loading": "checks elaborate folders messages overlay policy schema source units",
    "cache": "folders loading policy",
    "tables": "messages source tables.cells",
    # The design gives the tables the policy and the source; intake reads what absence means with exact.
    "tables.cells": "algebras.exact messages policy source tables.forms",
    "tables.forms": "",
    "tables.columns": "messages policy source tables.cells",
    "tables.rolls": "messages policy source tables.cells tables.columns",
    "tables.rosters": "messages policy source tables tables.cells tables.columns tables.rolls",
    "tables.intake": (
        "algebras.exact expression messages policy source tables.cells tables.columns tables.forms tables.rolls"
    ),
    "tables.persons": "messages policy source tables tables.columns tables.intake tables.rolls tables.rosters",
    "decision": "algebras.exact fold messages policy source tables.intake",
    # The design gives explanations the policy and the trace; they also bring the household in and decide it.
    "explanation": "algebras.exact algebras.trace decision expression fold messages policy tables.intake units",
    "kernel": "algebras.columns algebras.exact decision expression fold messages policy tables.intake terms",
    "manifest": "messages policy source tables",
    "batch": (
        "engine algebras.exact decision manifest messages policy source tables tables.cells tables.intake tables.persons"
    ),
    "stream": (
        "algebras.exact batch decision expression kernel messages policy source tables tables.cells tables.columns "
        "tables.intake tables.rosters"
    ),
    "routing": "algebras.exact expression messages policy source tables tables.cells timeline",
    "by_date": ("engine batch cache decision manifest messages policy routing source tables tables.intake timeline"),
    "rows": "explanation messages policy source tables tables.cells tables.columns tables.intake tables.persons",
    "cases": (
        "algebras.exact algebras.trace cache decision explanation expression loading messages policy schema source "
        "tables tables.intake"
    ),
    "regression": (
        "engine algebras.exact algebras.trace cache cases compare decision explanation expression flat fold messages policy "
        "population source tables tables.intake"
    ),
    "verifying": (
        "engine batch by_date cache decision folders manifest messages policy regression routing source tables timeline"
    ),
    "pytest_plugin": "engine",
    # What a household reaches is read off the trace; what none can reach, off the bounds that the checks find.
    "coverage": (
        "algebras.columns algebras.exact algebras.interval algebras.trace cache cases checks explanation expression fold "
        "messages policy proving reach source tables.intake terms"
    ),
    "population": "algebras.exact decision expression fold policy source tables.cells tables.columns tables.forms tables.intake",
    "mutation": (
        "algebras.columns algebras.exact cases checks decision differences elaborate expression flat kernel loading "
        "messages policy population proving reach source tables tables.intake terms"
    ),
    "flat": "loading messages schema slips source tables",
    "scaffold": "flat folders loading messages policy source tables",
    "agenda": "folders loading messages policy source",
    "normal_form": "expression messages",
    "differences": "expression messages normal_form source",
    "reach": "elaborate expression normal_form policy source",
    "compare": "differences flat loading messages policy reach source",
    "variants": "compare elaborate loading messages overlay policy schema source",
    "effects": (
        "engine algebras.exact algebras.trace batch compare decision explanation expression fold manifest messages policy reach "
        "source tables tables.intake units variants"
    ),
    "effects.blocks": "algebras.exact effects kernel source stream tables",
    "pages": "messages source tables",
    "pages.changes": "engine compare messages pages policy",
    "pages.effects": "effects messages pages pages.changes",
    "page": "elaborate expression folders messages policy source units",
    "template": "messages page policy source tables",
}
"""Each room with the rooms that it imports; `engine` is the package itself, which holds the version.

A module belongs to the longest room that its name begins with.

What a room may import is what it does import: a permission that nobody needs is taken away, a new one is asked for here.
Where the table is wider than the design of the project, the line above says so; every room may also have `messages`.
"""

PACKAGES: Mapping[str, str] = {
    "effects.blocks": "polars",
    "kernel.compiling": "polars",
    "kernel.deciding": "polars",
    "kernel.facts": "polars",
    "kernel.frames": "polars",
    "kernel.numbering": "polars",
    "kernel.program": "polars",
    "kernel.remarks": "polars",
    "kernel.series": "polars",
    "kernel.writing": "polars",
    "pytest_plugin": "pytest",
    "stream.batches": "polars pyarrow",
    "stream.blocks": "polars",
    "stream.counting": "polars",
    "stream.deciding": "polars",
    "stream.forms": "polars",
    "stream.intake": "polars",
    "stream.keys": "polars",
    "stream.lines": "polars",
    "stream.persons": "polars",
    "stream.reading": "polars",
    "stream.rosters": "polars",
    "stream.scanning": "polars",
    "stream.shares": "polars",
    "stream.together": "polars",
    "stream.writing": "polars",
    "mutation.search": "polars",
    "source": "yaml",
    "expression": "simpleeval",
    "schema": "jsonschema",
    "tables.parquet": "pyarrow",
    "tables.xlsx": "openpyxl",
    "tables.sheets": "openpyxl",
    "template": "openpyxl",
    "tables.whole": "_typeshed",  # for the type checker only; no package of that name can be imported
}
"""The packages that a module imports; every other module is content with the standard library."""

LOADED_BY_NAME = ("", "batch", "effects.pairs", "regression.deciding", "tables")
"""The modules that import others by name, when they are used."""

NO_NAMES = ("common", "data", "helper", "helpers", "info", "manager", "misc", "util", "utils")


# The modules ------------------------------------------------------------


@dataclass(frozen=True)
class Module:
    """A module of the engine by its name below `engine` (empty: the package itself), or `cli`."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _tree(self.text)

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree; found once a text, since the same modules are gone through by every check."""
        return _nodes(self.text)

    def at(self, line: int, what: str) -> str:
        """What was found, with the place."""
        return f"{self.name or 'engine'}:{line}: {what}"


@cache
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def _nodes(text: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_tree(text)))


def modules_in(folder: Path) -> dict[str, Module]:
    """Every module below the package in `folder`, by name."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        if "_installed" in path.parts:
            continue
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path.read_text(encoding="utf-8"))
    return found


MODULES = modules_in(ROOT / "engine")
CLI = Module("cli", (ROOT / "cli.py").read_text(encoding="utf-8"))
EVERY = (*MODULES.values(), CLI)


def room_of(name: str) -> str | None:
    """The room of a module: the longest one that its name begins with."""
    parts = name.split(".")
    found = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((room for room in found if room in ROOMS), None) if name else "engine"


def imports_of(module: Module, known: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Everything that `module` imports, by its full name, with the line; a module of the engine as `engine.its.name`."""
    names = {f"engine.{name}" for name in known}
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            for alias in node.names:
                full = f"{source}.{alias.name}"
                yield node.lineno, full if full in names else source


# The checks ------------------------------------------------------------


def wrong_imports(modules: Mapping[str, Module]) -> list[str]:
    """Imports between rooms that the table does not have, rooms that it does not have, and what it allows in vain."""
    found: list[str] = []
    used: dict[str, set[str]] = {}
    for module in modules.values():
        room = room_of(module.name)
        if room is None:
            found.append(module.at(1, "a room that the table does not have"))
            continue
        for line, name in imports_of(module, modules):
            if name.startswith("."):
                found.append(module.at(line, f"a relative import of {name}"))
            elif name.partition(".")[0] == "engine":
                other = room_of(name.removeprefix("engine").removeprefix("."))
                if other == room:
                    continue
                if other is None or other not in ROOMS[room].split():
                    found.append(module.at(line, f"imports {name}"))
                used.setdefault(room, set()).add(str(other))
    for room, allowed in ROOMS.items():
        if room not in {room_of(name) for name in modules}:
            found.append(f"{room}: a room of the table that is gone")
        for other in set(allowed.split()) - used.get(room, set()):
            found.append(f"{room}: may import {other} in vain")
    return sorted(set(found))


def circles(rooms: Mapping[str, str]) -> list[str]:
    """The rooms that need each other in a circle."""
    left = {room: set(needed.split()) for room, needed in rooms.items()}
    while free := [room for room, needed in left.items() if not needed & set(left)]:
        for room in free:
            del left[room]
    return sorted(left)


def wrong_packages(modules: Iterable[Module]) -> list[str]:
    """Imports of packages that the table does not have for the module."""
    found = []
    for module in modules:
        allowed = {"engine", *PACKAGES.get(module.name, "").split(), *(("click",) if module.name == "cli" else ())}
        for line, name in imports_of(module, ()):
            package = name.partition(".")[0]
            if package not in sys.stdlib_module_names and package not in allowed:
                found.append(module.at(line, f"imports {package}"))
    return found


def loads_by_name(modules: Iterable[Module]) -> list[str]:
    """Imports by name, which the table cannot see."""
    found = []
    for module in modules:
        for node in module.nodes:
            is_named = isinstance(node, ast.Name) and node.id in ("import_module", "__import__", "exec", "eval")
            if is_named and module.name not in LOADED_BY_NAME:
                found.append(module.at(node.lineno, "loads by name"))
    return found


_SWITCH = re.compile(r"# (?:type: ignore(?:\[[^]]*\])?|noqa(?:: [A-Z0-9, ]+)?)")


def floats(modules: Iterable[Module]) -> list[str]:
    """The name `float` on a line without a comment that says why."""
    found = []
    for module in modules:
        tokens = list(tokenize.generate_tokens(io.StringIO(module.text).readline))
        reasons = {
            token.start[0]
            for token in tokens
            if token.type == tokenize.COMMENT and _SWITCH.sub("", token.string).strip("# ")
        }
        for token in tokens:
            if token.type == tokenize.NAME and token.string == "float" and token.start[0] not in reasons:
                found.append(module.at(token.start[0], "float"))
    return found


def caught_all(modules: Iterable[Module]) -> list[str]:
    """Every `except` and `suppress` that takes whatever comes; one that tidies up and raises it again takes nothing."""
    found = []
    for module in modules:
        for node in module.nodes:
            if isinstance(node, ast.ExceptHandler):
                caught = [node.type] if node.type is None or isinstance(node.type, ast.Name) else ast.walk(node.type)
                is_raised_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                if not is_raised_again and any(_is_everything(one) for one in caught):
                    found.append(module.at(node.lineno, "catches everything"))
            elif _is_suppress(node) and any(_is_everything(one) for one in node.args):
                found.append(module.at(node.lineno, "suppresses everything"))
    return found


def _is_suppress(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "suppress"


def _is_everything(node: ast.AST | None) -> bool:
    return node is None or (isinstance(node, ast.Name) and node.id in ("Exception", "BaseException"))


def beside_the_public(module: Module) -> list[str]:
    """What `cli` takes of the engine that is not public."""
    found = []
    for line, name in imports_of(module, ()):
        if name.startswith("engine") and name != "engine":
            found.append(module.at(line, f"imports {name}"))
    for node in module.nodes:
        taken = []
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "engine":
            taken = [node.attr]
        elif isinstance(node, ast.ImportFrom) and node.module == "engine":
            taken = [alias.name for alias in node.names]
        found += [module.at(node.lineno, f"takes engine.{name}") for name in taken if name not in engine.__all__]
    return found


def unfinished_docstrings(modules: Iterable[Module]) -> list[str]:
    """Modules whose first docstring line is no sentence."""
    found = []
    for module in modules:
        first = (ast.get_docstring(module.tree) or "").partition("\n")[0]
        if not re.fullmatch(r"\S.*[.。]", first):
            found.append(module.at(1, f"begins with “{first}”"))
    return found


def without_docstring(modules: Iterable[Module]) -> list[str]:
    """Public functions, classes and methods that say nothing; a method may take its words from the class that it fills."""
    every = (node for module in MODULES.values() for node in module.nodes)
    classes = {node.name: node for node in every if isinstance(node, ast.ClassDef)}
    found = []
    for module in modules:
        for node, owner in _definitions(module.tree):
            inherited = owner is not None and any(node.name in _methods(base, classes) for base in _bases(owner))
            if ast.get_docstring(node) is None and not inherited and not _is_helped(node):
                found.append(module.at(node.lineno, f"{node.name} has no docstring"))
    return found


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _definitions(tree: ast.Module) -> Iterator[tuple[Definition, ast.ClassDef | None]]:
    """Every public definition of a module and of its public classes, with its class."""
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node, None
            if isinstance(node, ast.ClassDef):
                methods = (inner for inner in node.body if isinstance(inner, Definition))
                yield from ((inner, node) for inner in methods if not inner.name.startswith("_"))


def _is_helped(node: Definition) -> bool:
    """Whether a command says what it is in its `help`, which is translated."""
    return any(
        keyword.arg == "help" for one in node.decorator_list if isinstance(one, ast.Call) for keyword in one.keywords
    )


def _bases(owner: ast.ClassDef) -> Iterator[str]:
    for base in owner.bases:
        named = base.value if isinstance(base, ast.Subscript) else base
        yield named.id if isinstance(named, ast.Name) else named.attr if isinstance(named, ast.Attribute) else ""


def _methods(name: str, classes: Mapping[str, ast.ClassDef]) -> set[str]:
    """The methods of a class of the engine and of those that it fills, that have a docstring; all of a foreign class."""
    if name not in classes:
        return {"visit", "write", "writelines", "read", "close", "flush"} if name else set()
    owner = classes[name]
    own = {one.name for one in owner.body if isinstance(one, Definition) and ast.get_docstring(one) is not None}
    return own.union(*(_methods(base, classes) for base in _bases(owner)))


def nameless(names: Iterable[str]) -> list[str]:
    """Modules whose name says nothing."""
    return [name for name in names if set(re.split(r"[._]", name)) & set(NO_NAMES)]


_FILE = re.compile(
    r"(?<![\w/.*<>-])[\w*./<>-]*[\w*>]\.(?:py|pyi|yaml|yml|json|jsonl|md|toml|cfg|csv|xlsx|po|pot|mo|txt)\b"
)


def missing_files(modules: Iterable[Module], root: Path) -> list[str]:
    """Files named in docstrings that are nowhere below `root`, by the whole name or by its end."""
    files = "\n".join(path.relative_to(root).as_posix() for path in _files(root))
    found = []
    for module in modules:
        for node in module.nodes:
            if isinstance(node, ast.Module | Definition):
                for name in _FILE.findall(ast.get_docstring(node) or ""):
                    if re.match(r"\.\w", name):
                        continue  # the ending of a file's name
                    pattern = re.escape(re.sub(r"^(?:\.\.?/)+", "", name)).replace(r"\*", "[^/\n]*")
                    if not re.search(rf"(?:^|/){pattern}$", files, re.MULTILINE):
                        line = getattr(node, "lineno", 1)
                        found.append(module.at(line, f"names {name}"))
    return found


def _files(root: Path) -> Iterator[Path]:
    for path in root.iterdir():
        if path.name.startswith(".") or path.name in ("build", "dist", "__pycache__", "_installed"):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def words_of_schemes(policies: Path) -> set[str]:
    """Every name of a fact, a figure, an aid, a category, a gate, an approval and a question of any policy."""
    found: set[str] = set()

    def collect(node: object) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("facts", "figures", "aids", "categories", "gates", "approvals", "questions"):
                    found.update(value if isinstance(value, dict) else ())
                collect(value)

    for path in sorted(policies.glob("*/*.yaml")):
        if path.name != "cases.yaml":
            collect(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader))
    return found


def words_found(texts: Mapping[str, str], words: Iterable[str]) -> list[str]:
    """Every line of `texts` that holds one of `words`, or three characters of one that stand together in it."""
    words = sorted(words)
    parts = {word[at : at + 3]: word for word in words for at in range(len(word) - 2)}
    parts |= {word: word for word in words}
    chinese = {part: word for part, word in parts.items() if re.fullmatch(r"[\u3400-\u9fff]+", part)}
    found = []
    for name, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            held = sorted(part for part in chinese if part in line)
            if held:
                found.append(f"{name}:{number}: {', '.join(f'{part} ({chinese[part]})' for part in held)}")
    return found


def _texts() -> dict[str, str]:
    """The text of every module and of every file of words."""
    words = sorted((ROOT / "engine" / "messages" / "words").glob("*.json"))
    assert words
    found = {f"engine.{module.name}".rstrip("."): module.text for module in MODULES.values()}
    return found | {path.name: path.read_text(encoding="utf-8") for path in words}


# The rooms as they are ------------------------------------------------------------


def test_the_modules_were_found():
    assert len(MODULES) > 40
    assert {"", "expression", "algebras.exact", "tables.csv", "messages.numbers"} <= set(MODULES)


def test_each_room_imports_what_the_table_says():
    assert wrong_imports(MODULES) == []


def test_no_rooms_need_each_other_in_a_circle():
    assert circles(ROOMS) == []


def test_the_map_of_the_package_names_every_room():
    told = {line.split()[0] for line in (engine.__doc__ or "").splitlines() if re.match(r" {4}\w+ {2,}\S", line)}
    assert told == {room.partition(".")[0] for room in ROOMS} - {"engine"}


def test_the_fold_and_the_language_import_no_algebra():
    for room in ("expression", "policy", "fold", "source", "messages"):
        assert not [name for name in ROOMS[room].split() if name.startswith("algebras")]


def test_each_module_imports_only_its_packages():
    assert wrong_packages(EVERY) == []


def test_modules_are_loaded_by_name_in_two_places_only():
    assert loads_by_name(EVERY) == []


def test_no_float_decides():
    assert floats(MODULES.values()) == []


def test_nothing_catches_everything_but_the_command_line():
    assert caught_all(MODULES.values()) == []
    assert len(caught_all([CLI])) == 1


def test_the_command_line_uses_only_what_is_public():
    assert wrong_packages([CLI]) == []
    assert beside_the_public(CLI) == []


def test_every_module_begins_with_a_sentence():
    assert unfinished_docstrings(EVERY) == []


def test_everything_public_says_what_it_is():
    assert without_docstring(EVERY) == []


def test_no_module_has_a_name_that_says_nothing():
    assert nameless(MODULES) == []


def test_the_files_that_docstrings_name_exist():
    assert missing_files(EVERY, ROOT) == []


def test_the_engine_holds_no_word_of_a_scheme():
    words = words_of_schemes(ROOT / "policies")
    assert {"家庭年收入", "意外救助封顶", "医疗救助", "深度困难职工", "应建档", "省总工会", "损失按总额"} <= words
    assert words_found(_texts(), words) == []


# Each check finds its fault ------------------------------------------------------------


def planted(tmp_path: Path, name: str, fault: str, *, where: str = "end") -> dict[str, Module]:
    """The modules of the package, with the module `name` as read from a copy of it that has a fault."""
    is_added = name in MODULES and where == "end"
    text = f"{MODULES[name].text}\n\n{fault}\n" if is_added else fault
    return {**MODULES, **copied(tmp_path, {name: text})}


def copied(folder: Path, texts: Mapping[str, str]) -> dict[str, Module]:
    """The modules as read from files in `folder` that hold `texts`, by name."""
    for name, text in texts.items():
        path = _path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return modules_in(folder)


def _path(folder: Path, name: str) -> Path:
    parts = name.split(".") if name else []
    is_package = any(other.startswith(f"{name}.") for other in MODULES) or not name or name == "algebras"
    return folder.joinpath(*parts, "__init__.py") if is_package else folder.joinpath(*parts).with_suffix(".py")


def only_new(check: Callable[[Iterable[Module]], list[str]], modules: Mapping[str, Module]) -> list[str]:
    """What `check` finds in the modules that are not as in the engine, and does not find there."""
    changed = [module for name, module in modules.items() if MODULES.get(name) != module]
    as_it_is = [MODULES[module.name] for module in changed if module.name in MODULES]
    return sorted(set(check(changed)) - set(check(as_it_is)))


def test_a_copy_without_a_fault_is_the_same(tmp_path: Path):
    assert copied(tmp_path, {name: module.text for name, module in MODULES.items()}) == MODULES


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("import engine.batch", "imports engine.batch"),
        ("from engine.algebras.exact import Exact", "imports engine.algebras.exact"),
        ("from engine import batch", "imports engine.batch"),
        ("from engine import decide", "imports engine"),
        ("def late() -> None:\n    from engine.tables import csv\n    print(csv)", "imports engine.tables.csv"),
        ("if TYPE_CHECKING:\n    from engine.tables.csv import Target", "imports engine.tables.csv"),
        ("from . import units", "a relative import of ."),
        ("from .units import kinds_of", "a relative import of .units"),
        ("from engine.nowhere import something", "imports engine.nowhere"),
    ],
)
def test_an_import_that_the_table_does_not_have_is_found(fault: str, told: str, tmp_path: Path):
    found = sorted(set(wrong_imports(planted(tmp_path, "fold", fault))) - set(wrong_imports(MODULES)))
    assert len(found) == 1
    assert re.fullmatch(rf"fold:\d+: {re.escape(told)}\.?", found[0])


def test_a_room_that_the_table_does_not_have_is_found(tmp_path: Path):
    found = wrong_imports(planted(tmp_path, "cellar", '"""The cellar."""\n'))
    assert "cellar:1: a room that the table does not have" in found


def test_a_room_that_is_gone_and_an_import_in_vain_are_found():
    without = {name: module for name, module in MODULES.items() if name != "page"}
    assert "page: a room of the table that is gone" in wrong_imports(without)
    quiet = {**MODULES, "page": Module("page", '"""A page."""\n')}
    assert "page: may import policy in vain" in wrong_imports(quiet)


def test_a_circle_of_rooms_is_found():
    assert circles({**ROOMS, "source": "messages expression"}) != []
    assert set(circles({"a": "b", "b": "c", "c": "a", "d": ""})) == {"a", "b", "c"}


@pytest.mark.parametrize("fault", ["import numpy", "from polars import col", "import yaml.nodes", "import click"])
def test_a_package_that_is_not_the_modules_is_found(fault: str, tmp_path: Path):
    found = only_new(wrong_packages, planted(tmp_path, "policy", fault))
    assert len(found) == 1 and found[0].startswith("policy:")


@pytest.mark.parametrize("fault", ["import_module('yaml')", "__import__('yaml')", "eval('1')", "exec('import yaml')"])
def test_a_module_loaded_by_name_is_found(fault: str, tmp_path: Path):
    assert len(only_new(loads_by_name, planted(tmp_path, "policy", fault))) == 1


@pytest.mark.parametrize(
    ("fault", "is_found"),
    [
        ("share = float(1)", True),
        ("def half(value: float) -> None: ...", True),
        ("share = float(1)  # noqa: F821", True),
        ("share = float(1)  # type: ignore[call-arg]", True),
        ("share = float(1)  # a plot needs one", False),
        ("share = 'float'", False),
        ("floating = 1", False),
    ],
)
def test_a_float_without_a_reason_is_found(fault: str, is_found: bool, tmp_path: Path):
    assert len(only_new(floats, planted(tmp_path, "fold", fault))) == is_found


@pytest.mark.parametrize(
    ("caught", "is_found"),
    [
        ("except:", True),
        ("except Exception:", True),
        ("except BaseException as error:", True),
        ("except (ValueError, Exception):", True),
        ("except (KeyError, OSError) as error:", False),
        ("except (ValueError, KeyError):", False),
    ],
)
def test_an_except_that_catches_everything_is_found(caught: str, is_found: bool, tmp_path: Path):
    fault = f"try:\n    pass\n{caught}\n    pass"
    assert len(only_new(caught_all, planted(tmp_path, "fold", fault))) == is_found
    again = f"try:\n    pass\n{caught}\n    raise"
    assert only_new(caught_all, planted(tmp_path, "fold", again)) == []


def test_a_suppression_of_everything_is_found(tmp_path: Path):
    fault = "from contextlib import suppress\n\nwith suppress(Exception):\n    pass"
    assert len(only_new(caught_all, planted(tmp_path, "fold", fault))) == 1


@pytest.mark.parametrize(
    "fault",
    ["engine.kinds_of", "from engine.units import kinds_of", "import engine.units", "from engine import kinds_of"],
)
def test_what_the_command_line_takes_beside_the_public_is_found(fault: str):
    known = beside_the_public(CLI)
    assert len(set(beside_the_public(Module("cli", f"{CLI.text}\n{fault}\n"))) - set(known)) >= 1
    assert beside_the_public(Module("cli", f"{CLI.text}\nengine.load\nfrom engine import say\n")) == known


@pytest.mark.parametrize("docstring", ["", '"""The fold"""', '"""The fold,\n\nin order."""', "'The fold:'"])
def test_a_module_that_begins_with_no_sentence_is_found(docstring: str, tmp_path: Path):
    found = only_new(unfinished_docstrings, planted(tmp_path, "fold", f"{docstring}\n", where="instead"))
    assert len(found) == 1 and found[0].startswith("fold:1:")


@pytest.mark.parametrize(
    ("fault", "is_found"),
    [
        ("def open_door(): ...", True),
        ("async def open_door(): ...", True),
        ("class Door: ...", True),
        ('class Door:\n    """A door."""\n    def open(self): ...', True),
        ('@cli.command(help="Opens the door.")\ndef door(): ...', False),
        ('class Door(Algebra):\n    """A door."""\n    def number(self, value): ...', False),
        ('def open_door():\n    """The door is open."""', False),
        ("def _open_door(): ...", False),
    ],
)
def test_a_public_name_that_says_nothing_is_found(fault: str, is_found: bool, tmp_path: Path):
    assert len(only_new(without_docstring, planted(tmp_path, "fold", fault))) == is_found


def test_a_name_that_says_nothing_is_found():
    named = ("tables.utils", "helpers", "common.words", "misc", "page_utils", "data")
    assert nameless(named) == list(named)
    assert nameless(("tables.csv", "commons", "dataset")) == []


@pytest.mark.parametrize(
    ("named", "is_found"),
    [
        ("engine/cellar.py", True),
        ("aids.yaml", True),
        ("policies/2023/*.toml", True),
        ("schemas/rules.schema.json", False),
        ("rules.yaml", False),
        ("policies/2023/*.yaml", False),
        ("./pyproject.toml", False),
    ],
)
def test_a_file_that_is_named_and_not_there_is_found(named: str, is_found: bool, tmp_path: Path):
    fault = f'def open_door() -> None:\n    """The door of `{named}`."""'
    modules = planted(tmp_path, "fold", fault)
    assert len(only_new(partial(missing_files, root=ROOT), modules)) == is_found


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("name = '医疗救助'", True),
        ("# 家庭年收入", True),
        ("x = '刚性支出·医疗救'", True),
        ("'已建档'", True),
        ("'救助'", False),
        ("'合计'", False),
        ("'people'", False),
    ],
)
def test_a_word_of_a_scheme_is_found(text: str, is_found: bool):
    words = {"医疗救助", "家庭年收入", "已建档", "people"}
    assert len(words_found({"fold": f"\n{text}\n"}, words)) == is_found


def test_the_words_of_every_policy_are_collected(tmp_path: Path):
    folder = tmp_path / "2031"
    folder.mkdir()
    text = "categories:\n  甲类:\n    aids:\n      乙项:\n        gates:\n          丙门:\n            need: 丁\n"
    (folder / "rules.yaml").write_text(f"{text}approvals:\n  戊会:\n    when: 己\n", encoding="utf-8")
    (folder / "facts.yaml").write_text("facts:\n  庚:\n    kind: text\n", encoding="utf-8")
    (folder / "cases.yaml").write_text("cases:\n  辛:\n    facts:\n      壬: 1\n", encoding="utf-8")
    assert words_of_schemes(tmp_path) == {"甲类", "乙项", "丙门", "戊会", "庚"}
