"""A network layer by layer, before anything is trained: the shapes, the params, the work. Nothing is drawn."""

import dataclasses
from collections.abc import Iterator, Sequence

from talweg.objective.layers import Beside, Layer, Residual, Sequential, Shape, written
from talweg.objective.models import parameter_count


@dataclasses.dataclass(frozen=True)
class LayerRow:
    """One layer of a network.

    Attributes:
        name: in the params.
        words: as typed in a list of layers.
        depth: how deep in layers made of layers it stands.
        input_shape: of one row before it.
        output_shape: of one row after it.
        params: how many it has.
        multiply_adds: multiplications with an addition for one row.
    """

    name: str
    words: str
    depth: int
    input_shape: Shape
    output_shape: Shape
    params: int
    multiply_adds: int


def describe(model: Layer, shape: Shape) -> list[LayerRow]:
    """The layers of a network; layers made of layers come with all they hold, those one deeper behind them.

    Args:
        model: the network.
        shape: of one row of its input.

    Raises:
        ConfigError: a layer that does not fit.

    Example:
        >>> from talweg.objective.words import parse_layers
        >>> rows = describe(parse_layers("conv 16 3x3, relu, maxpool 2, flatten, dense 10"), (28, 28, 1))
        >>> [(row.name, row.output_shape, row.params, row.multiply_adds) for row in rows][:2]
        [('conv_1', (28, 28, 16), 160, 112896), ('relu_1', (28, 28, 16), 0, 0)]
    """
    model.output_shape(shape)
    if isinstance(model, Sequential):
        return list(_rows(model.names(), model.layers, shape, 0))
    return list(_rows([model.kind], [model], shape, 0))


def _rows(names: list[str], layers: Sequence[Layer], shape: Shape, depth: int) -> Iterator[LayerRow]:
    for name, layer in zip(names, layers, strict=True):
        after = layer.output_shape(shape)
        words = layer.kind if isinstance(layer, Residual | Beside) else str(layer)
        yield LayerRow(name, words, depth, shape, after, parameter_count(layer, shape), layer.multiply_adds(shape))
        if isinstance(layer, Residual | Beside):
            yield from _rows(layer.body.names(), layer.layers, shape, depth + 1)
        if isinstance(layer, Residual) and (shortcut := layer.shortcut(shape)) is not None:
            yield from _rows(["shortcut"], [shortcut], shape, depth + 1)
        shape = after


def totals(rows: Sequence[LayerRow]) -> tuple[int, int]:
    """Params and multiply-adds of the whole network."""
    outer = [row for row in rows if row.depth == 0]
    return sum(row.params for row in outer), sum(row.multiply_adds for row in outer)


def table(rows: Sequence[LayerRow]) -> str:
    """The layers as plain text.

    Example:
        >>> from talweg.objective.words import parse_layers
        >>> print(table(describe(parse_layers("dense 8, relu, dense 3"), (4,))))
        layer    output  params  multiply-adds
        input         4
        dense 8       8      40             32
        relu          8
        dense 3       3      27             24
        total                67             56
    """
    lines: list[tuple[str, ...]] = [("layer", "output", "params", "multiply-adds")]
    lines.append(("input", written(rows[0].input_shape), "", ""))
    for row in rows:
        words = "  " * row.depth + ("shortcut: " if row.name == "shortcut" else "") + row.words
        lines.append((words, written(row.output_shape), _count(row.params), _count(row.multiply_adds)))
    lines.append(("total", "", *map(_count, totals(rows))))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(_aligned(line, widths)).rstrip() for line in lines)


def _aligned(line: tuple[str, ...], widths: list[int]) -> list[str]:
    first, *others = line
    return [first.ljust(widths[0]), *(word.rjust(width) for word, width in zip(others, widths[1:], strict=True))]


def _count(number: int) -> str:
    return f"{number:,}" if number else ""
