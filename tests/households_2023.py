"""Made-up households for the 2023 scheme, most of them on a line of the scheme or one 分 beside it.

`households(seed, count)` gives the same households for the same seed on every Python from 3.11: only
`randrange` and `choice` of a seeded generator are used, no float, and nothing depends on the order of a set.
Inside this module every amount is a whole number of 分; facts leave it in 元 (int, or Fraction for 分).
No engine and no reference is imported: the lines are solved here from the text of the scheme.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from random import Random

__all__ = ["households", "lines_touched"]

Facts = dict[str, object]
Cents = dict[str, int]

_EXPENSES = ("因病支出", "因残支出", "子女上学支出")
_RETURNS = ("赔偿补偿", "保险支付", "社会救助", "社会帮扶")
_AIDS = ("生活救助", "医疗救助", "助学救助", "意外救助")
_PRIOR = tuple("年内已获" + aid for aid in _AIDS)
_CHOICES = tuple("核定" + aid for aid in _AIDS)
_COUNTS = ("家庭人口", "在学子女数")
_OPTIONAL = (
    *_EXPENSES,
    "必要就业成本",
    "致困支出总额",
    *_RETURNS,
    "医疗个人负担",
    *_PRIOR,
    *_CHOICES,
)
_LOCAL = (73800, 73900, 77100, 68700, 78100, 68655, 81233, 74662)
_AVERAGE = (74700, 74662, 68655, 75000, 91237, 83333, 83334, 70001)
_SCHOOLING_HALVES = (74375, 74374, 74376, 73125, 73124, 75625)
_LIVING_HALVES = (74479, 74480, 74218, 74219, 75520, 75521)
_PLACES = ("颍州", "颍州区", "颍东", "颍泉", "临泉", "太和", "阜南", "颍上", "界首")


def households(seed: int, count: int) -> Iterator[Facts]:
    """`count` made-up households, four in five built on a line; the same for the same seed.

    Money in 元 a year (standards 元 a month), persons as int; a blank fact is missing or None.
    About one household in a hundred records two aids where 相对困难职工 is named: a problem, on purpose.
    """
    random = Random(seed)
    used: set[str] = set()
    for _ in range(count):
        household = _ordinary(random)
        if random.randrange(20) < 17:
            random.choice(_BUILDERS)(household, random)
        yield _finished(household, random, used)


# A household away from the lines ------------------------------------------------------------


def _ordinary(random: Random) -> Cents:
    """A household with facts drawn at large, many of them blank."""
    household = {
        "家庭人口": random.choice((1, 2, 2, 3, 3, 3, 4, 5, 6, random.randrange(1, 31), 30)),
        "当地低保月标准": random.choice(_LOCAL),
        "城市低保平均标准": random.choice(_AVERAGE),
    }
    for name in (*_EXPENSES, "必要就业成本"):
        _maybe(household, random, name, 2, random.choice((500000, 3000000, 12000000)))
    _maybe(household, random, "医疗个人负担", 2, random.choice((1000000, 4000000, 8000000, 30000000)))
    if random.randrange(2):
        household["在学子女数"] = random.choice((0, 1, 1, 2, 3))
    if not random.randrange(4):
        _set_loss(household, random, random.randrange(500000, 9000000))
    for name in _PRIOR:
        _maybe(household, random, name, 14, 900000)
    if not random.randrange(5):
        household[random.choice(_CHOICES)] = random.choice((0, _money(random, 1200000)))
    household["家庭年收入"] = random.randrange(5 * _year(household) // 2) + _expenses(household) // 2
    return household


def _money(random: Random, limit: int) -> int:
    """An amount below `limit`, in half of the cases whole 元."""
    amount = random.randrange(limit)
    return amount if random.randrange(2) else amount // 100 * 100


def _maybe(household: Cents, random: Random, name: str, one_in: int, limit: int) -> None:
    """Set the fact in one household of `one_in`."""
    if not random.randrange(one_in):
        household[name] = _money(random, limit)


def _set_loss(household: Cents, random: Random, net: int) -> None:
    """A loss that comes to `net` after what came back."""
    back = 0
    for name in _RETURNS:
        household.pop(name, None)
        if not random.randrange(3):
            household[name] = _money(random, 400000)
            back += household[name]
    household["致困支出总额"] = net + back


def _clear(household: Cents, *names: str) -> None:
    """Leave these facts blank."""
    for name in names:
        household.pop(name, None)


# Amounts of the scheme, in 分 ------------------------------------------------------------


def _year(household: Cents) -> int:
    """The yearly income that is exactly the local standard for every member."""
    return 12 * household["家庭人口"] * household["当地低保月标准"]


def _expenses(household: Cents) -> int:
    return sum(household.get(name, 0) for name in _EXPENSES)


def _already(household: Cents) -> int:
    return sum(household.get(name, 0) for name in _PRIOR)


def _four_fifths(amount: int) -> int:
    """80% in whole hundreds of 元, half up."""
    return (4 * amount + 25000) // 50000 * 10000


def _fifteen_percent(amount: int) -> int:
    """15% in whole 分, half up, at most 10,000 元."""
    return min((15 * amount + 50) // 100, 1000000)


def _full_ceilings(household: Cents) -> Cents:
    """The ceilings before 年内已获: 深度, and 意外致困 for the last."""
    month = household["城市低保平均标准"]
    return {
        "生活救助": 12 * month,
        "医疗救助": household.get("医疗个人负担", 0),
        "助学救助": 10 * month * household.get("在学子女数", 0),
        "意外救助": _fifteen_percent(household.get("致困支出总额", 0)),
    }


def _ceilings(household: Cents) -> Cents:
    """The same, once what was given this year has come off."""
    full = _full_ceilings(household)
    return {aid: max(full[aid] - household.get("年内已获" + aid, 0), 0) for aid in _AIDS}


def _living_floor(household: Cents) -> int:
    return max(8 * household["城市低保平均标准"] - household.get("年内已获生活救助", 0), 0)


def _relative_ceilings(household: Cents) -> Cents:
    """The ceilings of 相对, and its 生活救助 floor under its own name."""
    month, burden = household["城市低保平均标准"], household.get("医疗个人负担", 0)
    return {
        "生活救助": _four_fifths(12 * month),
        "医疗救助": min(_four_fifths(burden), burden, 16000000),
        "助学救助": _four_fifths(10 * month) * household.get("在学子女数", 0),
        "生活救助下限": _four_fifths(8 * month),
    }


def _living_amounts(household: Cents) -> tuple[int, ...]:
    """What 生活救助 can be in 深度: its ceiling, its floor, or the officer's choice in between."""
    ceiling, floor = _ceilings(household)["生活救助"], _living_floor(household)
    choice = household.get("核定生活救助")
    if choice is None:
        return ceiling, floor
    return ceiling, floor, min(max(choice, floor), ceiling) if choice else 0


