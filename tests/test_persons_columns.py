"""Persons in tables of their own by whole columns: to the byte what row by row gives, whatever stands in the files and however they are cut."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random

import polars as pl
import pytest
from same_bytes import DAY, differences, run
from small_policies import number as fact_of
from small_policies import written as small

import engine
from engine import Policy, TableError
from engine.population import Cells, population
from engine.stream import deciding, rosters, scanning
from engine.tables import Record
from engine.tables.forms import FORMS

KEY = "户号"
"""By this column persons find their household where a policy has no fact that is unique."""
SCHOOL = Path(__file__).parent / "school"
EXAMPLES = Path(__file__).parent.parent / "examples" / "policies"
POLICIES = {
    folder.name: folder
    for folder in (
        *(EXAMPLES / name for name in ("hubei-2021", "parking-permit", "shanghai-2019", "shanghai-songjiang-2019")),
        SCHOOL,
    )
}


@cache
def joined(name: str) -> Policy:
    """The policy, whose persons can be joined to their households."""
    policy = engine.load(POLICIES[name])
    groups = (group if policy.key_of(group) else replace(group, joined_by=KEY) for group in policy.groups)
    return replace(policy, groups=tuple(groups))


def keys() -> Iterator[str]:
    """ID numbers of nobody."""
    for number in range(10_000):
        text = f"9901011985{3 + number // 1000:02d}07{number % 1000:03d}"
        yield next(f"{text}{last}" for last in "0123456789X" if FORMS["id_number"].fault(f"{text}{last}") is None)


@dataclass(frozen=True)
class Table:
    """A table as its lines are written, each a cell for each column."""

    columns: Sequence[str]
    lines: list[list[str]]

    def spoilt(self, random: Random, one_of: int, others: Sequence[str]) -> Iterator[str]:
        """The lines, one of so many of them with a mistake or an unusual spelling; `others` may stand in place of a key."""
        yield ",".join(self.columns)
        for line in self.lines:
            if random.randrange(one_of):
                yield ",".join(line)
                continue
            cells, kind = list(line), random.randrange(9)
            at = random.randrange(len(cells))
            if kind < 5:
                cells[at] = random.choice(CELLS)
            elif kind == 5:
                cells[self.columns.index(self.key)] = random.choice(others)
            elif kind == 6:
                cells[at] = "".join(WIDE.get(mark, mark) for mark in cells[at])
            elif kind == 7:
                yield random.choice(["", " ", "," * (len(cells) - 1), ",".join(cells)])
            else:
                cells = [cells[:-1], [*cells, "x"], ["", *cells[1:]], [f'"{cell}"' for cell in cells]][at % 4]
            yield ",".join(cells)

    @property
    def key(self) -> str:
        return next(name for name in self.columns if name in (KEY, "身份证号"))


CELLS = (
    *("", " ", "\u3000", "x", "-5", " 7 ", "007", "0.5", "1.005", "99999999999", "2019/8/5", "2023-02-30", "是", "yes"),
    *('"1,200"', '"两\n行"', '"说 ""好"""', '半个"引号', "a\0b", "多,一格", "cr\rcr", "=1+1", "\u200b", "①"),
)
WIDE = {mark: chr(ord(mark) + 0xFEE0) for mark in "0123456789X."}


@cache
def made_up(folder: str) -> tuple[Cells, ...]:
    """150 households made up for the policy in `folder`."""
    return population(engine.load(Path(folder)), 150, 1)


