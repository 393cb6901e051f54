"""How often something is written while a run trains, as a person says it: `5m`, `10 epochs`, `500 steps`, `never`."""

import dataclasses
import math
import re

from talweg.errors import ConfigError

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_FORM = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h|epochs?|steps?)\s*")


@dataclasses.dataclass(frozen=True)
class Every:
    """How often.

    Attributes:
        seconds: after so many; infinity for never by time.
        epochs: after so many; 0 for never by epochs.
        steps: after so many within an epoch, and after each epoch; 0 for never by steps.
        automatic: whether it may be rarer, so that writing takes a small share of the time.
    """

    seconds: float = math.inf
    epochs: int = 0
    steps: int = 0
    automatic: bool = False

    @staticmethod
    def parse(text: str) -> "Every":
        """Reads `auto`, `never`, a time such as `90s`, `5m` or `2h`, or a number of `epochs` or `steps`.

        Raises:
            ConfigError: if it is none of these.

        Example:
            >>> Every.parse("5m").seconds
            300.0
        """
        if text == "auto":
            return Every(seconds=30.0, automatic=True)
        if text == "never":
            return Every()
        found = _FORM.fullmatch(text)
        if found is None or float(found[1]) <= 0:
            raise ConfigError(
                f"checkpoint_every must be 'auto', 'never', a time such as 90s, 5m or 2h, or a number such as "
                f"'10 epochs' or '500 steps', got {text!r}"
            )
        number, unit = float(found[1]), found[2]
        if unit in _SECONDS:
            return Every(seconds=number * _SECONDS[unit])
        whole = max(1, int(number))
        return Every(epochs=whole) if unit.startswith("epoch") else Every(steps=whole)