def _medical_amounts(household: Cents) -> tuple[int, ...]:
    """What 医疗救助 can be in 深度: its ceiling, or the officer's choice."""
    ceiling = _ceilings(household)["医疗救助"]
    return ceiling, min(household.get("核定医疗救助", ceiling), ceiling)


# Where the income puts the household ------------------------------------------------------------


def _beside(random: Random) -> int:
    """One 分 below, exactly on, or one 分 above."""
    return random.choice((-1, 0, 1))


def _solve_income(household: Cents, left: int) -> None:
    """Set the income so that 核算收入 less 刚性支出 is `left`; expenses grow where it would be below 0."""
    income = left + _expenses(household) - _already(household)
    if income < 0:
        household["因残支出"] = household.get("因残支出", 0) - income
        income = 0
    household["家庭年收入"] = income


def _place_deep(household: Cents, random: Random) -> None:
    """Below the 深度 line, in one case of four by one 分."""
    year = _year(household)
    _solve_income(household, year - 1 - random.choice((0, random.randrange(year), random.randrange(year), year)))


def _place_deepest(household: Cents, random: Random) -> None:
    """So far below the 深度 line that every recheck holds."""
    ceilings = _ceilings(household)
    _solve_income(household, -sum(ceilings.values()) - random.randrange(1000000))


