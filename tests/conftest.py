"""Tests that open a browser run where there is one; where there is none, they are left out and the run says so."""

import importlib.util
import os
import shutil

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_LEFT_OUT = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    browser = [item for item in items if item.get_closest_marker("browser")]
    if not browser or not (missing := _missing()):
        return
    if os.environ.get("CI"):
        raise pytest.UsageError(f"continuous integration runs the browser tests, but there is no {missing}")
    items[:] = [item for item in items if item not in browser]
    config.hook.pytest_deselected(items=browser)
    config.stash[_LEFT_OUT] = len(browser)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{left_out} browser tests were left out: there is no {_missing()} here.", yellow=True
        )


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; only tests marked `browser` may ask for it."""
    return next(path for name in _NAMES if (path := shutil.which(name)))


def _missing() -> str:
    if not any(shutil.which(name) for name in _NAMES):
        return "Chromium (Debian: apt-get install chromium)"
    if importlib.util.find_spec("playwright") is None:
        return "Playwright (pip install playwright)"
    return ""
