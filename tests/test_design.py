"""The plan of the house keeps what it says: each library is imported only behind the doors in docs/design.md."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src/talweg"
NAMES = {
    "Pillow": "PIL",
    "tomli-w": "tomli_w",
    "imageio-ffmpeg": "imageio_ffmpeg",
    "axe-core (in axe-playwright-python)": "axe_playwright_python",
    "Three.js": "three",
}
"""What Python calls a library where that is not its name in small letters."""
EVERYWHERE = {"jaxtyping", "numpy"}
OURS = {"talweg", "mpl_toolkits"}
"""Imported, but no libraries of their own; the second is matplotlib's."""


def doors() -> dict[str, set[str]]:
    """The rooms and files that may import each library, by the table in docs/design.md."""
    table = (ROOT / "docs/design.md").read_text().split("## 9.")[1].split("## 10.")[0]
    found: dict[str, set[str]] = {}
    for libraries, where, _ in re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", table, flags=re.MULTILINE)[1:]:
        for library in libraries.split(", "):
            name = NAMES.get(library, library.lower())
            found.setdefault(name, set()).update(re.findall(r"`([a-z_/]+)`", where.split("extra")[0]))
    return found


def imports() -> dict[str, set[str]]:
    """The files that import each library that is not Python's own."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for module in modules:
                found.setdefault(module.split(".")[0], set()).add(path.relative_to(PACKAGE).with_suffix("").as_posix())
    return found


def test_each_library_is_imported_only_behind_its_doors():
    known = doors()
    beside = {
        (library, file)
        for library, files in imports().items()
        if library not in sys.stdlib_module_names | OURS | EVERYWHERE
        for file in files
        if not any(file == door or file.startswith(f"{door}/") for door in known.get(library, ()))
    }
    assert not beside


def test_every_door_is_there():
    named = set().union(*doors().values()) - {"web/"}
    assert all((PACKAGE / door).is_dir() or (PACKAGE / f"{door}.py").exists() for door in named)