def _place_relative(household: Cents, random: Random) -> None:
    """Not 深度 and still 相对, often on the last 分 of either end."""
    year = _year(household)
    last = 2 * year + household.get("必要就业成本", 0) - 1
    _solve_income(household, random.choice((year, year + random.randrange(year), last)))


def _place_outside(household: Cents, random: Random) -> None:
    """Neither 深度 nor 相对, in one case of two exactly on the line."""
    line = 2 * _year(household) + household.get("必要就业成本", 0)
    _solve_income(household, line + random.choice((0, random.randrange(_year(household)))))


# Builders: each puts the household on one line ------------------------------------------------------------


def _on_deep_test(household: Cents, random: Random) -> None:
    _solve_income(household, _year(household) + _beside(random))


def _on_relative_test(household: Cents, random: Random) -> None:
    line = 2 * _year(household) + household.get("必要就业成本", 0)
    _solve_income(household, line + _beside(random))


def _on_recheck(household: Cents, random: Random) -> None:
    """On the recheck after 生活救助 at its ceiling, its floor, or a choice."""
    _clear(household, *_CHOICES, "致困支出总额")
    household["医疗个人负担"] = 1 + _money(random, random.choice((900000, 900000, 6000000)))
    if random.randrange(2):
        _clear(household, "在学子女数")
    living = random.choice(_living_amounts(household))
    if random.randrange(2):
        household["核定生活救助"] = living
    _solve_income(household, _year(household) - living + _beside(random))


def _on_second_recheck(household: Cents, random: Random) -> None:
    """On the recheck before 助学救助; also as if 医疗救助 had paid for the illness (question 4)."""
    _clear(household, *_CHOICES, "致困支出总额")
    household["医疗个人负担"] = 100 + _money(random, 3000000)
    household["在学子女数"] = random.choice((1, 1, 2))
    if not random.randrange(3):
        household["核定医疗救助"] = 1 + _money(random, household["医疗个人负担"])
    medical = _medical_amounts(household)[1]
    left = _year(household) - _ceilings(household)["生活救助"] - medical
    if not random.randrange(3):
        left -= min(household.get("因病支出", 0), medical)
    _solve_income(household, left + _beside(random))


def _on_recheck_of_another_order(household: Cents, random: Random) -> None:
    """On the recheck after 医疗救助 or 助学救助 given first (question 3)."""
    _clear(household, *_CHOICES)
    household["医疗个人负担"] = 1 + _money(random, 1500000)
    first = random.choice(("医疗救助", "助学救助"))
    _solve_income(household, _year(household) - _ceilings(household)[first] + _beside(random))


def _on_loss_line(household: Cents, random: Random) -> None:
    _set_loss(household, random, 2400000 + _beside(random))
    random.choice((_place_deep, _place_relative, _place_outside, _place_outside))(household, random)


def _on_approval(household: Cents, random: Random) -> None:
    """医疗救助 at 2万元 or 5万元, by its ceiling or a choice; or with 年内已获 (question 9)."""
    line = random.choice((2000000, 5000000)) + _beside(random)
    _clear(household, *_CHOICES, *_PRIOR)
    if not random.randrange(3):
        household["年内已获医疗救助"] = 1 + _money(random, line - 1)
    household["医疗个人负担"] = line
    if random.randrange(2):
        household["医疗个人负担"] += household.get("年内已获医疗救助", 0)
    if not random.randrange(3):
        household["医疗个人负担"] += 1 + _money(random, 1000000)
        household["核定医疗救助"] = line
    random.choice((_place_deepest, _place_deepest, _place_deepest, _place_relative))(household, random)


def _on_relative_cap(household: Cents, random: Random) -> None:
    """医疗救助 in 相对 at the cap, as printed or without the point (question 1)."""
    _clear(household, *_CHOICES, *_PRIOR)
    around = (20000000, 20006250, 19993750, 2000000, 2006250, 1993750)
    household["医疗个人负担"] = random.choice(around) + _beside(random)
    _place_relative(household, random)


