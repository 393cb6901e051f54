"""What a run says of new rows, by one member, by the best, or by all together. Rows are not read here."""

import dataclasses
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float, Num

from talweg.data.images.prepare import MaskPreparation, PhotographPreparation
from talweg.data.targets import NumberTarget
from talweg.errors import ConfigError

if TYPE_CHECKING:
    import polars

    from talweg.run.result import Run

Chosen = Literal["ensemble", "best"] | int
"""Whose prediction is meant: the ensemble's, that of the member best on validation, or of a member by number."""


@dataclasses.dataclass(frozen=True, eq=False)
class Prediction:
    """What a run says of new rows, in the order in which they came.

    Attributes:
        values: the predicted class of each row, or the predicted quantity in the target's own unit.
        probabilities: of each class, of shape `(rows, classes)`; `None` for regression.
        spread: the standard deviation over the members: of the predicted class's probability, or of the quantity.
        classes: the names of the classes.
        notes: what the rows hold that training never saw, a sentence each.
        files: what the rows are called, if they are pictures.
    """

    values: np.ndarray
    probabilities: Float[np.ndarray, "rows classes"] | None
    spread: Float[np.ndarray, " rows"]
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    files: tuple[str, ...] = ()

    def __repr__(self) -> str:
        what = "a quantity" if self.probabilities is None else f"{len(self.classes)} classes"
        return f"<Prediction of {len(self.values)} rows: {what}>"

    def _repr_html_(self) -> str:
        return self.frame()._repr_html_()

    def columns(self) -> dict[str, np.ndarray]:
        """As columns: `picture` if they are pictures, `prediction`, `p_<class>` for each class, `spread`."""
        columns = {"picture": np.array(self.files)} if self.files else {}
        columns |= {"prediction": self.values}
        if self.probabilities is not None:
            columns |= {f"p_{name}": self.probabilities[:, place] for place, name in enumerate(self.classes)}
        return columns | {"spread": self.spread}

    def frame(self) -> "polars.DataFrame":
        """As a polars frame with the columns of `columns`."""
        import polars

        return polars.DataFrame(self.columns())


def predict(
    run: "Run",
    features: Num[np.ndarray, "rows *features"],
    notes: tuple[str, ...],
    member: Chosen = "ensemble",
    files: tuple[str, ...] = (),
) -> Prediction:
    """What a run says of rows of features (see `Run.predict`)."""
    from talweg.run.architecture import network_of
    from talweg.run.job import Rows
    from talweg.run.scoring import predictions
    from talweg.run.train import member_outputs

    chosen, preparation = members_named(run, member), run.preparation
    assert not isinstance(preparation, PhotographPreparation | MaskPreparation)
    network = network_of(run.settings, features.shape[1:], len(preparation.classes), preparation)
    rows = Rows(features, np.zeros(len(features), np.float32))
    members = run.summary["ensemble"]["members"]
    each = {m: predictions(network, member_outputs(network, run.params, m, rows)) for m in {*members, *chosen}}
    mean = np.mean([each[m] for m in chosen], axis=0)
    crowd = np.stack([each[m] for m in members])
    target = preparation.target
    if isinstance(target, NumberTarget):
        # What the members say is averaged as they learned it: of logarithms that is the geometric mean.
        spread = target.decode(crowd[:, :, 0]).std(0)
        return Prediction(target.decode(mean[:, 0]), None, spread, (), notes, files)
    place = mean.argmax(1)
    spread = crowd[:, np.arange(len(mean)), place].std(0)
    names = np.array(preparation.classes)
    return Prediction(names[place], mean, spread, tuple(map(str, preparation.classes)), notes, files)


def members_named(run: "Run", member: Chosen) -> list[int]:
    """The members that a word or a number means.

    Raises:
        ConfigError: there is no such member.
    """
    if member == "ensemble":
        return list(run.summary["ensemble"]["members"])
    if member == "best":
        return [run.best_member()]
    try:
        number = operator.index(member)
    except TypeError:
        raise ConfigError(f"member is 'ensemble', 'best' or a member's number, got {member!r}") from None
    require_members(run, [number], ". Or take 'best' or 'ensemble'")
    return [number]


def require_members(run: "Run", members: Sequence[int], otherwise: str = "") -> None:
    """Makes sure that a run has these members.

    Args:
        run: the run.
        members: their numbers.
        otherwise: what else could be taken, as the end of the message.

    Raises:
        ConfigError: naming the first that it does not have.
    """
    for member in members:
        if not 0 <= member < run.settings.members:
            raise ConfigError(
                f"there is no member {member}; the run has {run.settings.members}, numbered from 0 "
                f"to {run.settings.members - 1}{otherwise}"
            )
