"""The decision of one household under the 2023 scheme, written from `scheme-2023.md` alone.

An oracle: it shares no code with the engine, imports the standard library only, and is exact (int, Fraction).

Readings I had to choose
------------------------
Facts
 1. 家庭年收入 and 家庭年度总收入 both given: equal values are accepted, different ones are a problem.
 2. A negative amount is a problem, except an income (a business can lose money); so is a count that is not
    whole, and a float.  A standard that is blank is a problem; a standard of 0 is accepted.
 3. The number of children in school is not compared with 家庭人口.
 4. 身份证号 is taken as typed: 18 ASCII characters, a capital X only, no spaces trimmed; the birth date must
    exist in the calendar, and is not compared with 核算日期 or today.
Ranges (下限, 上限)
 5. They are what the clause sets for the aid in the chosen category, whether or not the aid ends up given:
    an aid stopped by the recheck, the aids 相对 does not pick, and all of 相对 when 已获 > 0 show theirs.
 6. 已获 comes off the ranges in 深度 (floor and ceiling) and 意外致困 (ceiling), each aid its own.  In 相对
    nothing is taken off the range: 已获 > 0 there means that no aid is given.
 7. They are unrounded, but for the hundreds of 相对.  A choice is put inside the unrounded range first; the
    result is then rounded to the 分.  (15% of 24,000.10: a ceiling of 3,600.015 and an aid of 3,600.02.)
 8. 相对 医疗救助 is rounded to the hundred first, then capped: a cap (the burden) can be off the hundred.
Choices
 9. A choice of 0 in 相对 takes that aid out; the highest of the others is then given.
10. A recorded aid in 相对 is the one given even where its ceiling is 0 (核定医疗救助, no burden): total 0.
11. Two recorded aids in 相对 are a problem also while a gate holds and also when 已获 > 0.  核定意外救助
    never counts there; a choice for an aid the chosen category does not have is passed over.
12. 本年已足额 is said for every total of 0, also where the officer chose 0.
Rechecks and the loss
13. Rechecks use the rounded amounts given; one that fails is not a problem, and no later aid is given.
14. 年内已获 is not taken off the loss; 社会救助 and 社会帮扶 are only what is recorded under these names.
Other readings
15. Question 2: 相对 without a recorded aid picks the aid with the highest amount *given*, 生活救助 counting
    with its floor; it may therefore pick another aid than at the ceilings.
16. Question 3: the order is sought twice, for the comparison (at the ceilings) and for what is given.
17. Question 4: only what is given this time is taken off an expense, never 年内已获.
18. Question 6: all of the burden is not rounded to the hundred (the rounding belongs to the 80%); 16万元 caps
    it as before.
19. Question 9: the sum alone decides, so an approval can be named where no 医疗救助 is given this time.
20. Question 10: the further test is the one of 相对, with 必要就业成本 and with 已获 in the income.
21. The other readings are independent; any set of them can be taken together.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import permutations

__all__ = ["AIDS", "CATEGORIES", "decide"]

DEEP, RELATIVE, ACCIDENT = "深度困难职工", "相对困难职工", "意外致困职工"
CATEGORIES = (DEEP, RELATIVE, ACCIDENT)
LIVING, MEDICAL, SCHOOLING, MISHAP = "生活救助", "医疗救助", "助学救助", "意外救助"
AIDS = (LIVING, MEDICAL, SCHOOLING, MISHAP)
AIDS_OF = {DEEP: AIDS[:3], RELATIVE: AIDS[:3], ACCIDENT: AIDS[3:]}

_AMOUNTS = (
    "因病支出",
    "因残支出",
    "子女上学支出",
    "必要就业成本",
    "致困支出总额",
    "赔偿补偿",
    "保险支付",
    "社会救助",
    "社会帮扶",
    "医疗个人负担",
    *("年内已获" + aid for aid in AIDS),
)
_STANDARDS = ("当地低保月标准", "城市低保平均标准")

Range = tuple[Fraction, Fraction]
Amounts = dict[str, Fraction]


@dataclass(frozen=True)
class _Case:
    """One household as numbers: 元 a year (the two standards 元 a month), persons, and the readings taken."""

    income: Fraction
    people: int
    students: int
    amounts: Amounts
    choices: dict[str, Fraction | None]
    is_filed: bool
    has_real_id: bool
    other: frozenset[int]

    @property
    def already_given(self) -> Fraction:
        """已获: the four 年内已获 together."""
        return sum((self.amounts["年内已获" + aid] for aid in AIDS), Fraction(0))


def decide(facts: dict[str, object], other: frozenset[int] = frozenset()) -> dict[str, object]:
    """The decision for one household: category, conclusion, aids, ranges and approval, exact.

    `other` holds the numbers of the questions whose other reading is taken; 7 (the lookup) has no effect.

    Raises:
        ValueError: a needed fact is blank or not usable, or two aids are recorded in 相对困难职工.
    """
    case = _read(facts, other)
    holding = tuple(category for category in CATEGORIES if _holds(category, case))
    chosen = _chosen(holding, case)
    ranges = _ranges(chosen, case) if chosen else {}
    given = _given(chosen, case) if chosen else {}
    total = sum(given.values(), Fraction(0))
    conclusion = _conclusion(case, chosen, total)
    decision: dict[str, object] = {"困难类别": chosen, "holds": holding, "结论": conclusion}
    for aid in AIDS:
        decision[aid] = given.get(aid, Fraction(0))
        decision[aid + "下限"], decision[aid + "上限"] = ranges.get(aid, (Fraction(0), Fraction(0)))
    decision["合计"] = total
    decision["可发放合计"] = total if conclusion == "可帮扶" else Fraction(0)
    decision["审批"] = _approval(chosen, given, case)
    return decision


# Facts ------------------------------------------------------------


def _read(facts: dict[str, object], other: frozenset[int]) -> _Case:
    """The household as numbers, blanks as 0 where the page lets them be."""
    amounts = {name: _amount(facts, name) or Fraction(0) for name in _AMOUNTS}
    for name in _STANDARDS:
        standard = _amount(facts, name)
        if standard is None:
            raise ValueError(f"{name} is blank.")
        amounts[name] = standard
    people = _count(facts, "家庭人口")
    if people is None or not 1 <= people <= 30:
        raise ValueError(f"家庭人口 is {people}; 1 to 30 is expected.")
    return _Case(
        income=_income(facts),
        people=people,
        students=_count(facts, "在学子女数") or 0,
        amounts=amounts,
        choices={aid: _amount(facts, "核定" + aid) for aid in AIDS},
        is_filed=_is_filed(facts),
        has_real_id=_is_real_id(facts.get("身份证号")),
        other=other,
    )


def _income(facts: dict[str, object]) -> Fraction:
    """家庭年收入, under either of its names; 元 a year."""
    names = ("家庭年收入", "家庭年度总收入")
    found = [value for value in (_number(facts, name) for name in names) if value is not None]
    if not found:
        raise ValueError("家庭年收入 is blank.")
    if found[0] != found[-1]:
        raise ValueError("家庭年收入 and 家庭年度总收入 differ.")
    return found[0]


def _number(facts: dict[str, object], name: str) -> Fraction | None:
    """The fact as an exact number, or None where it is blank."""
    value = facts.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise ValueError(f"{name} is {value!r}; a whole number or a fraction is expected.")
    return Fraction(value)


def _amount(facts: dict[str, object], name: str) -> Fraction | None:
    """The fact as an exact number not below 0, or None where it is blank."""
    value = _number(facts, name)
    if value is not None and value < 0:
        raise ValueError(f"{name} is below 0.")
    return value


def _count(facts: dict[str, object], name: str) -> int | None:
    """The fact as a whole number of persons, or None where it is blank."""
    value = _amount(facts, name)
    if value is not None and value.denominator != 1:
        raise ValueError(f"{name} is not whole.")
    return None if value is None else int(value)


# 二(一) filing standards ------------------------------------------------------------


def _holds(category: str, case: _Case) -> bool:
    """Whether the household meets the filing standard of the category."""
    if category == DEEP:
        return _is_deep(case, {})
    if category == RELATIVE:
        return _is_relative(case)
    if _loss(case) < 24000:
        return False
    return 10 not in case.other or _is_relative(case)


def _is_deep(case: _Case, given: Amounts) -> bool:
    """Whether the 深度 test holds once `given`, the amounts given this time, counts as income."""
    income = case.income + case.already_given + sum(given.values())
    return (income - _expenses(case, given)) / 12 / case.people < case.amounts["当地低保月标准"]


def _is_relative(case: _Case) -> bool:
    """Whether the 相对 test holds."""
    left = case.income + case.already_given - _expenses(case, {}) - case.amounts["必要就业成本"]
    return left / 12 / case.people < 2 * case.amounts["当地低保月标准"]


def _expenses(case: _Case, given: Amounts) -> Fraction:
    """刚性支出; with the other reading of question 4, less what an aid of this time has just paid."""
    illness, schooling = case.amounts["因病支出"], case.amounts["子女上学支出"]
    if 4 in case.other:
        illness = max(illness - given.get(MEDICAL, 0), Fraction(0))
        schooling = max(schooling - given.get(SCHOOLING, 0), Fraction(0))
    return illness + case.amounts["因残支出"] + schooling


def _loss(case: _Case) -> Fraction:
    """The loss the 意外致困 test looks at: net of what came back, or gross (question 5)."""
    gross = case.amounts["致困支出总额"]
    if 5 in case.other:
        return gross
    return gross - sum(case.amounts[name] for name in ("赔偿补偿", "保险支付", "社会救助", "社会帮扶"))


# 二(二) aid standards ------------------------------------------------------------


def _ranges(category: str, case: _Case) -> dict[str, Range]:
    """The floor and ceiling of each aid of the category."""
    if category == DEEP:
        return _deep_ranges(case)
    return _relative_ranges(case) if category == RELATIVE else _accident_ranges(case)


def _deep_ranges(case: _Case) -> dict[str, Range]:
    month = case.amounts["城市低保平均标准"]
    full = {
        LIVING: (8 * month, 12 * month),
        MEDICAL: (Fraction(0), case.amounts["医疗个人负担"]),
        SCHOOLING: (Fraction(0), 10 * month * case.students),
    }
    return {aid: _less(case.amounts["年内已获" + aid], limits) for aid, limits in full.items()}


def _relative_ranges(case: _Case) -> dict[str, Range]:
    month, burden = case.amounts["城市低保平均标准"], case.amounts["医疗个人负担"]
    medical = burden if 6 in case.other else _four_fifths(burden)
    cap = 16000 if 1 in case.other else 160000
    return {
        LIVING: (_four_fifths(8 * month), _four_fifths(12 * month)),
        MEDICAL: (Fraction(0), min(medical, burden, Fraction(cap))),
        SCHOOLING: (Fraction(0), _four_fifths(10 * month) * case.students),
    }


def _accident_ranges(case: _Case) -> dict[str, Range]:
    ceiling = min(case.amounts["致困支出总额"] * 15 / 100, Fraction(10000))
    return {MISHAP: _less(case.amounts["年内已获" + MISHAP], (Fraction(0), ceiling))}


def _less(already: Fraction, limits: Range) -> Range:
    """The range once `already` has come off both ends, neither below 0."""
    floor, ceiling = limits
    return max(floor - already, Fraction(0)), max(ceiling - already, Fraction(0))


def _four_fifths(standard: Fraction) -> Fraction:
    """80% of a 深度 standard, rounded half up to the hundred."""
    return _rounded(standard * 80 / 100, Fraction(100))


def _rounded(value: Fraction, step: Fraction) -> Fraction:
    """The multiple of `step` nearest to `value` (not below 0), halves up."""
    return (value / step + Fraction(1, 2)) // 1 * step


# What is given ------------------------------------------------------------


def _given(category: str, case: _Case) -> Amounts:
    """What is given this time in the category, after the officer's choices; 元, whole 分."""
    amounts = {aid: _whole_cents(_wanted(aid, limits, case)) for aid, limits in _ranges(category, case).items()}
    recorded = tuple(aid for aid in AIDS_OF[category] if case.choices[aid])
    if category == RELATIVE and len(recorded) > 1:
        raise ValueError(f"相对困难职工 gives one aid only; recorded are {', '.join(recorded)}.")
    return _combined(category, case, amounts, recorded)


