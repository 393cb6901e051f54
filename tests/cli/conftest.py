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
