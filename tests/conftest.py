"""What several tests begin with."""

from collections.abc import Callable

import pytest

import cli

LONG = ("readme", "effects", "verifying", "hostile", "laws", "stream", "packaging")
"""The files that take longest: they come first, so that no worker is left alone with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of long files first."""
    names = [f"test_{name}" for name in LONG]
    items.sort(key=lambda item: names.index(item.path.stem) if item.path.stem in names else len(names))


@pytest.fixture
def bangfu(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """The command: its exit code, what it prints, and what it says beside."""
    monkeypatch.setenv("LANGUAGE", "en")

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.cli(["--lang", "en", *map(str, arguments)])
        out, beside = capsys.readouterr()
        return int(ended.value.code or 0), out, beside

    return run
