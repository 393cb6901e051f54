"""Numbers as they are written on a blackboard. What is written is decided elsewhere."""

import math


def format_number(value: float, digits: int = 3) -> str:
    """A number as it is written on a blackboard: few digits, a true minus sign, powers of ten.

    Args:
        value: any number.
        digits: how many significant digits at most.

    Returns:
        The text.

    Example:
        >>> format_number(-1.91332), format_number(1234567.0), format_number(0.0)
        ('−1.91', '1.23·10⁶', '0')
    """
    if not math.isfinite(value):
        return "undefined" if math.isnan(value) else "∞" if value > 0 else "−∞"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if -4 <= power < max(digits, 5):
        text = f"{float(f'{mantissa}e{exponent}'):.{max(digits - 1 - power, 0)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return (text if float(text) else "0").replace("-", "−")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    text = f"{mantissa}·10{raised}" if mantissa not in ("1", "-1") else f"{mantissa[:-1]}10{raised}"
    return text.replace("-", "−")
