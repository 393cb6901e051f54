from rich.console import Console

from talweg.view.terminal.hike import hike_summary


def summary(kinds: list[str], minima: list[tuple[float, str]] = ()) -> dict:
    hikers = [
        {"hiker": number, "outcome": {"kind": kind, "sentence": f"hiker {number} says {kind}"}}
        for number, kind in enumerate(kinds)
    ]
    places = [
        {"point": [float(i)], "value": value, "kind": kind, "hikers": 1} for i, (value, kind) in enumerate(minima)
    ]
    return {
        "variables": ["x"], "expression": "x²", "optimizer": "gd", "learning_rate": 0.5, "step_length": "fixed",
        "hikers": hikers, "minima": places, "warnings": ["beware"],
    }  # fmt: skip


def text(hike: dict) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(hike_summary(hike))
    return capture.get()


def test_few_hikers_all_have_their_say():
    told = text(summary(["arrived", "diverged", "walking"]))
    assert all(f"hiker {number}:" in told for number in range(3))
    assert "more" not in told
    assert "Warning: beware." in told


def test_of_many_only_some_of_each_kind_that_did_not_arrive():
    told = text(summary(["arrived"] * 5 + ["diverged"] * 6 + ["left"] * 3))
    assert "5 arrived, 6 fell off, 3 left the window." in told
    assert told.count("says") == 4
    assert "says arrived" not in told
    assert "... and 4 more fell off, 1 more left the window (--json tells all)." in told


def test_the_lowest_minimum_is_told_from_local_ones():
    told = text(summary(["arrived"], [(-1.0, "minimum"), (-1.0 + 1e-12, "minimum"), (0.5, "minimum"), (2.0, "saddle")]))
    assert told.count("minimum, the lowest found") == 2
    assert told.count("minimum, local") == 1
    assert "saddle" in told
