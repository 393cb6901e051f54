"""Ready-made networks for pictures, as lists of layers. What the layers are is in `layers`.

They are text, so that a run's settings hold the whole network, whatever a later version makes of the name.
"""

from collections.abc import Callable

from talweg.errors import ConfigError, did_you_mean
from talweg.objective.layers import Shape, written


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
    if any(side % 4 for side in shape[:-1]):
        raise ConfigError(f"unet-small halves a picture twice: its sides must be multiples of 4, got {written(shape)}")
    lowest = "maxpool 2, conv 64 3x3, relu, conv 64 3x3, relu, convtransposed 32 2x2"
    middle = (
        f"maxpool 2, conv 32 3x3, relu, conv 32 3x3, relu, beside({lowest}), conv 32 3x3, relu, convtransposed 16 2x2"
    )
    return (
        f"residual(conv 16 3x3, relu, conv 16 3x3, relu, beside({middle}), conv 16 3x3, relu, "
        f"conv {shape[-1]} 3x3 initializer zeros)"
    )


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


READY_MADE: dict[str, Callable[[Shape], str]] = {
    "cnn": cnn,
    "resnet-small": resnet_small,
    "denoiser": denoiser,
    "dncnn": dncnn,
    "unet-small": unet_small,
}
"""Networks for pictures by name."""


def ready_made(name: str, shape: Shape) -> str:
    """The list of layers of a ready-made network.

    Args:
        name: a key of `READY_MADE`.
        shape: of one picture: height, width, channels.

    Raises:
        ConfigError: an unknown name, or rows that are no pictures.

    Example:
        >>> ready_made("dncnn", (40, 40, 1)).split(", ")[0]
        'residual(conv 32 3x3'
    """
    if name not in READY_MADE:
        raise ConfigError(
            f"{name!r} is no ready-made network. Known: {', '.join(READY_MADE)}.{did_you_mean(name, READY_MADE)}"
        )
    if len(shape) != 3:
        raise ConfigError(
            f"{name!r} is for pictures, height x width x channels, but a row has the shape {written(shape)};"
            " take mlp, or a list of layers that begins with 'reshape'"
        )
    return READY_MADE[name](shape)
