"""`talweg map` as a person calls it."""

import pytest


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    import talweg as tw

    folder = tmp_path_factory.mktemp("maps") / "iris-001"
    tw.train("iris", out=folder, members=3, hidden=(8,), max_epochs=12, learning_rate=0.02)
    return folder


def test_a_map_in_words_pictures_and_a_page(talweg, trained, here):
    told = talweg("map", trained, "--size", 9, "--animate", "gif", "--animate", "html", "--out", "pictures")
    assert told.code == 0
    words = " ".join(told.out.split())
    assert "Training loss of iris-001 over 105 rows; the plane is the one of the two principal components" in words
    assert "Map error: the plane holds" in words
    files = sorted(path.name for path in (here / "pictures").iterdir())
    name = "pca-loss-train"
    assert files == [f"{name}-mountain.png", f"{name}.gif", f"{name}.html", f"{name}.png"]


def test_a_map_as_json(talweg, trained, here):
    told = talweg("map", trained, "--size", 9, "--members", "2,0", "--of", "accuracy", "--on", "validation", "--json")
    content = told.json()
    assert (content["kind"], content["version"], content["run"]) == ("map", 1, "iris-001")
    assert [member["member"] for member in content["members"]] == [2, 0]
    points = content["members"][0]["points"]
    assert len(points["frame"]) == len(points["point"]) == len(points["true"]) == 13
    assert content["files"]["map"].endswith("pca-accuracy-validation.png")
    assert set(content["error"]) == {"held", "exact", "plane_gap", "grid_gap", "sentence"}


def test_an_atlas_in_words_and_as_json(talweg, trained, here):
    told = talweg("map", trained, "--atlas", "--size", 9, "--out", "pictures")
    words = " ".join(told.out.split())
    assert "Training loss of iris-001 over 105 rows, every member on a plane of its own." in words
    assert [path.name for path in (here / "pictures").iterdir()] == ["atlas-pca-loss-train.png"]
    content = talweg("map", trained, "--atlas", "--size", 9, "--members", "2,0", "--json").json()
    assert (content["kind"], content["version"]) == ("atlas", 1)
    assert [one["members"][0]["member"] for one in content["maps"]] == [2, 0]


def test_barriers_in_words_and_as_json(talweg, trained, here):
    told = talweg("map", trained, "--barriers", "--out", "pictures")
    assert "After aligning hidden units:" in told.out
    assert "straight lines, error rate" in told.out
    assert sorted(path.name for path in (here / "pictures").iterdir()) == [
        "barriers-train-lines.png",
        "barriers-train.png",
    ]
    content = talweg("map", trained, "--barriers", "--json", "--quiet").json()
    assert (content["kind"], len(content["straight"]["loss"])) == ("barriers", 3)


def test_sharpness_in_words_and_as_json(talweg, trained, here):
    told = talweg("map", trained, "--sharpness", "--members", "1")
    assert "Member 1: sharpness λ =" in " ".join(told.out.split())
    content = talweg("map", trained, "--sharpness", "--members", "1", "--json").json()
    assert (content["kind"], content["along"], content["files"]) == ("sharpness", None, {})
    assert len(content["members"][0]["eigenvalues"]) == 3


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--plane", "pac"), "'pac' is no plane. Known: pca, members, random, hessian, gradient."),
        (("--members", "0,x"), "--members takes members' numbers such as 0,3,5, got '0,x'"),
        (("--on", "test"), "on must be train or validation, got 'test'"),
        (("--window", "1,2"), "window must be four numbers"),
        (("--curve", "0,1"), "--curve goes with --barriers"),
        (("--barriers", "--plane", "pca"), "--plane goes with the map or --atlas, not with --barriers"),
        (("--barriers", "--animate", "gif"), "--animate goes with the map, not with --barriers"),
        (("--over",), "--over goes with --sharpness"),
        (("--atlas", "--at", "1"), "--at goes with the map, not with --atlas"),
        (("--barriers", "--sharpness"), "two different looks; ask for one at a time"),
        (("--data", "wine"), "the run's data cannot be read again"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(talweg, trained, here, words, part):
    told = talweg("map", trained, *words)
    assert told.code == 2
    assert told.out == ""
    assert part in " ".join(told.err.split())
    assert len(told.err.splitlines()) == 1


def test_no_run_no_map(talweg, here):
    assert "nowhere holds no run" in talweg("map", "nowhere").err
