"""The 2023 scheme written by hand in polars, in exact integers, as an expert would write it for speed: what the engine is
measured against. It knows one scheme, says nothing of its reasons, and was written from the scheme, not from the engine.

Money in 分; conditions are never divided (a monthly income below a line is a yearly one below twelve lines for each
member); what several columns need is computed once; the columns of text are enumerations. Measured: a least or a greatest
of columns inside a choice costs polars several times what it costs in a column of its own.
"""

from __future__ import annotations

import polars as pl

__all__ = ["COLUMNS", "FACTS", "decide", "plan"]

CATEGORIES = ("深度困难职工", "相对困难职工", "意外致困职工", "")
APPROVALS = ("省总工会", "全国总工会", "")
COLUMNS = ("困难类别", "生活救助", "医疗救助", "助学救助", "意外救助", "合计", "审批")
_AIDS = ("生活救助", "医疗救助", "助学救助")
FACTS = (
    *("家庭人口", "家庭年收入", "当地低保月标准", "城市低保平均标准", "在学子女数", "医疗个人负担", "必要就业成本"),
    *("因病支出", "因残支出", "子女上学支出", "致困支出总额", "赔偿补偿", "保险支付", "社会救助", "社会帮扶"),
    *(f"{word}{aid}" for word in ("年内已获", "核定") for aid in (*_AIDS, "意外救助")),
    *(f"核定{aid}·已填" for aid in (*_AIDS, "意外救助")),
)
"""The facts that the columns need."""

_NONE = pl.lit(0, pl.Int64)


def decide(frame: pl.DataFrame) -> pl.DataFrame:
    """`COLUMNS` for each row of `frame`, in its order."""
    return plan(frame.lazy()).collect()


def plan(facts: pl.LazyFrame) -> pl.LazyFrame:
    """The same, not yet run."""
    return (
        facts.with_columns(*_bases())
        .with_columns(*_ranges())
        .with_columns(*_wanted())
        .with_columns(*_at_ceilings())
        .with_columns(*_tests())
        .with_columns(*_picked())
        .with_columns(*_given())
        .select(*_outputs())
    )


def _bases() -> list[pl.Expr]:
    c = pl.col
    already = c("年内已获生活救助") + c("年内已获医疗救助") + c("年内已获助学救助") + c("年内已获意外救助")
    expenses = c("因病支出") + c("因残支出") + c("子女上学支出")
    back = c("赔偿补偿") + c("保险支付") + c("社会救助") + c("社会帮扶")
    line = c("家庭人口") * c("当地低保月标准") * 12
    room = line - c("家庭年收入") - already + expenses
    return [
        already.alias("已获"),
        room.alias("余地"),
        (room > -(line + c("必要就业成本"))).alias("相对"),
        (c("致困支出总额") - back >= 2400000).alias("意外"),
    ]


