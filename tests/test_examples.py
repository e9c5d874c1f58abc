"""The example households: the same in every format, and between them everything that the scheme knows."""

import csv
import datetime
from pathlib import Path

import engine

ROOT = Path(__file__).parent.parent
POLICY = engine.load(ROOT / "policies/2023")
DAY = datetime.date(2023, 8, 15)


def decisions(name: str) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    engine.evaluate(
        POLICY, ROOT / "examples" / name, today=DAY, each=lambda record, decision: found.append(decision.row())
    )
    return found


def test_the_workbook_and_the_csv_are_the_same_households() -> None:
    assert decisions("households-2023.csv") == decisions("households-2023.xlsx")


def test_the_examples_show_every_category_aid_conclusion_and_approval() -> None:
    seen = [engine.evaluate(POLICY, ROOT / "examples/households-2023.csv", today=DAY)]
    assert set(seen[0].categories) == {"", *(category.name for category in POLICY.categories)}
    assert set(seen[0].aids) == {"生活救助", "医疗救助", "助学救助", "意外救助"}
    assert set(seen[0].conclusions) == {"不符合建档标准", "应建档", "实名核验未通过", "本年已足额", "可帮扶"}
    assert set(seen[0].approvals) == {"", "省总工会", "全国总工会"}


def test_no_example_is_a_real_person() -> None:
    for name in ("households-2023.csv", "households-2023-with-mistakes.csv"):
        with (ROOT / "examples" / name).open(encoding="utf-8-sig", newline="") as stream:
            numbers = [row["身份证号"] for row in csv.DictReader(stream) if row["身份证号"]]
        assert len(numbers) > 10
        assert [number for number in numbers if not number.startswith("99")] in ([], ["1.1E+17"])
