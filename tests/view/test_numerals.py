import math

import pytest
from hypothesis import given, settings, strategies as st

from talweg.view.numerals import format_number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-2.5, "−2.5"),
        (0.1 + 0.2, "0.3"),
        (9.999, "10"),
        (999.9, "1000"),
        (12345.0, "12300"),
        (123456.0, "1.23·10⁵"),
        (1e-12, "10⁻¹²"),
        (-4.5e-7, "−4.5·10⁻⁷"),
        (-1e9, "−10⁹"),
        (1e300, "10³⁰⁰"),
        (math.nan, "undefined"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_known_numbers(value: float, text: str):
    assert format_number(value) == text


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 15))
def test_what_is_written_is_the_number_to_its_digits(value: float, digits: int):
    text = format_number(value, digits)
    plain = text.translate(str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789"))
    plain = plain.replace("·10", "e") if "·10" in plain else plain
    if (
        plain.lstrip("-").startswith("10")
        and ("⁻" in text or any(c in text for c in "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        and "e" not in plain
    ):
        plain = plain.replace("10", "1e", 1)
    assert float(plain) == pytest.approx(float(f"{value:.{digits}g}"), rel=1e-12, abs=0)
