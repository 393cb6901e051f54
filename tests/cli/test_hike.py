"""`talweg hike` and `talweg sketch`, as a lecturer uses them."""

import pytest
from PIL import Image


def test_a_hike_tells_where_everyone_arrived_and_draws_it(talweg, here):
    told = talweg("hike", "x^2 + 3y^2", "--hikers", 4, "--animate", "gif", "--basins", "--json")
    assert told.code == 0
    hike = told.json()
    assert (hike["version"], hike["kind"], hike["variables"]) == (1, "hike", ["x", "y"])
    assert [hiker["outcome"]["kind"] for hiker in hike["hikers"]] == ["arrived"] * 4
    assert hike["minima"][0]["hikers"] == 4
    assert hike["minima"][0]["point"] == pytest.approx([0, 0], abs=1e-7)
    assert set(hike["files"]) == {"map", "mountain", "heights", "basins", "page", "gif", "report"}
    for name in ("map", "mountain", "heights", "basins", "gif"):
        with Image.open(here / hike["files"][name]) as image:
            assert min(image.size) > 400
    page = (here / hike["files"]["page"]).read_text()
    assert page.startswith("<!doctype html>")
    assert len(page) < 1_000_000


def test_optimizers_side_by_side_from_the_same_starts(talweg, here):
    told = talweg("hike", "x^2 + 3y^2", "--hikers", 3, "--compare", "gd,newton", "--json").json()
    assert told["kind"] == "comparison"
    starts = [[hiker["start"] for hiker in hike["hikers"]] for hike in told["hikes"].values()]
    assert starts[0] == starts[1]
    steps = {name: max(hiker["steps"] for hiker in hike["hikers"]) for name, hike in told["hikes"].items()}
    assert steps["newton"] < steps["gd"]
    assert set(told["files"]) == {"comparison", "page_gd", "page_newton", "report_gd", "report_newton"}


def test_a_hike_in_words(talweg, here):
    told = talweg("hike", "a x^2 - 2y", "--let", "a=3", "--hikers", 2, "--lang", "de", "--out", "hike")
    flat = " ".join(told.out.split())
    assert "f(x, y) = 3x² − 2y: 2 hikers by gd" in flat
    assert "2 left the window." in flat
    assert "the function is not bounded below" in flat
    assert all('<html lang="de">' in (here / "hike" / name).read_text() for name in ("page.html", "report.html"))


def test_sketch_of_the_lectures_parabola(talweg, here):
    told = talweg("sketch", "2x^2 + 4x", "--time-limit", 60)
    assert told.code == 0
    for line in ("f′(x) = 4x + 4", "f′(x) = 0 at x = −1; f″ = 4 > 0: a minimum, f(−1) = −2"):
        assert line in told.out
    assert (here / "sketches" / "2x-2-4x" / "sketch.png").is_file()


def test_sketch_as_json_and_latex(talweg, here):
    sketch = talweg("sketch", "3x^2 - 2y", "--time-limit", 60, "--json").json()
    assert sketch["gradient"] == ["6x", "−2"]
    assert sketch["stationary_points"] == []
    assert sketch["bounded_below"] is False
    assert "no stationary point" in " ".join(sketch["steps"])
    assert r"\nabla" in talweg("sketch", "3x^2 - 2y", "--time-limit", 60, "--latex").out


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("hike", "x^2 + )"), "unexpected ')' at position 7"),
        (("hike", "9^9^9^9 + x"), "at position"),
        (("hike", "x" * 3 + "(" * 10_000), "longer than"),
        (("hike", "x^2", "--let", "a=b"), "--let takes a name and a number, such as a=2, got 'a=b'"),
        (("hike", "x^2", "--window", "a,b"), "window must be numbers"),
        (("hike", "x^2", "--compare", "gd"), "--compare takes two optimizers or more"),
        (("sketch", "x^2", "--window", "1,2,3"), "window takes two numbers a variable"),
        (("sketch", "__import__('os')"), "at position"),
        (("sketch", "x^2", "--time-limit", -1), "time limit"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_drawn(talweg, here, words, part):
    told = talweg(*words)
    assert (told.code, told.out) == (2, "")
    assert part in told.message()
    assert list(here.iterdir()) == []
