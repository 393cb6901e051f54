"""Tests that need a browser or a server run where it is; where it is not, they are left out and the run says so."""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_LEFT_OUT = pytest.StashKey[dict[str, int]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[_LEFT_OUT] = {}
    for mark, missing in _NEEDS.items():
        marked = [item for item in items if item.get_closest_marker(mark)]
        if not marked or not (what := missing()):
            continue
        if os.environ.get("CI"):
            raise pytest.UsageError(f"continuous integration runs the {mark} tests, but there is no {what}")
        items[:] = [item for item in items if item not in marked]
        config.hook.pytest_deselected(items=marked)
        config.stash[_LEFT_OUT][mark] = len(marked)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for mark, count in config.stash.get(_LEFT_OUT, {}).items():
        terminalreporter.write_line(
            f"{count} {mark} tests were left out: there is no {_NEEDS[mark]()} here.", yellow=True
        )


@pytest.fixture(scope="session", autouse=True)
def tidy(pytestconfig: pytest.Config) -> Iterator[None]:
    """No test leaves a file in the folder that the tests are run from."""
    here = pytestconfig.rootpath
    before = {path.name for path in here.iterdir()}
    yield
    left = {path.name for path in here.iterdir() if not path.name.startswith((".", "__"))} - before
    assert not left, f"a test left {', '.join(sorted(left))} in {here}"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; only tests marked `browser` may ask for it."""
    return next(path for name in _NAMES if (path := shutil.which(name)))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URI of a PostgreSQL server of its own; only tests marked `postgres` may ask for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Not below pytest's own folder, which the server's user may not enter: it refuses to run as root.
    with tempfile.TemporaryDirectory() as name:
        folder, user = Path(name), "postgres" if os.geteuid() == 0 else None
        (folder / "password").write_text("right")
        if user:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)

        def run(tool: str, *words: str) -> None:
            told = subprocess.run([_tool(tool), "-D", folder / "data", *words], user=user, cwd="/", capture_output=True)
            assert told.returncode == 0, told.stderr.decode()

        run("initdb", "-U", "talweg", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "--no-sync")
        where = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", where, "start")
        try:
            yield f"postgresql://talweg:right@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")


def _tool(name: str) -> str | None:
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(debian[-1]) if debian else None)


def _browser() -> str:
    if not any(shutil.which(name) for name in _NAMES):
        return "Chromium (Debian: apt-get install chromium)"
    if importlib.util.find_spec("playwright") is None:
        return "Playwright (pip install playwright)"
    return ""


def _postgres() -> str:
    if not _tool("initdb") or not _tool("pg_ctl"):
        return "PostgreSQL (Debian: apt-get install postgresql)"
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg (pip install 'talweg[sql]')"
    return ""


_NEEDS: dict[str, Callable[[], str]] = {"browser": _browser, "postgres": _postgres}
"""What tests of a mark need: gives what is missing, or nothing."""