def tables(policy: Policy, count: int, seed: int) -> tuple[Table, dict[str, Table]]:
    """Households made up for `policy`, and the persons of each of its groups, in no order."""
    random = Random(seed)
    key = next(fact.name for group in policy.groups if (fact := policy.key_of(group)))
    own = [fact.name for fact in policy.facts if fact.name != key]
    random.shuffle(own)
    made = random.sample(made_up(policy.folder), count)
    numbers = list(islice(keys(), count))
    households = Table(
        [*own, "备注", key],
        [
            [*(str(cells.get(name, "")) for name in own), "", number]
            for number, cells in zip(numbers, made, strict=True)
        ],
    )
    persons = {}
    for group in policy.groups:
        columns = [fact.name for fact in group.facts]
        lines = []
        for number, cells in zip(numbers, made, strict=True):
            people = cells.get(group.name, [])
            assert isinstance(people, list)
            lines += [[number, *(person.get(name, "") for name in columns), "注"] for person in people]
        random.shuffle(lines)
        persons[group.name] = Table([key, *columns, "备注"], lines)
    return households, persons


def write(path: Path, lines: Iterator[str], encoding: str = "utf-8", end: str = "\n") -> Path:
    path.write_bytes("".join(f"{line}{end}" for line in lines).encode(encoding))
    return path


@dataclass(frozen=True)
class Files:
    """A table of households with one of persons for each group."""

    households: Path
    persons: Mapping[str, Path]


def written(policy: Policy, folder: Path, count: int, seed: int, one_of: int, **how: str) -> Files:
    """Tables made up for `policy`, one of so many lines spoilt."""
    random = Random(seed)
    households, persons = tables(policy, count, seed)
    others = [*(line[-1] for line in households.lines[:5]), "990101198503079999", "9.90101E+17", "", "无此户"]
    files = {}
    for name, table in persons.items():
        files[name] = write(folder / f"{name}.csv", table.spoilt(random, one_of, others), **how)
    return Files(write(folder / "households.csv", households.spoilt(random, one_of, others), **how), files)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """The households that are brought in by themselves."""
    found: list[Record] = []
    one_by_one = deciding.Decider._one_by_one

    def seen(self: deciding.Decider, records: Sequence[Record]) -> object:
        found.extend(records)
        return one_by_one(self, records)

    monkeypatch.setattr(deciding.Decider, "_one_by_one", seen)
    return found


# The same bytes ------------------------------------------------------------


@pytest.mark.parametrize("name", POLICIES)
def test_good_persons_come_to_the_same_bytes_and_none_of_them_by_itself(
    name: str, tmp_path: Path, alone: list[Record]
) -> None:
    policy = joined(name)
    files = written(policy, tmp_path, 100, 1, one_of=10**9)
    assert differences(files.households, tmp_path, policy, persons=files.persons, first=2) == []
    summary = run(files.households, tmp_path / "again", "columns", policy, persons=files.persons)
    assert summary.decided > 40 and sum(summary.persons.values()) > 60
    assert len(alone) <= 2 * summary.rejected


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize(
    ("size", "end", "encoding", "one_of"),
    [
        (700, "\r\n", "utf-8", 12),
        (5_000, "\n", "utf-8-sig", 40),
        (1 << 22, "\n", "utf-8", 5),
        (3_000, "\r\n", "gb18030", 25),
    ],
)
def test_unusual_persons_come_to_the_same_bytes(
    name: str, size: int, end: str, encoding: str, one_of: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "BLOCK_BYTES", size)
    policy = joined(name)
    files = written(policy, tmp_path, 80, size, one_of, encoding=encoding, end=end)
    assert differences(files.households, tmp_path, policy, persons=files.persons, first=3, language="zh_CN") == []


@pytest.mark.parametrize("size", [600, 1 << 22])
def test_keys_that_come_to_the_same_number_are_told_apart(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: list[Record]
) -> None:
    monkeypatch.setattr(scanning, "BLOCK_BYTES", size)
    monkeypatch.setattr(rosters, "_hashed", lambda values: values.hash() % 7)
    policy = joined("school")
    files = written(policy, tmp_path, 80, 3, one_of=15)
    assert differences(files.households, tmp_path, policy, persons=files.persons) == []
    assert len(alone) > 40


