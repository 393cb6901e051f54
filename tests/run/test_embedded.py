"""Trainings whose first layer embeds the columns of a table: what the network is told of them, and that it is kept."""

import json

import numpy as np
import pytest

import talweg as tw
from talweg.config.settings import make_settings
from talweg.data.builtin import load
from talweg.data.table import Numbers, Table, Text
from talweg.errors import ConfigError
from talweg.run.build import build

LAYERS = "embed piecewise 4 bins 6 words 3, dense 8, silu, output"
BRIEF = {"members": 2, "max_epochs": 3, "batch_size": 64, "layers": LAYERS}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return tw.train("penguins", out=tmp_path_factory.mktemp("embedded") / "run", **BRIEF)


def test_quantiles_are_those_of_the_training_rows_alone():
    built = build(make_settings({"source": "penguins", **BRIEF}))
    rows, preparation = built.job.training, built.preparation
    names = preparation.feature_names
    numbers = [names.index(name) for name in ("bill_length_mm", "body_mass_g")]
    told = dict(zip([n for n in names if "=" not in n], preparation.quantiles, strict=True))
    for place, name in zip(numbers, ("bill_length_mm", "body_mass_g"), strict=True):
        np.testing.assert_allclose(told[name], np.quantile(rows.x[:, place].astype(float), np.arange(7) / 6), rtol=1e-6)
    # The rows that are held out may hold anything.
    table = load("penguins")
    mass = table.columns["body_mass_g"].values.copy()
    mass[built.parts > 0] *= 100
    wild = Table("penguins", {**table.columns, "body_mass_g": Numbers(mass)}, table.rows)
    assert build(built.job.settings.model_copy(update={"gate": "warn"}), wild).preparation == preparation


def test_a_network_without_bins_asks_for_no_quantiles(tmp_path):
    run = tw.train("iris", members=1, max_epochs=1, out=tmp_path / "run")
    assert "quantiles" not in json.loads((tmp_path / "run" / "preparation.json").read_text())
    assert run.preparation.quantiles == ()


def test_an_opened_run_predicts_the_same(trained):
    again = tw.open_run(trained.folder.path)
    assert again.preparation.quantiles
    assert again.preparation == trained.preparation
    np.testing.assert_array_equal(again.predict("penguins").probabilities, trained.predict("penguins").probabilities)


def test_resumed_equals_never_stopped(trained, tmp_path):
    folder = tmp_path / "run"
    tw.train("penguins", out=folder, **{**BRIEF, "max_epochs": 2, "schedule": "constant"})
    longer = tw.resume(folder, max_epochs=3)
    whole = tw.train("penguins", **{**BRIEF, "schedule": "constant"})
    for name, weights in longer.params["embed_1"]["numbers"].items():
        np.testing.assert_array_equal(weights, whole.params["embed_1"]["numbers"][name])


def test_rows_on_disk_give_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setenv("TALWEG_CACHE", str(tmp_path / "cache"))
    draw = np.random.default_rng(0)
    lines = [
        f"{a:.4f},{word},{a * a:.4f}"
        for a, word in zip(draw.normal(size=200), draw.choice(list("pqr"), 200), strict=True)
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["a,word,y", *lines]))
    held, streamed = (tw.train(tmp_path / "rows.csv", stream=way, **BRIEF) for way in ("no", "yes"))
    assert streamed.preparation.quantiles == held.preparation.quantiles
    np.testing.assert_array_equal(streamed.params["dense_1"]["weights"], held.params["dense_1"]["weights"])


def test_what_is_no_table_has_nothing_to_embed():
    pixels = np.zeros((40, 4, 4, 1), np.uint8)
    with pytest.raises(ConfigError, match=r"layer 1: 'embed piecewise 4 .* it embeds the columns of a table"):
        tw.train(pixels, np.arange(40) % 2, layers=LAYERS)


def test_learned_vectors_tell_words_apart():
    draw = np.random.default_rng(0)
    codes = draw.integers(0, 6, 400)
    columns = {"word": Text(codes.astype(np.int32), tuple("abcdef")), "y": Numbers((codes % 3).astype(float))}
    run = tw.train(
        Table("words", columns, 400),
        "y",
        task="regression",
        members=2,
        max_epochs=200,
        learning_rate=0.02,
        layers="embed words 2, dense 16, relu, output",
    )
    assert run.summary["ensemble"]["test"]["rmse"] < 0.1


def test_the_ready_made_network_for_tables_learns_and_is_kept_as_its_layers(tmp_path):
    run = tw.train("iris", model="tabular", members=1, max_epochs=20, out=tmp_path / "run")
    assert (run.settings.model, run.settings.layers.split(", ")[0]) == ("layers", "embed periodic 16")
    assert run.summary["ensemble"]["test"]["accuracy"] > 0.85
    assert tw.open_run(tmp_path / "run").predict("iris").values.shape == (150,)


@pytest.mark.parametrize("numbers", ["piecewise 4", "periodic 4", "plain"])
def test_a_table_of_words_alone_has_no_numbers_to_embed(numbers):
    table = load("penguins")
    words = {name: table.columns[name] for name in ("island", "sex", "species")}
    layers = f"embed {numbers} words 3, dense 4, output"
    run = tw.train(Table("words", words, table.rows), target="species", **{**BRIEF, "layers": layers})
    assert set(run.params["embed_1"]) == {"words"}
    assert np.isfinite(run.predict("penguins").probabilities).all()
