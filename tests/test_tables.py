"""Tables read and written: nothing guessed, nothing lost without a word, a file whole or not at all."""

from __future__ import annotations

import datetime
import errno
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from engine.tables import Cell, Record, TableError, create_target, open_source
from engine.tables.texts import is_formula, letter
from engine.tables.whole import whole

ROOT = Path(__file__).parent.parent
ENDINGS = ("csv", "jsonl", "xlsx")


def _file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _records(path: Path, **options: Any) -> list[Record]:
    return list(open_source(path, **options).records())


def _cells(path: Path, **options: Any) -> list[tuple[Cell, ...]]:
    records = _records(path, **options)
    assert [record.problem for record in records] == [None] * len(records)
    return [record.cells for record in records]


def _told(path: Path) -> list[str]:
    """`row: problem` of every record, `row` alone of those without."""
    return [f"{row.number}: {row.problem.text()}" if row.problem else str(row.number) for row in _records(path)]


def _refusal(path: Path, **options: Any) -> str:
    with pytest.raises(TableError) as caught:
        list(open_source(path, **options).records())
    return str(caught.value).replace(f"{path.parent}/", "")


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[Cell]], **options: Any) -> None:
    with create_target(path, header, **options) as target:
        for row in rows:
            target.write(row)


def _new_workbook() -> Any:
    return openpyxl.Workbook()


def _loaded(path: Path) -> Any:
    return openpyxl.load_workbook(path)


def _workbook(path: Path, *rows: Sequence[object], title: str = "Sheet1") -> Path:
    workbook = _new_workbook()
    sheet = workbook.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    workbook.save(path)
    return path


def _with_sheet_xml(path: Path, old: str, new: str) -> Path:
    """The workbook with `old` replaced in the XML of its first sheet."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry: archive.read(entry) for entry in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert old.encode() in parts[sheet]
    parts[sheet] = parts[sheet].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Spares the wait for the disk, which is most of the time of these tests; what would have been synced."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    return synced


# The contract


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_is_read_again(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    _write(path, ["姓名", "收入"], [["张三", '12,5 "x"\ny'], ["李四", "00123"]])
    assert open_source(path).header == ("姓名", "收入")
    assert _cells(path) == [("张三", '12,5 "x"\ny'), ("李四", "00123")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_source_is_read_again_from_its_first_record(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    _write(path, ["a"], [["1"], ["2"]])
    source = open_source(path)
    assert list(source.records()) == list(source.records())
    assert (source.name, source.format) == (str(path), ending)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_position_ends_at_the_total(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    _write(path, ["a"], [["1"], ["2"]])
    source = open_source(path)
    begun = source.position()
    list(source.records())
    assert begun[0] == 0
    assert source.position() == (begun[1], begun[1])
    assert begun[1] == (3 if ending == "xlsx" else path.stat().st_size)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_row_of_another_length_is_a_mistake_of_the_caller(tmp_path: Path, ending: str) -> None:
    with pytest.raises(ValueError, match="2 cells for 1 headings"):
        _write(tmp_path / f"t.{ending}", ["a"], [["1", "2"]])
    assert os.listdir(tmp_path) == []


def test_an_unknown_ending_says_the_known_ones(tmp_path: Path) -> None:
    assert _refusal(_file(tmp_path, "t.txt", "a\n")) == (
        "t.txt: A .txt file cannot be read here. These formats can be read: csv, jsonl, parquet, xlsx, yaml, yml. "
        "Give the file one of these endings, or name its format."
    )
    with pytest.raises(TableError) as caught:
        _write(Path("t.xls"), ["a"], [])
    assert str(caught.value) == (
        "t.xls: A .xls file cannot be written here. These formats can be written: csv, jsonl, parquet, xlsx. "
        "Give the file one of these endings, or name its format."
    )


@pytest.mark.parametrize("ending", ["xls", "xlsm", "xlsb", "et", "ods", "numbers"])
def test_other_spreadsheets_are_to_be_saved_as_xlsx(tmp_path: Path, ending: str) -> None:
    assert _refusal(_file(tmp_path, f"t.{ending}", "a")).endswith("Open it in its program and save it as .xlsx.")


def test_a_file_without_an_ending_needs_its_format_named(tmp_path: Path) -> None:
    path = _file(tmp_path, "t", "a\n1\n")
    assert _refusal(path).startswith("t: The file's name has no ending that says what its format is.")
    assert _cells(path, format="csv") == [("1",)]


def test_upper_case_endings_are_known(tmp_path: Path) -> None:
    assert _cells(_file(tmp_path, "T.CSV", "a\n1\n")) == [("1",)]


def test_a_file_that_is_not_there_a_folder_and_a_device_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "null.csv").symlink_to("/dev/null")
    assert _refusal(tmp_path / "no.csv") == "no.csv: There is no such file. Check the name and the folder."
    assert _refusal(tmp_path / "folder.csv") == ("folder.csv: This is a folder. Name the file that holds the table.")
    assert _refusal(tmp_path / "null.csv") == (
        "null.csv: This is not an ordinary file. Name the file that holds the table."
    )


def test_formats_are_loaded_only_on_use() -> None:
    code = "import sys, engine.tables; print([m for m in sys.modules if 'openpyxl' in m or 'tables.' in m])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


@pytest.mark.parametrize("writes", [False, True])
def test_without_openpyxl_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: bool) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    monkeypatch.delitem(sys.modules, "engine.tables.xlsx", raising=False)
    with pytest.raises(TableError) as caught:
        if writes:
            _write(tmp_path / "t.xlsx", ["a"], [])
        else:
            open_source(tmp_path / "t.xlsx")
    assert str(caught.value).endswith(
        't.xlsx: xlsx files need the package openpyxl, which is not installed. Run: pip install "bangfu[excel]"'
    )


# Whole or not at all


@pytest.fixture(params=ENDINGS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A target that exists already, with other content."""
    return _file(tmp_path, f"old.{request.param}", "as it was")


