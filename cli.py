"""The command line: one click command for each public function of `engine`; it parses, calls and prints.

Exit codes: 0 done; 1 problems in the input; 2 wrong usage; 3 our own fault.
"""

from __future__ import annotations

import datetime
import gc
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from gettext import bindtextdomain, gettext, textdomain
from pathlib import Path
from typing import Any, NoReturn

import click

import engine

_MOST_ROWS = 50


def _(text: str) -> str:
    """`text` marked for translation; it is translated when it is shown."""
    return text


class _Spoken:
    """Help in the language of the run: texts are translated when they are shown."""

    def translated(self) -> None:
        command: Any = self
        for name in ("help", "epilog", "short_help"):
            text = getattr(command, name)
            if text:
                setattr(command, name, gettext(text))
        for parameter in command.params:
            if getattr(parameter, "help", None):
                parameter.help = gettext(parameter.help)

    def get_help(self, context: click.Context) -> str:
        self.translated()
        for parameter in self.get_params(context):  # type: ignore[attr-defined]  # the mixed-in class has it
            if getattr(parameter, "help", None):  # --help itself is made before --lang is read
                parameter.help = gettext(parameter.help)
        return super().get_help(context)  # type: ignore[misc,no-any-return]  # the mixed-in class has it

    def get_short_help_str(self, limit: int = 45) -> str:
        self.translated()
        return super().get_short_help_str(limit)  # type: ignore[misc,no-any-return]  # the mixed-in class has it


class _Command(_Spoken, click.Command):
    pass


class _Group(_Spoken, click.Group):
    command_class = _Command


def _speak(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Settle the language of problems and help, before anything is shown."""
    _settle(value)
    return value


def _settle(asked: str | None) -> None:
    """Make click and gettext speak the language asked for, or the locale's."""
    language = engine.choose_language(asked)
    os.environ["LANGUAGE"] = language
    bindtextdomain("bangfu", engine.catalogues())
    textdomain("bangfu")


class _Run:
    """What the options of the whole command say."""

    def __init__(self, asked: str | None) -> None:
        self.asked = asked
        self.language = engine.choose_language(asked)

    def policy_speaks(self, language: str) -> None:
        """Without --lang and without a locale, speak the policy's language."""
        self.language = engine.choose_language(self.asked, language)

    def say(self, template: str, **values: object) -> str:
        return engine.say(template, **values).text(self.language)

    def tell(self, problems: Sequence[engine.Problem]) -> None:
        """Print each problem with its line and a caret."""
        for problem in problems:
            click.echo(problem.text(self.language, with_line=True), err=True)

    def fail(self, problems: Sequence[engine.Problem]) -> NoReturn:
        """Print the problems and end with 1."""
        self.tell(problems)
        sys.exit(1)


_POLICIES = click.option(
    "--policies",
    type=click.Path(path_type=Path),
    help=_("The folder that holds a folder for each year. Default: ./policies, else the installed one."),
)
_YEAR = click.option("--year", help=_("The year whose policy decides. Needed where there are several."))
_ON = click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help=_("A day instead of a year: the policy in force on that day decides."),
)
_QUESTIONS = click.option(
    "--question",
    "questions",
    multiple=True,
    help=_(
        "Take the other reading of this open question; bangfu check YEAR and bangfu show YEAR list their names. May be given several times."
    ),
)
_FORMAT = click.option(
    "--format",
    "format_",
    help=_("csv, jsonl, parquet, xlsx or yaml. Default: by the ending of the file; csv for a pipe."),
)
_OUTPUT_FORMAT = click.option(
    "--output-format",
    type=click.Choice(["csv", "jsonl", "parquet", "xlsx"]),
    help=_(
        "The format of a result on standard output (-o -). Default: that of the input, csv where it is none of these."
    ),
)
_ENCODING = click.option(
    "--encoding", help=_("The encoding of a CSV file: utf-8 or gb18030. Default: what its header shows.")
)
_TODAY = click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help=_("The day that a blank reference date means. Default: today.")
)
_PERSONS = click.option(
    "--persons",
    "persons",
    metavar="GROUP=FILE",
    multiple=True,
    help=_(
        "The table of the persons of a group, joined to the households by a column that both have. May be given several times. A sheet called like the group needs no option."
    ),
)
_ALGEBRA = click.option(
    "--algebra",
    type=click.Choice(["columns", "exact"]),
    help=_(
        "How tables are decided: by whole columns, or exact, row by row; the result is the same. Default: columns, where polars is installed."
    ),
)
_INPUT = click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=_(
        "Aid for workers in hardship: a year's scheme as data, decided exactly, with reasons.\n\nCheck a policy, evaluate households, explain a decision.\n\nExit codes: 0 done; 1 problems in the input; 2 wrong usage; 3 a fault of bangfu itself."
    ),
    epilog=_(
        "Begin with: bangfu check, then: bangfu evaluate households.csv --year 2023. Every command has examples: bangfu evaluate --help"
    ),
)
@click.option(
    "--lang",
    type=click.Choice(["en", "zh_CN"]),
    callback=_speak,
    is_eager=True,
    help=_("The language of problems and help. Default: the locale's, else the policy's own."),
)
@click.version_option(engine.__version__, "--version", prog_name="bangfu", help=_("Show the version."))
@click.pass_context
def cli(context: click.Context, lang: str | None) -> None:
    context.obj = _Run(lang)


def _policies(run: _Run, policies: Path | None) -> Path:
    """The folder of all years; problems are told in the language of the latest where no other was asked for."""
    try:
        found = engine.find_policies(policies)
    except engine.PolicyError as error:
        run.fail(error.problems)
    known = engine.years(found)
    run.policy_speaks(engine.language_of(found / known[-1]) if known else "")
    return found


