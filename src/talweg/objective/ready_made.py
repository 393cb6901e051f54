"""Ready-made networks, for tables and for pictures, as lists of layers. What the layers are is in `layers`.

They are text, so that a run's settings hold the whole network, whatever a later version makes of the name.
"""

from collections.abc import Callable
from typing import NamedTuple

from talweg.errors import ConfigError, require_known
from talweg.objective.layers import Shape, written


def tabular(shape: Shape) -> str:
    """Numbers embedded by learned waves, then three dense layers (Gorishniy, Rubachev & Babenko 2022).

    Words stay one feature each: behind a dense layer a vector for each word says nothing more. What it reaches is in
    benchmarks/tabular.md.

    Args:
        shape: of a row; of many features each gets fewer waves, so that the first layer stays of one size.

    Example:
        >>> tabular((4,))
        'embed periodic 16, dense 128, silu, dense 128, silu, dense 128, silu, output'
    """
    units = min(16, max(2, 1024 // shape[0]))
    return f"embed periodic {units}, dense 128, silu, dense 128, silu, dense 128, silu, output"


def cnn(shape: Shape) -> str:
    """Stages of a convolution and a pooling until some 7 pixels are left, then dense layers.

    Example:
        >>> cnn((28, 28, 1))
        'conv 16 3x3, relu, maxpool 2, conv 32 3x3, relu, maxpool 2, flatten, dense 64, relu, output'
    """
    stages, side, filters = [], min(shape[:-1]), 16
    while side >= 8 and filters <= 128:
        stages.append(f"conv {filters} 3x3, relu, maxpool 2")
        side, filters = side // 2, 2 * filters
    return ", ".join([*(stages or ["conv 16 3x3, relu"]), "flatten, dense 64, relu, output"])


def resnet_small(shape: Shape) -> str:
    """Three stages of residual blocks at 16, 32 and 64 filters (He et al. 2016, made small), by group norm.

    Group norm keeps every row to itself: no running statistics, nothing for a map of the loss to get wrong.
    """

    def block(filters: int, stride: int) -> str:
        stride_words = f" stride {stride}" if stride > 1 else ""
        inner = f"conv {filters} 3x3{stride_words} bias no, groupnorm 8, relu, conv {filters} 3x3 bias no, groupnorm 8"
        return f"residual({inner}), relu"

    stages = [block(16, 1), block(32, 2), block(64, 2)]
    return ", ".join(["conv 16 3x3 bias no, groupnorm 8, relu", *stages, "globalpool, output"])


def dncnn(shape: Shape, depth: int = 8, filters: int = 32) -> str:
    """A denoiser that learns the noise and takes it away (Zhang et al., Beyond a Gaussian Denoiser, 2017, made small).

    Its last layer starts at 0, so that it begins as the picture that came in.

    Args:
        shape: of a picture.
        depth: how many convolutions; the paper has 17.
        filters: of each; the paper has 64.
    """
    middle = [f"conv {filters} 3x3 bias no, batchnorm, relu"] * (depth - 2)
    first, last = f"conv {filters} 3x3, relu", f"conv {shape[-1]} 3x3 initializer zeros"
    return f"residual({', '.join([first, *middle, last])})"


def unet_small(shape: Shape) -> str:
    """Three scales joined by bridges (Ronneberger et al. 2015, made small); it learns what to add to the picture.

    Raises:
        ConfigError: for pictures whose sides are no multiples of 4: they are halved twice.
    """
    return f"residual({_bridged(shape)}, conv {shape[-1]} 3x3 initializer zeros)"


def unet_masks(shape: Shape) -> str:
    """The same for masks: it says of every pixel how likely each class is.

    Example:
        >>> unet_masks((64, 64, 1)).endswith("conv 16 3x3, relu, output")
        True
    """
    return f"{_bridged(shape)}, output"


def _bridged(shape: Shape) -> str:
    if any(side % 4 for side in shape[:-1]):
        raise ConfigError(f"unet-small halves a picture twice: its sides must be multiples of 4, got {written(shape)}")
    lowest = "maxpool 2, conv 64 3x3, relu, conv 64 3x3, relu, convtransposed 32 2x2"
    middle = (
        f"maxpool 2, conv 32 3x3, relu, conv 32 3x3, relu, beside({lowest}), conv 32 3x3, relu, convtransposed 16 2x2"
    )
    return f"conv 16 3x3, relu, conv 16 3x3, relu, beside({middle}), conv 16 3x3, relu"


def denoiser(shape: Shape, filters: int = 64, blocks: int = 5) -> str:
    """A denoiser that works at half the size, where a convolution costs a quarter and sees twice as far.

    After FFDNet (Zhang, Zuo & Zhang 2018), with residual blocks. Its last layer starts at 0, so that it begins as the
    picture that came in.

    Args:
        shape: of a picture; its sides must be even.
        filters: of each convolution within.
        blocks: of two convolutions each.
    """
    block = f"residual(conv {filters} 3x3, relu, conv {filters} 3x3)"
    inside = ", ".join([block] * blocks)
    last = f"convtransposed {shape[-1]} 4x4 stride 2 initializer zeros"
    return f"residual(conv {filters} 4x4 stride 2, {inside}, relu, {last})"


class ReadyMade(NamedTuple):
    """A ready-made network.

    Attributes:
        layers: its list, for rows of a shape.
        axes: of a row: 1 for a table, 3 for pictures.
        denoises: whether it gives a picture of the size that it got, in place of what a target needs.
        masks: its list where it is to give masks, if it can.
    """

    layers: Callable[[Shape], str]
    axes: int = 3
    denoises: bool = False
    masks: Callable[[Shape], str] | None = None

    def of(self, task: str | None) -> Callable[[Shape], str] | None:
        """Its list for a task, whichever where that is not known; `None` if it is not for it."""
        if task == "segmentation":
            return self.masks
        return self.layers if task is None or self.denoises == (task == "denoising") else None


READY_MADE: dict[str, ReadyMade] = {
    "tabular": ReadyMade(tabular, axes=1),
    "cnn": ReadyMade(cnn),
    "resnet-small": ReadyMade(resnet_small),
    "denoiser": ReadyMade(denoiser, denoises=True),
    "dncnn": ReadyMade(dncnn, denoises=True),
    "unet-small": ReadyMade(unet_small, denoises=True, masks=unet_masks),
}
"""Networks by name."""


def ready_made(name: str, shape: Shape, task: str | None = None) -> str:
    """The list of layers of a ready-made network.

    Args:
        name: a key of `READY_MADE`.
        shape: of one row: the features, or height, width, channels.
        task: ``"denoising"``, ``"segmentation"`` or another; `None` for any.

    Raises:
        ConfigError: an unknown name, or rows or a task that it is not for.

    Example:
        >>> ready_made("dncnn", (40, 40, 1)).split(", ")[0]
        'residual(conv 32 3x3'
    """
    require_known("ready-made network", name, READY_MADE)
    found = READY_MADE[name]
    if len(shape) != found.axes:
        raise ConfigError(
            f"{name!r} is for {_ROWS[found.axes]}, but a row has the shape {written(shape)};"
            f" take {_fitting(len(shape), task)}, or a list of layers that begins with 'reshape'"
        )
    layers = found.of(task)
    if layers is None:
        what = "takes noise away: it gives a picture" if found.denoises else "says one thing of a picture, or a few"
        raise ConfigError(f"{name!r} {what}; for this task take {_fitting(len(shape), task)}")
    return layers(shape)


_ROWS = {1: "tables", 3: "pictures, height x width x channels"}


def _fitting(axes: int, task: str | None) -> str:
    """The names of those that are for such rows, and for the task where it is known."""
    names = [name for name, it in READY_MADE.items() if it.axes == axes and it.of(task) is not None]
    return " or ".join(["mlp"] * (task not in ("denoising", "segmentation")) + names)
