"""Arrays as bytes with a checksum, so that a flipped bit is told and never drawn. Where they lie is not known here.

The format is safetensors: data, no code. Its metadata carry the SHA-256 of all names, types, shapes and contents.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from talweg.errors import RunFolderError

Arrays = Mapping[str, np.ndarray]


def checksum(arrays: Arrays) -> str:
    """The SHA-256 of arrays by name, whatever their order.

    Example:
        >>> one = {"a": np.zeros(3), "b": np.ones(2)}
        >>> checksum(one) == checksum(dict(reversed(one.items())))
        True
    """
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def pack(arrays: Arrays, metadata: Mapping[str, str]) -> bytes:
    """Arrays by name, and some words about them, as one file's bytes."""
    from safetensors.numpy import save

    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return save(whole, metadata={**metadata, "sha256": checksum(whole)})


def unpack(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays in a file that `pack` made, and the words about them.

    Raises:
        RunFolderError: if the file is missing, cannot be read, or is not what was written.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = dict(file.metadata() or {})
    except FileNotFoundError:
        raise RunFolderError(f"there is no {path}") from None
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read: {error.strerror or error}") from None
    except SafetensorError as error:
        raise RunFolderError(f"{path} is damaged: {error}") from None
    if metadata.pop("sha256", None) != checksum(arrays):
        raise RunFolderError(f"{path} is damaged: its checksum is not that of its contents")
    return arrays, metadata
