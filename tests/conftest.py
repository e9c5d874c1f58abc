"""What several tests begin with."""

from collections.abc import Callable

import pytest

import cli


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
