"""Layers as a person types them: `conv 32 3x3, relu, maxpool 2, dense 10`. What they compute is in `layers`.

A layer is its word, then its numbers in order, then its other settings by name: `conv 32 3x3 stride 2 groups 4`.
Layers made of layers hold them in parentheses: `residual(conv 32 3x3, relu, conv 32 3x3)`. Nothing is evaluated.
"""

import dataclasses
import math
import re
from collections.abc import Callable
from typing import Any, final

from talweg.errors import ConfigError, ExpressionError, did_you_mean, pointing_into
from talweg.objective import layers
from talweg.objective.layers import ACTIVATIONS, INITIALIZERS, Activation, Beside, Layer, Residual, Sequential
from talweg.objective.layers.embedding import NUMBERS

LONGEST = 5000
"""Characters of a list of layers, at most."""
DEEPEST = 8
"""How deep layers may hold layers."""
LARGEST = 10**7
"""The largest whole number that a layer may be given."""

_SINGLE: tuple[type[Layer], ...] = (
    layers.Dense,
    layers.Conv,
    layers.ConvTransposed,
    layers.MaxPool,
    layers.AvgPool,
    layers.GlobalPool,
    layers.Upsample,
    layers.Flatten,
    layers.Reshape,
    layers.Dropout,
    layers.Embed,
    layers.BatchNorm,
    layers.LayerNorm,
    layers.GroupNorm,
    layers.RMSNorm,
)
LAYERS: dict[str, type[Layer]] = {str(layer.kind): layer for layer in _SINGLE}
"""The layers that are a word and its settings."""
COMPOSED: dict[str, type[Residual] | type[Beside]] = {"residual": Residual, "beside": Beside}
"""The layers that hold layers."""
OUTPUT = "output"
"""Stands for a dense layer of as many units as the task needs."""
KNOWN = (*LAYERS, *COMPOSED, OUTPUT, *ACTIVATIONS)
"""Every word that begins a layer."""

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z_]\w*)|(?P<number>[0-9][\w.×/-]*)|(?P<mark>[(),=]))")


@dataclasses.dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def parse_layers(text: str, initializer: str = "glorot_uniform", outputs: int = 1) -> Sequential:
    """A network from its list of layers.

    Args:
        text: the layers, separated by commas.
        initializer: how weights are drawn where the list does not say.
        outputs: the units of the dense layer that is typed as `output`.

    Raises:
        ExpressionError: with the position of what is not understood.

    Example:
        >>> model = parse_layers("conv 32 3x3, relu, maxpool 2, flatten, dense 10")
        >>> model.output_shape((28, 28, 1))
        (10,)
        >>> str(model)
        'conv 32 3x3, relu, maxpool 2, flatten, dense 10'
    """
    with pointing_into(text):
        reader = _Reader(_tokens(text), initializer, outputs)
        found = reader.layers(0)
        reader.expect("end", "a comma or the end of the list")
    return found


def _tokens(text: str) -> list[_Token]:
    if len(text) > LONGEST:
        raise ExpressionError(f"a list of layers has at most {LONGEST} characters, this one {len(text)},", LONGEST)
    tokens, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            raise ExpressionError(f"unexpected {text[place]!r} in the list of layers", place + 1)
        tokens.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup) + 1))
        place = match.end()
    return [*tokens, _Token("end", "", len(text) + 1)]