def _folders(run: _Run, policies: Path | None, asked: Sequence[str]) -> list[Path]:
    """The folder of each year asked for, or of every year there is."""
    found = _policies(run, policies)
    try:
        return [engine.find_year(found, year) for year in (asked or engine.years(found))]
    except engine.PolicyError as error:
        run.fail(error.problems)


def _use(run: _Run, folder: Path) -> None:
    """Say which folder is used, in its policy's language where no other was asked for."""
    run.policy_speaks(engine.language_of(folder))
    click.echo(run.say("Policy folder: {folder}", folder=folder), err=True)


def _folder(run: _Run, policies: Path | None, year: str | None, on: datetime.datetime | None = None) -> Path:
    """The folder of the year asked for, of the policy in force on the day asked for, or of the only one."""
    if on is not None:
        return _folder_on(run, policies, year, on.date())
    folders = _folders(run, policies, () if year is None else (year,))
    if len(folders) != 1:
        names = tuple(folder.name for folder in folders) or "—"
        raise click.UsageError(run.say("Say which year, or a day with --on. There are: {years}.", years=names))
    _use(run, folders[0])
    for stretch in engine.read_timeline(folders[0].parent).instead_of(folders[0]):
        click.echo(
            run.say(
                "{since}–{until} “{name}” is in force instead; choose the policy by a day with --on.",
                since=stretch.since,
                until=stretch.until,
                name=stretch.version.name,
            ),
            err=True,
        )
    return folders[0]


def _folder_on(run: _Run, policies: Path | None, year: str | None, day: datetime.date) -> Path:
    """The folder of the policy in force on `day`."""
    if year is not None:
        raise click.UsageError(run.say("Say either a year or a day with --on."))
    try:
        folder = engine.read_timeline(_policies(run, policies)).on(day).folder
    except engine.PolicyError as error:
        run.fail(error.problems)
    _use(run, folder)
    return folder


def _policy(
    run: _Run,
    policies: Path | None,
    year: str | None,
    questions: Sequence[str],
    on: datetime.datetime | None = None,
) -> engine.Policy:
    folder = _folder(run, policies, year, on)
    try:
        return engine.load_cached(folder, questions)
    except engine.PolicyError as error:
        run.fail(error.problems)


@cli.command(
    short_help=_("Check policies: every problem, and the days they leave out or share."),
    help=_(
        "Check policies: every problem of a folder, of a year, or of all years, and the days that they leave out or share.\n\nFOLDER_OR_YEAR is a policy's folder or a year; without it, every year is checked. A year that extends another is told which figures nobody has confirmed for it."
    ),
    epilog=_("Examples: bangfu check · bangfu check 2023 · bangfu check policies/2024"),
)
@click.argument("folder_or_year", required=False)
@_POLICIES
@click.pass_obj
def check(run: _Run, folder_or_year: str | None, policies: Path | None) -> None:
    failed = False
    asked = () if folder_or_year is None else (folder_or_year,)
    is_folder = folder_or_year is not None and Path(folder_or_year).is_dir()
    for folder in [Path(folder_or_year or "")] if is_folder else _folders(run, policies, asked):
        _use(run, folder)
        policy, problems = engine.examine(folder)
        if policy is not None:
            problems += engine.check_questions(folder)
        run.tell(problems)
        errors = sum(not problem.is_warning for problem in problems)
        failed = failed or errors > 0
        click.echo(
            run.say(
                "{folder}: {errors} problems, {warnings} warnings.",
                folder=folder,
                errors=errors,
                warnings=len(problems) - errors,
            )
        )
        if policy is not None and not errors:
            click.echo(
                run.say(
                    "{policy} (fingerprint {fingerprint}) can be used; {questions} questions are open: {names}.",
                    policy=policy.label,
                    fingerprint=policy.fingerprint,
                    questions=len(policy.questions),
                    names=tuple(question.name for question in policy.questions) or "—",
                )
            )
        if asked:
            failed = _tell_days(run, engine.days_of(folder)) or failed
    if not asked:
        failed = _check_timeline(run, policies) or failed
    sys.exit(1 if failed else 0)


def _check_timeline(run: _Run, policies: Path | None) -> bool:
    """Whether the versions by date have a problem; says which is in force when."""
    timeline = engine.read_timeline(_policies(run, policies))
    failed = _tell_days(run, timeline.problems)
    if len(timeline.versions) > 1:
        click.echo(f"{timeline.folder}: {timeline.said().text(run.language)}")
    return failed


def _tell_days(run: _Run, problems: Sequence[engine.Problem]) -> bool:
    run.tell(problems)
    return any(not problem.is_warning for problem in problems)


def _files_of_persons(run: _Run, asked: Sequence[str]) -> dict[str, Path]:
    """The file of each group that --persons names."""
    found: dict[str, Path] = {}
    for text in asked:
        group, sign, path = (part.strip() for part in text.partition("="))
        if not (group and sign and path):
            raise click.UsageError(run.say("Write --persons GROUP=FILE, not “{text}”.", text=text))
        if group in found:
            raise click.UsageError(run.say("--persons names “{group}” twice.", group=group))
        found[group] = Path(path)
    return found