def _is_unharmed(old: Path) -> bool:
    return old.read_text() == "as it was" and os.listdir(old.parent) == [old.name]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_break_leaves_the_old_file_and_nothing_else(
    old: Path, error: type[BaseException], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with pytest.raises(error), create_target(old, ["a"]) as target:
        for _ in range(1000):
            target.write(["x" * 100])
        raise error
    assert _is_unharmed(old)
    assert os.listdir(temporary) == []


def test_the_target_appears_only_at_the_end_when_it_has_reached_the_disk(old: Path, _quick_disk: list[int]) -> None:
    with create_target(old, ["a"]) as target:
        target.write(["1"])
        assert _quick_disk == []
        assert old.read_text() == "as it was"
        assert [name for name in os.listdir(old.parent) if name.startswith(f".{old.name}.{os.getpid()}-")]
    assert len(_quick_disk) == 1
    assert _cells(old) == [("1",)]
    assert os.listdir(old.parent) == [old.name]


_WRITER = """
import sys
from pathlib import Path
from engine.tables import create_target
with create_target(Path(sys.argv[1]), ["a"]) as target:
    while True:
        for _ in range(5000):
            target.write(["x" * 100])
        print("going on", flush=True)
"""


def test_kill_9_leaves_no_target_and_an_old_one_unharmed(old: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    surroundings = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("temporary"))}
    new = old.with_name(f"new{old.suffix}")
    for path in (old, new):
        command = [sys.executable, "-c", _WRITER, str(path)]
        with subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"going on\n"
            writer.send_signal(signal.SIGKILL)
    assert old.read_text() == "as it was"
    assert not new.exists()
    others = set(os.listdir(old.parent)) - {old.name}
    assert len(others) == 2
    assert all(name.startswith(".") and name.endswith(".part") for name in others)


_FILLER = """
import resource, sys
from pathlib import Path
from engine.tables import TableError, create_target
most = int(sys.argv[2])
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    with create_target(Path(sys.argv[1]), ["a"]) as target:
        for number in range(20_000):
            target.write([f"{number * 7919 % 104729}" * 9])
except TableError as error:
    print(error)
"""


def _filled(path: Path, most: int) -> str:
    command = [sys.executable, "-c", _FILLER, str(path), str(most)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    return ran.stdout.replace(f"{path.parent}/", "")


def test_a_limit_of_the_file_size_leaves_the_old_file_and_nothing_else(old: Path) -> None:
    assert _filled(old, 60_000) == (
        f"{old.name}: The file would be larger than the system allows. Nothing was left behind, and a file of this "
        "name is as it was. Ask for a higher limit, or write it in parts.\n"
    )
    assert _is_unharmed(old)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A folder with room for 100 KB; None where this user may not make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(folder)]
    try:
        is_mounted = subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        is_mounted = False
    yield folder if is_mounted else None
    if is_mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(small_disk: Path | None, tmp_path: Path, ending: str) -> None:
    old = _file(small_disk or tmp_path, f"old.{ending}", "as it was")
    told = _filled(old, 0 if small_disk else 60_000)
    reason = "The disk is full." if small_disk else "The file would be larger than the system allows."
    assert told.startswith(f"{old.name}: {reason} Nothing was left behind, and a file of this name is as it was.")
    assert old.read_text() == "as it was"
    assert [name for name in os.listdir(old.parent) if name != "disk"] == [old.name]


def test_a_target_that_is_the_source_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", "a\n1\n")
    (tmp_path / "link.csv").symlink_to(path)
    os.link(path, tmp_path / "hard.csv")
    source = open_source(path)
    for name in ("t.csv", "link.csv", "hard.csv"):
        with pytest.raises(TableError, match="written over the table that is read"):
            create_target(tmp_path / name, ["a"], like=source).__enter__()
    assert path.read_text() == "a\n1\n"


def test_folders_missing_and_targets_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "null.csv").symlink_to("/dev/null")
    told = {
        "no/t.csv": "There is no folder",
        "folder.csv": "This is a folder. Name the file that is to be written.",
        "null.csv": "This is not an ordinary file. Name the file that is to be written.",
    }
    for name, words in told.items():
        with pytest.raises(TableError) as caught:
            _write(tmp_path / name, ["a"], [])
        assert words in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["folder.csv", "null.csv"]


def test_a_read_only_target_is_refused(old: Path) -> None:
    old.chmod(0o444)
    with pytest.raises(TableError) as caught:
        _write(old, ["a"], [])
    assert str(caught.value) == (
        f"{old}: The file may not be changed: it is read-only. Name another file, or lift its protection."
    )
    assert _is_unharmed(old)


_INTRUDER = """
import os, sys
from pathlib import Path
import engine.tables.csv
from engine.tables import TableError, create_target, open_source
if os.geteuid() == 0:
    os.seteuid(65534)
for act in (lambda path: create_target(path, ["a"]).__enter__(), open_source):
    try:
        act(Path(sys.argv[1]) / ("new.csv" if act is not open_source else "secret.csv"))
    except TableError as error:
        print(error)
"""


def test_a_folder_and_a_file_without_permission_are_told() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        _file(folder, "secret.csv", "a\n1\n").chmod(0)
        folder.chmod(0o555)
        command = [sys.executable, "-c", _INTRUDER, name]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        folder.chmod(0o755)
    assert ran.stdout.replace(f"{name}/", "") == (
        "new.csv: The file may not be written here. Nothing was left behind, and a file of this name is as it was. "
        "Close it in other programs, or name a folder in which you may write.\n"
        "secret.csv: The file may not be read. Close it in other programs, or ask for the right to read it.\n"
    )


