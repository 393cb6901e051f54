"""Help in sections: the flags about one thing stand together under a heading."""

import functools
from collections.abc import Callable
from typing import Any, final

import click

OTHER = "Options"
"""Where flags without a heading stand."""


@final
class Flag(click.Option):
    """A flag that knows the heading under which the help shows it."""

    def __init__(self, *names: Any, heading: str = OTHER, **more: Any):
        super().__init__(*names, **more)
        self.heading = heading


@final
class Sectioned(click.Command):
    """A command whose help has a section for each heading, in the order of the flags."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the sections; flags without a heading come last."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                sections.setdefault(getattr(param, "heading", OTHER), []).append(record)
        for heading in sorted(sections, key=lambda heading: heading == OTHER):
            with formatter.section(heading):
                formatter.write_dl(sections[heading])


def under(heading: str) -> Callable[..., Callable]:
    """`click.option` for flags under a heading."""
    return functools.partial(click.option, cls=Flag, heading=heading)