@cli.command(
    short_help=_("Decide every household of a file."),
    help=_(
        "Decide every household of INPUT (CSV, XLSX, JSONL, Parquet, - for standard input, or one household in YAML).\n\nThe policy is that of --year, that in force on a day (--on), or for each row the one in force on its reference date (--by-date). With -o the result keeps every column and adds the decision; bad rows go to a file of rejects with the reason. Without -o a table and a summary are shown. Ends with 1 where a row was set aside."
    ),
    epilog=_(
        "Examples: bangfu evaluate households.csv --year 2023 · bangfu evaluate households.xlsx --year 2023 -o result.xlsx --rejects rejects.xlsx · bangfu evaluate households.csv --on 2023-08-15 · bangfu evaluate households.csv --by-date -o result.csv"
    ),
)
@_INPUT
@_PERSONS
@_YEAR
@_ON
@click.option("--by-date", is_flag=True, help=_("For each row the policy in force on its reference date decides."))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    help=_("The file for the result; its ending says the format. - is standard output."),
)
@click.option(
    "--rejects",
    type=click.Path(path_type=Path),
    help=_("The file for bad rows. Default: beside the output, named .rejects."),
)
@_QUESTIONS
@_FORMAT
@_OUTPUT_FORMAT
@_ENCODING
@_ALGEBRA
@_TODAY
@_POLICIES
@click.pass_obj
def evaluate(
    run: _Run,
    source: Path,
    persons: Sequence[str],
    year: str | None,
    on: datetime.datetime | None,
    by_date: bool,
    output: Path | None,
    rejects: Path | None,
    questions: Sequence[str],
    format_: str | None,
    output_format: str | None,
    encoding: str | None,
    algebra: str | None,
    today: datetime.datetime | None,
    policies: Path | None,
) -> None:
    files = _files_of_persons(run, persons)
    if output_format is not None and str(output) != _PIPE:
        raise click.UsageError(
            run.say("--output-format is for standard output (-o -): the ending of a file says its own.")
        )
    if by_date and (year is not None or on is not None):
        raise click.UsageError(run.say("With --by-date the rows say the day: leave --year and --on out."))
    if by_date and persons:
        raise click.UsageError(run.say("A table of persons cannot be split by date: leave --by-date or --persons out."))
    if by_date:
        with _piped(source, output, format_, output_format) as (path, target):
            failed = _evaluate_by_date(
                run, path, target, target is not output, rejects, questions, format_, encoding, algebra, today, policies
            )
        sys.exit(1 if failed else 0)
    policy = _policy(run, policies, year, questions, on)
    try:
        with _piped(source, output, format_, output_format) as (path, target), _Bar(path) as bar:
            summary = engine.evaluate(
                policy,
                path,
                target,
                persons=files,
                rejects=rejects,
                today=today.date() if today else None,
                format=format_,
                encoding=encoding,
                algebra=algebra,
                progress=bar.move,
                first=0 if output is not None else _MOST_ROWS,
                language=run.language,
            )
    except (engine.PolicyError, engine.TableError, engine.HouseholdError) as error:
        run.fail(error.problems)
    rows = [(f"{number}", decision) for number, decision in summary.first]
    if rows:
        click.echo(_table(run, policy, rows))
        if summary.decided > len(rows):
            click.echo(run.say("… and {more} more rows; write them with -o.", more=summary.decided - len(rows)))
    run.tell(summary.problems)
    is_piped = output is not None and str(output) == _PIPE
    if is_piped and rejects is None:
        summary.rejects = ""
    click.echo(_summary(run, policy, replace(summary, output="", manifest="") if is_piped else summary), err=is_piped)
    if is_piped and rejects is None and summary.rejected:
        click.echo(run.say("The rejected rows were written nowhere: name a file with --rejects."), err=True)
    sys.exit(1 if summary.rejected or summary.strays else 0)


_PIPE = "-"


@contextmanager
def _piped(
    source: Path, output: Path | None, format_: str | None, output_format: str | None
) -> Iterator[tuple[Path, Path | None]]:
    """Files instead of pipes: a table is read twice, and a result appears whole or not at all.

    What comes from a pipe is kept in a file for as long; what goes to a pipe goes there at the end.
    """
    pipes = [path for path in (source, output) if path is not None and str(path) == _PIPE]
    if not pipes:
        yield source, output
        return
    ending = format_ if format_ in ("csv", "jsonl", "parquet", "xlsx") else "csv"
    with tempfile.TemporaryDirectory(prefix="bangfu-") as folder:
        path, target = source, output
        if str(source) == _PIPE:
            path = Path(folder) / f"stdin.{ending}"
            with path.open("wb") as stream:
                shutil.copyfileobj(sys.stdin.buffer, stream)
        if output is not None and str(output) == _PIPE:
            target = Path(folder) / f"stdout.{output_format or ending}"
        yield path, target
        if output is not None and target is not None and target != output:
            _send(target)


def _send(path: Path) -> None:
    """Write the file to standard output; whoever has closed the other end wants no more of it."""
    try:
        with path.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _evaluate_by_date(
    run: _Run,
    source: Path,
    output: Path | None,
    is_piped: bool,
    rejects: Path | None,
    questions: Sequence[str],
    format_: str | None,
    encoding: str | None,
    algebra: str | None,
    today: datetime.datetime | None,
    policies: Path | None,
) -> bool:
    """Whether a row was set aside; what is told goes beside a result on standard output."""
    try:
        with _Bar(source) as bar:
            result = engine.evaluate_by_date(
                _policies(run, policies),
                source,
                output,
                rejects=rejects,
                questions=questions,
                today=today.date() if today else None,
                format=format_,
                encoding=encoding,
                algebra=algebra,
                progress=bar.move,
                first=0 if output is not None else _MOST_ROWS,
                language=run.language,
            )
    except (engine.PolicyError, engine.TableError, engine.HouseholdError) as error:
        run.fail(error.problems)
    for part in result.parts:
        click.echo(f"{part.version.folder}", err=is_piped)
        if rows := [(f"{number}", decision) for number, decision in part.summary.first]:
            click.echo(_table(run, part.policy, rows), err=is_piped)
        run.tell(part.summary.problems)
        click.echo(_summary(run, part.policy, part.summary) + "\n", err=is_piped)
    run.tell(result.problems)
    told = replace(result, output="", manifest="") if is_piped else result
    click.echo(_summary_by_date(run, told), err=is_piped)
    return result.rejected > 0


