"""The two languages of the messages: nothing untranslated, nothing left over, the same gaps, and who is spoken to how."""

import ast
import gettext
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from engine.messages import say
from engine.source import Place, Problem, read_text

ROOT = Path(__file__).parent.parent
CATALOGUES = ROOT / "engine" / "messages" / "catalogues"
CHINESE = CATALOGUES / "zh_CN" / "LC_MESSAGES" / "bangfu.po"
COMPILED = CHINESE.with_suffix(".mo")
WORDS = ROOT / "engine" / "messages" / "words"
WHAT_TO_DO = f"Run `make messages`, write the Chinese in {CHINESE.relative_to(ROOT)}, and run `make messages` again."


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every sentence of the code, with its places: the extraction of `make messages`, with lines."""
    template = tmp_path_factory.mktemp("messages") / "bangfu.pot"
    extract = ["-q", "extract", "-F", "babel.cfg", "-k", "say", "-o", str(template), "."]
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", *extract], cwd=ROOT, check=True)
    with template.open("rb") as stream:
        found = read_po(stream)
    assert len(found) > 500
    return found


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    with CHINESE.open("rb") as stream:
        found = read_po(stream, locale="zh_CN")
    assert len(found) > 500
    return found


def english(message: Message) -> tuple[str, ...]:
    """The one English sentence of a message, or its singular and its plural."""
    return tuple(message.id) if isinstance(message.id, (tuple, list)) else (message.id,)


def translations(message: Message) -> tuple[str, ...]:
    """The Chinese sentences of a message: none where it has no translation."""
    found = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return tuple(text for text in found if text)


def sentences(catalogue: Catalog) -> Iterator[Message]:
    """The messages of a catalogue without its header."""
    return (message for message in catalogue if message.id)


def gaps(text: str) -> set[str]:
    """The gaps of a sentence as they are written: `{name}`, `{name!r}`, `%(name)s`."""
    fields = Formatter().parse(text)
    braces = {f"{name}!{conversion}" if conversion else name for _, name, _, conversion in fields if name is not None}
    return braces | set(re.findall(r"%\(\w+\)s", text))


def listed(problems: list[str]) -> str:
    return "\n".join(["", *problems, WHAT_TO_DO])


# Every sentence has its Chinese


def test_every_sentence_has_a_translation(said: Catalog, chinese: Catalog) -> None:
    missing = []
    for message in sentences(said):
        found = chinese.get(message.id)
        if found is None or not translations(found):
            places = ", ".join(f"{file}:{line}" for file, line in message.locations)
            missing.append(f"{places}: no Chinese for “{english(message)[0]}”")
    assert not missing, listed(missing)


def test_no_translation_is_left_over(said: Catalog, chinese: Catalog) -> None:
    stale = [
        f"{CHINESE.name}:{message.lineno}: nothing says “{english(message)[0]}” any more"
        for message in sentences(chinese)
        if said.get(message.id) is None
    ]
    stale += [
        f"{CHINESE.name}: an obsolete entry (#~) “{english(message)[0]}”" for message in chinese.obsolete.values()
    ]
    assert not stale, listed(stale)


def test_no_translation_is_a_guess(chinese: Catalog) -> None:
    guesses = [
        f"{CHINESE.name}:{message.lineno}: correct the guess for “{english(message)[0]}” and remove “fuzzy”"
        for message in sentences(chinese)
        if message.fuzzy
    ]
    assert not chinese.fuzzy
    assert not guesses, listed(guesses)


def test_source_and_translation_have_the_same_gaps(chinese: Catalog) -> None:
    different = [
        f"{CHINESE.name}:{message.lineno}: {sorted(gaps(english(message)[-1]))} in “{english(message)[-1]}”, "
        f"{sorted(gaps(text))} in “{text}”"
        for message in sentences(chinese)
        for text in translations(message)
        if gaps(text) != gaps(english(message)[-1])
    ]
    assert not different, listed(different)


def test_a_translation_ends_as_its_sentence_does(chinese: Catalog) -> None:
    """Sentences are joined without blanks in Chinese: one that ends in “.” must end in “。”, and no other."""
    different = [
        f"{CHINESE.name}:{message.lineno}: “{english(message)[-1]}” and “{text}” end differently"
        for message in sentences(chinese)
        for text in translations(message)
        for stop, its_chinese in ((".", "。"), ("?", "？"))
        if english(message)[-1].rstrip(")").endswith(stop) != text.endswith(its_chinese)
    ]
    assert not different, listed(different)


def test_the_compiled_catalogue_holds_what_the_written_one_says(chinese: Catalog) -> None:
    with COMPILED.open("rb") as stream:
        compiled = {english(message): translations(message) for message in sentences(read_mo(stream))}
    written = {
        english(message): translations(message)
        for message in sentences(chinese)
        if translations(message) and not message.fuzzy
    }
    different = [key for key in {**written, **compiled} if written.get(key) != compiled.get(key)]
    assert not different, f"{COMPILED.name} differs from {CHINESE.name} in {different}. Run `make messages`."


def test_every_sentence_is_written_out_where_it_is_said(said: Catalog) -> None:
    """What is put together at run time (`say(template)`, `say(f"…")`, `say(a if b else c)`) no extraction would find."""
    for path in (*sorted((ROOT / "engine").rglob("*.py")), ROOT / "cli.py"):
        file = path.relative_to(ROOT).as_posix()
        if not file.startswith("engine/explanation/"):
            for call in _calls_of_say(ast.parse(path.read_text(encoding="utf-8"))):
                sentence = call.args[0] if call.args else None
                assert isinstance(sentence, ast.Constant), (
                    f"{file}:{call.lineno}: write the sentence itself: {WHAT_TO_DO}"
                )
                assert said.get(str(sentence.value)) is not None, f"{file}:{call.lineno}: not found by babel.cfg"


def _calls_of_say(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call of `say` and `x.say`, but for those inside a function of that name, which hands its template on."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.FunctionDef) and node.name == "say"):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "say":
                yield node
            yield from _calls_of_say(node)


def test_the_explanation_says_words_and_no_sentences_of_the_catalogue() -> None:
    """babel.cfg passes it over: its `say` takes keys of engine/messages/words."""
    found = sorted((ROOT / "engine" / "explanation").rglob("*.py"))
    assert found
    for path in found:
        imported = [
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module == "engine.messages"
            for alias in node.names
        ]
        assert "say" not in imported, f"{path.name} imports say: take it out of [ignore] in babel.cfg"


# The words of a policy's language


def test_both_languages_have_the_same_words_with_the_same_gaps() -> None:
    texts = {name: json.loads((WORDS / f"{name}.json").read_text(encoding="utf-8"))["words"] for name in ("en", "zh")}
    assert sorted(set(texts["en"]) ^ set(texts["zh"])) == [], "these words are in one language only"
    different = [key for key in texts["en"] if gaps(texts["en"][key]) != gaps(texts["zh"][key])]
    assert different == []


# What a problem reads like


def test_a_problem_reads_in_chinese_without_blanks_between_its_sentences() -> None:
    _, problems = read_text("家庭人口: 3\n家庭人口: 4\n", "facts.yaml")
    assert [problem.text("zh_CN") for problem in problems] == [
        "facts.yaml:2:1: “家庭人口”在此处重复出现。它已写在第1行。请保留其中一个。"
    ]


def test_a_warning_reads_in_chinese_with_lists_and_messages_inside() -> None:
    problem = Problem(
        Place("rules.yaml", 31, 14),
        say("{role} is {kind}.", role=say("the test of a category"), kind=say("a number in {unit}", unit="元/年")),
        say("The keys here are {keys}.", keys=("clause", "quote", "because")),
        say("Did you mean “{close}”?", close="clause"),
        is_warning=True,
    )
    assert problem.text("zh_CN") == (
        "rules.yaml:31:14: 提醒：类别的认定条件是以元/年为单位的数。此处可写的项有：clause、quote、because。是不是要写“clause”？"
    )


# The command line


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line, run where only `environment` says anything of a language."""
    kept = {name: value for name, value in os.environ.items() if name not in ("LANG", "LANGUAGE")}
    kept = {name: value for name, value in kept.items() if not name.startswith("LC_")}
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**kept, **environment, "COLUMNS": "100"}, capture_output=True, encoding="utf-8"
    )


