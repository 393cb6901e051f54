"""The caret below what was not understood, in lines of any length and script."""

import pytest

from talweg.config.rules import parse_rule
from talweg.errors import WIDEST, ExpressionError, caret, pointing_into

LONG = " or ".join(["accuracy >= 0.9"] * 20)


@pytest.mark.parametrize(
    ("text", "position", "shown", "below"),
    [
        ("2x^^2", 4, "2x^^2", "   ^"),
        ("2x +", 5, "2x +", "    ^"),
        ("a or\n\tb", 7, "a or  b", "      ^"),
        ("長さ >= 1", 4, "長さ >= 1", "     ^"),
        ("é >= 1", 3, "é >= 1", "  ^"),
        ("e\u0301 >= 1", 4, "e\u0301 >= 1", "  ^"),
        ("\x1b[31m", 1, " [31m", "^"),
    ],
    ids=ascii,
)
def test_the_caret_stands_below_the_character(text, position, shown, below):
    assert caret(text, position).split("\n") == [shown, below]


@pytest.mark.parametrize("position", [1, 40, 200, len(LONG), len(LONG) + 1])
def test_a_long_text_is_cut_around_the_position(position):
    shown, below = caret(LONG, position).split("\n")
    assert len(shown) <= WIDEST + 2
    assert len(below) <= WIDEST + 2
    before = shown[: len(below) - 1].removeprefix("…")
    assert LONG[: position - 1].endswith(before)
    assert shown[len(below) - 1 :].rstrip("…") in LONG[position - 1 :]


def test_in_python_the_caret_is_a_note_of_the_innermost_text():
    with pytest.raises(ExpressionError) as caught, pointing_into("around it"):
        parse_rule("epochs(3) or flatt()", ["accuracy"])
    assert caught.value.text == "epochs(3) or flatt()"
    assert caught.value.__notes__ == [caught.value.excerpt] == ["epochs(3) or flatt()\n             ^"]


def test_without_a_text_there_is_no_caret():
    assert ExpressionError("nothing known", 3).excerpt == ""
