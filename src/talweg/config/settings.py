"""Every setting of a training run: frozen, validated, and the same words in TOML, flags and Python.

What is left ``"auto"`` is decided when the data are known; the resolved settings are written into the run folder.
"""

import numbers
import textwrap
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import tomli_w
from pydantic import Field

from talweg.errors import ConfigError, did_you_mean

AUTO: Literal["auto"] = "auto"
"""Stands for: decide from the data."""
USUAL: Literal["usual"] = "usual"
"""Stands for: the optimizer's usual learning rate, known without a test."""

SWEPT = (
    "learning_rate",
    "momentum",
    "weight_decay",
    "clip_norm",
    "ema",
    "dropout",
    "label_smoothing",
    "input_noise",
    "initializer_scale",
)
"""Settings that may be lists, whose values the members share among them (see `config.grid`)."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positives = Annotated[tuple[Positive, ...], Field(min_length=1)]
Shares = Annotated[tuple[Share, ...], Field(min_length=1)]
NotNegatives = Annotated[tuple[NotNegative, ...], Field(min_length=1)]


def _text(value: Any) -> Any:
    """A number as the word that it would be on the command line."""
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else value


def _units(hidden: Any) -> Any:
    """Units of the hidden layers as people write them: a number, a text such as `128,64`, or `none`."""
    if isinstance(hidden, str) and hidden != AUTO:
        return [] if hidden == "none" else [part.strip() for part in hidden.split(",")]
    return [hidden] if isinstance(hidden, numbers.Integral) else hidden


def _listed(layers: Any) -> Any:
    """A list of layers as one line, whether it came as text, as a list of texts or of layers, or as one layer."""
    if isinstance(layers, list | tuple):
        return ", ".join(map(str, layers))
    if layers is None or isinstance(layers, str):
        return layers
    from talweg.objective.layers import Layer  # not at the head: most settings come without layers made in Python

    return str(layers) if isinstance(layers, Layer) else layers


class Settings(pydantic.BaseModel):
    """The settings of a training run.

    Attributes:
        source: a file, the name of a built-in data set, or a word for data that came as Python objects.
        target: the column to predict; the data room guesses, and says so, if it is absent.
        task: ``classification``, ``regression``, ``denoising`` or ``segmentation``.
        split: training / validation / test in percent.
        columns: what columns are, where the user says so: ``number``, ``category``, ``date``, ``ignore`` ...
        target_scale: how a quantity is learned: ``standard``: standardized; ``log``: its logarithm, standardized;
            ``auto``: the logarithm if the training rows' values are skewed over orders of magnitude.
        group: a column whose equal values stay in one part of the split.
        time: a column of dates or numbers; the past trains, the future tests.
        split_by: ``seed``: rows are dealt by chance; ``hash``: by what they hold, whatever their order.
        folds: so many folds of the training and validation rows; member m holds out fold m, counted round.
        class_weight: ``balanced`` lets every class count alike in the loss.
        image_size: of pictures, a side such as ``64`` or ``48x64``; of photographs to denoise or with
            masks, their longest side.
        color: whether pictures are taken as ``gray`` or as ``rgb``.
        augment: how training pictures are changed at random, such as ``flip, shift 4``, or ``none``.
        skip_broken: whether broken pictures are left out rather than an error.
        noise: makes it a denoising: ``25``, ``5..50``, ``poisson 30``, ``salt-and-pepper 0.1``, or ``self``.
        patch_size: the side of the patches on which denoising and segmentation are trained.
        gate: ``stop``: an error that the gate finds ends the training; ``warn``: it is told and trained over.
        members: how many initializations are trained.
        max_epochs: passes over the training rows, at most; those of `epochs(...)` in the stopping rules if absent.
        batch_size: rows of a step, or ``full`` for full-batch gradient descent.
        optimizer: its name.
        learning_rate: the step length; ``usual`` for the optimizer, or ``auto``: by a range test. This and the other
            settings in `SWEPT` may be lists, whose values the members share among them.
        sweep: choose among the lists' values: the ensemble is of the members that have the best one.
        schedule: how the learning rate changes over the steps, such as ``cosine`` or ``step(drops=3)``.
        step_length: ``fixed``, or found anew at each step: ``backtracking`` or ``wolfe``.
        momentum: for the optimizers that have one.
        weight_decay: for the optimizers that have one.
        clip_norm: the length that a longer gradient is cut down to.
        ema: the decay of an average of the params, which is then evaluated and kept.
        dropout: the chance that a hidden unit is left out of a step.
        label_smoothing: the share of a class's certainty that is given to all classes alike.
        input_noise: the standard deviation of noise on the prepared features in training.
        initializer_scale: what the drawn weights are multiplied with.
        hidden: units of each hidden layer.
        model: ``mlp``, ``tabular``, ``cnn``, ``resnet-small``, ``denoiser``, ``dncnn``, ``unet-small``, or one's own
            ``module:function``.
        layers: the network as a list of layers, such as ``dense 64, relu, output``; in place of `hidden`.
        activation: what follows each hidden layer.
        initializer: how the weights are drawn.
        loss: what is minimized.
        stop: the stopping rules.
        keep: whether a member ends with its best params on validation, or with its last.
        shuffle: ``full``: every order of the rows is as likely; ``block``: blocks of rows that lie together are
            shuffled, then the rows in some of them, as is decided for rows on disk that exceed the memory.
        stream: whether the rows are prepared once into files on disk and read from there while training; ``auto``:
            if the source is too large for memory.
        query: what is asked of a source that is a database.
        member_batches: whether all members see the same batches, or each its own.
        seed: decides split, starts and order.
        engine: how members run: ``map`` one after the other, ``threads`` as many at a time as there are cores,
            ``vmap`` as one program, ``step`` a call for each step.
        on_divergence: what happens to a member whose loss is no number or stays above its start: ``stop`` it, or
            ``restart`` it from its last good state at half the learning rate.
        checkpoint_every: how often the state is written: ``auto``, ``never``, a time, or a number of epochs or steps.
        checkpoint_keep: how many checkpoints are kept.
        record: megabytes that the members' trajectories may take, of which maps are drawn; 0 for none.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    source: str
    target: str | None = None
    task: Literal["auto", "classification", "regression", "denoising", "segmentation"] = "auto"
    split: str = "70/15/15"
    columns: dict[str, str] = {}
    target_scale: Literal["auto", "standard", "log"] = AUTO
    group: str | None = None
    time: str | None = None
    split_by: Literal["seed", "hash"] = "seed"
    folds: Annotated[int, Field(ge=2, le=100)] | None = None
    class_weight: Literal["none", "balanced"] = "none"
    gate: Literal["stop", "warn"] = "stop"
    image_size: Annotated[str, pydantic.BeforeValidator(_text)] = AUTO
    color: Literal["auto", "gray", "rgb"] = AUTO
    augment: str = AUTO
    skip_broken: bool = False
    noise: Annotated[str, pydantic.BeforeValidator(_text)] | None = None
    patch_size: Annotated[int, Field(ge=8, le=512)] | Literal["auto"] = AUTO
    members: Annotated[int, Field(ge=1, le=65536)] = 8
    max_epochs: Annotated[int, Field(ge=1)] | Literal["auto"] = AUTO
    batch_size: Annotated[int, Field(ge=1)] | Literal["auto", "full"] = AUTO
    optimizer: str = "adamw"
    learning_rate: Positive | Positives | Literal["usual", "auto"] = USUAL
    sweep: bool = False
    schedule: str = AUTO
    step_length: str = "fixed"
    momentum: Share | Shares | None = None
    weight_decay: NotNegative | NotNegatives | Literal["auto"] = AUTO
    clip_norm: Positive | Positives | None = None
    ema: Share | Shares | None = None
    dropout: Share | Shares | None = None
    label_smoothing: Share | Shares | None = None
    input_noise: NotNegative | NotNegatives | None = None
    initializer_scale: Positive | Positives | None = None
    hidden: Annotated[
        tuple[Annotated[int, Field(ge=1, le=10**7)], ...] | Literal["auto"], pydantic.BeforeValidator(_units)
    ] = AUTO
    model: str = AUTO
    layers: Annotated[str, pydantic.BeforeValidator(_listed)] | None = None
    activation: str = AUTO
    initializer: str = "glorot_uniform"
    loss: str = AUTO
    stop: str = AUTO
    keep: Literal["best", "last"] = "best"
    member_batches: Literal["shared", "own"] = "shared"
    shuffle: Literal["full", "block"] = "full"
    stream: Literal["auto", "yes", "no"] = AUTO
    query: str | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    engine: Literal["auto", "map", "threads", "vmap", "step"] = AUTO
    on_divergence: Literal["stop", "restart"] = "stop"
    checkpoint_every: str = AUTO
    checkpoint_keep: Annotated[int, Field(ge=1)] = 2
    record: Annotated[float, Field(ge=0, le=100_000)] | Literal["auto"] = AUTO


