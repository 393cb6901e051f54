"""The command line called as a person calls it, in this process so that compilations are shared."""

import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from talweg.cli import main


class Called(NamedTuple):
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def message(self) -> str:
        """What went wrong, which is one line; below it may stand a text that was not understood, with a caret."""
        line, *shown = self.err.splitlines()
        assert not shown or (len(shown) == 2 and all(each.startswith("  ") for each in shown)), self.err
        assert not shown or shown[1].strip() == "^", self.err
        return line


@pytest.fixture
def talweg(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Called]:
    def call(*words: object) -> Called:
        monkeypatch.setattr(sys, "argv", ["talweg", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Called(int(ended.value.code or 0), told.out, told.err)

    return call


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path
