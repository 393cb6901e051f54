"""Symbolic work within a time limit, in a child process that is killed when the time is up. Its work: `calculus`.

The child gets the function as plain data, never as text, and nothing that it writes is evaluated.
"""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import threading
from typing import Any

from talweg.objective.typed.tree import Tree, to_data

Window = tuple[tuple[float | int, float | int], ...]

MEMORY = 2 * 1024**3
"""Bytes of address space that the child may take, where the system can hold it to that."""

STARTUP = 30.0
"""Seconds that the child may take to start and to import SymPy; the time limit counts from then on."""


@dataclasses.dataclass(frozen=True)
class Findings:
    """What the child found before its time was up.

    Attributes:
        by_study: the finding of each study that came to an end.
        in_time: whether the child came to its end.
    """

    by_study: dict[str, dict[str, Any]]
    in_time: bool

    def __getitem__(self, study: str) -> dict[str, Any]:
        """The finding of a study; empty where it did not end in time or found no way."""
        return self.by_study.get(study, {})


class Study:
    """A study under way in a child process. Other work can be done until `result` is called.

    Args:
        tree: the function.
        variables: its variables, in order.
        window: the range of each in which the members of periodic families are listed.
        time_limit: seconds of symbolic work after which the child is killed; what it found until then is kept.

    Example:
        >>> from talweg.objective.typed.grammar import parse
        >>> Study(parse("x^2"), ("x",), ((-1, 1),), 30).result()["derivatives"]["gradient"]
        [['*', ['number', '2'], ['variable', 'x']]]
    """

    def __init__(self, tree: Tree, variables: tuple[str, ...], window: Window, time_limit: float | int):
        self.time_limit = time_limit
        self.question = json.dumps({"tree": to_data(tree), "variables": variables, "window": window}) + "\n"
        paths = [path for path in sys.path if path]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD.format(seconds=int(STARTUP + time_limit) + 1, memory=MEMORY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"},
        )

    def result(self) -> Findings:
        """Waits until the child has ended or its time is up, and ends it. Call it once."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        limit = threading.Timer(STARTUP, self.process.kill)
        limit.start()
        by_study = {}
        try:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(self.question)
                self.process.stdin.close()
            for line in self.process.stdout:
                if not line.endswith("\n"):
                    break  # the line that it was writing when its time was up
                message = json.loads(line)
                if message["study"] == "ready":
                    limit.cancel()
                    limit = threading.Timer(self.time_limit, self.process.kill)
                    limit.start()
                by_study[message["study"]] = message["finding"]
        finally:
            limit.cancel()
            self.process.kill()
            self.process.stdout.close()
            self.process.wait()
        return Findings(by_study, "end" in by_study)


_CHILD = """
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
    resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
except (ImportError, ValueError, OSError):
    pass
from talweg.sketching.calculus import main
main()
"""