def is_open(settings: Settings, name: str) -> bool:
    """Whether a setting is still to be decided without a test: left `auto`, or of the learning rate `usual`."""
    return getattr(settings, name) == (USUAL if name == "learning_rate" else AUTO)


def make_settings(given: dict[str, Any]) -> Settings:
    """Settings from names and values, checked.

    Raises:
        ConfigError: one line: the setting, what was expected, what came.

    Example:
        >>> make_settings({"source": "digits", "members": 4}).members
        4
    """
    if given.get("source") in ("", None):
        given = {name: value for name, value in given.items() if name != "source"}
    if not isinstance(given.get("stop", ""), str):
        given = {**given, "stop": _rule_text(given["stop"])}
    try:
        return Settings(**given)
    except pydantic.ValidationError as error:
        raise ConfigError(_first_line(error)) from None


def _first_line(error: pydantic.ValidationError) -> str:
    problem = _told_best(error)
    name = str(problem["loc"][0])
    told = "max_epochs (--epochs)" if name == "max_epochs" else name
    if problem["type"] == "extra_forbidden":
        known = Settings.model_fields
        if name in _FLAGS:
            return f"{name!r} is no setting but a flag of `talweg train`; leave it out of the settings"
        nearest = f" Did you mean {_USUAL_NAMES[name]!r}?" if name in _USUAL_NAMES else did_you_mean(name, known)
        return f"{name!r} is no setting." + (nearest or f" Known: {', '.join(known)}.")
    if problem["type"] == "missing":
        return f"the setting {name!r} is missing: name a file or a built-in data set"
    kind = problem["type"].split("_")[0]
    wanted = _KINDS.get(kind) or problem["msg"].removeprefix("Input should be ").replace("a valid ", "a ")
    came = textwrap.shorten(repr(problem["input"]), 80, placeholder=" ...")
    return f"{told} must be {wanted}{_alternatives(name)}, got {came}"


