"""What a change of policy does to households: `bangfu impact` held against two runs of evaluate, and its words."""

import csv
import datetime
import functools
import hashlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from textwrap import dedent

import pytest
import small_policies as small
from households_2023 import households

import engine
from engine.effects.standings import SIZES, size_of
from engine.messages import plain as exact

ROOT = Path(__file__).parent.parent
POLICIES = ROOT / "policies"
YEAR = POLICIES / "2023"
MISTAKES = ROOT / "examples" / "households-2023-with-mistakes.csv"
EXAMPLES = ROOT / "examples" / "households-2023.csv"
DAY = datetime.date(2023, 8, 1)
Bangfu = Callable[..., tuple[int, str, str]]

Line = Mapping[str, object]


def many(folder: Path, count: int) -> Path:
    """A table of made-up households, most of them on a line of the scheme."""
    path = folder / "many.jsonl"
    other = {"家庭年度总收入": "家庭年收入"}
    made = [{other.get(name, name): plain(value) for name, value in one.items()} for one in households(5, count)]
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in made), encoding="utf-8")
    return path


def plain(value: object) -> object:
    """A fact as a file holds it."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bool):
        return "是" if value else "否"
    return exact(value) if isinstance(value, Fraction) else value


def overlay(folder: Path, text: str) -> Path:
    path = folder / "late.yaml"
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path


@functools.cache
def variant(*settings: str, questions: tuple[str, ...] = ()) -> engine.Variant:
    """The policy of 2023 with what-ifs."""
    return engine.read_variant(YEAR, settings=settings, questions=questions)


def found(source: Path, new: engine.Variant, **more: object) -> engine.Impact:
    return engine.impact(variant(), new, engine.Households(source, DAY), **more)  # type: ignore[arg-type]


def tables(impact: engine.Impact) -> dict[str, list[Line]]:
    content = json.loads(impact.json())
    return {key: table["lines"] for key, table in content["tables"].items()}


def changed(*what_ifs: str) -> engine.Variant:
    """The policy of 2023 with figures set, and behind a `?` with other readings."""
    questions = tuple(one[1:] for one in what_ifs if one.startswith("?"))
    return variant(*(one for one in what_ifs if not one.startswith("?")), questions=questions)


CHANGES = {
    "a figure": ("生活救助最高月数=10",),
    "two figures": ("相对困难帮扶比例=70%", "意外救助封顶=8000"),
    "a reading": ("?按最深类别",),
    "two readings": ("?医疗上限印误", "?相对也审批"),
    "the line": ("相对困难低保倍数=1.5",),
}


@functools.cache
def of_many(name: str) -> engine.Impact:
    """What a change of `CHANGES` does to 80 made-up households, by 家庭人口."""
    with tempfile.TemporaryDirectory() as folder:
        return found(many(Path(folder), 80), changed(*CHANGES[name]), by="家庭人口")


# Held against two runs of evaluate -----------------------------------------------------------------


@pytest.mark.parametrize("name", CHANGES)
def test_every_total_is_that_of_two_evaluations(name: str, tmp_path: Path) -> None:
    source, impact = many(tmp_path, 80), of_many(name)
    told = tables(impact)
    policies = (engine.load(YEAR), changed(*CHANGES[name]).policy)
    before, after = (engine.evaluate(policy, source, today=DAY) for policy in policies)
    assert before.decided == after.decided == impact.decided > 60
    assert impact.read == before.read and impact.aside.counts["both"] == before.rejected
    for side, summary in (("old", before), ("new", after)):
        of = {line["name"]: line for line in told["totals"]}
        assert Fraction(of["可发放合计"][f"amount_{side}"]) == summary.payable  # type: ignore[arg-type]
        assert Fraction(of["合计"][f"amount_{side}"]) == summary.total  # type: ignore[arg-type]
        for key, counts in (("categories", summary.categories), ("approvals", summary.approvals)):
            held = {line["name"]: line[f"households_{side}"] for line in told[key] if line[f"households_{side}"]}
            none = {"categories": "不在任何类别", "approvals": "无"}[key]
            assert held == {name or none: count for name, count in counts.items()}
        conclusions = {line["name"]: line[f"households_{side}"] for line in told["conclusions"]}
        assert +Counter(conclusions) == summary.conclusions
        aids = {line["name"]: line for line in told["aids"]}
        for aid, money in summary.money.items():
            assert Fraction(aids[aid][f"amount_{side}"]) == money  # type: ignore[arg-type]
            assert aids[aid][f"households_{side}"] == summary.aids[aid]


@pytest.mark.parametrize("name", CHANGES)
def test_every_table_adds_up_to_the_whole(name: str) -> None:
    impact = of_many(name)
    told = tables(impact)
    (whole,) = (line for line in told["totals"] if line["name"] == "可发放合计")
    for key in ("categories", "aids", "groups", "approvals", "conclusions", "moves", "sizes"):
        for side in ("amount_old", "amount_new", "difference"):
            assert sum(Fraction(line[side]) for line in told[key]) == Fraction(whole[side]), (key, side)  # type: ignore[arg-type]
    for key in ("groups", "moves", "sizes"):
        assert sum(line["households"] for line in told[key]) == impact.decided  # type: ignore[misc]
    for line in (line for lines in told.values() for line in lines):
        assert Fraction(line["amount_new"]) - Fraction(line["amount_old"]) == Fraction(line["difference"])  # type: ignore[arg-type]


def test_the_table_of_households_says_the_same(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    impact = found(EXAMPLES, variant("生活救助最高月数=10"), target=target)
    rows = list(csv.DictReader(target.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == impact.decided == 30
    (whole,) = (line for line in tables(impact)["totals"] if line["name"] == "可发放合计")
    assert sum(Fraction(row["差额"]) for row in rows) == Fraction(whole["difference"])  # type: ignore[arg-type]
    assert sum(Fraction(row["应补发"]) for row in rows) == 3506
    for row in rows:
        assert Fraction(row["新可发放合计"]) - Fraction(row["原可发放合计"]) == Fraction(row["差额"])
        assert Fraction(row["应补发"]) == max(Fraction(row["差额"]), 0)
    assert [row["变化"] for row in rows if row["编号"] == "2023-022"] == ["深度困难职工不变，可发放合计增加"]
    kinds = Counter(row["变化"] for row in rows)
    assert {line["name"]: line["households"] for line in tables(impact)["kinds"]} | {"没有变化": 13} == kinds


def test_amounts_are_written_as_an_evaluation_writes_them(tmp_path: Path) -> None:
    impact = found(EXAMPLES, variant("生活救助最高月数=10.5"), target=tmp_path / "out.csv")
    first = next(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [first[name] for name in ("原合计", "新合计", "差额", "应补发")] == ["8964", "7843.50", "-1120.50", "0"]
    impact.write_csv(tmp_path / "tables")
    places = re.findall(r"[.]\d+", (tmp_path / "tables/sizes.csv").read_text(encoding="utf-8"))
    assert places and all(len(found) == 3 for found in places)


def test_beside_the_table_of_households_stands_what_it_was_made_of(tmp_path: Path, bangfu: Bangfu) -> None:
    target = tmp_path / "out.csv"
    impact = found(MISTAKES, variant("生活救助最高月数=10"), target=target)
    manifest = json.loads((tmp_path / "out.csv.manifest.json").read_text(encoding="utf-8"))
    assert impact.manifest == str(tmp_path / "out.csv.manifest.json")
    assert impact.ungrouped == ("城市", "县区")
    old, new = (manifest[key] for key in ("changed_from", "changed_to"))
    assert [side["fingerprint"] for side in (old, new)] == [side.policy.fingerprint for side in impact.variants]
    assert (old["laid_over"], new["laid_over"]) == ([], ["生活救助最高月数=10"])
    assert manifest["input"]["sha256"] == impact.hash and manifest["engine"] == engine.__version__
    assert manifest["counts"] == {"read": 22, "decided": 6, "rejected": 16}
    hashes = [hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("out.csv", "out.rejects.csv")]
    assert [manifest[key]["sha256"] for key in ("result", "rejects")] == hashes
    code, _, beside = bangfu("verify", str(target), "--policies", POLICIES)
    assert code == 1 and "It is beside a table that bangfu impact wrote: run that again instead." in beside


@pytest.mark.parametrize("name", CHANGES)
def test_whole_columns_come_to_what_single_rows_come_to(name: str, tmp_path: Path) -> None:
    text = EXAMPLES.read_text(encoding="utf-8")
    more = (ROOT / "examples" / "households-2023-with-mistakes.csv").read_text(encoding="utf-8").split("\n", 1)[1]
    source = tmp_path / "households.csv"
    source.write_text(text + more.replace("-", "/"), encoding="utf-8")
    told = {}
    for algebra in ("exact", "columns"):
        for at, path in enumerate((source, many(tmp_path, 6))):
            households = engine.Households(path, DAY, algebra=algebra)
            target = tmp_path / f"{algebra}-{at}.csv"
            impact = engine.impact(variant(), changed(*CHANGES[name]), households, by="县区", target=target)
            assert impact.algebra == algebra and impact.because is None
            if algebra == "columns":  # counted without being written
                again = engine.impact(variant(), changed(*CHANGES[name]), households, by="县区")
                assert again.json() == impact.json()
            files = [file.read_bytes() for file in sorted(tmp_path.glob(f"{algebra}-{at}*.csv"))]
            content = json.loads(impact.json())
            assert content.pop("algebra") == algebra
            content["problems"] = [problem.text() for problem in impact.aside.problems]
            told[algebra, at] = content, files
    for at in (0, 1):
        assert told["exact", at] == told["columns", at]


def test_an_amount_divided_by_a_fact_is_added_up_exactly(tmp_path: Path) -> None:
    facts = "facts:\n" + small.money("income") + small.number("persons", at_least=1, at_most=9)
    folder = small.written(
        tmp_path,
        facts=facts,
        figures="""
        figures:
          share:
            value: 1/7
            unit: share
            because: a seventh
        """,
        rules="""
        rules:
          a_head:
            is: share * income / persons
            because: per head
        outputs:
          - a_head
        """,
    )
    source = tmp_path / "households.csv"
    rows = [(100, 3), (100, 3), (0, 1), ("0.01", 7), (99999, 9)]
    source.write_text("income,persons\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    old, new = engine.read_variant(folder), engine.read_variant(folder, settings=["share=1/6"])
    told = []
    for algebra in ("exact", "columns"):
        target = tmp_path / f"{algebra}.csv"
        impact = engine.impact(old, new, engine.Households(source, DAY, algebra=algebra), target=target)
        assert impact.algebra == algebra
        (line,) = tables(impact)["totals"]
        whole = sum(Fraction(a) / b for a, b in rows)
        assert (Fraction(line["amount_old"]), Fraction(line["amount_new"])) == (whole / 7, whole / 6)  # type: ignore[arg-type]
        assert (line["households_old"], line["households_new"]) == (4, 4)
        again = engine.impact(old, new, engine.Households(source, DAY, algebra=algebra))
        assert again.json() == impact.json()
        told.append((impact.text(), target.read_bytes()))
    assert told[0] == told[1]


def test_no_change_is_nothing_everywhere(tmp_path: Path) -> None:
    source = many(tmp_path, 15)
    impact = found(source, variant())
    assert impact.comparison.changes == () and impact.worked == ()
    told = tables(impact)
    assert told["kinds"] == []
    assert {line["difference"] for lines in told.values() for line in lines} == {"0"}
    assert [line["households"] for line in told["sizes"]] == [0, 0, impact.decided, 0, 0]
    assert all(line["name"] == line["name_2"] for line in told["moves"])
    assert "没有一户进入、退出或更换类别。" in impact.text()


def test_the_second_policy_may_be_another_year(tmp_path: Path) -> None:
    later = tmp_path / "2024"
    later.mkdir()
    text = f"extends: {YEAR}\ntitle: 次年\nyear: 2024\nin_force:\n  from: 2024-01-01\n  until: 2024-12-31\n"
    (later / "policy.yaml").write_text(text, encoding="utf-8")
    (later / "figures.yaml").write_text("figures:\n  意外救助封顶:\n    value: 12000\n", encoding="utf-8")
    impact = found(EXAMPLES, engine.read_variant(later))
    (aid,) = (line for line in tables(impact)["aids"] if line["name"] == "意外救助")
    assert (aid["amount_old"], aid["amount_new"]) == ("28900.02", "30900.02")
    assert [worked.parting.causes[0].name for worked in impact.worked] == ["意外救助封顶"]


# Winners and losers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "size"),
    [
        (1000, 1000, "same"),
        (0, 0, "same"),
        (1000, 1100, "much_more"),
        (1000, Fraction(109999, 100), "more"),
        (1000, 900, "much_less"),
        (1000, Fraction(90001, 100), "less"),
        (0, 1, "much_more"),
        (1, 0, "much_less"),
        (Fraction(1, 3), Fraction(1, 3) + Fraction(1, 30), "much_more"),
    ],
)
def test_a_tenth_of_the_old_amount_is_much(old: Fraction, new: Fraction, size: str) -> None:
    assert size_of(old, new) == size


def test_every_gain_and_loss_is_in_one_class() -> None:
    met = {size_of(old, new) for old in range(0, 30) for new in range(0, 30)}
    assert met == set(SIZES)


# Who moves, and why --------------------------------------------------------------------------------------


def test_a_new_local_standard_says_who_moves_and_what_is_owed(tmp_path: Path) -> None:
    late = overlay(
        tmp_path,
        """
        tables:
          低保标准:
            rows:
              - 城市: 阜阳
                县区: 颍州
                from: 2023-07-01
                value: 850
        """,
    )
    source = tmp_path / "households.csv"
    lines = ["城市,县区,核算日期,家庭人口,家庭年收入,医疗个人负担,已建档,身份证号"]
    lines += [f"阜阳,{place},2023-08-01,3,{income},0,是,{id_}" for place, income, id_ in _FOUR]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    impact = found(source, engine.read_variant(YEAR, overlays=[late]), by="县区")
    moves = {(line["name"], line["name_2"]): line["households"] for line in tables(impact)["moves"]}
    assert moves == {
        ("深度困难职工", "深度困难职工"): 1,
        ("相对困难职工", "深度困难职工"): 1,
        ("不在任何类别", "相对困难职工"): 1,
        ("相对困难职工", "相对困难职工"): 1,
    }
    assert [(line["name"], line["difference"]) for line in tables(impact)["groups"]] == [
        ("颍东", "0"),
        ("颍州", "8964"),  # 8964 - 7200 for the one that moves, 7200 for the one that enters
    ]
    causes = [[(cause.name, cause.old, cause.new, cause.unit) for cause in one.parting.causes] for one in impact.worked]
    assert causes == [[("低保标准 阜阳 颍州", "738", "850", "元/月")]] * 2
    assert [worked.parting.first for worked in impact.worked] == ["当地低保月标准"] * 2
    assert [str(one.parting.causes[0].place) for one in impact.worked] == [f"{late}:7:16"] * 2


_FOUR = (
    ("颍州", 20000, "990101198503070017"),  # 555.56 a head and month: 深度 at 738
    ("颍州区", 28000, "990101198503070025"),  # 777.78: 相对 at 738, 深度 at 850
    ("颍州", 55000, "990101198503070033"),  # 1527.78: none at 2 × 738 = 1476, 相对 at 2 × 850
    ("颍东", 28000, "990101198503070041"),  # 相对, and the line of 颍东 stays
)


@pytest.mark.parametrize(
    ("setting", "first", "cause"),
    [
        ("生活救助最高月数=10", "生活救助最高标准", ("生活救助最高月数", "12", "10")),
        ("意外救助比例=12%", "意外致困职工·意外救助·上限·扣减前", ("意外救助比例", "0.15", "0.12")),
        ("意外致困认定标准=50000", "意外致困职工", ("意外致困认定标准", "24000", "50000")),
    ],
)
def test_each_kind_of_change_has_the_figure_that_caused_it(
    setting: str, first: str, cause: tuple[str, str, str]
) -> None:
    impact = found(EXAMPLES, variant(setting))
    assert impact.worked
    assert len(impact.worked) == len(tables(impact)["kinds"])
    for worked in impact.worked:
        assert [(one.name, one.old, one.new) for one in worked.parting.causes] == [cause]
    assert first in {worked.parting.first for worked in impact.worked}


def test_a_rule_that_says_otherwise_is_the_cause_itself(tmp_path: Path) -> None:
    late = overlay(tmp_path, "rules:\n  净损失:\n    is: 致困支出总额 - 赔偿补偿\n")
    source = tmp_path / "households.csv"
    facts = "核算日期,家庭人口,家庭年收入,当地低保月标准,城市低保平均标准,致困支出总额,保险支付,已建档,身份证号"
    source.write_text(f"{facts}\n2023-08-01,3,100000,738,747,30000,10000,是,990101198503070017\n", encoding="utf-8")
    (worked,) = found(source, engine.read_variant(YEAR, overlays=[late])).worked
    (cause,) = worked.parting.causes
    assert cause.old == "致困支出总额 - 赔偿补偿 - 保险支付 - 社会救助 - 社会帮扶"
    assert (cause.name, cause.new, cause.clause) == ("净损失", "致困支出总额 - 赔偿补偿", "二(一)3")
    assert worked.parting.results == (
        ("困难类别", "", "意外致困职工"),
        ("意外救助", 0, 4500),
        ("合计", 0, 4500),
        ("结论", "不符合建档标准", "可帮扶"),
        ("可发放合计", 0, 4500),
    )


def test_every_household_worked_out_has_a_cause() -> None:
    for impact in map(of_many, CHANGES):
        assert impact.worked
        for worked in impact.worked:
            assert worked.parting.causes and worked.parting.results and worked.parting.steps
            assert worked.parting.steps[0][0] == worked.parting.first


# Rows set aside --------------------------------------------------------------------------------------------


def test_a_row_that_is_bad_under_one_policy_is_set_aside_from_both(tmp_path: Path, bangfu: Bangfu) -> None:
    late = overlay(tmp_path, "facts:\n  家庭人口:\n    at_most: 3\nfigures:\n  意外救助封顶:\n    value: 8000\n")
    source = tmp_path / "households.csv"
    lines = ["核算日期,家庭人口,家庭年收入,当地低保月标准,城市低保平均标准"]
    lines += [f"2023-08-01,{persons},20000,738,747" for persons in (3, 4, 31)]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    target = tmp_path / "out.csv"
    code, out, beside = bangfu(
        "impact", source, "2023", "--policies", POLICIES, "--overlay", late, "-o", target, "--json"
    )
    assert code == 1
    content = json.loads(out)
    assert (content["read"], content["decided"]) == (3, 1)
    assert content["set_aside"] == {"both": 1, "old": 0, "new": 1}
    assert "households.csv:3:家庭人口: “4” is outside the range. Expected: a number from 1 to 3" in beside
    rejects = (tmp_path / "out.rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in rejects] == ["家庭人口", "4", "31"]
    assert len(target.read_text(encoding="utf-8-sig").splitlines()) == 2


# What-ifs that are none --------------------------------------------------------------------------------------

CASES = [
    (["生活救助最高月=10"], "", "No figure is called “生活救助最高月”. Did you mean “生活救助最高月数”?"),
    (["生活救助最高月数=12"], "", "This changes nothing that decides. Compare it with what the policy says, and correct it or leave it out."),
    (["生活救助最高月数=1.2万"], "", "“1.2万” is not a number. Expected is a number such as 24000, 0.15, 2/37 or 80%. Write it out: 12000."),
    (["生活救助最高月数=10 元/年"], "", "The figure is in 月/年, and not in 元/年. Write the value in 月/年, or the number alone."),
    (["生活救助最高月数"], "", "This sets nothing. Write the name of a figure and its value: --set NAME=VALUE."),
    ([], "figures:\n  另一个数:\n    value: 1\n    unit: 元/年\n    because: 试\n", "“figures.另一个数” reaches no output, so it would change nothing. Let a rule read it, or leave it out."),
    ([], "figure:\n  生活救助最高月数:\n    value: 1\n", "The key “figure” is not known here. Did you mean “figures”?"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "text", "told"), CASES)
def test_a_what_if_that_changes_nothing_is_a_problem(
    settings: list[str], text: str, told: str, tmp_path: Path, bangfu: Bangfu
) -> None:
    options = [part for setting in settings for part in ("--set", setting)]
    options += ["--overlay", str(overlay(tmp_path, text))] if text else []
    code, out, beside = bangfu("impact", EXAMPLES, "2023", "--policies", POLICIES, *options)
    assert (code, out) == (1, "")
    assert told in beside


def test_a_misspelt_figure_of_an_overlay_is_told_the_nearest(tmp_path: Path, bangfu: Bangfu) -> None:
    late = overlay(tmp_path, "figures:\n  生活救助最高月:\n    value: 10\n")
    code, _, beside = bangfu("impact", EXAMPLES, "2023", "--policies", POLICIES, "--overlay", late)
    assert code == 1
    assert f"{late}:2:3" in beside and "Did you mean “生活救助最高月数”?" in beside


def test_an_overlay_that_leaves_the_old_number_in_the_quote_is_warned_of(tmp_path: Path, bangfu: Bangfu) -> None:
    told = (
        "late.yaml:3:12: warning: The figure “意外救助封顶” is 12000, and its quote says 1万. "
        "Correct one of the two, or say under “answers” why they differ."
    )
    late = "figures:\n  意外救助封顶:\n    value: 12000\n"
    asked = ("impact", EXAMPLES, "2023", "--policies", POLICIES, "--today", DAY, "--overlay")
    code, _, beside = bangfu(*asked, overlay(tmp_path, late))
    assert code == 0 and told in beside
    own = overlay(tmp_path, f"{late}    quote: 最高不超过1.2万元\n")
    assert engine.read_variant(YEAR, overlays=[own]).doubts == ()
    assert variant("意外救助封顶=12000").doubts == ()


def test_without_a_new_policy_and_a_what_if_the_usage_is_wrong(bangfu: Bangfu) -> None:
    assert bangfu("impact", EXAMPLES, "2023", "--policies", POLICIES)[0] == 2


def test_a_figure_may_be_set_with_its_unit(bangfu: Bangfu) -> None:
    code, out, beside = bangfu(
        "impact", EXAMPLES, "2023", "--policies", POLICIES, "--set", "生活救助最高月数=10 月/年", "--today", DAY
    )
    assert code == 0 and "Not grouped: --by shows each value of a fact by itself (城市, 县区).\n" in beside
    assert out.splitlines()[0].endswith("[改设:生活救助最高月数=10 月/年] (fb4976af81a1feb4)")


@pytest.mark.parametrize(
    ("option", "name", "told"),
    [
        ("--by", "县", "No fact is called “县”. Facts that are texts: 城市, 县区. Did you mean “县区”?"),
        ("--measure", "合", "No amount is called “合”."),
    ],
)
def test_what_is_grouped_and_measured_by_must_be_there(option: str, name: str, told: str, bangfu: Bangfu) -> None:
    more = (option, name, "--set", "生活救助最高月数=10")
    code, _, beside = bangfu("impact", EXAMPLES, "2023", "--policies", POLICIES, *more)
    assert code == 1
    assert told in beside


def test_a_fact_with_too_many_values_groups_nothing(tmp_path: Path) -> None:
    new = variant("生活救助最高月数=10")
    with pytest.raises(engine.PolicyError, match="“家庭年收入” has more than 200 values"):
        found(many(tmp_path, 300), new, by="家庭年收入")


def test_another_amount_can_be_measured() -> None:
    impact = found(EXAMPLES, variant("生活救助最高月数=10"), measure="生活救助")
    assert impact.headlines[0] == "同样的30户，生活救助由164,836变为140,026，减少24,810（−15.1%）。"


def test_a_policy_of_rules_alone_is_measured_by_its_first_amount(tmp_path: Path) -> None:
    folder = ROOT / "examples" / "policies" / "parking-permit"
    policy = engine.load(folder)
    figure = next(figure for figure in policy.figures if figure.unit.text)
    old, new = engine.read_variant(folder), engine.read_variant(folder, settings=[f"{figure.name}={figure.value + 1}"])
    case = tmp_path / "one.jsonl"
    given = {fact.name: _given(fact) for fact in policy.facts if fact.absence is None and not fact.is_optional}
    case.write_text(json.dumps(given) + "\n", encoding="utf-8")
    impact = engine.impact(old, new, engine.Households(case, DAY))
    assert impact.decided == 1
    assert {breakdown.key for breakdown in impact.breakdowns} == {"totals", "sizes", "kinds"}
    assert "household" in impact.headlines[0]


def _given(fact: object) -> object:
    kind = fact.kind  # type: ignore[attr-defined]
    if kind == "text":
        return (fact.choices or ("x",))[0]  # type: ignore[attr-defined]
    return {"truth": "yes", "date": "2024-06-01"}.get(kind) or int(fact.at_least or 1)  # type: ignore[attr-defined]


# CSV, JSON and the page say the same --------------------------------------------------------------------------


class Page(HTMLParser):
    """The tables of a page as rows of cells, and every name of an element and an attribute."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.names: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.titles: list[str] = []
        self.open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names[tag] += 1
        self.attributes.update(name for name, _ in attrs)
        self.open += [] if tag == "meta" else [tag]
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag == "figcaption":
            self.titles.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names[tag] += 1

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & {*self.open}:
            self.tables[-1][-1][-1] += data
        if "figcaption" in self.open:
            self.titles[-1] += data