def _summary_by_date(run: _Run, result: engine.ByDate) -> str:
    """What a run by date came to in all."""
    lines = [
        run.say(
            "In all {read} rows: {decided} decided, {rejected} set aside, {astray} of them given to no policy",
            read=result.read,
            decided=result.decided,
            rejected=result.rejected,
            astray=result.astray,
        )
    ]
    if result.output:
        lines.append(run.say("Result: {file}", file=result.output))
    if result.rejects and result.rejected:
        lines.append(run.say("Rejects: {file}", file=result.rejects))
    if result.manifest:
        lines.append(run.say("Manifest: {file}", file=result.manifest))
    return "\n".join(lines)


class _Bar:
    """A progress bar on long runs, with the rate and the time left: only on a terminal, and only after a second."""

    def __init__(self, source: Path) -> None:
        self.bar: Any = None
        self.label = source.name
        self.counts_bytes = source.suffix.lower() in (".csv", ".jsonl")
        self.begun = datetime.datetime.now()
        self.is_shown = sys.stderr.isatty()

    def __enter__(self) -> _Bar:
        return self

    def move(self, done: int, total: int) -> None:
        if not self.is_shown:
            return
        passed = datetime.datetime.now() - self.begun
        if self.bar is None and passed > datetime.timedelta(seconds=1):
            self.bar = click.progressbar(length=total, label=self.label, file=sys.stderr)
            self.bar.__enter__()
        if self.bar is not None:
            if self.counts_bytes:
                tenths = done * 10 // (passed // datetime.timedelta(microseconds=1))
                self.bar.label = f"{self.label} {tenths // 10}.{tenths % 10} MB/s"
            self.bar.update(done - self.bar.pos)

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.__exit__(*error)


