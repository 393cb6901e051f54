"""Things made by another thread, one ahead of those that are used. What they are does not matter here."""

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Thing = TypeVar("Thing")


def ahead(things: Iterable[Thing]) -> Iterator[Thing]:
    """The same things in the same order, each made by another thread while the one before it is used.

    What goes wrong in making one is raised where it would be used. Whoever stops early stops the thread.
    """
    made: queue.Queue[tuple[str, Thing | BaseException | None]] = queue.Queue(maxsize=1)
    enough = threading.Event()

    def put(kind: str, thing: Thing | BaseException | None) -> None:
        while not enough.is_set():
            with contextlib.suppress(queue.Full):
                made.put((kind, thing), timeout=0.1)
                return

    def work() -> None:
        try:
            for thing in things:
                put("thing", thing)
                if enough.is_set():
                    return
            put("end", None)
        except BaseException as error:
            put("error", error)

    thread = threading.Thread(target=work, name="talweg-ahead", daemon=True)
    thread.start()
    try:
        while True:
            kind, thing = made.get()
            if kind == "end":
                return
            if kind == "error":
                raise thing  # type: ignore[misc]
            yield thing  # type: ignore[misc]
    finally:
        enough.set()
        thread.join()