def written(folder: Path, bangfu: Bangfu) -> tuple[Page, Path, dict[str, object]]:
    """The page, the folder of CSV files and the JSON of one report."""
    page, files = folder / "page.html", folder / "tables"
    options = ("--set", "生活救助最高月数=10", "--by", "县区", "--today", DAY, "--policies", POLICIES)
    code, out, _ = bangfu("impact", EXAMPLES, "2023", *options, "--json", "--csv", files, "--html", page)
    assert code == 0
    return Page(page), files, json.loads(out)


def test_csv_json_and_the_page_hold_the_same_numbers(tmp_path: Path, bangfu: Bangfu) -> None:
    page, files, content = written(tmp_path, bangfu)
    told: dict[str, dict[str, list[Line]]] = content["tables"]  # type: ignore[assignment]
    assert {file.stem for file in files.iterdir()} == set(told)
    for key, table in told.items():
        rows = list(csv.reader((files / f"{key}.csv").read_text(encoding="utf-8-sig").splitlines()))
        assert rows[1:] == [[str(cell) for cell in line.values()] for line in table["lines"]]
        shown = [
            [cell.replace(",", "").replace("−", "-").replace("+", "") for cell in row[:-1]]
            for row in rows_of(page, rows[0])
        ]
        assert shown[: len(rows) - 1] == rows[1:], key
        assert table["title"] in page.titles