def _table(run: _Run, policy: engine.Policy, rows: Sequence[tuple[str, engine.Decision]]) -> str:
    """The decisions as a table of aligned columns: the results, without reasons and ranges."""
    parts = ("category", "conclusion", "aid", "total", "payable", "approval", "other")
    columns = [output.heading for part in parts for output in policy.outputs if output.part == part]
    lines = [[run.say("Row"), *columns]]
    lines += [
        [number, *(engine.shown(policy, dict(decision.outputs)[column], column) for column in columns)]
        for number, decision in rows
    ]
    widths = [max(engine.width(line[index]) for line in lines) for index in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell + " " * (size - engine.width(cell)) for cell, size in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _summary(run: _Run, policy: engine.Policy, summary: engine.Summary) -> str:
    """What a run came to, line by line."""

    def counted(counts: dict[str, int], label: Callable[[str], str] = lambda name: name or "—") -> str:
        return "  ".join(f"{label(name)} {count}" for name, count in sorted(counts.items()))

    lines = [
        "",
        run.say(
            "{policy}, fingerprint {fingerprint}, algebra {algebra}",
            policy=summary.policy,
            fingerprint=summary.fingerprint,
            algebra=summary.algebra,
        )
        + (run.say(", encoding {encoding}", encoding=summary.encoding) if summary.encoding else ""),
        *([f"  {summary.because.text(run.language)}"] if summary.because is not None else []),
        run.say(
            "{read} rows: {decided} decided, {rejected} set aside",
            read=summary.read,
            decided=summary.decided,
            rejected=summary.rejected,
        ),
        *_persons_read(run, summary),
        *([run.say("Columns that no fact uses: {names}", names=summary.unused)] if summary.unused else []),
    ]
    if policy.categories and summary.decided:
        aids = "  ".join(
            f"{name} {count} ({engine.shown(policy, summary.money[name], name)})"
            for name, count in summary.aids.items()
        )
        total, payable = (policy.output(part) for part in ("total", "payable"))
        sums = ((total, summary.total), (payable, summary.payable))
        lines += [
            f"{_heading(policy, 'category')}: {counted(summary.categories)}",
            f"{_heading(policy, 'conclusion')}: {counted(summary.conclusions)}",
            run.say("Aids: {aids}", aids=aids or "—"),
            f"{_heading(policy, 'approval')}: {counted(summary.approvals)}",
            "  ".join(f"{out.heading}: {engine.shown(policy, value, out.heading)}" for out, value in sums if out),
        ]
    if summary.output:
        lines.append(run.say("Result: {file}", file=summary.output))
    if summary.rejects and summary.rejected:
        lines.append(run.say("Rejects: {file}", file=summary.rejects))
    if summary.manifest:
        lines.append(run.say("Manifest: {file}", file=summary.manifest))
    for group, file in summary.rejected_persons.items():
        lines.append(run.say("Rejects of {group}: {file}", group=group, file=file))
    return "\n".join(lines)


def _persons_read(run: _Run, summary: engine.Summary) -> list[str]:
    """The persons that tables of their own brought, and the groups that nobody brought."""
    lines = [
        run.say(
            "{group}: {read} persons, {strays} of them without a household",
            group=group,
            read=read,
            strays=summary.strays[group],
        )
        for group, read in summary.persons.items()
    ]
    return lines + [
        run.say("{group}: no persons were given, so every household has none", group=group)
        for group in summary.not_given
    ]


def _heading(policy: engine.Policy, part: str) -> str:
    output = policy.output(part)
    return output.heading if output else part


@cli.command(
    short_help=_("Make a result again, and say whether it is the same."),
    help=_(
        "Make RESULT again from the manifest beside it, and say whether it is the same.\n\nThe policy is found by its fingerprint, among the years or in what was recorded of one; the input is decided again as it was then. Under the same version of bangfu every byte has to be the same, under another every decision. Ends with 1 where it is not, or the input or the result was changed."
    ),
    epilog=_(
        "Examples: bangfu verify result.csv · bangfu verify archive/result.csv --input archive/households.csv --policies archive/policies"
    ),
)
@click.argument("result", type=click.Path(path_type=Path))
@click.option(
    "--input",
    "source",
    type=click.Path(path_type=Path),
    help=_("Where the input stands today. Default: where it was, else beside the result."),
)
@_PERSONS
@_POLICIES
@click.pass_obj
def verify(run: _Run, result: Path, source: Path | None, persons: Sequence[str], policies: Path | None) -> None:
    files = _files_of_persons(run, persons)
    folder = _policies(run, policies)
    try:
        with _Bar(result) as bar:
            found = engine.verify(result, folder, source=source, persons=files, progress=bar.move)
    except (engine.PolicyError, engine.TableError, engine.HouseholdError) as error:
        run.fail(error.problems)
    run.tell(found.problems)
    click.echo(found.text(run.language))
    sys.exit(0 if found.has_passed else 1)


@cli.command(
    short_help=_("Explain the decision for one household, step by step."),
    help=_(
        "Explain the decision for one household of INPUT: every step with its numbers, its margin and its clause.\n\nWithout --row and --id, the first household is explained."
    ),
    epilog=_(
        "Examples: bangfu explain household.yaml --year 2023 · bangfu explain households.csv --year 2023 --row 5 · bangfu explain households.csv --id 990101198503070017 --json · bangfu explain household.yaml --on 2023-08-15"
    ),
)
@_INPUT
@_PERSONS
@_YEAR
@_ON
@click.option("--row", type=int, help=_("The row, as the file's program counts it: the headings are row 1."))
@click.option("--id", "id_", help=_("The ID number of the household."))
@click.option("--json", "as_json", is_flag=True, help=_("As JSON, with exact numbers."))
@_QUESTIONS
@_FORMAT
@_ENCODING
@_TODAY
@_POLICIES
@click.pass_obj
def explain(
    run: _Run,
    source: Path,
    persons: Sequence[str],
    year: str | None,
    on: datetime.datetime | None,
    row: int | None,
    id_: str | None,
    as_json: bool,
    questions: Sequence[str],
    format_: str | None,
    encoding: str | None,
    today: datetime.datetime | None,
    policies: Path | None,
) -> None:
    if row is not None and id_ is not None:
        raise click.UsageError(run.say("Give either --row or --id."))
    files = _files_of_persons(run, persons)
    policy = _policy(run, policies, year, questions, on)
    try:
        explanation = engine.explain_row(
            policy,
            source,
            persons=files,
            row=row,
            id=id_,
            today=today.date() if today else None,
            format=format_,
            encoding=encoding,
        )
    except (engine.TableError, engine.HouseholdError) as error:
        run.fail(error.problems)
    click.echo(explanation.json() if as_json else explanation.text(), nl=False)


@cli.command(
    short_help=_("Run the worked cases of the policies."),
    help=_(
        "Run the worked cases of each YEAR (without one: of every year), and show what differs and the first step that does.\n\nThe exit code is 1 where a case differs, and also where a year has no cases: what nobody has worked out has not been tested.\n\nWith --coverage also what the cases reach of the policy: rules, branches, bounds (below, on, above), clauses and questions, and a list of what no case reaches."
    ),
    epilog=_(
        "Examples: bangfu test · bangfu test 2023 · bangfu test --on 2023-08-15 · bangfu test 2023 --coverage · bangfu test 2023 --coverage --json"
    ),
)
@click.argument("years", nargs=-1)
@click.option("--coverage", "covers", is_flag=True, help=_("Show what the cases reach, and what they do not."))
@click.option("--json", "as_json", is_flag=True, help=_("The coverage as JSON: a list with an entry for each year."))
@_ON
@_POLICIES
@click.pass_obj
def test(
    run: _Run,
    years: Sequence[str],
    covers: bool,
    as_json: bool,
    on: datetime.datetime | None,
    policies: Path | None,
) -> None:
    if as_json and not covers:
        raise click.UsageError(run.say("--json is for --coverage."))
    if on is not None:
        folders = [_folder(run, policies, years[0] if years else None, on)]
    else:
        folders = _folders(run, policies, years)
    failed = False
    found: list[engine.Coverage] = []
    for folder in folders:
        if on is None:
            _use(run, folder)
        failed = not _test_year(run, folder, is_quiet=as_json) or failed
        if covers:
            found += _covered(run, folder)
    if as_json:
        click.echo(json.dumps([coverage.content() for coverage in found], ensure_ascii=False, indent=2))
    else:
        click.echo("".join(f"\n{coverage.text(run.language)}" for coverage in found), nl=False)
    sys.exit(1 if failed else 0)


def _covered(run: _Run, folder: Path) -> list[engine.Coverage]:
    """What the cases of a year reach; nothing where its policy or its cases have problems, which are told already."""
    try:
        return [engine.cover(folder)]
    except engine.PolicyError:
        return []


def _test_year(run: _Run, folder: Path, *, is_quiet: bool = False) -> bool:
    try:
        results = engine.run_cases(folder)
    except engine.PolicyError as error:
        run.tell(error.problems)
        return False
    if not results:
        click.echo(
            run.say(
                "{file}: There is no worked case, so nothing was tested. Work out some households by hand from the text, and write each here with its clause, the reasoning and what is expected.",
                file=folder / "cases.yaml",
            ),
            err=True,
        )
        return False
    for result in results:
        run.tell(result.problems)
        if result.step:
            click.echo(run.say("    first step that differs: {step}", step=result.step), err=True)
    passed = sum(result.has_passed for result in results)
    click.echo(
        run.say("{folder}: {passed} of {all} cases as expected.", folder=folder, passed=passed, all=len(results)),
        err=is_quiet,
    )
    return passed == len(results)


@cli.command(
    help=_(
        "Record what a year decides.\n\nThe worked cases of YEAR, and a population of households made up for its policy, many of them on its lines and just beside. The baseline stands in the year's folder (baseline.json and baseline.jsonl.gz) and belongs into version control; bangfu regress holds every later engine against it. Recorded households are kept when a year is recorded again."
    ),
    epilog=_("Examples: bangfu record 2023 · bangfu record 2024 --count 5000 --seed 7"),
)
@click.argument("year")
@click.option(
    "--count", type=click.IntRange(1), help=_("The number of households. Default: those recorded, else 20,000.")
)
@click.option("--seed", type=click.IntRange(0), help=_("Another seed makes up other households. Default: 1."))
@_POLICIES
@click.pass_obj
def record(run: _Run, year: str, count: int | None, seed: int | None, policies: Path | None) -> None:
    folder = _folder(run, policies, year)
    try:
        with _Bar(folder) as bar:
            done = engine.record(folder, count=count, seed=seed, progress=bar.move)
    except (engine.PolicyError, engine.TableError) as error:
        run.fail(error.problems)
    click.echo(
        run.say(
            "{folder}: {cases} cases and {households} households recorded, decided by the algebra {algebra}.",
            folder=folder,
            cases=done.cases,
            households=done.households,
            algebra=done.algebra,
        )
    )
    if done.because is not None:
        click.echo(run.say("Row by row, because {reason}.", reason=done.because))
    if not done.is_new_population:
        click.echo(run.say("The households are those recorded before."))
    if not done.is_changed:
        click.echo(run.say("Nothing is new: the files stay as they were."))


@cli.command(
    help=_(
        "Show what has moved since it was recorded.\n\nWhat was recorded of each YEAR (without one: of every recorded year) is decided again, and each decision that has moved is shown with the first step that differs. It says whether the engine moved it or the policy, and which cases are otherwise than they were recorded. Ends with 1 where anything is."
    ),
    epilog=_("Examples: bangfu regress · bangfu regress 2023 · bangfu regress 2023 --exact"),
)
@click.argument("years", nargs=-1)
@click.option("--exact", is_flag=True, help=_("Decide every household row by row as well, not only one of ten. Slow."))
@_POLICIES
@click.pass_obj
def regress(run: _Run, years: Sequence[str], exact: bool, policies: Path | None) -> None:
    passed: list[bool] = []
    for folder in _folders(run, policies, years):
        _use(run, folder)
        try:
            found = engine.regress(folder, exact=exact)
            if found is None and years:
                raise engine.not_recorded(folder)
        except engine.PolicyError as error:
            run.tell(error.problems)
            passed.append(False)
            continue
        if found is None:
            click.echo(run.say("{folder}: not recorded.", folder=folder))
        else:
            passed.append(found.has_passed)
            _tell_regression(run, folder, found)
    if not passed:
        click.echo(run.say("No year has been recorded. Run: bangfu record YEAR"), err=True)
    sys.exit(0 if passed and all(passed) else 1)


def _tell_regression(run: _Run, folder: Path, found: engine.Regression) -> None:
    if not found.has_passed:
        click.echo(found.text(run.language))
    click.echo(
        run.say(
            "{folder}: {cases} cases and {decided} households decided again ({exact} of them row by row); {moved} decisions moved.",
            folder=folder,
            cases=len(found.baseline.cases),
            decided=found.decided,
            exact=found.decided_exact,
            moved=found.moved,
        )
    )
    if found.because is not None:
        click.echo(run.say("Row by row, because {reason}.", reason=found.because))
    if found.has_passed:
        return
    click.echo(
        run.say("Where all of this is meant, record the year again: bangfu record {year}", year=folder.name), err=True
    )


@cli.command(
    short_help=_("Show a policy as a page to read beside the text."),
    help=_(
        "Show the policy of YEAR as a page to read beside the text, with the line that last said each thing; with --core the rules that it comes to; with --flat its full copy, which extends nothing."
    ),
    epilog=_(
        "Examples: bangfu show 2023 · bangfu show 2023 --core · bangfu show --on 2023-08-15 · bangfu show 2024 --flat -o policies/2024-full"
    ),
)
@click.argument("year", required=False)
@_ON
@click.option("--core", is_flag=True, help=_("The ordered list of named expressions, one a line."))
@click.option("--flat", is_flag=True, help=_("The files of a folder that says everything itself."))
@click.option("-o", "--output", type=click.Path(path_type=Path), help=_("The new folder for the files of --flat."))
@_QUESTIONS
@_POLICIES
@click.pass_obj
def show(
    run: _Run,
    year: str | None,
    on: datetime.datetime | None,
    core: bool,
    flat: bool,
    output: Path | None,
    questions: Sequence[str],
    policies: Path | None,
) -> None:
    if flat and (core or questions):
        raise click.UsageError(run.say("--flat writes the policy as it is: leave --core and --question out."))
    if output is not None and not flat:
        raise click.UsageError(run.say("-o is for --flat."))
    if flat:
        _show_flat(run, _folder(run, policies, year, on), output)
    else:
        click.echo(engine.page_of(_policy(run, policies, year, questions, on), core=core), nl=False)


def _show_flat(run: _Run, folder: Path, output: Path | None) -> None:
    """Print the files of the full copy one below the other, or write them."""
    try:
        if output is not None:
            engine.write_flat(folder, output)
            click.echo(run.say("Written: {file}", file=output))
            return
        files = engine.flat_files(folder)
    except engine.PolicyError as error:
        run.fail(error.problems)
    click.echo("\n".join(f"# {name}\n{text}" for name, text in files.items()), nl=False)


@cli.command(
    "new-year",
    short_help=_("Begin the policy of a year that extends the year before."),
    help=_(
        "Begin the policy of YEAR: a folder that extends the year before, changes nothing yet but title, year and days, and lists every figure as a comment.\n\nThen it says what has to be confirmed, as bangfu due does. A folder that is there is left as it is."
    ),
    epilog=_("Examples: bangfu new-year 2024 --from 2023 · bangfu new-year 2024 --from 2023-07 --policies policies"),
)
@click.argument("year")
@click.option("--from", "base", required=True, help=_("The year that it extends: the name of its folder."))
@_POLICIES
@click.pass_obj
def new_year(run: _Run, year: str, base: str, policies: Path | None) -> None:
    try:
        folder = engine.new_year(_policies(run, policies), year, base)
    except engine.PolicyError as error:
        run.fail(error.problems)
    _use(run, folder)
    click.echo(run.say("Written: {file}", file=folder))
    _tell_due(run, folder)


@cli.command(
    short_help=_("Show what is still open in a year."),
    help=_(
        "Show what is still open in YEAR: figures that it neither states nor has confirmed, tables without a row of the year or with a last row that ends in it, and open questions."
    ),
    epilog=_("Examples: bangfu due 2024 · bangfu due --on 2024-08-15"),
)
@click.argument("year", required=False)
@_ON
@_POLICIES
@click.pass_obj
def due(run: _Run, year: str | None, on: datetime.datetime | None, policies: Path | None) -> None:
    _tell_due(run, _folder(run, policies, year, on))


def _both(run: _Run, policies: Path | None, *asked: str) -> list[Path]:
    """The two folders asked for, each a folder or a year."""
    found = [Path(one) if Path(one).is_dir() else _folders(run, policies, (one,))[0] for one in asked]
    for folder in dict.fromkeys(found):
        _use(run, folder)
    return found


@cli.command(
    short_help=_("Show what changed from one policy to another."),
    help=_(
        "Show what changed from OLD to NEW, each a year or a policy's folder: figures, tables, rules, categories, aids and all else, with clause and line, and the outputs that each change can reach.\n\nAnother layout, or another order of what is added or joined, is no change. A change that reaches no output is a warning."
    ),
    epilog=_("Examples: bangfu diff 2023 2024 · bangfu diff 2023 2024 --json · bangfu diff policies/2023 drafts/2024"),
)
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help=_("As JSON."))
@click.option("--html", "page", type=click.Path(path_type=Path), help=_("The file for a page to hand on."))
@_POLICIES
@click.pass_obj
def diff(run: _Run, old: str, new: str, as_json: bool, page: Path | None, policies: Path | None) -> None:
    first, second = _both(run, policies, old, new)
    try:
        comparison = engine.diff(first, second)
        if page is not None:
            engine.write_diff_page(comparison, page, language=run.language)
    except (engine.PolicyError, engine.TableError) as error:
        run.fail(error.problems)
    click.echo(comparison.json() if as_json else comparison.text(), nl=False)
    run.tell(comparison.problems)
    if page is not None:
        click.echo(run.say("Written: {file}", file=page), err=as_json)