def _on_burden_half_hundred(household: Cents, random: Random) -> None:
    """80% of the burden on a half hundred; small burdens are below what they round to."""
    _clear(household, *_PRIOR, *_CHOICES)
    household["医疗个人负担"] = 6250 + 12500 * random.randrange(random.choice((3, 300))) + _beside(random)
    if random.randrange(2):
        household["核定生活救助"] = 0
        _clear(household, "在学子女数")
    _place_relative(household, random)


def _on_standard_half_hundred(household: Cents, random: Random) -> None:
    """80% of the schooling or living standard on a half hundred, or as near as whole 分 come."""
    _clear(household, *_PRIOR, *_CHOICES)
    household["城市低保平均标准"] = random.choice(_SCHOOLING_HALVES + _LIVING_HALVES)
    household["在学子女数"] = random.choice((0, 1, 2, 3))
    if random.randrange(2):
        household["核定生活救助"] = 0
    _place_relative(household, random)


def _on_accident_cap(household: Cents, random: Random) -> None:
    _set_loss(household, random, 2400000)
    household["致困支出总额"] = random.choice((6666666, 6666667, 6666663, 6666664, 6666670))
    _clear(household, "核定意外救助")
    random.choice((_place_relative, _place_outside, _place_outside))(household, random)


def _on_accident_half_cent(household: Cents, random: Random) -> None:
    """15% of the expenditure on half a 分."""
    _clear(household, *_RETURNS, *_CHOICES)
    household["致困支出总额"] = 2400010 + 20 * random.randrange(200000) + _beside(random)
    random.choice((_place_relative, _place_outside, _place_outside))(household, random)


def _on_tie_deep_accident(household: Cents, random: Random) -> None:
    _clear(household, *_PRIOR, *_RETURNS, "医疗个人负担", "在学子女数")
    household["城市低保平均标准"] = random.choice((74700, 74662, 68655, 75000, 83333, 83334))
    beside = random.choice((-7, -4, -3, 0, 0, 3, 4, 7))
    household["致困支出总额"] = 80 * household["城市低保平均标准"] + beside
    _place_deep(household, random)


def _on_tie_relative_accident(household: Cents, random: Random) -> None:
    _clear(household, *_PRIOR, *_RETURNS, *_CHOICES, "医疗个人负担", "在学子女数")
    household["城市低保平均标准"] = random.choice((74700, 74662, 68655, 75000, 83333))
    living = _relative_ceilings(household)["生活救助"]
    household["致困支出总额"] = 20 * living // 3 + random.choice((-7, -4, -3, 0, 0, 1, 3, 4, 7))
    _place_relative(household, random)


def _on_tie_in_relative(household: Cents, random: Random) -> None:
    """医疗救助 of 相对 equal to its 生活救助 or 助学救助, or on the edge of the equal hundred."""
    _clear(household, *_PRIOR, *_CHOICES, "致困支出总额")
    other = random.choice(("生活救助", "助学救助"))
    household["在学子女数"] = random.choice((0, 1)) if other == "生活救助" else random.choice((2, 3))
    amount = _relative_ceilings(household)[other]
    edge = random.choice((0, 5000, -5000))
    household["医疗个人负担"] = (amount + edge) * 5 // 4 + _beside(random)
    _place_relative(household, random)


def _on_tie_deep_relative(household: Cents, random: Random) -> None:
    """生活救助 of 深度, after which the recheck fails, equal to the 医疗救助 of 相对."""
    _clear(household, *_PRIOR, *_CHOICES, "在学子女数", "致困支出总额")
    household["城市低保平均标准"] = random.choice((75000, 72500, 77500, 70000, 80000))
    living = 12 * household["城市低保平均标准"]
    edge = random.choice((0, 0, 5000, -5000))
    household["医疗个人负担"] = (living + edge) * 5 // 4 + _beside(random)
    _solve_income(household, _year(household) - 1 - random.choice((0, random.randrange(living), living - 1)))


