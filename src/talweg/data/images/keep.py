"""Where decoded pictures lie: in memory, or in a store on disk from which they are read as they are needed.

Many are decoded only once: the next run finds them in the user's cache. How they are decoded is in `load`.
"""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from talweg.data.hearing import Hear
from talweg.data.images.load import Loaded, Look, decode_each, heard, in_parallel, load, look_at
from talweg.data.images.pictures import IN_MEMORY, Keeping, Wanted
from talweg.data.large.cache import Cache, key_of
from talweg.data.large.store import Writer

MANY = 500
"""From so many pictures on, what was decoded is kept."""
VERSION = 2
"""Of what is kept; raised when the same files would give other pixels, or other facts."""


def load_kept(files: Sequence[Path], names: Sequence[str], wanted: Wanted, keeping: Keeping = IN_MEMORY) -> Loaded:
    """The pictures of files, in memory if they fit there, else on disk.

    What is on disk is named by the contents of all files, so that it is never stale.

    Args:
        files: the picture files.
        names: what messages call them.
        wanted: size, color, and what happens to broken ones.
        keeping: where they may lie.

    Raises:
        DataError: a picture cannot be read and broken ones are not to be skipped, or none is left; the disk is full.
    """
    cache, hear = keeping.cache, keeping.hear
    if cache is None:
        return load(files, names, wanted, hear=hear)
    if len(files) < MANY or not keeping.again:
        look = look_at(files, names, wanted, hear)
        if look.bytes(len(files)) <= keeping.room:
            return load(files, names, wanted, look, hear)
    digest = known_digest(files, cache, hear)
    look = _known_look(files, names, wanted, digest, keeping)

    def fill(writer: Writer) -> Mapping[str, Any]:
        column = writer.column("pixels", look.dtype, look.shape)

        def put(place: int, pixels: Shaped[np.ndarray, "height width channels"]) -> None:
            column.append(pixels[None].astype(look.dtype, copy=False))

        kept, notes = decode_each(files, names, look, wanted.skip_broken, put, hear)
        return {"kept": list(kept), "notes": list(notes)}

    # Not by what was wanted, but by what came of it: a prediction finds the pictures that a training decoded.
    key = key_of("pictures", str(VERSION), str((look.shape, look.deep, wanted.skip_broken)), *names, digest)
    about = f"{len(files)} decoded pictures of {files[0].parent.parent.name}"
    store = cache.get(key, fill, about, needed=look.bytes(len(files)))
    pixels, facts = store.arrays["pixels"], store.facts
    within = pixels.nbytes <= keeping.room
    return Loaded(np.array(pixels) if within else pixels, tuple(facts["kept"]), tuple(facts["notes"]), look.found)


def _known_look(files: Sequence[Path], names: Sequence[str], wanted: Wanted, digest: str, keeping: Keeping) -> Look:
    """What the headers say; they are read once."""
    assert keeping.cache is not None

    def make(writer: Writer) -> Mapping[str, Any]:
        return dataclasses.asdict(look_at(files, names, wanted, keeping.hear))

    key = key_of("headers of pictures", str(VERSION), str((wanted.size, wanted.color)), *names, digest)
    facts = keeping.cache.get(key, make, f"headers of {len(files)} pictures").facts
    return Look(tuple(facts["size"]), facts["color"], facts["deep"], tuple(facts["notes"]), facts["found"])


def known_digest(files: Sequence[Path], cache: Cache, hear: Hear) -> str:
    """A hash of all files' contents; they are read anew only if one changed its size or its time since.

    Args:
        files: it may be many.
        cache: where the hash is kept.
        hear: is told of the progress.
    """
    seen = hashlib.blake2b(digest_size=32)
    for file in files:
        stat = file.stat()
        seen.update(f"{file.absolute()}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ino}\0".encode())

    def make(writer: Writer) -> Mapping[str, Any]:
        digests = heard("reading", in_parallel(_digest, files), len(files), hear)
        return {"digest": hashlib.blake2b(b"".join(digests), digest_size=32).hexdigest()}

    about = f"hash of {len(files)} files of {files[0].parent.parent.name}"
    return str(cache.get(key_of("digest of pictures", seen.digest()), make, about).facts["digest"])


def _digest(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=16)).digest()
    except OSError:
        return b"unreadable"