@cli.command(
    help=_(
        "Show which edits of the policy of YEAR its worked cases do not see.\n\nOne thing after another is edited: each figure moved by its smallest unit, each comparison, condition, rounding, order, cap and floor. An edit that the check refuses, or that is shown to change nothing, is told apart. For each survivor a household that tells it is sought, and written as a case to be worked by hand. Ends with 1 where one survives."
    ),
    epilog=_("Examples: bangfu mutate 2023 · bangfu mutate 2023 --sample 40 · bangfu mutate 2023 --json"),
)
@click.argument("year")
@click.option(
    "--sample", type=click.IntRange(min=1), help=_("Try only so many edits, evenly from the first to the last.")
)
@click.option(
    "--households",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    help=_("So many households are made up for survivors."),
)
@click.option(
    "--processes", type=click.IntRange(min=1), default=os.cpu_count() or 1, help=_("So many edits are tried at once.")
)
@click.option("--json", "as_json", is_flag=True, help=_("As JSON, every edit with what came of it."))
@_POLICIES
@click.pass_obj
def mutate(
    run: _Run,
    year: str,
    sample: int | None,
    households: int,
    processes: int,
    as_json: bool,
    policies: Path | None,
) -> None:
    folder = _folder(run, policies, year)
    try:
        if not all(result.has_passed for result in engine.run_cases(folder)):
            click.echo(run.say("Cases differ already: make them right first (bangfu test)."), err=True)
            sys.exit(1)
        with _Bar(folder) as bar:
            mutation = engine.mutate(
                folder, sample=sample, households=households, processes=processes, progress=bar.move
            )
    except engine.PolicyError as error:
        run.fail(error.problems)
    except ModuleNotFoundError:
        click.echo(run.say('This needs the package polars. Run: pip install "bangfu[batch]"'), err=True)
        sys.exit(1)
    click.echo(mutation.json() if as_json else mutation.text(run.language), nl=False)
    sys.exit(1 if mutation.survivors else 0)