def _on_deep_choice(household: Cents, random: Random) -> None:
    """A choice in 深度 at an end of its range, beside it, far off it, or 0."""
    aid = random.choice(_AIDS[:3])
    _clear(household, *_CHOICES)
    household["医疗个人负担"] = 100 + _money(random, 3000000)
    household["在学子女数"] = random.choice((1, 2))
    bounds = [_ceilings(household)[aid], _living_floor(household) if aid == "生活救助" else 0]
    _choose(household, random, aid, random.choice(bounds))
    random.choice((_place_deep, _place_deepest, _place_deepest))(household, random)


def _on_relative_choice(household: Cents, random: Random) -> None:
    """A choice in 相对 likewise; now and then a second one, which is a problem."""
    _clear(household, *_CHOICES, *_PRIOR)
    household["医疗个人负担"] = 1 + _money(random, 3000000)
    household["在学子女数"] = random.choice((0, 1, 2))
    ceilings = _relative_ceilings(household)
    aid = random.choice(_AIDS[:3])
    floor = ceilings["生活救助下限"] if aid == "生活救助" else 0
    _choose(household, random, aid, random.choice((ceilings[aid], floor)))
    if not random.randrange(4):
        second = random.choice([one for one in _AIDS[:3] if one != aid])
        household["核定" + second] = random.choice((0, 0, 1, 100000))
    _place_relative(household, random)


def _on_accident_choice(household: Cents, random: Random) -> None:
    _set_loss(household, random, random.randrange(2400000, 8000000))
    _choose(household, random, "意外救助", random.choice((_ceilings(household)["意外救助"], 0)))
    random.choice((_place_outside, _place_relative))(household, random)