def test_columns_without_a_heading_and_reasons_of_an_earlier_run_come_to_the_same_bytes(tmp_path: Path) -> None:
    policy = joined("school")
    households, persons = tables(policy, 60, 5)
    files = {}
    for name, table in {"households": households, **persons}.items():
        lines = [",".join((*line, " " if at % 5 else "x", "", "旧的原因")) for at, line in enumerate(table.lines)]
        files[name] = write(tmp_path / f"{name}.csv", iter([",".join((*table.columns, "", " ", "问题")), *lines]))
    assert differences(files.pop("households"), tmp_path, policy, persons=files) == []


@pytest.mark.parametrize("empty", ["households", "persons", "both"])
def test_tables_of_headings_only_come_to_the_same_bytes(empty: str, tmp_path: Path) -> None:
    for name in ("school", "shanghai-2019"):
        policy, folder = joined(name), tmp_path / name
        folder.mkdir()
        files = written(policy, folder, 20, 6, one_of=6)
        for file in (files.households, *files.persons.values()):
            if empty == "both" or (file == files.households) == (empty == "households"):
                file.write_text(file.read_text(encoding="utf-8").partition("\n")[0], encoding="utf-8")
        assert differences(files.households, folder, policy, persons=files.persons) == []


def test_a_group_that_no_file_brings_comes_to_the_same_bytes(tmp_path: Path, alone: list[Record]) -> None:
    policy = joined("hubei-2021")
    files = written(policy, tmp_path, 80, 7, one_of=10**9)
    (first, path), *_ = files.persons.items()
    assert differences(files.households, tmp_path, policy, persons={first: path}) == []
    assert differences(files.households, tmp_path, policy) == []
    assert len(alone) < 40


def parquet(path: Path) -> Path:
    """The same table as Parquet, in several groups of rows."""
    table = path.with_suffix(".parquet")
    pl.read_csv(path, infer_schema=False).write_parquet(table, row_group_size=50)
    return table


def test_parquet_comes_to_the_same_bytes(tmp_path: Path, alone: list[Record]) -> None:
    for name in ("school", "hubei-2021"):
        policy, folder = joined(name), tmp_path / name
        folder.mkdir()
        files = written(policy, folder, 120, 8, one_of=10**9)
        for path in (files.households, *files.persons.values()):
            lines = path.read_text(encoding="utf-8").splitlines()
            spoilt = [line if at % 9 else line.replace("0", "不", 1) for at, line in enumerate(lines)]
            path.write_text("\n".join([lines[0], *spoilt[1:]]), encoding="utf-8")
        persons = {group: parquet(path) for group, path in files.persons.items()}
        assert differences(parquet(files.households), folder, policy, ending=".csv", persons=persons) == []
        assert 0 < len(alone) < 120
        alone.clear()


def test_persons_in_other_formats_come_to_the_same_bytes(tmp_path: Path) -> None:
    policy = joined("school")
    files = written(policy, tmp_path, 30, 9, one_of=10**9)
    (group,) = files.persons
    lines = pl.read_csv(files.persons[group], infer_schema=False).rows(named=True)
    path = tmp_path / "persons.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    assert differences(files.households, tmp_path, policy, persons={group: path}) == []


# What absence means ------------------------------------------------------------


def with_fees(folder: Path, absence: str) -> Policy:
    """The policy in which a fee that is blank comes to `absence`."""
    copy = folder / "2023"
    shutil.copytree(SCHOOL, copy)
    facts = copy / "facts.yaml"
    text = facts.read_text(encoding="utf-8")
    facts.write_text(text.replace("全年学费", f"全年学费\n        when_absent: {absence}"), encoding="utf-8")
    (copy / "tables.yaml").write_text(FEES, encoding="utf-8")
    return engine.load(copy)


FEES = (
    "tables:\n  学费标准:\n    meaning: 没有填写学费时的标准\n    unit: 元/年\n    keys:\n      - 学段\n    because: 虚构\n"
    "    rows:\n      - 学段: 高中\n        value: 800\n"
)