def _tell_due(run: _Run, folder: Path) -> None:
    """Print each thing that is open in the policy in `folder`, and how many there are."""
    try:
        found = engine.due(folder)
    except engine.PolicyError as error:
        run.fail(error.problems)
    for problem in found:
        click.echo(problem.text(run.language))
    click.echo(run.say("{folder}: {count} things are open.", folder=folder, count=len(found)))


@cli.command(
    short_help=_("Show what a change of policy does to the households of a table."),
    help=_(
        "Show what the change from OLD to NEW, each a year or a policy's folder, does to HOUSEHOLDS: each household is decided under both.\n\nThe money in all, by category, aid, level of approval and by the fact named with --by; who enters, leaves and changes category; winners and losers; and for each kind of change one household with the figure that caused it. What-ifs (--set, --question, --overlay) are laid over NEW; with one of them NEW may be left out, and is then OLD. Ends with 1 where a row was set aside."
    ),
    epilog=_(
        "Examples: bangfu impact households.csv 2023 2024 --by 县区 · bangfu impact households.csv 2023 --set 生活救助最高月数=10 · bangfu impact households.csv 2023 2024 --html impact.html --csv tables -o households-2024.csv"
    ),
)
@click.argument("source", metavar="HOUSEHOLDS", type=click.Path(path_type=Path))
@click.argument("old")
@click.argument("new", required=False)
@click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    help=_("Another value for a figure of NEW, as in YAML. May be given several times."),
)
@_QUESTIONS
@click.option(
    "--overlay",
    "overlays",
    type=click.Path(path_type=Path),
    multiple=True,
    help=_("A file with the keys of a policy's files, laid over NEW. May be given several times."),
)
@click.option("--by", metavar="FACT", help=_("Group the households by the values of this fact, such as the district."))
@click.option(
    "--measure", metavar="OUTPUT", help=_("The amount that tells winners from losers. Default: what is paid.")
)
@click.option("--json", "as_json", is_flag=True, help=_("As JSON."))
@click.option(
    "--csv", "folder", type=click.Path(path_type=Path), help=_("The new folder for a CSV file of each table.")
)
@click.option("--html", "page", type=click.Path(path_type=Path), help=_("The file for a page to hand on."))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help=_("The file for every household with what changes for it; its ending says the format."),
)
@_PERSONS
@_FORMAT
@_ENCODING
@_ALGEBRA
@_TODAY
@_POLICIES
@click.pass_obj
def impact(
    run: _Run,
    source: Path,
    old: str,
    new: str | None,
    settings: Sequence[str],
    questions: Sequence[str],
    overlays: Sequence[Path],
    by: str | None,
    measure: str | None,
    as_json: bool,
    folder: Path | None,
    page: Path | None,
    output: Path | None,
    persons: Sequence[str],
    format_: str | None,
    encoding: str | None,
    algebra: str | None,
    today: datetime.datetime | None,
    policies: Path | None,
) -> None:
    if new is None and not (settings or questions or overlays):
        raise click.UsageError(run.say("Say which policy is the new one, or a what-if: --set, --question, --overlay."))
    targets = [path.resolve() for path in (folder, page, output) if path is not None]
    if len({*targets, source.resolve()}) <= len(targets):
        raise click.UsageError(run.say("Give each file that is to be written a name of its own."))
    files = _files_of_persons(run, persons)
    first, second = _both(run, policies, old, old if new is None else new)
    day = today.date() if today else datetime.date.today()
    try:
        before = engine.read_variant(first)
        after = engine.read_variant(second, overlays=overlays, questions=questions, settings=settings)
        with _Bar(source) as bar:
            found = engine.impact(
                before,
                after,
                engine.Households(source, day, files, format_, encoding, algebra),
                by=by,
                measure=measure,
                target=output,
                language=run.language,
                progress=bar.move,
            )
    except (engine.PolicyError, engine.TableError, engine.HouseholdError) as error:
        run.fail(error.problems)
    run.tell((*after.doubts, *found.comparison.problems, *found.aside.problems))
    if found.because is not None:
        click.echo(run.say("Decided row by row: {because}.", because=found.because), err=True)
    click.echo(found.json() if as_json else found.text(), nl=False)
    if found.ungrouped:
        told = run.say("Not grouped: --by shows each value of a fact by itself ({facts}).", facts=found.ungrouped)
        click.echo(told, err=True)
    result = () if output is None else (output, found.manifest)
    for file in (*_hand_on(run, found, folder, page), *result):
        click.echo(run.say("Written: {file}", file=file), err=as_json)
    sys.exit(1 if found.aside.counts or any(found.strays.values()) else 0)


