"""What the encoding of a target means to the network and its metrics: a logarithm to undo, a unit, and where 0 lies."""

from talweg.config.settings import AUTO
from talweg.data.targets import ClassTarget, NumberTarget
from talweg.objective.logarithm import Logarithm


def scale_of(target: ClassTarget | NumberTarget) -> str:
    """The word for how a target is learned; classes have no scale to decide on."""
    if isinstance(target, ClassTarget):
        return AUTO
    return "standard" if target.log_unit is None else "log"


def logarithm_of(target: ClassTarget | NumberTarget) -> Logarithm | None:
    """What is to be undone before metrics are taken, if the logarithm of the target is learned."""
    if isinstance(target, ClassTarget) or target.log_unit is None:
        return None
    return Logarithm(target.center, target.scale)


def own_unit(target: ClassTarget | NumberTarget) -> tuple[float, float]:
    """What one unit of an output, after undoing its logarithm, is in the target's own unit, and what 0 stands for.

    Example:
        >>> own_unit(NumberTarget("price", center=3.0, scale=0.5)), own_unit(NumberTarget("price", 3.0, 0.5, 10.0))
        ((0.5, 3.0), (10.0, 0.0))
    """
    if isinstance(target, ClassTarget):
        return 1.0, 0.0
    return (target.scale, target.center) if target.log_unit is None else (target.log_unit, 0.0)