@pytest.mark.parametrize(
    ("absence", "set_aside"),
    [("家庭年收入 / 300", 0), ("lookup(学费标准, 学段)", 30), ("min(家庭年收入 / 1000, 高中补助)", 0)],
)
def test_what_absence_of_a_persons_fact_means_comes_to_the_same_bytes(
    absence: str, set_aside: int, tmp_path: Path, alone: list[Record]
) -> None:
    policy = with_fees(tmp_path, absence)
    files = written(policy, tmp_path, 150, 10, one_of=10**9)
    (path,) = files.persons.values()
    lines = path.read_text(encoding="utf-8").splitlines()
    at = lines[0].split(",").index("学费")
    blank = [",".join("" if column == at else cell for column, cell in enumerate(line.split(","))) for line in lines]
    path.write_text("\n".join([lines[0], *blank[1::2], *lines[2::2]]), encoding="utf-8")
    assert differences(files.households, tmp_path, policy, persons=files.persons) == []
    assert bool(set_aside) == bool(len(alone)) and len(alone) >= set_aside


def test_absence_that_is_no_value_of_the_fact_comes_to_the_same_bytes(tmp_path: Path) -> None:
    """Where no rule reads the fact, its column has the steps that are declared."""
    facts = f"facts:\n{fact_of('children')}{fact_of('rooms', more='when_absent: children / 3')}"
    rules = "rules:\n  half:\n    is: children / 2\n    because: an example\noutputs:\n  - half\n"
    policy = engine.load(small(tmp_path, facts=facts, rules=rules))
    source = write(tmp_path / "rows.csv", iter(["children,rooms", "1,", "2,", "3,", "4,1"]))
    assert differences(source, tmp_path, policy) == []


# Read again ------------------------------------------------------------


def test_a_table_of_persons_that_changes_while_it_is_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = joined("school")
    files = written(policy, tmp_path, 30, 11, one_of=2)
    (path,) = files.persons.values()
    find = rosters.KeptPersons.find

    def found(self: rosters.KeptPersons, keys: pl.Series) -> rosters.Found:
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        return find(self, keys)

    monkeypatch.setattr(rosters.KeptPersons, "find", found)
    with pytest.raises(TableError) as caught:
        run(files.households, tmp_path / "out", "columns", policy, persons=files.persons)
    assert str(caught.value) == (
        f"{path}: The file has changed while it was read. Run it again when nothing writes to the file."
    )
    assert list((tmp_path / "out").iterdir()) == []


# Two policies ------------------------------------------------------------


def without_persons(folder: Path) -> Path:
    """The policy as it would be if it knew of no persons."""
    copy = folder / "before"
    shutil.copytree(SCHOOL, copy)
    facts, rules = copy / "facts.yaml", copy / "rules.yaml"
    facts.write_text(facts.read_text(encoding="utf-8").partition("groups:")[0], encoding="utf-8")
    rule = "rules:\n  助学金:\n    is: 100 if 家庭年收入 <= 收入上限 else 0\n    because: 虚构\noutputs:\n  - 助学金\n"
    rules.write_text(rule, encoding="utf-8")
    return copy


@pytest.mark.parametrize("size", [500, 1 << 22])
def test_what_a_change_does_is_the_same_by_columns_and_row_by_row(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "BLOCK_BYTES", size)
    with_fees(tmp_path, "家庭年收入 / 300")
    new = engine.read_variant(tmp_path / "2023")
    files = written(new.policy, tmp_path, 100, 12, one_of=9)
    for at, folder in enumerate((SCHOOL, without_persons(tmp_path))):
        told = {}
        for algebra in ("exact", "columns"):
            households = engine.Households(files.households, DAY, files.persons, algebra=algebra)
            target = tmp_path / f"{algebra}-{at}.csv"
            impact = engine.impact(engine.read_variant(folder), new, households, target=target)
            content = json.loads(impact.json())
            assert content.pop("algebra") == algebra
            told[algebra] = (
                content,
                impact.strays,
                [path.read_bytes() for path in sorted(tmp_path.glob(f"{algebra}-{at}*.csv"))],
            )
        assert told["exact"] == told["columns"]
