"""A tree of arrays as one level of names and arrays, and back: what a file holds of a training's state, bit for bit.

The file itself is the record room's business (`record/checkpoints`).
"""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree


def to_arrays(tree: PyTree) -> dict[str, np.ndarray]:
    """The leaves of a tree on the host, by their path in it.

    Example:
        >>> to_arrays({"dense_1": {"biases": np.zeros(2)}})
        {'dense_1/biases': array([0., 0.])}
    """
    leaves = jax.tree_util.tree_flatten_with_path(jax.device_get(tree))[0]
    return {_name(path): np.asarray(leaf) for path, leaf in leaves}


def from_arrays(template: PyTree, arrays: Mapping[str, np.ndarray]) -> PyTree:
    """The tree again, in the structure of a template whose leaves tell shape and kind.

    Args:
        template: such a tree, of arrays or of what `jax.eval_shape` gives.
        arrays: as `to_arrays` gave them; others may be among them.

    Raises:
        ValueError: if a leaf is missing, or has another shape or kind.
    """

    def leaf(path: Any, expected: Any) -> np.ndarray:
        name = _name(path)
        found = arrays.get(name)
        if found is None:
            raise ValueError(f"it has no {name}")
        # Only the kind: a rule's memory begins in float32 and goes on in the curves' own precision.
        if found.shape != expected.shape or found.dtype.kind != expected.dtype.kind:
            expectation = f"{expected.dtype}{list(expected.shape)}"
            raise ValueError(f"{name} is {found.dtype}{list(found.shape)} and not {expectation}")
        return found

    return jax.tree_util.tree_map_with_path(leaf, template)


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")