def _rule_text(stop: Any) -> Any:
    """A rule that was made in Python as it is typed; anything else as it is, to be refused."""
    from talweg.descent.stopping import Rule

    return str(stop) if isinstance(stop, Rule) else stop


def _told_best(error: pydantic.ValidationError) -> Any:
    """The first error; of a list that may be one, what is wrong with its first wrong value."""
    first = error.errors()[0]
    if not isinstance(first["input"], list | tuple):
        return first
    inner = (each for each in error.errors() if each["loc"][0] == first["loc"][0] and isinstance(each["loc"][-1], int))
    return next(inner, first)


_FLAGS = ("out", "force", "resume", "detach", "quiet", "json")
"""What a command is told besides its settings."""
_USUAL_NAMES = {"lr": "learning_rate", "epochs": "max_epochs", "random_state": "seed", "cv": "folds"}
"""What other libraries call a setting, where it is spelled too differently to be found by its letters."""
_KINDS = {"int": "a whole number", "float": "a number", "tuple": "a list"}
"""What pydantic's errors about a value's kind stand for, by the first word of their type."""


def _alternatives(name: str) -> str:
    """The words that a setting takes in place of a number."""
    for option in getattr(Settings.model_fields[name].annotation, "__args__", ()):
        words = [word for word in getattr(option, "__args__", ()) if isinstance(word, str)]
        if words:
            return " or " + " or ".join(repr(word) for word in words)
    return ""


def read_toml(path: Path) -> dict[str, Any]:
    """The settings in a TOML file, not yet checked.

    Raises:
        ConfigError: if there is no such file, or it is no TOML.
    """
    try:
        # Some editors put a mark before the first letter.
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"no such file: {path}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no valid TOML: {error}") from None


def to_toml(settings: Settings) -> str:
    """The settings as TOML; reading it back gives equal settings. Absent settings are left out."""
    plain = {key: value for key, value in settings.model_dump(mode="json").items() if value is not None}
    return tomli_w.dumps(plain)
