"""The flags about data and networks that several commands share, and the words they take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from talweg.cli.sections import under
from talweg.errors import ConfigError

_data, _pictures, _network = map(under, ("Data", "Pictures", "Network"))

_OPTIONS = (
    _data(
        "--target",
        metavar="COLUMN",
        help="Column to predict; or the folder of masks, or of clean pictures. [default: target, label, class or y, or"
        " else the last column]",
    ),
    _data("--task", help="classification, regression, segmentation, denoising. [default: from source and target]"),
    _data("--split", metavar="A/B/C", help="Training/validation/test in percent. [default: 70/15/15]"),
    _data("--folds", metavar="N", help="Cross-validation: so many folds, each held out by one member (or more)."),
    _data(
        "--group",
        metavar="COLUMN",
        help="Column whose equal values stay in one part of the split, such as patient_id.",
    ),
    _data("--time", metavar="COLUMN", help="Column of dates or numbers: train on the past, test on the future."),
    _data("--split-by", help="'seed': rows dealt by chance; 'hash': by what they hold, in any order. [default: seed]"),
    _data(
        "--column",
        "column",
        multiple=True,
        metavar="NAME=KIND",
        help="What a column is: number, category, date, text, or ignore. May be given more than once.",
    ),
    _data("--target-scale", help="How a quantity is learned: standard, or log. [default: by its skewness and span]"),
    _data("--query", metavar="SQL", help="The query, where SOURCE is a database such as postgresql://... or env:NAME."),
    _data(
        "--stream/--no-stream", "stream", default=None, help="Prepare rows or pictures on disk. [default: if too many]"
    ),
    _pictures("--image-size", help="A side such as 64, or 48x64. Of photographs to denoise: the longest side."),
    _pictures("--color", help="Take them as gray or as rgb. [default: gray if all of them are]"),
    _pictures("--skip-broken", is_flag=True, default=None, help="Leave broken ones out; they are named."),
)


def data_options(command: Callable) -> Callable:
    """Adds the flags to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_PHOTOGRAPHS = (
    _pictures(
        "--noise",
        help="Photographs to denoise: 25, 5..50, 'poisson 30', 'salt-and-pepper 0.1', or self (noisy already).",
    ),
    _pictures(
        "--patch-size",
        metavar="N",
        help="Denoising, masks: the side of the patches that steps see. [default: 64, or what the pictures allow]",
    ),
)


def photograph_options(command: Callable) -> Callable:
    """Adds the flags that make a source one of photographs to denoise."""
    for option in reversed(_PHOTOGRAPHS):
        command = option(command)
    return command


_NETWORK = (
    _network(
        "--model", help="mlp, tabular, cnn, resnet-small, denoiser, dncnn, unet-small, or your own module:function."
    ),
    _network("--hidden", help="Units of the hidden layers of an mlp, such as 128,64; 'none' for a linear model."),
    _network(
        "--layers", help="The network as a list, such as 'dense 64, relu, dropout 0.2, output'; see `talweg model -h`."
    ),
)


def network_options(command: Callable) -> Callable:
    """Adds the flags that say which network."""
    for option in reversed(_NETWORK):
        command = option(command)
    return command


def given_settings(config: Path | None, words: dict[str, Any]) -> dict[str, Any]:
    """The settings in a TOML file and those typed as flags, which win; not yet checked.

    Raises:
        ConfigError: a file that is no TOML; a column without a kind.
    """
    from talweg.config.settings import read_toml

    given: dict[str, Any] = read_toml(config) if config else {}
    columns = parse_columns(words.pop("column", ()))
    if isinstance(words.get("stream"), bool):
        words["stream"] = "yes" if words["stream"] else "no"
    given |= {name: word for name, word in words.items() if word is not None}
    if columns:
        given["columns"] = {**given.get("columns", {}), **columns}
    return given


def parse_columns(words: tuple[str, ...]) -> dict[str, str]:
    """What columns are, typed as `age=number`; the last equals sign counts, since a name may hold one.

    Raises:
        ConfigError: a word without an equals sign.
    """
    kinds = {}
    for word in words:
        name, equals, kind = word.rpartition("=")
        if not equals or not name:
            raise ConfigError(f"--column takes a column and what it is, such as age=number, got {word!r}")
        kinds[name] = kind.strip()
    return kinds