def _choose(household: Cents, random: Random, aid: str, bound: int) -> None:
    """Record a choice at the bound, beside it, far off it, or 0."""
    far = random.choice((0, bound // 2, bound + 500000))
    household["核定" + aid] = random.choice((max(bound + _beside(random), 0), bound, bound, far))


def _on_prior_ceiling(household: Cents, random: Random) -> None:
    """年内已获 of one aid equal to its ceiling (or the floor of 生活救助), or one 分 off."""
    aid = random.choice(_AIDS[:3])
    _clear(household, *_PRIOR)
    household["医疗个人负担"] = 100 + _money(random, 3000000)
    household["在学子女数"] = random.choice((1, 2))
    line = _full_ceilings(household)[aid]
    if aid == "生活救助" and random.randrange(2):
        line = 8 * household["城市低保平均标准"]
    household["年内已获" + aid] = line + _beside(random)
    random.choice((_place_deep, _place_deepest, _place_relative))(household, random)


def _on_prior_all_ceilings(household: Cents, random: Random) -> None:
    """Nothing, or one 分, left to give in 深度."""
    _clear(household, *_PRIOR, *_CHOICES, "致困支出总额")
    for aid, ceiling in _full_ceilings(household).items():
        household["年内已获" + aid] = max(ceiling + random.choice((0, 0, _beside(random))), 0)
    random.choice((_place_deep, _place_deepest))(household, random)


def _on_prior_accident(household: Cents, random: Random) -> None:
    """年内已获意外救助 equal to its ceiling, or one 分 off."""
    _clear(household, *_PRIOR, "核定意外救助")
    _set_loss(household, random, random.randrange(2400000, 9000000))
    household["年内已获意外救助"] = _full_ceilings(household)["意外救助"] + _beside(random)
    random.choice((_place_outside, _place_outside, _place_relative))(household, random)


def _on_first_prior_cent(household: Cents, random: Random) -> None:
    """One 分 already given, which in 相对 leaves nothing to give."""
    _clear(household, *_PRIOR)
    household[random.choice(_PRIOR)] = random.choice((0, 1, 1))
    random.choice((_place_relative, _place_relative, _place_deep))(household, random)


_BUILDERS: tuple[Callable[[Cents, Random], None], ...] = (
    _on_deep_test,
    _on_relative_test,
    _on_recheck,
    _on_recheck,
    _on_second_recheck,
    _on_recheck_of_another_order,
    _on_loss_line,
    _on_approval,
    _on_approval,
    _on_relative_cap,
    _on_burden_half_hundred,
    _on_standard_half_hundred,
    _on_accident_cap,
    _on_accident_half_cent,
    _on_tie_deep_accident,
    _on_tie_relative_accident,
    _on_tie_in_relative,
    _on_tie_deep_relative,
    _on_deep_choice,
    _on_deep_choice,
    _on_relative_choice,
    _on_relative_choice,
    _on_accident_choice,
    _on_prior_ceiling,
    _on_prior_all_ceilings,
    _on_prior_accident,
    _on_first_prior_cent,
)


# The facts as they leave ------------------------------------------------------------


def _finished(household: Cents, random: Random, used: set[str]) -> Facts:
    """The facts in 元, with the archive, the ID number, the place and the day."""
    facts: Facts = {}
    if random.randrange(3):
        facts["城市"], facts["县区"] = "阜阳", random.choice(_PLACES)
    if random.randrange(3):
        facts["核算日期"] = date(2023, 7, 1) + timedelta(days=random.randrange(366))
    for name, value in household.items():
        facts[name] = value if name in _COUNTS else _yuan(value)
    if not random.randrange(12):
        facts["家庭年度总收入"] = facts.pop("家庭年收入")
    for name in _OPTIONAL:
        if name not in facts and not random.randrange(20):
            facts[name] = None
    filed = random.choice((True,) * 17 + (False, False, None))
    if filed is not None or random.randrange(2):
        facts["已建档"] = filed
    _set_id(facts, random, used)
    return facts


def _yuan(cents: int) -> int | Fraction:
    """The amount in 元: whole where it can be."""
    return Fraction(cents, 100) if cents % 100 else cents // 100


def _set_id(facts: Facts, random: Random, used: set[str]) -> None:
    """An ID number never used before in the run: right in 17 cases of 20, else missing or wrong."""
    fault = random.choice(("",) * 34 + ("missing", "missing", "blank", "check", "day", "short"))
    if fault == "missing":
        return
    if fault == "blank":
        facts["身份证号"] = random.choice((None, ""))
        return
    number = _new_id(random, "0230" if fault == "day" else "", used)
    if fault == "check":
        number = number[:17] + random.choice([one for one in "0123456789X" if one != number[17]])
    facts["身份证号"] = number[:17] if fault == "short" else number


def _new_id(random: Random, day: str, used: set[str]) -> str:
    """A made-up number with region 99, not in `used`; `day` (month and day) replaces a real one."""
    while True:
        birth = (date(1940, 1, 1) + timedelta(days=random.randrange(24000))).isoformat().replace("-", "")
        digits = f"99{random.randrange(10000):04}{birth[:4]}{day or birth[4:]}{random.randrange(1000):03}"
        if digits not in used:
            used.add(digits)
            return digits + _check_character(digits)


def _check_character(digits: str) -> str:
    """The check character of the 17 digits (ISO 7064 mod 11-2)."""
    product = 0
    for digit in digits:
        product = (product + int(digit)) * 2 % 11
    return "0123456789X"[(12 - product) % 11]


# Which lines a household is on ------------------------------------------------------------


def lines_touched(facts: Facts) -> tuple[str, ...]:
    """The names of the lines the household sits on or one 分 beside, read off the facts alone.

    A gate (not filed, ID) and a blank fact are not counted here; they are no line of money.
    """
    household = _cents(facts)
    found = [*_income_lines(household), *_amount_lines(household), *_tie_lines(household)]
    found += [*_choice_lines(household), *_prior_lines(household)]
    return tuple(found)


def _cents(facts: Facts) -> Cents:
    """The facts of money in 分, the counts as they are, blanks left out."""
    household = {}
    for name in ("家庭年收入", "家庭年度总收入", "当地低保月标准", "城市低保平均标准", *_COUNTS, *_OPTIONAL):
        value = facts.get(name)
        if isinstance(value, int | Fraction):
            household[name] = int(value) if name in _COUNTS else int(value * 100)
    household.setdefault("家庭年收入", household.get("家庭年度总收入", 0))
    return household


def _is_beside(value: int, *lines: int) -> bool:
    """Whether the value is on one of the lines or one 分 beside."""
    return any(abs(value - line) <= 1 for line in lines)


def _income_lines(household: Cents) -> Iterator[str]:
    """The filing tests and their rechecks."""
    left = household["家庭年收入"] + _already(household) - _expenses(household)
    year = _year(household)
    if _is_beside(left, year):
        yield "深度"
    if _is_beside(left - household.get("必要就业成本", 0), 2 * year):
        yield "相对"
    living, medical = _living_amounts(household), _medical_amounts(household)
    after_living = [year - one for one in living]
    if household.get("医疗个人负担") and _is_beside(left, *after_living):
        yield "深度 after 生活救助"
    if household.get("在学子女数") and any(_is_beside(left + one, *after_living) for one in medical if one):
        yield "深度 after 生活救助, 医疗救助"


def _amount_lines(household: Cents) -> Iterator[str]:
    """The loss, the approval, the caps and the half hundreds."""
    loss, burden = household.get("致困支出总额", 0), household.get("医疗个人负担", 0)
    month = household["城市低保平均标准"]
    if _is_beside(loss - sum(household.get(name, 0) for name in _RETURNS), 2400000):
        yield "2.4万元"
    if any(_is_beside(one, 2000000, 5000000) for one in _medical_amounts(household)):
        yield "approval"
    if _is_beside(burden, 20000000, 20006250, 19993750):
        yield "16万元"
    if _is_beside(loss, 6666666, 6666663):
        yield "1万元"
    if loss >= 2400000 and _is_beside(loss % 20, 10):
        yield "half 分"
    if burden and _is_beside(burden % 12500, 6250):
        yield "half hundred of the burden"
    if household.get("在学子女数") and _is_beside(month % 1250, 625):
        yield "half hundred of 助学救助"
    if any(_four_fifths(months * (month - 1)) != _four_fifths(months * (month + 1)) for months in (8, 12)):
        yield "half hundred of 生活救助"


def _tie_lines(household: Cents) -> Iterator[str]:
    """Equal amounts between categories, and between the aids of 相对."""
    relative = _relative_ceilings(household)
    living, medical, schooling = (relative[aid] for aid in _AIDS[:3])
    accident = _ceilings(household)["意外救助"]
    if accident and _is_beside(accident, _ceilings(household)["生活救助"]):
        yield "深度 = 意外致困"
    if accident and _is_beside(accident, living, medical):
        yield "相对 = 意外致困"
    if medical and _is_beside(_ceilings(household)["生活救助"], medical):
        yield "深度 = 相对"
    if medical in (living, schooling) and medical:
        yield "equal aids in 相对"


def _choice_lines(household: Cents) -> Iterator[str]:
    """Choices at an end of a range; 0 is not counted, nor a range that is 0."""
    deep, relative = _ceilings(household), _relative_ceilings(household)
    bounds = {aid: (deep[aid], relative.get(aid, 0)) for aid in _AIDS}
    bounds["生活救助"] += (_living_floor(household), relative["生活救助下限"])
    for aid in _AIDS:
        choice = household.get("核定" + aid)
        if choice and _is_beside(choice, *(bound for bound in bounds[aid] if bound)):
            yield "核定" + aid


def _prior_lines(household: Cents) -> Iterator[str]:
    """年内已获 of one 分, or equal to a ceiling, or to the floor of 生活救助."""
    if _already(household) == 1:
        yield "已获 > 0"
    ceilings = _full_ceilings(household)
    for aid in _AIDS:
        lines = (ceilings[aid], 8 * household["城市低保平均标准"]) if aid == "生活救助" else (ceilings[aid],)
        already = household.get("年内已获" + aid)
        if already and _is_beside(already, *lines):
            yield "年内已获" + aid
