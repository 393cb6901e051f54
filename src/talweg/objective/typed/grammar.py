"""From text to a tree, by a whitelist grammar. Typed text is data: nothing evaluates it; the work is bounded.

What a function may look like: `2x²+4x`, `3x^2 − 2y`, `f(x, y) = sin(x)·cos(y) + 0.1(x²+y²)`, `√x`, `|x − 1|`,
`sin²x`, `½x²`. A product may be written by putting its factors side by side; it binds as `*` does, so that
`1/2x` is x/2. `^` goes from the right, and binds before a minus in front: `-x^2` is −(x²). How words are read
is in `tokens`.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from talweg.errors import ExpressionError
from talweg.objective.typed.test_functions import TEST_FUNCTIONS
from talweg.objective.typed.tokens import MAX_NAME, Token, declared, tokenize, unknown_function
from talweg.objective.typed.tree import (
    CONSTANTS,
    FUNCTIONS,
    MAX_DEPTH,
    MAX_NODES,
    Apply,
    Constant,
    Number,
    Tree,
    Variable,
    constant_value,
    degree,
    negate,
)

MAX_LENGTH = 1000
MAX_EXPONENT = 64
MAX_DEGREE = 1000
MAX_CONSTANT = 1e100

_BRACKETS = {"(": ")", "[": "]", "{": "}"}


class _Parser:
    """Recursive descent over the tokens. A method for each rule, returning the tree it read."""

    def __init__(
        self,
        tokens: list[Token],
        names: Sequence[str],
        values: Mapping[str, Tree],
        declared: tuple[str, ...] | None,
    ):
        self.tokens = tokens
        self.declared = declared
        self.names = names
        self.values = values
        self.index = 0
        self.nodes = 0
        self.level = 0
        self.bars: list[bool] = [False]

    @property
    def next(self) -> Token:
        return self.tokens[self.index]

    def at(self, *operators: str) -> bool:
        return self.next.kind == "operator" and self.next.text in operators

    def take(self) -> Token:
        self.index += 1
        return self.tokens[self.index - 1]

    def refuse(self, expected: str = "") -> NoReturn:
        token = self.next
        found = f"unexpected {token.shown!r}" if token.kind != "end" else "the expression ends too early"
        if expected:
            found = f"expected {expected}" + (f", found {token.shown!r}" if token.kind != "end" else " before the end")
        raise ExpressionError(found, token.position)

    def close(self, bracket: str) -> None:
        if not self.at(bracket):
            self.refuse(repr(bracket) if self.next.kind in ("end", "operator") else "")
        self.take()

    def node(self, head: str, args: tuple[Tree, ...], position: int) -> Tree:
        """A new node, refused where it would make the work unbounded or has no value anywhere."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ExpressionError(f"more than {MAX_NODES} operations", position)
        if head == "^":
            exponent = constant_value(args[1])
            if exponent is not None and abs(exponent) > MAX_EXPONENT:
                raise ExpressionError(f"an exponent beyond {MAX_EXPONENT}", position)
        tree = Apply(head, args)
        if tree.depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH} levels", position)
        if head == "^" and degree(tree) > MAX_DEGREE:
            raise ExpressionError(f"powers of powers beyond degree {MAX_DEGREE}", position)
        value = constant_value(tree)
        if value is not None and math.isnan(value):
            raise ExpressionError("a constant that is not defined, such as 1/0 or log(−1),", position)
        if value is not None and abs(value) > MAX_CONSTANT:
            raise ExpressionError(f"a constant beyond {MAX_CONSTANT:.0e}", position)
        return tree

    def deeper(self) -> None:
        self.level += 1
        if self.level > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH} levels", self.next.position)

    def sum(self) -> Tree:
        self.deeper()
        terms = [self.product()]
        position = self.next.position
        while self.at("+", "-"):
            minus = self.take().text == "-"
            term = self.product()
            terms.append(self.node("neg", (term,), position) if minus else term)
        self.level -= 1
        return self.node("+", tuple(terms), position) if len(terms) > 1 else terms[0]

    def product(self) -> Tree:
        factors = [self.signed()]
        position = self.next.position
        while True:
            if self.at("/"):
                slash = self.take().position
                above = self.joined(factors, position)
                factors = [self.node("/", (above, self.signed()), slash)]
            elif self.at("*"):
                self.take()
                factors.append(self.signed())
            elif self.starts_factor():
                factors.append(self.power())
            else:
                return self.joined(factors, position)

    def joined(self, factors: list[Tree], position: int) -> Tree:
        return self.node("*", tuple(factors), position) if len(factors) > 1 else factors[0]

    def starts_factor(self) -> bool:
        """Whether the next token begins another factor of a product without a sign."""
        if self.next.kind == "number" and self.index > 0:
            raise ExpressionError(f"expected an operator before {self.next.shown!r}", self.next.position)
        return self.next.kind == "name" or self.at(*_BRACKETS, "√") or (self.at("|") and not self.bars[-1])

    def signed(self) -> Tree:
        if not self.at("-", "+"):
            return self.power()
        sign = self.take()
        self.deeper()
        tree = self.signed()
        self.level -= 1
        return self.node("neg", (tree,), sign.position) if sign.text == "-" else tree

    def power(self) -> Tree:
        base = self.atom()
        while self.next.kind == "superscript":
            base = self.raised(base)
        if not self.at("^"):
            return base
        position = self.take().position
        self.deeper()
        exponent = self.signed()
        self.level -= 1
        return self.node("^", (base, exponent), position)

    def raised(self, base: Tree) -> Tree:
        token = self.take()
        digits = token.text.lstrip("+-")
        if len(digits) > 3:
            raise ExpressionError(f"an exponent beyond {MAX_EXPONENT}", token.position)
        exponent = Number(str(int(digits)))
        return self.node("^", (base, negate(exponent) if token.text[0] == "-" else exponent), token.position)

    def atom(self) -> Tree:
        token = self.next
        if token.kind == "number":
            return self.numeral()
        if token.kind == "name":
            self.take()
            if token.text not in self.names and (token.text in FUNCTIONS or token.text == "pow"):
                return self.call(token)
            return self.leaf(token)
        if self.at("√"):
            self.take()
            self.deeper()
            inner = self.atom()
            self.level -= 1
            return self.node("sqrt", (inner,), token.position)
        if self.at("|") and not self.bars[-1]:
            return self.node("abs", (self.enclosed("|"),), token.position)
        if not self.at(*_BRACKETS):
            self.refuse()
        return self.enclosed(_BRACKETS[token.text])

    def numeral(self) -> Tree:
        token = self.take()
        value = float(token.text)
        too_small = abs(value) < 1 / MAX_CONSTANT and re.search("[1-9]", re.split("[eE]", token.text)[0])
        if len(token.text) > MAX_NAME or value > MAX_CONSTANT or too_small:
            limits = f"{1 / MAX_CONSTANT:.0e} to {MAX_CONSTANT:.0e}"
            raise ExpressionError(f"a number outside {limits} or of more than {MAX_NAME} digits", token.position)
        return Number(token.text)

    def leaf(self, token: Token) -> Tree:
        if token.text in self.values:
            return self.values[token.text]
        if token.text not in self.names and token.text in CONSTANTS:
            return Constant(token.text)
        if self.declared is not None and token.text not in self.declared:
            head = f"f({', '.join(self.declared)})"
            raise ExpressionError(
                f"{token.text!r} is neither a variable of {head} nor a constant with a value", token.position
            )
        return Variable(token.text)

    def enclosed(self, closing: str) -> Tree:
        """What stands between brackets or bars; inside, only a bar of the same level closes bars."""
        self.take()
        self.bars.append(closing == "|")
        tree = self.sum()
        self.bars.pop()
        self.close(closing)
        return tree

    def call(self, name: Token) -> Tree:
        """A function's argument, with or without brackets, and the power in `sin²x`."""
        power = self.between()
        args = self.arguments() if self.at("(") else (self.bare_argument(name),)
        head = "^" if name.text == "pow" else name.text
        least, most = (2, 2) if head == "^" else FUNCTIONS[head]
        if not least <= len(args) <= most:
            wanted = f"{least} argument{'s' * (least > 1)}" + (" or more" if most > least else "")
            raise ExpressionError(f"{name.shown} takes {wanted}, found {len(args)},", name.position)
        tree = self.node(head, args, name.position)
        return self.node("^", (tree, power), name.position) if power is not None else tree

    def between(self) -> Tree | None:
        """The exponent between a function's name and its argument."""
        if self.at("^"):
            self.take()
            if self.next.kind != "number" or not self.next.text.isdigit():
                self.refuse("a whole number as the power of a function (sin^2 x), or brackets: (sin(x))^-1")
            return self.numeral()
        if self.next.kind != "superscript":
            return None
        if not self.next.text.isdigit():
            self.refuse("a positive power of a function; for the inverse write asin(x), or 1/sin(x),")
        return Number(str(int(self.take().text[-4:])))

    def arguments(self) -> tuple[Tree, ...]:
        self.take()
        self.bars.append(False)
        args = [self.sum()]
        while self.at(","):
            self.take()
            args.append(self.sum())
        self.bars.pop()
        self.close(")")
        return tuple(args)

    def bare_argument(self, name: Token) -> Tree:
        """The argument of `sin 2x`: factors side by side, up to an operator, bracket or function."""
        if self.next.kind not in ("number", "name"):
            self.refuse(f"'(' after {name.shown}")
        self.deeper()
        factors = [self.power()]
        position = self.next.position
        while self.next.kind == "name" and (self.next.text in self.names or self.next.text not in FUNCTIONS):
            factors.append(self.power())
        self.level -= 1
        return self.joined(factors, position)


def parse(text: str, values: Mapping[str, Tree] | None = None) -> Tree:
    """The tree of a typed function.

    Args:
        text: what was typed, with or without `f(x, y) =` before it.
        values: constants by name, each as the tree that stands for it.

    Raises:
        ExpressionError: where the text is not an expression, or one beyond the bounds of length, depth,
            exponent or number of operations.

    Example:
        >>> parse("2x")
        Apply(head='*', args=(Number(text='2'), Variable(name='x')))
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression longer than {MAX_LENGTH} characters", MAX_LENGTH + 1)
    head, start = declared(text)
    values = values or {}
    known = [*(head or ()), *values]
    parser = _Parser(tokenize(text, start, known), known, values, head)
    tree = parser.sum()
    if parser.next.kind != "end":
        parser.refuse()
    _refuse_lone_word(parser.tokens, tree, known)
    return tree


def _refuse_lone_word(tokens: list[Token], tree: Tree, known: Sequence[str]) -> None:
    """A misspelt test function is not a variable of that name."""
    if isinstance(tree, Variable) and len(tree.name) > 2 and tree.name not in known:
        raise unknown_function(tree.name, TEST_FUNCTIONS, tokens[0].position)
