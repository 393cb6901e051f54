"""In what a run was trained: the command, the versions, the machine, the state of the user's repository.

It decides nothing; it is recorded so that a run can be trained again, and so that a difference can be explained.
"""

import contextlib
import datetime
import importlib.metadata
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from talweg.objective.parts import cores

LIBRARIES = ("talweg", "jax", "jaxlib", "numpy", "optax", "equinox", "polars", "scipy")
"""The libraries whose versions can change a result."""


def environment() -> dict[str, Any]:
    """What this process is and where it runs, as plain data."""
    return {
        "command": _command(sys.argv),
        "folder": str(Path.cwd()),
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "versions": {name: version for name in LIBRARIES if (version := installed_version(name))},
        "machine": {
            "system": platform.platform(),
            "processor": _processor(),
            "cores": cores(),
            "devices": [device.device_kind for device in jax.devices()],
        },
        "flags": {name: os.environ[name] for name in ("XLA_FLAGS", "JAX_ENABLE_X64") if name in os.environ},
        "git": _git(),
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two environments in what can change a result, a sentence each.

    Example:
        >>> differences({"python": "3.11.7"}, {"python": "3.12.1"})
        ['python was 3.11.7, is 3.12.1']
    """
    fields = ("python", "versions", "machine", "flags", "git")
    old, new = ({k: v for field in fields for k, v in _flat(field, one.get(field)).items()} for one in (before, now))
    return [
        f"{name} was {old.get(name, 'absent')}, is {new.get(name, 'absent')}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def _flat(name: str, value: Any) -> dict[str, Any]:
    """Nested plain data as names with spaces, `machine cores`; the versions by the libraries' own names."""
    if not isinstance(value, Mapping):
        return {} if value is None else {name: value}
    flat: dict[str, Any] = {}
    for key, item in value.items():
        flat |= _flat(key if name == "versions" else f"{name} {key}", item)
    return flat


def _command(words: Sequence[str]) -> str:
    """The command line, without the password of a URI.

    Example:
        >>> _command(["/usr/bin/talweg", "train", "postgresql://ann:secret@host/db"])
        'talweg train postgresql://ann:***@host/db'
    """
    line = shlex.join([Path(words[0]).name, *words[1:]]) if words and words[0] else "python"
    return re.sub(r"(://[^/@:\s]*:)[^/@\s]*@", r"\1***@", line)


def installed_version(name: str) -> str | None:
    """A library's version; `None` where it is not installed."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(name)
    return None


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git() -> dict[str, Any] | None:
    """The commit of the repository around the working folder, and whether files in it were changed; `None` without."""
    try:
        commit = _told("git", "rev-parse", "HEAD")
        return {"commit": commit, "changed": bool(_told("git", "status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _told(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