COMMANDS = ((), ("check",), ("evaluate",), ("explain",), ("test",), ("show",), ("template",))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "bangfu")
def test_help_reads_in_chinese(command: tuple[str, ...], said: Catalog) -> None:
    shown = run("--lang", "zh_CN", *command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith("用法:")
    assert "\n选项:\n" in shown.stdout
    ours = [message for message in sentences(said) if any(file == "cli.py" for file, _ in message.locations)]
    joined = "".join(shown.stdout.split())
    for message in ours:
        for sentence in re.split(r"\n\n|(?<=\.) ", english(message)[0]):
            if sentence.endswith("."):
                assert "".join(sentence.split()) not in joined


def test_the_help_of_the_whole_lists_its_commands_in_chinese() -> None:
    shown = run("--lang", "zh_CN", "--help").stdout
    assert "困难职工帮扶：年度方案写成数据，判定精确，理由清楚。" in shown
    assert "\n命令:\n  check     检查政策：列出全部问题，以及空档和重叠的日期。\n" in shown
    assert "退出码：0 完成；1 输入有问题；2 用法有误；3 bangfu 本身出错。" in shown
    assert "-h, --help         显示本帮助后退出。" in shown


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_list_of_commands_cuts_no_sentence_short(language: str) -> None:
    shown = run("--lang", language, "--help").stdout
    assert "\n  template  " in shown
    assert "..." not in shown.replace("[ARGS]...", "")


@pytest.mark.parametrize("command", [name for (name,) in COMMANDS[1:]] + ["diff", "due", "impact", "new-year"])
def test_every_command_has_an_example(command: str) -> None:
    shown = run("--lang", "en", command, "--help").stdout
    assert re.search(rf"\n  Examples?:\s+bangfu\s+{command}\b", shown)


def test_the_help_says_where_the_names_of_questions_are_listed() -> None:
    shown = " ".join(run("--lang", "en", "evaluate", "--help").stdout.split())
    assert "bangfu check YEAR and bangfu show YEAR list their names" in shown


def test_the_help_of_a_command_holds_no_english_sentence_at_all() -> None:
    shown = run("--lang", "zh_CN", "check", "--help").stdout
    assert "显示本帮助后退出。" in shown
    assert re.findall(r"[A-Za-z]+(?: [a-z]+)+\.", shown) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["explain"], "错误：缺少参数 'INPUT'."),
        (["evaluate", "a.csv", "--foot", "1"], "错误：没有选项 '--foot'。"),
        (["evaluate", "a.csv", "b.csv"], "错误：多出了参数（b.csv）"),
        (["evaluate", "a.csv", "--year"], "错误：选项 '--year' 后面要写1个值。"),
        (["explain", "a.csv", "--row", "五"], "错误：'--row' 的值无效：'五' 不是有效的数（integer）。"),
        (["evaluate", "a.csv", "--today", "昨天"], "错误：'--today' 的值无效：'昨天' 不符合格式 '%Y-%m-%d'。"),
        (["解释"], "错误：没有命令 '解释'。"),
    ],
)
def test_wrong_usage_is_told_in_chinese(arguments: list[str], told: str) -> None:
    """Sentences of click, word for word; one that a new click says otherwise belongs in catalogues/click.txt."""
    ended = run("--lang", "zh_CN", *arguments)
    assert ended.returncode == 2
    assert told in ended.stderr


