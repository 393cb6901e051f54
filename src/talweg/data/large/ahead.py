"""Things made by another thread, some ahead of those that are used. What they are does not matter here."""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NoReturn, TypeVar

Thing = TypeVar("Thing")


def ahead(things: Iterable[Thing], waiting: int = 1) -> Iterator[Thing]:
    """The same things in the same order, each made by another thread while those before it are used.

    What goes wrong in making one is raised where it would be used. Whoever stops early stops the thread.

    Args:
        things: what is wanted.
        waiting: how many may be made and not yet used.
    """
    # What is handed over gives the thing when it is called, or raises what went wrong; `None` is the end.
    made: queue.Queue[Callable[[], Thing] | None] = queue.Queue(maxsize=waiting)
    enough = threading.Event()

    def put(give: Callable[[], Thing] | None) -> None:
        while not enough.is_set():
            with contextlib.suppress(queue.Full):
                made.put(give, timeout=0.1)
                return

    def work() -> None:
        try:
            for thing in things:
                put(partial(_given, thing))
                if enough.is_set():
                    return
            put(None)
        except BaseException as error:
            put(partial(_raised, error))

    thread = threading.Thread(target=work, name="talweg-ahead", daemon=True)
    thread.start()
    try:
        while (give := made.get()) is not None:
            yield give()
    finally:
        enough.set()
        thread.join()


def _given(thing: Thing) -> Thing:
    return thing


def _raised(error: BaseException) -> NoReturn:
    raise error
