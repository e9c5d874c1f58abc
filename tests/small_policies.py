"""Policies of a few lines, written out for one test: a policy, facts and rules, each as the YAML of its file."""

from pathlib import Path
from textwrap import dedent

import engine

POLICY = """
    title: A small policy
    year: 2024
    issuer: The office
    language: en
    in_force:
      from: 2024-01-01
      until: 2024-12-31
    units:
      money:
        - GBP
      periods:
        - year
        - month
      counts:
        - person
        - share
"""


def written(folder: Path, **files: str) -> Path:
    """`folder` with the YAML of each of `files`; without a `policy`, the one above."""
    for kind, text in {"policy": POLICY, **files}.items():
        (folder / f"{kind}.yaml").write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def problems(folder: Path, **files: str) -> list[str]:
    """What is wrong with the policy that `files` make: where in the files, and the sentence."""
    found = engine.examine(written(folder, **files))[1]
    return [
        f"{Path(problem.place.file).name}:{problem.place.line}: {problem.text().split(': ', 1)[1]}" for problem in found
    ]


def policy(folder: Path, **files: str) -> engine.Policy:
    """The policy that `files` make, which has no problem and no warning."""
    assert problems(folder, **files) == []
    return engine.load(folder)


def number(
    name: str,
    *,
    kind: str = "count",
    at_least: int = 0,
    at_most: int = 100,
    unit: str = "person",
    step: str = "1",
    more: str = "",
) -> str:
    """The lines of a fact that is a number, two spaces in; `more` is one more line."""
    lines = [
        f"{name}:",
        f"  kind: {kind}",
        f"  unit: {unit}",
        "  meaning: a number",
        f"  at_least: {at_least}",
        f"  at_most: {at_most}",
        f"  step: {step}",
        *([f"  {more}"] if more else []),
    ]
    return "".join(f"  {line}\n" for line in lines)


def money(name: str, step: str = "0.01") -> str:
    """The lines of a fact that is an amount a year, as `number` gives them."""
    return number(name, kind="money", unit="GBP/year", at_most=100_000, step=step)