def test_what_click_says_is_found_in_the_catalogue() -> None:
    """The list in catalogues/click.txt speaks of the click installed: its commonest sentences are all there."""
    with COMPILED.open("rb") as stream:
        found = gettext.GNUTranslations(stream)
    assert found.gettext("Try '{command} {option}' for help.") == "请用“{command} {option}”查看帮助。"
    assert found.ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 2) == (
        "{value!r} 不是可选的值，可选的值有：{choices}。"
    )


# Who is spoken to in which language

IN_ENGLISH = "no-such.csv: There is no such file. Check the name and the folder.\n"
IN_CHINESE = "no-such.csv: 没有这个文件。请核对文件名和所在文件夹。\n"


@pytest.mark.parametrize(
    ("asked", "environment", "told"),
    [
        (["--lang", "en"], {"LANG": "zh_CN.UTF-8"}, IN_ENGLISH),
        (["--lang", "zh_CN"], {"LC_ALL": "en_US.UTF-8"}, IN_CHINESE),
        ([], {"LC_ALL": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "zh_CN.UTF-8"}, IN_ENGLISH),
        ([], {"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, IN_CHINESE),
        ([], {"LANG": "en_US.UTF-8"}, IN_ENGLISH),
        ([], {"LANG": "zh_CN.UTF-8"}, IN_CHINESE),
        ([], {"LANG": "C.UTF-8"}, IN_CHINESE),
        ([], {}, IN_CHINESE),
    ],
    ids=["asked-en", "asked-zh", "LC_ALL", "LC_MESSAGES", "LANG-en", "LANG-zh", "C-policy-zh", "none-policy-zh"],
)
def test_the_language_is_the_one_asked_for_else_the_locales_else_the_policys(
    asked: list[str], environment: dict[str, str], told: str
) -> None:
    ended = run(*asked, "evaluate", "no-such.csv", "--year", "2023", **environment)
    assert ended.returncode == 1
    assert ended.stderr.endswith(told)


def test_a_policy_in_english_speaks_english_where_no_locale_is_set(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("language: en\n", encoding="utf-8")
    ended = run("check", str(tmp_path))
    assert "The file is missing. A policy has policy.yaml, facts.yaml, rules.yaml." in ended.stderr
