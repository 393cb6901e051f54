"""The pages hold: every command they show is taken, every name of the package exists, every link leads somewhere."""

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

import talweg as tw
from talweg.cli import talweg as door

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md"))
)


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def commands(page: str) -> list[str]:
    """What stands as a command: indented or fenced lines, continued ones joined, and words in backquotes."""
    joined = text(page).replace("\\\n", " ")
    lines = re.findall(r"^(?: {4}|\$ | {4}\$ )(talweg [a-z].*)$", joined, re.M)
    return lines + [" ".join(told.split()) for told in re.findall(r"`(talweg [a-z][^`]*)`", joined)]


def options(command: click.Command) -> set[str]:
    return {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_taken(page):
    for line in commands(page):
        name, *words = shlex.split(line.replace("|", " "), comments=True)[1:]
        command = door.get_command(click.Context(door), name)
        assert command is not None, line
        known = options(command)
        unknown = [word for word in words if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in known]
        assert unknown == [], line


def test_the_readme_shows_every_command():
    shown = " ".join((text("README.md") + text("docs/data.md")).split())
    missing = [name for name in door.list_commands(click.Context(door)) if f"talweg {name}" not in shown]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_the_package_exists(page):
    for name in re.findall(r"\btw\.([A-Za-z_]+)", text(page)):
        assert hasattr(tw, name), name


@pytest.mark.parametrize("page", PAGES)
def test_python_on_a_page_can_be_read(page):
    for block in re.findall(r"^```python\n(.*?)^```", text(page), re.M | re.S):
        ast.parse(block)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", text(page)):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target
