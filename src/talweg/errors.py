"""The errors that a person can mend, and the did-you-mean behind their messages. Nothing is printed here.

Every message is one line: what was expected, what came, the likely mend. The front door prints it and exits
with code 2; any other exception is a bug of ours and keeps its traceback. Below a message about a typed text stand the
text and a caret.
"""

import contextlib
import difflib
import unicodedata
from collections.abc import Iterable, Iterator

WIDEST = 76
"""Columns of a text that is shown with a caret, at most."""


class TalwegError(Exception):
    """Something that the caller can mend; the message is one line."""


class ConfigError(TalwegError):
    """A setting that is unknown, of the wrong kind or out of range."""


class DataError(TalwegError):
    """A source that cannot be read, or whose rows or columns do not allow what was asked."""


class ExpressionError(TalwegError):
    """A typed function or rule that does not parse.

    Attributes:
        position: where in the text, counted from 1 as people count.
        text: what was typed; empty where that is not known (see `pointing_into`).
    """

    def __init__(self, message: str, position: int):
        super().__init__(f"{message} at position {position}")
        self.position, self.text = position, ""

    @property
    def excerpt(self) -> str:
        """The text and a caret below what is wrong, two lines; empty where the text is not known."""
        return caret(self.text, self.position) if self.text else ""


@contextlib.contextmanager
def pointing_into(text: str) -> Iterator[None]:
    """Whoever reads a typed text lets its errors carry it, so that they are shown with a caret (see `caret`)."""
    try:
        yield
    except ExpressionError as error:
        if not error.text:
            error.text = text
            if text:
                # Python shows notes below the message.
                error.add_note(error.excerpt)
        raise


def caret(text: str, position: int) -> str:
    """A text as one line, cut around a position if it is long, and a caret below that position.

    Args:
        text: what was typed.
        position: of a character of it, counted from 1; one more is its end.

    Example:
        >>> print(caret("2x^^2", 4))
        2x^^2
           ^
    """
    # Each character stays one character, so that the caret stands below the right one.
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    at = position - 1
    begin = max(0, min(at - WIDEST // 2, len(line) - WIDEST))
    end = begin + WIDEST
    before = ("…" if begin else "") + line[begin:at]
    shown = before + line[at:end] + ("…" if end < len(line) else "")
    return f"{shown.rstrip()}\n{' ' * sum(map(_columns, before))}^"


def _columns(letter: str) -> int:
    """How many columns of a terminal a character takes."""
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


class RunFolderError(TalwegError):
    """A run folder that is missing, damaged, of another version, or in the way."""


class TrainingInterruptedError(TalwegError):
    """A training that was asked to end, and has saved where it stands; the message says how to go on.

    Attributes:
        exit_code: what the process ends with: 128 and the signal's number.
    """

    def __init__(self, message: str, exit_code: int):
        super().__init__(message)
        self.exit_code = exit_code


class MissingExtraError(TalwegError):
    """A feature whose optional dependency is not installed."""

    def __init__(self, feature: str, extra: str):
        super().__init__(f"{feature} needs an optional dependency; install it with: pip install 'talweg[{extra}]'")


class TalwegWarning(UserWarning):
    """Something that was asked for and can be done, but is hardly meant so; from Python it comes as a warning."""


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """The tail of a message about an unknown name: the nearest known one, or nothing.

    Args:
        name: what came.
        choices: what would have been accepted.

    Returns:
        ``" Did you mean 'price'?"``, with its leading space, or an empty string.

    Example:
        >>> did_you_mean("prise", ["price", "area"])
        " Did you mean 'price'?"
    """
    lowered = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return f" Did you mean {lowered[near[0]]!r}?" if near else ""


def require_known(what: str, name: str, known: Iterable[str], besides: str = "", aliases: Iterable[str] = ()) -> None:
    """Refuses a name that a table does not have.

    Args:
        what: what it should be the name of, for the message.
        name: what came.
        known: the names in the table.
        besides: what is accepted that is no name in the table, in words.
        aliases: other names in use, of which the nearest may be what was meant.

    Raises:
        ConfigError: with the known names and the nearest.

    Example:
        >>> require_known("loss", "hubert", ["huber", "mean_squared_error"])
        Traceback (most recent call last):
        talweg.errors.ConfigError: 'hubert' is no loss. Known: huber, mean_squared_error. Did you mean 'huber'?
    """
    names = list(known)
    if name not in names:
        listed = ", ".join(names) + (f", or {besides}" if besides else "")
        raise ConfigError(f"{name!r} is no {what}. Known: {listed}.{did_you_mean(name, [*names, *aliases])}")
