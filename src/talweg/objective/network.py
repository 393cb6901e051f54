"""A network as an objective: a model, a loss and the rows. How it is descended is the engine's business."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.objective.augment import Augmentation
from talweg.objective.base import Batch, Objective, Params, Sums
from talweg.objective.layers import Layer, Shape
from talweg.objective.losses import Loss
from talweg.objective.metrics import classification_sums, regression_sums, weight_of_rows

SETTLED = "settled"
"""Among the sums of a step: the params that it settles itself."""


class Network(Objective):
    """A network and the loss it is trained on. One that takes noise away is in `denoising`.

    Attributes:
        model: the layers, or one layer that stands for a whole network.
        row_loss: the loss of a row.
        input_shape: the shape of one row of features.
        classes: how many classes; 0 for regression.
        augmentation: how training pictures are changed at random; `None` for none.
        class_weight: what a row of each class counts in the loss; all alike if it is empty.
    """

    model: Layer
    row_loss: Loss
    input_shape: Shape = eqx.field(static=True)
    classes: int = eqx.field(static=True, default=0)
    augmentation: Augmentation | None = None
    class_weight: tuple[float, ...] = eqx.field(static=True, default=())

    def init(self, key: PRNGKeyArray) -> Params:
        """Draws the model's params."""
        return self.model.init(key, self.input_shape)

    def outputs(self, params: Params, x: Array) -> Float[Array, "rows outputs"]:
        """The model's outputs as in evaluation: logits, or standardised targets."""
        return self.model.apply(params, x, None)

    def loss(self, params: Params, batch: Batch, key: PRNGKeyArray) -> tuple[Float[Array, ""], Sums]:
        """The weighted mean of the rows' losses; the sums are the two that merge over batches."""
        if self.augmentation is None:
            outputs, settled = self.model.apply_and_settle(params, batch.x, key, batch.weight)
            row_loss = self.row_loss.per_row(outputs, batch.y)
        else:
            row_loss, settled = self._augmented(self.augmentation, params, batch, key)
        counts = batch.weight * weight_of_rows(self.class_weight, batch.y, row_loss)
        total, weight = jnp.sum(row_loss * counts), jnp.sum(counts)
        return total / weight, {"loss": total, "weight": weight, SETTLED: settled}

    def _augmented(
        self, augmentation: Augmentation, params: Params, batch: Batch, key: PRNGKeyArray
    ) -> tuple[Float[Array, " rows"], Params]:
        """Each row's loss on the changed batch, and what the layers settle; of mixed rows by the shares of both."""
        change_key, mix_key, key = jax.random.split(key, 3)
        x = augmentation.apply(batch.x, change_key)
        if not augmentation.mixup:
            outputs, settled = self.model.apply_and_settle(params, x, key, batch.weight)
            return self.row_loss.per_row(outputs, batch.y), settled
        x, partner, share = augmentation.mix(x, batch.weight, mix_key)
        outputs, settled = self.model.apply_and_settle(params, x, key, batch.weight)
        own, other = (self.row_loss.per_row(outputs, y) for y in (batch.y, batch.y[partner]))
        return share * own + (1 - share) * other, settled

    def settle(self, params: Params, sums: Sums) -> tuple[Params, Sums]:
        """The statistics that the step has measured take the place of the old ones."""
        rest = {name: value for name, value in sums.items() if name != SETTLED}
        return replaced(params, sums[SETTLED]), rest

    def metrics(self, params: Params, batch: Batch) -> Sums:
        """The sums from which the task's metrics follow (see `metrics`)."""
        outputs = self.outputs(params, batch.x)
        row_loss = self.row_loss.per_row(outputs, batch.y)
        if self.row_loss.task == "classification":
            said = self.row_loss.decide(outputs)
            return classification_sums(row_loss, said, batch.y, batch.weight, self.classes, self.class_weight)
        return regression_sums(row_loss, outputs, batch.y, batch.weight)


def replaced(params: Params, settled: Params) -> Params:
    """Nested params with some of them replaced by others of the same names."""
    if not isinstance(settled, dict):
        return settled
    return {**params, **{name: replaced(params[name], value) for name, value in settled.items()}} if settled else params
