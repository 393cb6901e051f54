"""Content that tells when it was damaged: JSON objects and named arrays that carry a checksum of themselves.

Where such content lies is in `folder` and `checkpoints`; a checksum is no protection from someone who means harm.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

SEAL = "seal"
"""The field of a JSON object that holds its checksum and the marks of the files it vouches for."""


@dataclasses.dataclass(frozen=True)
class Mark:
    """By what a file's content is known again.

    Attributes:
        length: of the content, in bytes.
        digest: its checksum, 32 hexadecimal digits (BLAKE2b, RFC 7693).
    """

    length: int
    digest: str

    def begins(self, content: bytes) -> bool:
        """Whether some content begins with the one that was marked."""
        return mark(content[: self.length]) == self


def mark(content: bytes) -> Mark:
    """The mark of a file's content.

    Example:
        >>> mark(b"")
        Mark(length=0, digest='cae66941d9efbd404e4d88758ea67670')
    """
    return Mark(len(content), hashlib.blake2b(content, digest_size=16).hexdigest())


def sealed(content: Mapping[str, Any], files: Mapping[str, Mark]) -> dict[str, Any]:
    """A JSON object with its checksum, and with the marks of the files it vouches for."""
    marks = {name: dataclasses.asdict(found) for name, found in files.items()}
    return {**content, SEAL: {"files": marks, "content": _of_object(content, marks)}}


def unsealed(content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Mark] | None]:
    """The object without its seal, and the files' marks; `None` in their place if there was no seal.

    Raises:
        ValueError: if the object is not the one that was sealed.
    """
    rest = {name: value for name, value in content.items() if name != SEAL}
    if SEAL not in content:
        return rest, None
    try:
        seal = content[SEAL]
        marks = {name: Mark(**found) for name, found in seal["files"].items()}
        whole = seal["content"] == _of_object(rest, seal["files"])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError("its seal is broken") from None
    if not whole:
        raise ValueError("it is not as it was written")
    return rest, marks


def _of_object(content: Mapping[str, Any], marks: Mapping[str, Any]) -> str:
    return mark(json.dumps([content, marks], sort_keys=True, allow_nan=False).encode()).digest


def pack(arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any], kind: str) -> bytes:
    """Named arrays and plain data as the content of a safetensors file, with a checksum over all of it."""
    from safetensors.numpy import save

    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    plain = json.dumps(facts, allow_nan=False)
    # One entry, since safetensors writes several in no certain order: equal contents are equal bytes.
    return save(whole, metadata={SEAL: json.dumps([kind, plain, _of_arrays(whole, plain, kind)])})


def unpack(content: bytes, kind: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the plain data again.

    Raises:
        ValueError: if the content is damaged, or of another kind; the message says which.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
        size = int.from_bytes(content[:8], "little")
        found, plain, checksum = json.loads(json.loads(content[8 : 8 + size])["__metadata__"][SEAL])
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"it is no whole safetensors file of ours: {error}") from None
    if checksum != _of_arrays(arrays, str(plain), str(found)):
        raise ValueError("its checksum is not that of its content")
    if found != kind:
        raise ValueError(f"it is a {found}, not a {kind}")
    return arrays, json.loads(plain)


def _of_arrays(arrays: Mapping[str, np.ndarray], plain: str, kind: str) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    hashed.update(f"{kind}\0{plain}\0".encode())
    for name in sorted(arrays):
        array = arrays[name]
        hashed.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        hashed.update(array.reshape(-1).view(np.uint8).data)
    return hashed.hexdigest()
