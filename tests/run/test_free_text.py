"""A column of sentences from a file to a prediction."""

import numpy as np
import polars as pl
import pytest

import talweg as tw

RANDOM = np.random.default_rng(0)
GOOD, BAD = ("a very good film with a plot", "great actors and a good end"), ("a boring film without a plot", "bad end")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Reviews in which words tell the class, and a number that does not."""
    folder = tmp_path_factory.mktemp("reviews")
    liked = RANDOM.random(240) < 0.5
    said = [f"{RANDOM.choice(GOOD if it else BAD)} number {row} of many seen" for row, it in enumerate(liked)]
    columns = {"review": said, "hour": RANDOM.normal(size=240), "liked": np.where(liked, "yes", "no")}
    pl.DataFrame(columns).write_csv(folder / "reviews.csv")
    settings = {"members": 2, "hidden": (8,), "max_epochs": 20, "record": 0}
    return tw.train(folder / "reviews.csv", target="liked", out=folder / "run", **settings)


def test_words_tell_the_class(run):
    assert run.summary["data"]["columns"][0]["kind"] == "text"
    assert "text" in [finding["check"] for finding in run.summary["gate"]["findings"]]
    assert run.summary["ensemble"]["test"]["accuracy"] > 0.95


def test_the_run_in_its_folder_reads_new_sentences(run):
    new = pl.DataFrame({"review": ["A GOOD film, great actors!", "boring, bad end", "xyzzy", None], "hour": [0.0] * 4})
    again = tw.open_run(run.folder.path).predict(new)
    assert again.values.tolist()[:2] == ["yes", "no"]
    np.testing.assert_array_equal(again.probabilities, run.predict(new).probabilities)
    assert again.notes == (
        "'review' is missing in 1 row, which training never saw.",
        "'review' holds no word that training knew in 1 row.",
    )


def test_what_the_text_is_worth_is_measured(run):
    rises = {column["name"]: column["rise"] for column in run.evidence["importance"]["columns"]}
    assert rises["review"] > 0.1 > rises["hour"]


def test_a_run_on_text_is_the_same_again(run):
    assert tw.rerun(run.folder.path).verdict == "identical"
