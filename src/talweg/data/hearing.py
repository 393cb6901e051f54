"""Who hears of what takes long with a source. What is made of it for a person is decided in `run.listening`."""

from collections.abc import Callable

Hear = Callable[[str, float], None]
"""Is told what is being done, and which part of it, from 0 to 1."""


def quiet(doing: str, part: float) -> None:
    """Hears of progress and says nothing."""