def _hand_on(run: _Run, found: engine.Impact, folder: Path | None, page: Path | None) -> list[Path]:
    """Write a report's tables into `folder` and its page into `page`, where they are asked for; what was written."""
    written: list[Path] = []
    try:
        if folder is not None:
            written += found.write_csv(folder)
        if page is not None:
            engine.write_impact_page(found, page)
            written.append(page)
    except engine.TableError as error:
        run.fail(error.problems)
    return written


@cli.command(
    short_help=_("Write the input sheet of a year (.xlsx)."),
    help=_(
        "Write the input sheet of YEAR: a column for each fact with its unit and meaning, drop-downs and number checks."
    ),
    epilog=_("Example: bangfu template 2023 -o sheet.xlsx"),
)
@click.argument("year")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help=_("The workbook to write (.xlsx).")
)
@_POLICIES
@click.pass_obj
def template(run: _Run, year: str, output: Path, policies: Path | None) -> None:
    policy = _policy(run, policies, year, ())
    try:
        engine.create_template(policy, output)
    except engine.TableError as error:
        run.fail(error.problems)
    except ModuleNotFoundError:
        click.echo(run.say('The input sheet needs the package openpyxl. Run: pip install "bangfu[excel]"'), err=True)
        sys.exit(1)
    click.echo(run.say("Written: {file}", file=output))


_NEW_OBJECTS = 100_000
"""So many new objects before Python looks for circles among them: a policy is many, and none of them is one."""
_POOLS = ("_RJEM_MALLOC_CONF", "narenas:2")
"""What tells polars' allocator to keep two pools of memory, as many as blocks are worked on at once, instead of four for each
processor. Measured: 50 MiB less."""


def main() -> None:
    """Run the command line; a fault of our own says so, and ends with 3."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: what would be said is said to nobody
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # open as long as the run
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    _settle(None)
    gc.set_threshold(_NEW_OBJECTS)
    os.environ.setdefault(*_POOLS)
    try:
        cli()
    except OSError as error:
        if not _is_of_showing(error):
            _own_fault()
        reason = error.strerror or str(error)
        with suppress(OSError):  # where it is the standard error that takes nothing, nobody can be told
            click.echo(gettext("What was to be shown cannot be written: {reason}.").format(reason=reason), err=True)
        sys.exit(1)
    except Exception:  # noqa: BLE001  # the outermost handler: everything that is not a problem of the input is our fault
        _own_fault()


def _is_of_showing(error: OSError) -> bool:
    """Whether the standard output or the standard error would not take what was to be shown."""
    code = click.echo.__code__
    return any(step.f_code is code for step, _ in traceback.walk_tb(error.__traceback__))


def _own_fault() -> NoReturn:
    """Show the error that is being handled, and say that it is ours."""
    traceback.print_exc()
    click.echo(
        gettext("This is a fault of bangfu itself, not of your files. Please send us the lines above and the file."),
        err=True,
    )
    sys.exit(3)


if __name__ == "__main__":
    main()
