"""Pictures to files: whole or not at all, the same bytes for the same picture. Nothing is drawn here."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

from talweg.errors import ConfigError, RunFolderError
from talweg.record.seals import place
from talweg.view.style import styled

# Whatever names the day or the version of a library would make equal pictures differ.
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def require_picture(path: str | os.PathLike[str], suffixes: tuple[str, ...] = tuple(_METADATA)) -> None:
    """Refuses a picture's file that cannot be written, before what it would show is computed.

    Args:
        path: where the file will be.
        suffixes: endings that the path may have; those of figures if absent.

    Raises:
        ConfigError: when the path ends otherwise.

    Example:
        >>> require_picture("noise.gif")
        Traceback (most recent call last):
        talweg.errors.ConfigError: a picture's file must end in .png or .svg or .pdf, not in 'noise.gif'
    """
    name = Path(path).name
    if Path(path).suffix.lower() not in suffixes:
        raise ConfigError(f"a picture's file must end in {' or '.join(suffixes)}, not in {name!r}")


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], suffixes: tuple[str, ...]) -> Iterator[Path]:
    """A temporary file beside `path`, which takes its place when the block ends well and is removed when not.

    In a run folder it is sealed.

    Args:
        path: where the file will be; missing folders are made.
        suffixes: endings that the path may have, such as ``(".gif",)``.

    Yields:
        The path to write to.

    Raises:
        ConfigError: when the path ends otherwise.
        RunFolderError: if the system refuses.
    """
    require_picture(path, suffixes)
    target = Path(path)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix.lower()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            place(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise RunFolderError(f"{target} could not be written: {error.strerror or error}") from None


@styled
def save_figure(figure: Figure, path: str | os.PathLike[str], *, dpi: int = 160) -> Path:
    """Write a picture; an old file of that name stays whole until the new one is.

    Args:
        figure: any of this room's figures.
        path: ends in ``.png``, ``.svg`` or ``.pdf``; missing folders are made.
        dpi: dots an inch, for PNG.

    Returns:
        The path.

    Raises:
        ConfigError: when the path ends otherwise.

    Example:
        >>> import tempfile
        >>> from matplotlib.figure import Figure
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_figure(Figure(), f"{folder}/empty.svg").name
        'empty.svg'
    """
    with replacing(path, tuple(_METADATA)) as temporary:
        figure.savefig(temporary, dpi=dpi, metadata=_METADATA[temporary.suffix])
    return Path(path)