def _ranges() -> list[pl.Expr]:
    """Floor and ceilings: 80% of 12, 10 and 8 months to the hundred, of the burden too; 15% of the loss to the 分."""
    c = pl.col
    month, burden = c("城市低保平均标准"), c("医疗个人负担")
    accident = pl.min_horizontal((c("致困支出总额") * 3 + 10) // 20, pl.lit(1000000, pl.Int64))
    return [
        _above_none(month * 12 - c("年内已获生活救助")).alias("深生活"),
        _above_none(month * 8 - c("年内已获生活救助")).alias("深生活下限"),
        _above_none(burden - c("年内已获医疗救助")).alias("深医疗"),
        _above_none(month * 10 * c("在学子女数") - c("年内已获助学救助")).alias("深助学"),
        ((month * 6 + 3125) // 6250 * 10000).alias("相生活"),
        ((month * 4 + 3125) // 6250 * 10000).alias("相生活下限"),
        pl.min_horizontal((burden + 6250) // 12500 * 10000, burden, pl.lit(16000000, pl.Int64)).alias("相医疗"),
        ((month + 625) // 1250 * 10000 * c("在学子女数")).alias("相助学"),
        _above_none(accident - c("年内已获意外救助")).alias("意外上限"),
        (c("余地") > 0).alias("深度"),
    ]


def _above_none(amount: pl.Expr) -> pl.Expr:
    return pl.max_horizontal(amount, _NONE)


def _chosen(aid: str, ceiling: str) -> pl.Expr:
    """The choice, at most the ceiling; without a choice the ceiling. A choice of 0 is 0."""
    choice = pl.when(pl.col(f"核定{aid}·已填")).then(pl.col(f"核定{aid}")).otherwise(pl.col(ceiling))
    return pl.min_horizontal(choice, pl.col(ceiling))


def _raised(amount: str, floor: str) -> pl.Expr:
    """The amount, at least the floor where there is one at all."""
    found = pl.col(amount)
    return pl.when((found > 0) & (found < pl.col(floor))).then(pl.col(floor)).otherwise(found)


def _wanted() -> list[pl.Expr]:
    return [
        _chosen("生活救助", "深生活").alias("深生活选"),
        _chosen("医疗救助", "深医疗").alias("深医疗拟"),
        _chosen("助学救助", "深助学").alias("深助学拟"),
        _chosen("生活救助", "相生活").alias("相生活选"),
        _chosen("医疗救助", "相医疗").alias("相医疗拟"),
        _chosen("助学救助", "相助学").alias("相助学拟"),
        _chosen("意外救助", "意外上限").alias("意外拟"),
        pl.max_horizontal("相生活", "相医疗", "相助学").alias("相高"),
    ]


def _at_ceilings() -> list[pl.Expr]:
    """The amounts wanted, and what each category comes to at its ceilings; 0 where its test fails."""
    c = pl.col
    living, medical = c("深生活"), _if(c("余地") > c("深生活"), c("深医疗"))
    schooling = _if(c("余地") > living + medical, c("深助学"))
    return [
        _raised("深生活选", "深生活下限").alias("深生活拟"),
        _raised("相生活选", "相生活下限").alias("相生活拟"),
        _if(c("深度"), living + medical + schooling).alias("深总"),
        _if(c("相对") & (c("已获") == 0), c("相高")).alias("相总"),
        _if(c("意外"), c("意外上限")).alias("意总"),
    ]


def _if(condition: pl.Expr, amount: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(amount).otherwise(_NONE)


def _tests() -> list[pl.Expr]:
    """The category with the highest total, the first of equals; the rechecks after what is given."""
    c = pl.col
    deep = c("深度") & (c("深总") >= c("相总")) & (c("深总") >= c("意总"))
    relative = c("相对") & ~deep & (c("相总") >= c("意总"))
    second = c("余地") > c("深生活拟")
    return [
        deep.alias("选深"),
        relative.alias("选相"),
        (c("意外") & ~deep & ~relative).alias("选意"),
        _if(second, c("深医疗拟")).alias("深医疗给"),
        (c("余地") > c("深生活拟") + _if(second, c("深医疗拟"))).alias("三次"),
        (c("已获") == 0).alias("未获"),
        pl.max_horizontal("相生活拟", "相医疗拟", "相助学拟").alias("相最高"),
    ]


def _picked() -> list[pl.Expr]:
    """The one aid of the second category: the recorded one, or the highest, the first of equals."""
    c = pl.col
    recorded = {aid: c(f"核定{aid}·已填") & (c(f"核定{aid}") > 0) for aid in _AIDS}
    some = recorded["生活救助"] | recorded["医疗救助"] | recorded["助学救助"]
    living = c("相生活拟") == c("相最高")
    medical = (c("相医疗拟") == c("相最高")) & ~living
    found = {"生活救助": living, "医疗救助": medical, "助学救助": ~living & ~medical}
    one = c("选相") & c("未获")
    return [(one & ((some & recorded[aid]) | (~some & found[aid]))).alias(f"给{aid}") for aid in _AIDS]


def _given() -> list[pl.Expr]:
    c = pl.col
    return [
        _either(c("选深"), c("深生活拟"), c("给生活救助"), c("相生活拟")).alias("生活救助"),
        _either(c("选深"), c("深医疗给"), c("给医疗救助"), c("相医疗拟")).alias("医疗救助"),
        _either(c("选深") & c("三次"), c("深助学拟"), c("给助学救助"), c("相助学拟")).alias("助学救助"),
        _if(c("选意"), c("意外拟")).alias("意外救助"),
    ]


def _either(one: pl.Expr, amount: pl.Expr, other: pl.Expr, otherwise: pl.Expr) -> pl.Expr:
    return pl.when(one).then(amount).when(other).then(otherwise).otherwise(_NONE)


def _outputs() -> list[pl.Expr]:
    c = pl.col
    medical = c("医疗救助")
    return [
        _enum(CATEGORIES, c("选深"), c("选相"), c("选意")).alias("困难类别"),
        c("生活救助"),
        medical,
        c("助学救助"),
        c("意外救助"),
        (c("生活救助") + medical + c("助学救助") + c("意外救助")).alias("合计"),
        _enum(
            APPROVALS, c("选深") & (medical >= 2000000) & (medical < 5000000), c("选深") & (medical >= 5000000)
        ).alias("审批"),
    ]


def _enum(texts: tuple[str, ...], *conditions: pl.Expr) -> pl.Expr:
    """The text of the first condition that holds; the last text where none does."""
    kind = pl.Enum(texts)
    found = pl.lit(texts[-1], kind)
    for text, condition in reversed(list(zip(texts, conditions, strict=False))):
        found = pl.when(condition).then(pl.lit(text, kind)).otherwise(found)
    return found