def _given_at_ceilings(category: str, case: _Case) -> Amounts:
    """What would be given in the category without any choice, every aid at its ceiling."""
    amounts = {aid: _whole_cents(limits[1]) for aid, limits in _ranges(category, case).items()}
    return _combined(category, case, amounts, ())


def _wanted(aid: str, limits: Range, case: _Case) -> Fraction:
    """The amount of one aid, taken alone: the choice inside its range, or the default; not yet rounded."""
    floor, ceiling = limits
    choice = case.choices[aid]
    if choice is None:
        return floor if aid == LIVING and 2 in case.other else ceiling
    if choice == 0:
        return Fraction(0)
    return min(max(choice, floor), ceiling)


def _whole_cents(value: Fraction) -> Fraction:
    """The amount in whole 分, half up."""
    return _rounded(value, Fraction(1, 100))


def _combined(category: str, case: _Case, amounts: Amounts, recorded: tuple[str, ...]) -> Amounts:
    """Which of the amounts are given together, by the category's rule for several aids."""
    if category == DEEP:
        return _best_order(case, amounts) if 3 in case.other else _in_order(case, amounts, AIDS_OF[DEEP])
    if category == RELATIVE:
        return _one_only(case, amounts, recorded)
    return amounts


def _in_order(case: _Case, amounts: Amounts, order: tuple[str, ...]) -> Amounts:
    """The aids of 深度 in this order, each given only if the test still holds before it."""
    given: Amounts = {}
    for aid in order:
        if amounts[aid] > 0 and _is_deep(case, given):
            given[aid] = amounts[aid]
    return given


