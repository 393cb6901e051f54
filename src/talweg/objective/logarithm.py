"""A target that is learned as its logarithm, and the metrics in its own unit. How it is fitted is `data.targets`'s."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Logarithm:
    """What a network's outputs are the standardized logarithms of: sign(y) log(1 + |y|), y in the logarithm's unit.

    Attributes:
        center: the logarithm that an output of 0 stands for.
        scale: what an output of 1 is more.
    """

    center: float
    scale: float

    def undone(self, outputs: Any) -> Any:
        """The quantities in the logarithm's unit, written once for NumPy and JAX.

        Args:
            outputs: standardized logarithms, of any shape.

        Example:
            >>> import numpy as np
            >>> Logarithm(center=0.0, scale=1.0).undone(np.log(np.array([1.0, 3.0]))).round(6).tolist()
            [0.0, 2.0]
        """
        xp = outputs.__array_namespace__()
        taken = outputs * self.scale + self.center
        return xp.sign(taken) * xp.expm1(abs(taken))