def rows_of(page: Page, headings: list[str]) -> list[list[str]]:
    """The rows of the table with these headings (and the share behind them)."""
    (table,) = (table for table in page.tables if table[0][:-1] == headings)
    return table[1:]


def test_the_page_needs_no_network_and_no_script(tmp_path: Path, bangfu: Bangfu) -> None:
    page, _, content = written(tmp_path, bangfu)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not {"script", "link", "img", "iframe", "a", "object"} & set(page.names)
    assert not {"src", "href", "onclick", "onload"} & set(page.attributes)
    assert "http://" not in text and "https://" not in text and "url(" not in text
    assert page.open == [] and page.names["html"] == page.names["h1"] == 1
    assert page.names["svg"] > 3 and page.names["rect"] > 20
    assert page.names["figcaption"] == len(content["tables"])  # type: ignore[arg-type]
    assert all(title.endswith("。") for title in page.titles)
    for fingerprint in ("3f8c7dd9da761825", "fb4976af81a1feb4"):
        assert fingerprint in text
    assert "生活救助最高月数 12 → 10 月/年 〔二(二)1〕" in text
    assert text.count('lang="zh"') == 1


def test_a_text_of_the_table_can_be_no_markup(tmp_path: Path) -> None:
    source = tmp_path / "households.csv"
    lines = [
        "核算日期,县区,家庭人口,家庭年收入,当地低保月标准,城市低保平均标准",
        "2023-08-01,<b>=1+1</b>,3,20000,738,747",
    ]
    lines.append("2023-08-01,=1+1,3,20000,738,747")
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    impact = found(source, variant("生活救助最高月数=10"), by="县区")
    engine.write_impact_page(impact, tmp_path / "page.html")
    assert "<b>" not in (tmp_path / "page.html").read_text(encoding="utf-8")
    impact.write_csv(tmp_path / "tables")
    assert "\n'=1+1," in (tmp_path / "tables" / "groups.csv").read_text(encoding="utf-8-sig")


