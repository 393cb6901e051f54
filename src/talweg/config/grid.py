"""Settings that are lists: which member gets which value, and from which start. What came of it is in `run.sweep`."""

import dataclasses
import itertools
import math
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from talweg.config.settings import SWEPT, Settings
from talweg.errors import ConfigError

USUAL_MEMBERS = 8
"""Members of a training that does not say how many; of one with lists, the next number that they divide."""


@dataclasses.dataclass(frozen=True)
class Grid:
    """Every combination of the listed values, each tried from the same starts.

    Attributes:
        names: the settings that are lists.
        values: for each combination one value a setting; the last setting changes quickest.
        starts: from how many starts each is tried. Members are counted combination by combination.
    """

    names: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    starts: int

    @property
    def members(self) -> int:
        """How many members there are."""
        return len(self.values) * self.starts

    def members_of(self, combination: int) -> list[int]:
        """The members that have a combination, by their start."""
        return list(range(combination * self.starts, (combination + 1) * self.starts))

    def start_numbers(self) -> Int[np.ndarray, " members"]:
        """The start of each member."""
        return np.tile(np.arange(self.starts), len(self.values))

    def of(self, name: str) -> Float[np.ndarray, " members"]:
        """Each member's value of a setting that is a list."""
        place = self.names.index(name)
        return np.repeat([combination[place] for combination in self.values], self.starts)


def grid_of(settings: Settings) -> Grid:
    """What the lists among the settings ask for; one combination without a name where none is a list.

    Raises:
        ConfigError: lists whose combinations do not divide the members, or a value that stands twice.
    """
    lists = {name: given for name in SWEPT if isinstance(given := getattr(settings, name), tuple)}
    for name, values in lists.items():
        if len(set(values)) < len(values):
            raise ConfigError(f"{name} lists a value twice: {', '.join(f'{value:g}' for value in values)}")
    combinations = tuple(itertools.product(*lists.values()))
    count = len(combinations)
    if settings.members % count:
        fitting = [count * times for times in (settings.members // count, settings.members // count + 1) if times]
        what = " and ".join(f"{len(values)} of {name}" for name, values in lists.items())
        raise ConfigError(
            f"{settings.members} members cannot be shared evenly among {count} values ({what}); "
            f"take {' or '.join(map(str, fitting))} members"
        )
    return Grid(tuple(lists), combinations, settings.members // count)


def with_members(settings: Settings) -> Settings:
    """The settings with as many members as lists and folds ask for, where nobody said how many."""
    lists = [given for name in SWEPT if isinstance(given := getattr(settings, name), tuple)]
    if "members" in settings.model_fields_set or not (lists or settings.folds):
        return settings
    count = math.prod(len(values) for values in lists)
    # With folds every combination holds out each of them once.
    members = count * (settings.folds or -(-USUAL_MEMBERS // count))
    return settings.model_copy(update={"members": members})


def member_value(grid: Grid, name: str, given: Any) -> Any:
    """A setting for the engine: each member's value if it is a list, the one that all share if not."""
    return grid.of(name) if name in grid.names else given
