"""Layers as a person types them: what is understood, how it is written again, where a slip is pointed at."""

import re
from pathlib import Path

import pytest

import talweg as tw
from talweg.errors import ConfigError, ExpressionError
from talweg.objective.ready_made import READY_MADE
from talweg.objective.words import COMPOSED, KNOWN, LAYERS, parse_layers

CANONICAL = [
    "dense 10",
    "dense 10 initializer orthogonal",
    "conv 32 3x5 stride 2 padding valid dilation 2x1 groups 4 bias no",
    "conv 8 5 padding 1x2",
    "convtransposed 8 4 stride 3 padding valid",
    "maxpool 3 stride 2 padding same",
    "avgpool 2x1",
    "globalpool max",
    "upsample 2",
    "flatten",
    "reshape 8x8x1",
    "dropout 0.25",
    "embed piecewise 8 bins 12 words 4",
    "embed periodic 8 frequencies 4 sigma 0.1/0.3",
    "embed words 4",
    "dropout 0.1/0.2/0.5",
    "batchnorm momentum 0.99",
    "layernorm",
    "groupnorm 4",
    "rmsnorm",
    "residual(conv 8 3, relu, beside(maxpool 2, upsample 2))",
    "relu",
]


@pytest.mark.parametrize("text", CANONICAL)
def test_what_is_read_is_written_again(text):
    model = parse_layers(f"tanh, {text}, sigmoid")
    assert str(model) == f"tanh, {text}, sigmoid"
    again = parse_layers(str(model))
    assert [layer.kind for layer in again.layers] == [layer.kind for layer in model.layers]


def test_every_layer_is_in_the_table_above():
    words = " ".join(CANONICAL)
    assert all(word in words for word in (*LAYERS, *COMPOSED))


def test_the_words_and_python_describe_the_same_network():
    ours = tw.Sequential(
        [tw.Conv(32, 3, stride=2), tw.relu, tw.MaxPool(2), tw.Residual([tw.Conv(32, (3, 1))]), tw.GlobalPool()]
    )
    assert str(ours) == "conv 32 3 stride 2, relu, maxpool 2, residual(conv 32 3x1), globalpool"
    assert parse_layers(str(ours)) == ours


def test_output_is_as_wide_as_the_task_needs():
    assert str(parse_layers("dense 8, output", outputs=3)) == "dense 8, dense 3"


def test_the_initializer_reaches_every_layer_that_names_none():
    model = parse_layers("conv 4 3, dense 3 initializer zeros, output", "he_normal")
    assert [layer.initializer for layer in model.layers] == ["he_normal", "zeros", "he_normal"]


SLIPS = [
    ("", "expected a layer such as 'conv 32 3x3', got 'nothing' at position 1"),
    ("dense 8, relo", "'relo' is no layer. Known: dense, .*Did you mean 'relu'\\? It stands at position 10"),
    ("dense", "'dense' needs its units, as in 'dense 10', at position 1"),
    ("dense x", "'x' is no setting of 'dense': its settings are units, initializer. It stands at position 7"),
    ("dense 0", "units of 'dense' must be a whole number from 1, got '0', at position 7"),
    ("dense 8 relu", "'relu' is no setting of 'dense': .* Is a comma missing before it\\? It stands at position 9"),
    ("conv 8 3xx", "kernel of 'conv' must be a size such as 3 or 3x3, got '3xx', at position 8"),
    ("conv 8 3 strid 2", "'strid' is no setting of 'conv': .*Did you mean 'stride'\\? It stands at position 10"),
    ("conv 8 3 2", "'conv' takes no further number, got 2, at position 10"),
    ("conv 8 stride 2 stride 3", "'conv' got 'stride' twice, at position 24"),
    ("conv 8 padding some", "padding of 'conv' must be same, valid or a number of zeros .*'some', at position 16"),
    ("dropout 1", "rate of 'dropout' must be a number from 0 to below 1, .*got '1', at position 9"),
    ("globalpool min", "'min' is no setting of 'globalpool': .* It stands at position 12"),
    ("residual conv 8 3", "expected '\\(' behind residual, .* got 'conv' at position 10"),
    ("residual(conv 8 3", "expected a comma or '\\)', got 'the end' at position 18"),
    ("dense 8; relu", "unexpected ';' in the list of layers at position 8"),
    ("dense 8, , relu", "expected a layer such as .*, got ',' at position 10"),
    ("dense 99999999999", "units of 'dense' must be a whole number from 1, got '99999999999', at position 7"),
    ("residual(" * 9 + "relu" + ")" * 9, "layers hold layers more than 8 deep at position 73"),
    ("relu, " * 1000, "a list of layers has at most 5000 characters, this one 6000, at position 5000"),
]


@pytest.mark.parametrize(("text", "message"), SLIPS, ids=[text[:20] for text, _ in SLIPS])
def test_a_slip_is_pointed_at(text, message):
    with pytest.raises(ExpressionError, match=f"(?m)^{message}$"):
        parse_layers(text)


MISFITS = [
    ("conv 8 3", (64,), "layer 1: 'conv 8 3' cannot take rows of shape 64: it needs height x width x channels; put "),
    ("relu, conv 8 3x3x3", (8, 8, 1), "layer 2: 'conv 8 3x3x3' cannot .* its kernel 3x3x3 has 3 numbers for 2 axes"),
    ("conv 8 9 padding valid", (8, 8, 1), "layer 1: .* its kernel reaches over 9x9 places, more than there are"),
    ("conv 8 3 groups 2", (8, 8, 3), "layer 1: .*3 channels cannot be cut into 2 groups"),
    ("conv 9 3 groups 2", (8, 8, 4), "layer 1: .*9 filters cannot be cut into 2 groups"),
    ("maxpool 9", (8, 8, 1), "layer 1: .*its window of 9x9 places is larger than the picture"),
    ("maxpool 2 padding 2", (8, 8, 1), "layer 1: .*its padding is as wide as its window"),
    ("globalpool", (8,), "layer 1: 'globalpool' cannot take rows of shape 8: it needs height"),
    ("reshape 3x3", (8,), "layer 1: 'reshape 3x3' cannot take rows of shape 8: 8 numbers are not 3x3"),
    ("groupnorm 3", (8, 8, 4), "layer 1: .*4 channels cannot be cut into 3 groups"),
    ("relu, residual(maxpool 2, flatten)", (8, 8, 1), "layer 2: 'residual.*its layers give 16, which cannot be added"),
    ("beside(maxpool 2)", (8, 8, 1), "layer 1: 'beside.*its layers give 4x4x1, which cannot stand beside"),
    ("residual(relu, conv 8 3 groups 2)", (8, 8, 1), "layer 1: layer 2: 'conv 8 3 groups 2' cannot take"),
]


@pytest.mark.parametrize(("text", "shape", "message"), MISFITS, ids=[text for text, *_ in MISFITS])
def test_layers_that_do_not_fit_are_named_with_the_shapes(text, shape, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        parse_layers(text).output_shape(shape)


def test_the_page_of_networks_names_every_layer_and_every_ready_made_network():
    page = (Path(__file__).parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")
    told = re.findall(r"`([a-z_-]+)(?:\(\.\.\.\))?`", page)
    assert {*KNOWN, *READY_MADE} <= {*told}
    for layer in LAYERS.values():
        (line,) = (line for line in page.splitlines() if re.match(rf"\| .*`{layer.kind}`.*\|.*\|", line))
        for setting in list(layer.arguments)[layer.positional :]:
            assert f"`{setting}`" in line, (layer.kind, setting)