def test_a_link_is_followed_and_the_rights_of_the_old_file_are_kept(tmp_path: Path) -> None:
    real = _file(tmp_path, "real.csv", "old")
    real.chmod(0o600)
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    _write(link, ["a"], [["1"]])
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert _cells(real) == [("1",)]


def test_a_name_as_long_as_a_name_may_be_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("困" * 83 + ".csv")
    _write(path, ["a"], [["1"]])
    assert _cells(path) == [("1",)]


def test_an_error_of_the_block_itself_is_not_blamed_on_the_target(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught, whole(tmp_path / "t.csv"):
        raise OSError(errno.ENOSPC, "elsewhere")
    assert caught.value.strerror == "elsewhere"
    assert os.listdir(tmp_path) == []


# CSV: encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_is_told_by_the_mark_or_the_header(tmp_path: Path, encoding: str) -> None:
    path = _file(tmp_path, "t.csv", "姓名,备注\r\n䶮㐂𠮷,é\r\n".encode(encoding))
    source = open_source(path)
    assert source.encoding == encoding
    assert source.header == ("姓名", "备注")
    assert [record.cells for record in source.records()] == [("䶮㐂𠮷", "é")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_result_has_the_encoding_of_the_csv_that_is_read(tmp_path: Path, encoding: str) -> None:
    content = "姓名,备注\r\n张三,\r\n".encode(encoding)
    source = open_source(_file(tmp_path, "in.csv", content))
    with create_target(tmp_path / "out.csv", source.header, like=source) as target:
        for record in source.records():
            target.write(record.cells)
    assert (tmp_path / "out.csv").read_bytes() == content


def test_a_csv_result_of_another_format_or_of_none_begins_with_the_mark(tmp_path: Path) -> None:
    source = open_source(_file(tmp_path, "in.jsonl", '{"a": 1}'))
    for like in (source, None):
        with create_target(tmp_path / "out.csv", ["a"], like=like) as target:
            target.write(["1"])
        assert (tmp_path / "out.csv").read_bytes() == b"\xef\xbb\xbfa\r\n1\r\n"


def test_a_byte_that_does_not_fit_is_a_problem_of_its_record(tmp_path: Path) -> None:
    content = (
        "姓名,数\n张三,1\n".encode() + "李四,2\n".encode("gb18030") + '王五,"3\n'.encode() + b'\xff",\n' + b"x,4\n"
    )
    assert _told(_file(tmp_path, "t.csv", content)) == [
        "2",
        "3: Line 3 holds a byte that is not UTF-8 (byte 1 of the line). "
        "Save the table as CSV UTF-8, or name the encoding that it has.",
        "4: Line 5 holds a byte that is not UTF-8 (byte 1 of the line). "
        "Save the table as CSV UTF-8, or name the encoding that it has.",
        "6",
    ]
    gb = "姓名,数\n".encode("gb18030") + b"\xff,1\n" + "张三,2\n".encode("gb18030")
    assert _told(_file(tmp_path, "g.csv", gb))[0].startswith("2: Line 2 holds a byte that is not GB18030")
    assert _told(_file(tmp_path, "g.csv", gb))[1:] == ["3"]


def test_a_record_with_an_unreadable_byte_shows_its_code(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", b"a,b\n\xff,1\n")
    assert _records(path)[0].cells == ("\\xff", "1")


def test_the_encoding_that_is_named_overrides(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", b"name\n" + "张三\n".encode("gb18030"))
    assert _told(path)[0].startswith("2: Line 2 holds a byte that is not UTF-8")
    assert _cells(path, encoding="GBK") == [("张三",)]
    assert open_source(path, encoding="gb2312").encoding == "gb18030"


def test_unknown_and_contradicted_encodings_are_told(tmp_path: Path) -> None:
    assert _refusal(_file(tmp_path, "t.csv", "a\n"), encoding="latin-1") == (
        "t.csv: “latin-1” is no encoding of a table. These encodings can be read and written: UTF-8, GB18030. "
        "Name one of them, or none."
    )
    assert _refusal(_file(tmp_path, "t.csv", b"\xef\xbb\xbfa\n"), encoding="gb18030") == (
        "t.csv: The file begins with the mark of UTF-8, and was to be read as GB18030. Name UTF-8, or no encoding."
    )


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_utf_16_is_told(tmp_path: Path, ending: str) -> None:
    assert "t: The file is written in UTF-16 (“Unicode text”). UTF-8 or GB18030 is expected." in _refusal(
        _file(tmp_path, "t", "a,b\n".encode("utf-16")), format=ending
    )


def test_a_character_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    for ending, shown in {"csv": "GB18030", "jsonl": "UTF-8", "xlsx": "XLSX"}.items():
        with pytest.raises(TableError) as caught:
            options = {"encoding": "gb18030"} if ending == "csv" else {}
            _write(tmp_path / f"t.{ending}", ["a"], [["ok"], ["\ud800"]], **options)
        assert f"The character U+D800 cannot be written in {shown}." in str(caught.value)
    assert os.listdir(tmp_path) == []


# CSV: shape


def test_quoted_cells_hold_commas_quotes_and_line_ends(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", 'a,b\r\n"1,2","say ""hi"""\r\n"x\r\ny","",\r\n"",""\r\n"x\ny",z')
    assert _told(path) == [
        "2",
        "3: The record has 3 cells, the header has 2. Put a cell that holds a comma in quotes.",
        "6",
    ]
    assert [record.cells for record in _records(path)] == [("1,2", 'say "hi"'), ("x\r\ny", ""), ("x\ny", "z")]


def test_a_record_is_numbered_by_the_line_on_which_it_begins(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", '\n"a\nb",c\n\n1,"2\n3"\n\n4,5\n')
    assert open_source(path).header == ("a\nb", "c")
    assert [record.number for record in _records(path)] == [5, 8]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("a\tb", "Tabs stand between the headings."),
        ("a;b", "Semicolons (;) stand between the headings."),
        ("a，b", "Full-width commas (，) stand between the headings."),
    ],
)
def test_another_delimiter_is_named(tmp_path: Path, header: str, told: str) -> None:
    assert _refusal(_file(tmp_path, "t.csv", f"{header}\n1\n")) == (
        f"t.csv:1: {told} Commas are expected. Save the table as CSV UTF-8 (with commas)."
    )


def test_a_header_with_commas_may_hold_semicolons(tmp_path: Path) -> None:
    assert open_source(_file(tmp_path, "t.csv", "a;b,c\n")).header == ("a;b", "c")


def test_too_few_and_too_many_cells_say_both_counts(tmp_path: Path) -> None:
    assert _told(_file(tmp_path, "t.csv", "a,b\n1\n1,2,3\n1,2\n")) == [
        "2: The record has 1 cells, the header has 2. Put a cell that holds a comma in quotes.",
        "3: The record has 3 cells, the header has 2. Put a cell that holds a comma in quotes.",
        "4",
    ]


def test_blank_lines_and_wholly_blank_records_are_passed_over(tmp_path: Path) -> None:
    assert _told(_file(tmp_path, "t.csv", "a,b\n\n1,2\n  \n,\n , \n3,4\n,,,\n\n")) == ["3", "7"]


def test_headings_that_are_the_same_are_told_whatever_their_width(tmp_path: Path) -> None:
    assert _refusal(_file(tmp_path, "t.csv", "Ａ1,b,A1 ,b\n")) == (
        "t.csv:1: The heading “A1” stands twice. It stands in the columns A and C. "
        "Rename one of the two, or leave it out.\n"
        "t.csv:1: The heading “b” stands twice. It stands in the columns B and D. "
        "Rename one of the two, or leave it out."
    )


def test_a_column_without_a_heading_must_be_blank(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", "a,,b,\n1,,2,\n1,x,2,\n")
    assert open_source(path).header == ("a", "b")
    assert _records(path)[0] == Record(2, ("1", "2"))
    assert _told(path)[1] == "3: The column B holds something here, but has no heading. Give it one, or empty it."
    assert _records(path)[1].cells == ("1", "2")


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_an_empty_file_is_told(tmp_path: Path, content: str) -> None:
    assert _refusal(_file(tmp_path, "t.csv", content)) == (
        "t.csv: The file is empty. Save the table as CSV UTF-8 (with commas)."
    )


def test_a_header_alone_is_a_table_without_records(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.csv", "a,b")
    assert open_source(path).header == ("a", "b")
    assert _records(path) == []


def test_text_behind_a_closing_quote_is_a_problem(tmp_path: Path) -> None:
    assert _told(_file(tmp_path, "t.csv", 'a,b\n"ab"c,1\n"x\ny"z,2\n3,4\n')) == [
        "2: Text stands behind the quote that closes in line 2 and was opened in line 2. "
        "Write a comma between cells, and each quote inside a cell twice.",
        "3: Text stands behind the quote that closes in line 4 and was opened in line 3. "
        "Write a comma between cells, and each quote inside a cell twice.",
        "4: A quote stands inside a cell in line 4 that does not begin with one. "
        "Put the whole cell in quotes, and write each quote inside it twice.",
        "5",
    ]


def test_a_quote_inside_an_unquoted_cell_is_a_problem_of_one_record(tmp_path: Path) -> None:
    assert _told(_file(tmp_path, "t.csv", 'a,b\n5" pipe,1\n1, "2"\n3,4\n'))[2:] == ["4"]
    assert len(_told(_file(tmp_path, "t.csv", 'a,b\n5" pipe,1\n1, "2"\n3,4\n'))) == 3


def test_a_quote_left_open_costs_one_record(tmp_path: Path) -> None:
    rows = "".join(f"{number},x\n" for number in range(3000))
    told = _told(_file(tmp_path, "t.csv", f'a,b\n1,"open\n{rows}'))
    assert told[0] == (
        "2: The quote opened in line 2 is not closed before the file or 1000 lines end. "
        "Close it; the lines below it were read on their own."
    )
    assert told[1:] == [str(number) for number in range(3, 3003)]


def test_a_cell_too_long_is_a_problem(tmp_path: Path) -> None:
    long, line = "x" * 1_000_001, "y" * 1000 + "\n"
    told = _told(_file(tmp_path, "t.csv", f'a,b\n1,{long}\n1,"{long}"\n1,"{line * 999}{long}"\n3,4\n'))
    problem = "A cell is longer than 1000000 characters. Look for a quote that is missing, and shorten it."
    assert told[0] == f"2: {problem}"
    assert told[1] == f"3: {problem}"
    assert told[2] == f"4: {problem}"
    assert told[-1] == "1004"


def test_a_line_too_long_is_never_loaded_whole(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with path.open("wb") as stream:
        stream.write(b"a,b\n1,2\n")
        stream.truncate(300_000_000)  # a hole: a line of 300 MB that takes no room on the disk
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2 * 10**8, 2 * 10**8))\n"
        "from pathlib import Path; from engine.tables import open_source\n"
        "for row in open_source(Path(sys.argv[1])).records(): print(row.number, row.problem and row.problem.text())"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == (
        "2 None\n3 Line 3 is longer than 4000000 bytes. Look for a missing line end, and save the table again.\n"
    )


def test_a_header_too_long_is_an_error(tmp_path: Path) -> None:
    assert "Line 1 is longer than 4000000 bytes." in _refusal(_file(tmp_path, "t.csv", "a," * 2_000_001))


def test_a_nul_character_is_a_problem(tmp_path: Path) -> None:
    assert _told(_file(tmp_path, "t.csv", 'a,b\n1,\0\n"\0",2\n3,4\n')) == [
        "2: The record holds a NUL character. Remove it, or save the table as CSV again.",
        "3: The record holds a NUL character. Remove it, or save the table as CSV again.",
        "4",
    ]


def test_old_macintosh_line_ends_are_told(tmp_path: Path) -> None:
    assert _refusal(_file(tmp_path, "t.csv", "a,b\r1,2\r")) == (
        "t.csv:1: A line ends with CR alone, as on old Macintosh machines. Save the table as CSV UTF-8."
    )


@pytest.mark.parametrize("head", [b"PK\x03\x04", bytes.fromhex("D0CF11E0A1B11AE1")])
def test_a_workbook_named_csv_is_told(tmp_path: Path, head: bytes) -> None:
    assert _refusal(_file(tmp_path, "t.csv", head + b"xxxxxxxx")).startswith(
        "t.csv: The file is a workbook, whatever its name says."
    )


_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(_TEXTS, st.text('",\r\n ab', max_size=6)), max_size=4))
def test_every_text_comes_back_from_csv_but_for_the_apostrophe(rows: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        _write(path, ["a", "b"], rows)
        expected = [tuple("'" * is_formula(cell) + cell for cell in row) for row in rows]
        assert _cells(path) == [row for row in expected if any(cell.strip() for cell in row)]


def test_random_bytes_are_records_or_problems_and_nothing_else(tmp_path: Path) -> None:
    dice = random.Random(7)
    for _ in range(150):
        content = bytes(dice.choice(b'",\r\n a\x81\xe5\xff0;\t') for _ in range(dice.randrange(60)))
        path = _file(tmp_path, "t.csv", b"a,b\n" + content)
        for record in open_source(path).records():
            assert record.problem is not None or (len(record.cells) == 2 and any(record.cells))
            assert not any("\udc80" <= character <= "\udcff" for cell in record.cells for character in str(cell))


# CSV: writing


def test_csv_ends_lines_with_crlf_and_quotes_only_where_needed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    _write(path, ["a", "b"], [['"', "x,y"], ["x\ny", " z "], [None, ""]])
    assert path.read_bytes() == b'\xef\xbb\xbfa,b\r\n"""","x,y"\r\n"x\ny", z \r\n,\r\n'


def test_cells_of_every_kind_are_written_exactly(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    row: list[Cell] = [5, Fraction(1, 8), Fraction(20000), Fraction(1, 3), True, datetime.date(2023, 8, 1), None]
    _write(path, list("abcdefg"), [row])
    assert _cells(path) == [("5", "0.125", "20000", "1/3", "true", "2023-08-01", "")]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+86", "-x", "@x", "\t=1", "\rx", "  =1", "　=1", "＝1", "＋1", "－1", "＠x", "-5-5", "-1/3", "\u200b=1"],
)
def test_a_text_that_would_run_as_a_formula_gets_an_apostrophe(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    _write(path, [text.strip()], [[text]])
    assert _cells(path) == [(f"'{text}",)]


@pytest.mark.parametrize("text", ["-5", "-12.50", "5", "a=b", "", " x", "1-2"])
def test_plain_numbers_and_harmless_texts_are_written_as_they_are(text: str) -> None:
    assert not is_formula(text)


def test_columns_are_named_as_spreadsheets_name_them() -> None:
    assert [letter(index) for index in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


# JSONL


def test_the_headings_are_the_keys_of_all_lines(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.jsonl", '\ufeff{"a": "1", " b": null}\n\n{"c": true, "ａ": "2"}\nbroken\n{}\n')
    assert open_source(path).header == ("a", "b", "c")
    assert [record.cells for record in _records(path)][:2] == [("1", None, None), ("2", None, True)]
    assert [record.number for record in _records(path)] == [1, 3, 4]


def test_json_numbers_are_exact(tmp_path: Path) -> None:
    path = _file(tmp_path, "t.jsonl", '{"a": 0.1, "b": 12345678901234567890, "c": 1.50, "d": 25e-1, "e": -0.0}\n')
    assert _cells(path) == [(Fraction(1, 10), 12345678901234567890, Fraction(3, 2), Fraction(5, 2), 0)]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1e-999999999", "1E0000000000009999"])
def test_numbers_that_are_none_are_refused(tmp_path: Path, number: str) -> None:
    told = _told(_file(tmp_path, "t.jsonl", f'{{"a": {number}}}\n{{"a": 1}}\n'))
    assert told == [f"1: {number} is not a number that can be reckoned with. Write it in figures.", "2"]


def test_numbers_too_long_are_refused(tmp_path: Path) -> None:
    for number in ("9" * 5000, "0." + "9" * 5000):
        assert "…" in _told(_file(tmp_path, "t.jsonl", f'{{"a": {number}}}\n{{"a": 1}}\n'))[0]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"a": 1, "a": 2}', "The key “a” stands twice in the line. Keep one of the two."),
        ('{"a": 1, " ａ": 2}', "The key “a” stands twice in the line. Keep one of the two."),
        ('{"a": [1]}', "“a” holds a list or an object. Write a number, a text, true, false or null."),
        ('{"a": {"b": 1}}', "“a” holds a list or an object. Write a number, a text, true, false or null."),
        ('{"a": 1', "The line is not JSON from character 8 on. Write one JSON object a line."),
        ('{"a": 1}{"a": 2}', "The line is not JSON from character 9 on. Write one JSON object a line."),
        ("5", "The line holds no JSON object. Write one JSON object a line."),
        ('{"a": ' + "[" * 100_000, "The line nests lists or objects too deep. Write one JSON object a line."),
        ('{"": 1}', "A value has no key. Name what it is."),
        ('{"a": "\\ud800"}', "“a” holds half a character, or a NUL character. Write the text anew."),
        ('{"a": "\\u0000"}', "“a” holds half a character, or a NUL character. Write the text anew."),
        ('{"\\ud800": 1}', "A key holds half a character, or a NUL character. Write it anew."),
    ],
)
def test_a_line_that_is_no_record_is_a_problem(tmp_path: Path, line: str, problem: str) -> None:
    told = _told(_file(tmp_path, "t.jsonl", f'{line}\n{{"a": 1}}\n'))
    assert told == [f"1: {problem}", "2"]


def test_a_json_line_that_is_not_utf_8_or_too_long_is_a_problem(tmp_path: Path) -> None:
    told = _told(_file(tmp_path, "t.jsonl", b'{"a": "\xff"}\n{"a": "' + b"x" * 4_000_001 + b'"}\n{"a": 1}\n'))
    assert told == [
        "1: The line holds a byte that is not UTF-8 (byte 8). Save the file in UTF-8.",
        "2: Line 2 is longer than 4000000 bytes. Write one JSON object a line.",
        "3",
    ]


def test_a_json_list_an_empty_file_and_another_encoding_are_told(tmp_path: Path) -> None:
    assert _refusal(_file(tmp_path, "t.jsonl", "[\n{}\n]")) == (
        "t.jsonl:1: The file holds a JSON list. Write one JSON object a line."
    )
    assert _refusal(_file(tmp_path, "t.jsonl", "")) == "t.jsonl: The file is empty. Write one JSON object a line."
    assert _refusal(_file(tmp_path, "t.jsonl", "{}"), encoding="gb18030") == (
        "t.jsonl: JSONL is always written in UTF-8, not in gb18030. Name UTF-8, or no encoding."
    )


def test_jsonl_is_written_exactly(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    row: list[Cell] = ["张\n", "990303198104020120", Fraction(1230750, 100), 10**20, Fraction(1, 3), None, "", False]
    _write(path, list("abcdefgh"), [[*row]])
    assert path.read_text() == (
        '{"a": "张\\n", "b": "990303198104020120", "c": 12307.5, "d": 100000000000000000000, "e": "1/3", '
        '"f": null, "g": null, "h": false}\n'
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_TEXTS, st.integers(), st.decimals(-(10**9), 10**9, places=3)), max_size=4))
def test_texts_and_decimals_come_back_from_jsonl(rows: list[tuple[str, int, Decimal]]) -> None:
    exact: list[tuple[Cell, ...]] = [(text or None, whole, Fraction(decimal)) for text, whole, decimal in rows]
    if not exact:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.jsonl"
        _write(path, ["a", "b", "c"], exact)
        assert _cells(path) == exact


# XLSX: reading


def test_the_cells_of_a_workbook_are_exact(tmp_path: Path) -> None:
    day = datetime.date(2023, 8, 1)
    noon = datetime.datetime(2023, 8, 1, 12, 30)
    row = ["张三", 3, 0.29, 1234.56, True, day, datetime.datetime(2023, 8, 2), noon, None, 20000.0]  # binary on purpose
    path = _workbook(tmp_path / "t.xlsx", list("abcdefghij"), row)
    assert _cells(path) == [
        (
            "张三", 3, Fraction(29, 100), Fraction(123456, 100), True, day, datetime.date(2023, 8, 2),
            "2023-08-01 12:30:00", None, 20000,
        )
    ]  # fmt: skip
    assert [type(cell) for cell in _cells(path)[0]][1:5] == [int, Fraction, Fraction, bool]


def test_a_number_written_with_17_digits_is_the_one_that_was_typed(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a"], [1])
    _with_sheet_xml(path, "<v>1</v>", "<v>0.28999999999999998</v>")
    assert _cells(path) == [(Fraction(29, 100),)]


def test_a_number_of_more_digits_than_excel_keeps_is_a_problem(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a", "b"], ["x", 1], ["y", 0.3])
    _with_sheet_xml(path, "<v>1</v>", "<v>0.30000000000000004</v>")
    assert _told(path) == [
        "2: The number 0.30000000000000004 in column B has more digits than a workbook keeps exactly. "
        "Round it in the workbook, for example with ROUND( ,2).",
        "3",
    ]


def test_long_whole_numbers_are_handed_on_as_they_are(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a", "b"], [1, 2])
    _with_sheet_xml(path, "<v>1</v>", "<v>9.9030319810402E+17</v>")
    _with_sheet_xml(path, "<v>2</v>", "<v>990303198104020120</v>")
    assert _cells(path) == [(990303198104020000, 990303198104020120)]


@pytest.mark.parametrize("written", ["1E400", "abc", "9" * 5000])
def test_numbers_beyond_every_number_never_pass(tmp_path: Path, written: str) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a"], [1])
    _with_sheet_xml(path, "<v>1</v>", f"<v>{written}</v>")
    if written != "abc":
        assert _told(path) == ["2: The number in column A is too large. Correct it."]
    else:
        assert _refusal(path).startswith("t.xlsx: The workbook is damaged.")


def test_a_day_outside_the_calendar_is_a_problem(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a"], [datetime.date(2023, 8, 1)])
    _with_sheet_xml(path, "<v>45139</v>", "<v>20230801</v>")
    assert _told(path) == [
        "2: The number in column A is formatted as a day, but lies outside the calendar. "
        "Format it as a number, or correct it."
    ]
    assert len(recwarn) == 0


def test_error_cells_are_handed_on_as_their_text(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a", "b"], ["#N/A", "#DIV/0!"])
    assert _cells(path) == [("#N/A", "#DIV/0!")]


def test_a_formula_needs_a_stored_value(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a", "b"], ["x", "=1+1"])
    assert _told(path) == [
        "2: The formula in column B has no stored value. "
        "Open the workbook in Excel or WPS, let it calculate, and save it."
    ]
    _with_sheet_xml(path, "<v />", "<v>2</v>")
    assert _cells(path) == [("x", 2)]
    _with_sheet_xml(path, '<c r="B2"><f>1+1</f><v>2</v>', '<c r="B2" t="str"><f>1+1</f><v></v>')
    assert _cells(path) == [("x", None)]


def test_rows_keep_the_numbers_of_the_sheet_and_blank_ones_are_passed_over(tmp_path: Path) -> None:
    workbook = _new_workbook()
    sheet = workbook.active
    sheet["A1"], sheet["B1"], sheet["A3"], sheet["B5"], sheet["A6"] = "a", "b", 1, 2, "  "
    sheet["A7"].font = Font(bold=True)
    workbook.save(tmp_path / "t.xlsx")
    assert _records(tmp_path / "t.xlsx") == [Record(3, (1, None)), Record(5, (None, 2))]


def test_merged_cells_are_a_problem_of_every_row_that_they_touch(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a", "b"], *[[f"{row}", row] for row in range(2, 9)])
    workbook = _loaded(path)
    for cells in ("A3:A4", "A6:B6", "D7:E8"):
        workbook.active.merge_cells(cells)
    workbook.save(path)
    problem = "are merged. Undo it, and write each value into every row that it holds for."
    assert _told(path) == [
        "2", f"3: The cells A3:A4 {problem}", f"4: The cells A3:A4 {problem}", "5", f"6: The cells A6:B6 {problem}",
        "7", "8",
    ]  # fmt: skip


def test_a_merged_title_above_the_headings_is_told(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["Title", None], ["a", "b"], [1, 2])
    workbook = _loaded(path)
    workbook.active.merge_cells("A1:B1")
    workbook.save(path)
    assert _refusal(path) == (
        "t.xlsx:1: The cells A1:B1 in the first row are merged. Row 1 holds the headings, one a cell. "
        "Undo it, or delete the title above the headings."
    )


def _with_sheets(path: Path, **rows: Sequence[object]) -> Path:
    workbook = _new_workbook()
    workbook.remove(workbook.active)
    for title, row in rows.items():
        workbook.create_sheet(title).append(row)
        workbook[title].append(row)
    workbook.save(path)
    return path


def test_the_one_sheet_that_is_filled_in_is_read(tmp_path: Path) -> None:
    path = _with_sheets(tmp_path / "t.xlsx", one=[], two=["a"], three=["x"])
    workbook = _loaded(path)
    workbook["three"].sheet_state = "hidden"
    workbook.save(path)
    assert open_source(path).header == ("a",)


@pytest.mark.parametrize("title", ["填报", "households", " Households"])
def test_of_several_sheets_the_one_named_as_the_input_is_read(tmp_path: Path, title: str) -> None:
    assert open_source(_with_sheets(tmp_path / "t.xlsx", one=["x"], **{title: ["a"]})).header == ("a",)


def test_several_sheets_are_named(tmp_path: Path) -> None:
    assert _refusal(_with_sheets(tmp_path / "t.xlsx", one=["x"], none=[], two=["a"])) == (
        "t.xlsx: Several sheets are filled in: one, two. One sheet is expected, or one of the name 填报, households. "
        "Rename the sheet that is meant, or hide or delete the others."
    )


def test_an_empty_workbook_is_told(tmp_path: Path) -> None:
    assert _refusal(_with_sheets(tmp_path / "t.xlsx", one=[], two=[])) == (
        "t.xlsx: No visible sheet has anything in its first row. These sheets were looked at: one, two. "
        "Write the headings into row 1."
    )


def test_headings_of_a_workbook_are_texts_and_named_once(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a", 2023, None, datetime.date(2023, 8, 1)], [1, 2, None, 3])
    assert open_source(path).header == ("a", "2023", "2023-08-01")
    assert _cells(path) == [(1, 2, 3)]
    assert "The heading “a” stands twice." in _refusal(_workbook(tmp_path / "t.xlsx", ["a", "a"]))
    assert _told(_workbook(tmp_path / "t.xlsx", ["a"], [1, "x"])) == [
        "2: The column B holds something here, but has no heading. Give it one, or empty it."
    ]


# XLSX: what is no workbook


def _zip(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


def test_what_is_no_workbook_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    assert _refusal(_file(tmp_path, "t.xlsx", "")) == "t.xlsx: The file is empty. Save the table as .xlsx again."
    assert _refusal(_file(tmp_path, "t.xlsx", "<html><table>")) == (
        "t.xlsx: The file is not a workbook, whatever its name says. Open it in its program and save it as .xlsx."
    )
    assert _refusal(_file(tmp_path, "t.xlsx", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600))) == (
        "t.xlsx: The file is an .xls workbook of old, or is protected by a password. "
        "Remove the password, and save it as .xlsx."
    )
    assert _refusal(_file(tmp_path, "t.xlsx", b"PK\x03\x04" + bytes(600))).startswith(
        "t.xlsx: The workbook is damaged."
    )
    assert _refusal(_zip(path, mimetype=b"ods")).startswith("t.xlsx: The file is not an .xlsx workbook")
    with zipfile.ZipFile(_workbook(path, ["a"]), "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    assert _refusal(path) == "t.xlsx: The workbook holds macros. Save it as .xlsx, which holds none."


def test_zip_bombs_are_refused_before_anything_is_unpacked(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a"])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", bytes(2_000_000))
    assert _refusal(path) == (
        "t.xlsx: The part “xl/worksheets/sheet2.xml” would unpack to more than 200 times its size. "
        "Copy the sheet into a new workbook, as values, and save that as .xlsx."
    )
    with zipfile.ZipFile(_workbook(path, ["a"]), "a") as archive:
        for number in range(2000):
            archive.writestr(f"xl/{number}", b"")
    assert "The workbook holds more than 2000 parts." in _refusal(path)


def test_a_workbook_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a"])
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (600_000_000).to_bytes(4, "little")
    path.write_bytes(content)
    assert "The workbook would unpack to more than 500000000 bytes." in _refusal(path)


def test_a_sheet_with_an_endless_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.tables.container._MOST_ROW_BYTES", 2_000_000)
    path = _workbook(tmp_path / "t.xlsx", ["a"])
    noise = random.Random(1).randbytes(50_000).hex()
    _with_sheet_xml(path, "</row>", f"</row><row>{f'<c><v>{noise}</v></c>' * 35}</row>")
    assert _refusal(path).startswith("t.xlsx: The sheet holds more than a workbook may.")


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_workbook_cut_off_is_damaged(tmp_path: Path, cut: float) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a"], *[[number] for number in range(500)])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    assert _refusal(path).startswith("t.xlsx: The workbook is damaged.")


def test_a_workbook_with_broken_xml_is_damaged(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "t.xlsx", ["a"], [1], [2])
    _with_sheet_xml(path, "<v>2</v>", "<v>2</w>")
    assert _refusal(path) == ("t.xlsx: The workbook is damaged. Open it in Excel or WPS, and save it anew as .xlsx.")


def test_random_damage_is_told_and_never_escapes(tmp_path: Path) -> None:
    dice = random.Random(11)
    path = _workbook(tmp_path / "t.xlsx", ["a", "b"], ["x", 1], ["y", 0.5])
    whole_content = path.read_bytes()
    for _ in range(120):
        content = bytearray(whole_content)
        for _ in range(dice.randrange(1, 5)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        path.write_bytes(content)
        try:
            list(open_source(path).records())
        except TableError:
            continue


# XLSX: writing


def test_a_workbook_is_written_for_people(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    row: list[Cell] = ["张三", "990303198104020120", Fraction(20000), Fraction(1, 8), 3, datetime.date(2023, 8, 1)]
    _write(path, ["姓名", "证号", "金额", "b", "c", "日期"], [row])
    sheet = _loaded(path).active
    assert sheet.freeze_panes == "A2"
    assert all(cell.font.bold for cell in sheet[1]) and not any(cell.font.bold for cell in sheet[2])
    assert [cell.number_format for cell in sheet[2]] == ["General", "@", "0.00", "0.000", "General", "yyyy-mm-dd"]
    assert [cell.data_type for cell in sheet[2]] == ["s", "s", "n", "n", "n", "d"]
    assert sheet.column_dimensions["B"].width == 20
    assert sheet.column_dimensions["A"].width == 8


@pytest.mark.parametrize(
    "text", ["=1+1", "=cmd|' /C calc'!A0", "#N/A", "+1", "@x", "＝1", "0012", "TRUE", "2023-08-01"]
)
def test_a_text_stays_a_text_in_a_workbook(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.xlsx"
    _write(path, ["a"], [[text]])
    cell = _loaded(path).active["A2"]
    assert (cell.value, cell.data_type) == (text, "s")
    assert cell.number_format == ("@" if is_formula(text) else "General")
    assert _cells(path) == [(text,)]


def test_amounts_are_written_with_their_own_digits(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    amounts = [Fraction("8834495403.56"), Fraction("0.1"), Fraction("-8388608.01"), Fraction("1234567890123.45")]
    _write(path, ["a"], [[amount] for amount in amounts])
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>8834495403.56</v>" in xml
    assert _cells(path) == [(amount,) for amount in amounts]


def test_what_a_workbook_cannot_hold_exactly_is_written_as_text(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    _write(path, list("abcd"), [[10**15, Fraction("12345678901234.56"), Fraction(2, 3), datetime.date(1900, 2, 28)]])
    assert _cells(path) == [("1000000000000000", "12345678901234.56", "2/3", "1900-02-28")]


def test_control_characters_and_codes_come_back(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    texts = ["a\x01b", "_x0041_", "_x000D_", "a\r\nb\tc", "\uffff", " x "]
    _write(path, ["a"], [[text] for text in texts])
    assert _cells(path) == [(text,) for text in texts]


def test_a_text_too_long_for_a_cell_is_refused_and_never_cut(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="cannot hold more than 32767 characters"):
        _write(tmp_path / "t.xlsx", ["a"], [["x" * 32_768]])
    _write(tmp_path / "t.xlsx", ["a"], [["x" * 32_767]])
    assert _cells(tmp_path / "t.xlsx") == [("x" * 32_767,)]


def test_more_rows_than_a_workbook_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.tables.xlsx._MOST_ROWS", 3)
    with pytest.raises(TableError, match="cannot hold more than 3 rows"):
        _write(tmp_path / "t.xlsx", ["a"], [["1"], ["2"], ["3"]])
    assert os.listdir(tmp_path) == []
