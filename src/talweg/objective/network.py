"""A network as an objective: a model, a loss and the rows. How it is descended is the engine's business."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.objective.base import Batch, Objective, Params, Sums
from talweg.objective.layers import Shape
from talweg.objective.losses import Loss
from talweg.objective.metrics import classification_sums, regression_sums, weight_of_rows
from talweg.objective.models import Sequential


class Network(Objective):
    """A sequential network and the loss it is trained on.

    Attributes:
        model: the layers.
        row_loss: the loss of a row.
        input_shape: the shape of one row of features.
        classes: how many classes; 0 for regression.
        class_weight: what a row of each class counts in the loss; all alike if it is empty.
    """

    model: Sequential
    row_loss: Loss
    input_shape: Shape = eqx.field(static=True)
    classes: int = eqx.field(static=True, default=0)
    class_weight: tuple[float, ...] = eqx.field(static=True, default=())

    def init(self, key: PRNGKeyArray) -> Params:
        """Draws the model's params."""
        return self.model.init(key, self.input_shape)

    def outputs(self, params: Params, x: Array) -> Float[Array, "rows outputs"]:
        """The model's outputs as in evaluation: logits, or standardised targets."""
        return self.model.apply(params, x, None)

    def loss(self, params: Params, batch: Batch, key: PRNGKeyArray) -> tuple[Float[Array, ""], Sums]:
        """The weighted mean of the rows' losses; the sums are the two that merge over batches."""
        row_loss = self.row_loss.per_row(self.model.apply(params, batch.x, key), batch.y)
        counts = batch.weight * weight_of_rows(self.class_weight, batch.y, row_loss)
        total, weight = jnp.sum(row_loss * counts), jnp.sum(counts)
        return total / weight, {"loss": total, "weight": weight}

    def metrics(self, params: Params, batch: Batch) -> Sums:
        """The sums from which the task's metrics follow (see `metrics`)."""
        outputs = self.outputs(params, batch.x)
        row_loss = self.row_loss.per_row(outputs, batch.y)
        if self.row_loss.task == "classification":
            said = self.row_loss.decide(outputs)
            return classification_sums(row_loss, said, batch.y, batch.weight, self.classes, self.class_weight)
        return regression_sums(row_loss, outputs, batch.y, batch.weight)