@final
class _Reader:
    """Reads layers off the tokens, one after the other."""

    def __init__(self, tokens: list[_Token], initializer: str, outputs: int):
        self.tokens, self.place, self.initializer, self.outputs = tokens, 0, initializer, outputs

    def peek(self) -> _Token:
        return self.tokens[self.place]

    def take(self) -> _Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, what: str, meant: str) -> None:
        token = self.take()
        if what not in (token.kind, token.text):
            raise ExpressionError(f"expected {meant}, got {token.text or 'the end'!r}", token.position)

    def layers(self, depth: int) -> Sequential:
        found = [self.layer(depth)]
        while self.peek().text == ",":
            self.take()
            if self.peek().kind == "end":  # a comma behind the last layer does no harm
                break
            found.append(self.layer(depth))
        return Sequential(found)

    def layer(self, depth: int) -> Layer:
        token = self.take()
        name = token.text
        if token.kind == "word" and name in ACTIVATIONS:
            return Activation(name)
        if token.kind == "word" and name == OUTPUT:
            return layers.Dense(self.outputs, self.initializer)
        if token.kind == "word" and name in COMPOSED:
            if depth >= DEEPEST:
                raise ExpressionError(f"layers hold layers more than {DEEPEST} deep", token.position)
            self.expect("(", f"'(' behind {name}, as in {name}(conv 32 3x3, relu)")
            body = self.layers(depth + 1)
            self.expect(")", "a comma or ')'")
            return COMPOSED[name](body.layers)
        if token.kind == "word" and name in LAYERS:
            return self.single(token, LAYERS[name])
        if token.kind == "word":
            raise ExpressionError(
                f"{name!r} is no layer. Known: {', '.join(KNOWN)}.{did_you_mean(name, KNOWN)} It stands", token.position
            )
        raise ExpressionError(f"expected a layer such as 'conv 32 3x3', got {name or 'nothing'!r}", token.position)

    def single(self, token: _Token, made: type[Layer]) -> Layer:
        given: dict[str, Any] = {}
        unnamed = list(made.arguments)[: made.positional]
        while self.peek().kind in ("word", "number"):
            here = self.peek()
            name = here.text
            if name in made.arguments:
                self.take()
                if self.peek().text == "=":
                    self.take()
                here = self.peek()
            elif unnamed and (here.kind == "number" or name in _WORDS.get(made.arguments[unnamed[0]], ())):
                name = unnamed[0]
            else:
                raise self.unknown(token, here, made)
            if name in given:
                raise ExpressionError(f"'{made.kind}' got {name!r} twice,", here.position)
            unnamed = [other for other in unnamed if other != name]
            given[name] = self.value(made, name)
        if "initializer" in made.arguments:
            given.setdefault("initializer", self.initializer)
        needed = [field.name for field in dataclasses.fields(made) if field.default is dataclasses.MISSING]
        if missing := [name for name in needed if name not in given]:
            raise ExpressionError(
                f"'{made.kind}' needs {_ARTICLES.get(missing[0], missing[0])}, as in '{_EXAMPLES[str(made.kind)]}',",
                token.position,
            )
        try:
            return made(**given)
        except ConfigError as error:
            raise ExpressionError(f"{error},", token.position) from None

    def unknown(self, token: _Token, here: _Token, made: type[Layer]) -> ExpressionError:
        known = ", ".join(made.arguments)
        if here.kind == "number":
            return ExpressionError(f"{token.text!r} takes no further number, got {here.text},", here.position)
        told = f"its settings are {known}" if known else "it has no settings"
        near = did_you_mean(here.text, made.arguments)
        comma = " Is a comma missing before it?" if here.text in KNOWN else near
        return ExpressionError(f"{here.text!r} is no setting of '{made.kind}': {told}.{comma} It stands", here.position)

    def value(self, made: type[Layer], name: str) -> Any:
        token, kind = self.take(), made.arguments[name]
        try:
            return _READERS[kind](token.text)
        except (ValueError, ConfigError):
            raise ExpressionError(
                f"{name} of '{made.kind}' must be {_WANTED[kind]}, got {token.text or 'nothing'!r},", token.position
            ) from None


def _whole(word: str) -> int:
    number = int(word)
    if not 1 <= number <= LARGEST:
        raise ValueError
    return number


def _size(word: str) -> tuple[int, ...]:
    return tuple(_whole(part) for part in re.split("[x×]", word))


def _padding(word: str) -> str | tuple[int, ...]:
    if word in ("same", "valid"):
        return word
    parts = tuple(int(part) for part in re.split("[x×]", word))
    if not all(0 <= part <= LARGEST for part in parts):
        raise ValueError
    return parts


def _share(word: str) -> float:
    number = float(word)
    if not 0 <= number < 1:
        raise ValueError
    return number


def _positive(word: str) -> float:
    number = float(word)
    if not 0 < number < math.inf:
        raise ValueError
    return number


def _by_member(read: Callable[[str], float]) -> Callable[[str], float | tuple[float, ...]]:
    """Reads one number, or one for each member with slashes between them."""

    def each(word: str) -> float | tuple[float, ...]:
        numbers = tuple(map(read, word.split("/")))
        return numbers if len(numbers) > 1 else numbers[0]

    return each


def _one_of(*words: str) -> Callable[[str], str]:
    def read(word: str) -> str:
        if word not in words:
            raise ValueError
        return word

    return read


def _yes_or_no(word: str) -> bool:
    return _one_of("yes", "no")(word) == "yes"


_READERS: dict[str, Callable[[str], Any]] = {
    "whole": _whole,
    "size": _size,
    "padding": _padding,
    "share": _share,
    "shares": _by_member(_share),
    "positives": _by_member(_positive),
    "numbers": _one_of(*NUMBERS),
    "yes or no": _yes_or_no,
    "mean or max": _one_of("mean", "max"),
    "initializer": _one_of(*INITIALIZERS),
}
_WANTED = {
    "whole": "a whole number from 1",
    "size": "a size such as 3 or 3x3",
    "padding": "same, valid or a number of zeros such as 1 or 1x2",
    "share": "a number from 0 to below 1",
    "shares": "a number from 0 to below 1, or one for each member such as 0.1/0.3",
    "positives": "a number above 0, or one for each member such as 0.1/0.3",
    "numbers": f"{', '.join(NUMBERS[:-1])} or {NUMBERS[-1]}",
    "yes or no": "yes or no",
    "mean or max": "mean or max",
    "initializer": f"one of {', '.join(INITIALIZERS)}",
}
_WORDS = {"mean or max": ("mean", "max"), "padding": ("same", "valid"), "numbers": NUMBERS}
"""Words that may stand without the name of their setting."""
_ARTICLES = {"units": "its units", "filters": "its filters", "shape": "a shape"}
_EXAMPLES = {
    "dense": "dense 10",
    "conv": "conv 32 3x3",
    "convtransposed": "convtransposed 32 2x2",
    "reshape": "reshape 8x8x1",
}