def test_the_columns_of_the_result_must_be_free(tmp_path: Path) -> None:
    source = tmp_path / "households.csv"
    source.write_text(
        "核算日期,家庭人口,家庭年收入,当地低保月标准,城市低保平均标准,差额\n2023-08-01,3,1,738,747,0\n",
        encoding="utf-8",
    )
    with pytest.raises(engine.TableError, match=r"households\.csv:1:差额: The result has a column of this name, too"):
        found(source, variant("生活救助最高月数=10"), target=tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--csv", "full"), 1, "full: The folder is not empty."),
        (("--html", "none/page.html"), 1, "There is no folder “none”."),
        (("--html", "same", "-o", "same"), 2, "Give each file that is to be written a name of its own."),
        (("--html", "households.csv"), 2, "Give each file that is to be written a name of its own."),
    ],
)
def test_what_cannot_be_written_is_told(
    options: tuple[str, ...], code: int, told: str, tmp_path: Path, bangfu: Bangfu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "households.csv").write_bytes(EXAMPLES.read_bytes())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    set_ = ("--set", "生活救助最高月数=10", "--policies", POLICIES)
    ended, out, beside = bangfu("impact", "households.csv", "2023", *set_, *options)
    assert ended == code and told in beside
    assert (code == 1) == out.startswith("2023年")  # what was computed is shown before it is handed on
    assert (tmp_path / "households.csv").read_bytes() == EXAMPLES.read_bytes()
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_diff_writes_a_page_with_each_change(tmp_path: Path, bangfu: Bangfu) -> None:
    later = tmp_path / "2024"
    later.mkdir()
    (later / "policy.yaml").write_text(f"extends: {YEAR}\ntitle: 次年\n", encoding="utf-8")
    (later / "figures.yaml").write_text("figures:\n  意外救助封顶:\n    value: 12000\n", encoding="utf-8")
    code, out, beside = bangfu("diff", YEAR, later, "--html", tmp_path / "diff.html")
    assert code == 0 and "意外救助封顶: 10000 → 12000 元/年" in out and "Written: " in beside + out
    page = Page(tmp_path / "diff.html")
    assert page.open == []
    (figures,) = (table for table in page.tables if table[1][0] == "意外救助封顶")
    assert figures[1][1:3] == ["10000 元/年", "12000 元/年"]
    assert figures[1][3] == f"〔二(二)3〕 {later / 'figures.yaml'}:3"