def _best_order(case: _Case, amounts: Amounts) -> Amounts:
    """The aids of 深度 in the order with the highest total, the earliest such order (question 3)."""
    outcomes = [_in_order(case, amounts, order) for order in permutations(AIDS_OF[DEEP])]
    return max(outcomes, key=lambda given: sum(given.values()))


def _one_only(case: _Case, amounts: Amounts, recorded: tuple[str, ...]) -> Amounts:
    """The one aid of 相对: the recorded one, or the highest; none after an aid this year."""
    if case.already_given > 0:
        return {}
    aid = recorded[0] if recorded else max(AIDS_OF[RELATIVE], key=lambda one: amounts[one])
    return {aid: amounts[aid]}


# 就高不就低, approval, conclusion ------------------------------------------------------------


def _chosen(holding: tuple[str, ...], case: _Case) -> str:
    """The category named: highest total at the ceilings, the first of equals; empty where none holds."""
    if not holding:
        return ""
    if 11 in case.other:
        return holding[0]
    return max(holding, key=lambda category: sum(_given_at_ceilings(category, case).values()))


def _approval(chosen: str, given: Amounts, case: _Case) -> str:
    """The union that has to approve the 医疗救助, or nothing."""
    if chosen != DEEP and not (chosen == RELATIVE and 8 in case.other):
        return ""
    amount = given.get(MEDICAL, Fraction(0))
    if 9 in case.other:
        amount += case.amounts["年内已获" + MEDICAL]
    if amount >= 50000:
        return "全国总工会"
    return "省总工会" if amount >= 20000 else ""


def _conclusion(case: _Case, chosen: str, total: Fraction) -> str:
    """The 结论, the first that applies."""
    if not chosen:
        return "不符合建档标准"
    if not case.is_filed:
        return "应建档"
    if not case.has_real_id:
        return "实名核验未通过"
    return "可帮扶" if total > 0 else "本年已足额"


def _is_filed(facts: dict[str, object]) -> bool:
    """已建档; blank means not filed."""
    filed = facts.get("已建档")
    if filed is not None and not isinstance(filed, bool):
        raise ValueError(f"已建档 is {filed!r}; yes or no is expected.")
    return bool(filed)


def _is_real_id(number: object) -> bool:
    """Whether the text is 17 digits and the right check character, a real birth date inside (GB 11643)."""
    if not isinstance(number, str) or len(number) != 18 or not number.isascii():
        return False
    digits, check = number[:17], number[17]
    if not digits.isdigit():
        return False
    try:
        date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    weighted = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits))
    return check == "10X98765432"[weighted % 11]
