"""`talweg train`, `predict`, `show` and `runs`, as a person uses them."""

import json

import numpy as np
import polars
import pytest
from sklearn.metrics import accuracy_score

QUICK = ("--members", 2, "--epochs", 6)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2))
    kind = np.where(x[:, 0] + x[:, 1] > 0, "up", "down")
    path = tmp_path_factory.mktemp("data") / "hills.csv"
    columns = {"north": x[:, 0], "east": x[:, 1], "site": rng.choice(["a", "b"], 120), "kind": kind}
    polars.DataFrame(columns).write_csv(path)
    return path


def test_training_writes_a_run_that_can_be_shown_listed_and_applied(talweg, here, table):
    trained = talweg("train", table, "--target", "kind", *QUICK, "--json")
    assert trained.code == 0
    summary = trained.json()
    assert summary["version"] == 1
    assert summary["kind"] == "training"
    assert summary["split"] == {"train": 84, "validation": 18, "test": 18}
    assert [member["member"] for member in summary["members"]] == [0, 1]
    assert all(member["outcome"]["sentence"] for member in summary["members"])
    assert all((here / path).is_file() for path in summary["files"].values())
    run = "runs/hills-001"
    assert talweg("show", run, "--json").json() == summary
    assert json.loads((here / run / "summary.json").read_text()).items() >= summary.items()
    listed = talweg("runs", "--json").json()["runs"]
    assert [(entry["path"], entry["finished"]) for entry in listed] == [(run, True)]

    applied = talweg("predict", run, table, "-o", "out.csv", "--json")
    assert applied.code == 0
    assert applied.json()["rows"] == 120
    predicted = polars.read_csv(here / "out.csv")
    assert predicted.columns == ["prediction", "p_down", "p_up", "spread"]
    mark = np.load(here / run / "split.npy")
    truth = polars.read_csv(table)["kind"].to_numpy()
    share = accuracy_score(truth[mark == 2], predicted["prediction"].to_numpy()[mark == 2])
    assert share == pytest.approx(summary["ensemble"]["test"]["accuracy"])


def test_text_says_what_was_reached_and_what_to_type_next(talweg, here, table):
    told = talweg("train", table, "--target", "kind", *QUICK)
    assert told.code == 0
    flat = " ".join(told.out.split())
    for part in ("84 training, 18 validation, 18 test rows", "params", "ensemble", "all 6 epochs were trained"):
        assert part in flat
    assert "talweg predict runs/hills-001 new.csv -o predictions.csv" in flat
    assert talweg("show", "runs/hills-001").out == told.out
    assert "hills-001" in talweg("runs").out


def test_quiet_prints_nothing(talweg, here, table):
    told = talweg("train", table, "--target", "kind", *QUICK, "--quiet")
    assert (told.code, told.out, told.err) == (0, "", "")


def test_config_file_and_flags_and_the_written_settings_train_the_same(talweg, here, table):
    (here / "run.toml").write_text(f'source = "{table}"\ntarget = "kind"\nmembers = 2\nmax_epochs = 9\nhidden = [8]\n')
    first = talweg("train", "--config", "run.toml", "--epochs", 6, "--json").json()
    assert first["training"]["max_epochs"] == 6
    assert first["model"]["layers"][0] == {"kind": "dense", "units": 8, "words": "dense 8"}
    again = talweg("train", "--config", first["files"]["run"], "--json").json()
    assert again["members"] == first["members"]


def test_predictions_of_one_member_and_to_standard_output(talweg, here, table):
    talweg("train", table, "--target", "kind", *QUICK, "--quiet")
    for member in ("best", "1"):
        told = talweg("predict", "runs/hills-001", table, "--member", member)
        assert told.code == 0
        assert told.out.splitlines()[0] == "prediction,p_down,p_up,spread"
        assert len(told.out.splitlines()) == 121
    parquet = talweg("predict", "runs/hills-001", table, "-o", "out.parquet")
    assert parquet.code == 0
    assert polars.read_parquet(here / "out.parquet").height == 120


BAD = [
    (("no.csv",), "No such file or built-in table: no.csv."),
    (("empty.csv",), "empty.csv is empty"),
    (("{table}", "--target", "knid"), "'knid' is not a column of hills.csv. Columns: north, east, site, kind. Did you"),
    (("constant.csv", "--target", "y"), "is 1 in all 2 rows"),
    (("missing.csv", "--target", "y"), "y"),
    (("apart.csv", "--target", "y"), "one row per class"),
    (("{table}", "--task", "regression", "--target", "kind"), "a regression needs numbers"),
    (("{table}", "--learning-rate", -1), "learning_rate must be greater than 0"),
    (("{table}", "--split", "90/20"), "adds to 110, not to 100"),
    (("{table}", "--members", 0), "members must be greater than or equal to 1"),
    (("{table}", "--batch-size", "half"), "batch_size must be"),
    (("{table}", "--hidden", "8,x"), "hidden must be"),
    (("{table}", "--optimizer", "adm"), "'adm' is no optimizer. Known: sgd,"),
    (("{table}", "--activation", "rel"), "'rel' is no activation. Known: relu"),
    (("{table}", "--initializer", "he"), "'he' is no initializer."),
    (("{table}", "--loss", "hubr"), "'hubr' is no loss."),
    (("{table}", "--loss", "huber"), "the loss 'huber' is for regression; for classification take"),
    (("{table}", "--stop", "acuracy >= 0.9"), "Did you mean 'accuracy'?"),
    (("{table}", "--stop", "test_loss >= 0.9"), "the test set is never monitored"),
    (("{table}", "--momentum", 0.9), "'momentum' is no setting of optimizer 'adamw'"),
    (("{table}", "--nosuch"), "No such option"),
    (("{table}", "--image-size", 32), "image_size is for pictures, and hills.csv is a table; leave it out"),
    (("{table}", "--color", "gray"), "color is for pictures"),
    (("{table}", "--skip-broken"), "skip_broken is for pictures"),
    (("{table}", "--augment", "flip"), "augment is for pictures"),
    (("{table}", "--patch-size", 32), "patch_size is for pictures"),
    (("{table}", "--activation", "relu", "--layers", "dense 4, output"), "activation is for the model 'mlp' alone"),
    (("{table}", "--hidden", 10**20), "hidden must be less than or equal to 10000000"),
    (("{table}", "--target", "kind", "--column", "kind=number"), "'kind' is the target, not one of the columns"),
    (("{table}", "--folds", 5, "--learning-rate", "0.1,0.2", "--members", 4), "take 10 members, not 4"),
    (("--config", "no.toml"), "no such file: no.toml"),
    (("--config", "bad.toml"), "bad.toml is no valid TOML"),
    ((), "the setting 'source' is missing"),
]


@pytest.mark.parametrize(("words", "part"), BAD, ids=[" ".join(map(str, words)) for words, _ in BAD])
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_written(talweg, here, table, words, part):
    (here / "empty.csv").write_text("")
    (here / "bad.toml").write_text("members = = 3")
    (here / "constant.csv").write_text("x,y\n1,1\n2,1\n")
    (here / "missing.csv").write_text("x,y\n1,\n2,\n")
    (here / "apart.csv").write_text("x,y\n" + "".join(f"{row},word{row}\n" for row in range(30)))
    before = sorted(here.iterdir())
    told = talweg("train", *(str(word).format(table=table) for word in words))
    assert told.code == 2
    assert told.out == ""
    assert told.message().startswith("talweg: ")
    assert part in told.message()
    assert sorted(here.iterdir()) == before


def test_a_folder_that_holds_a_run_is_kept_unless_forced(talweg, here, table):
    words = ("train", table, "--target", "kind", *QUICK, "--out", "mine", "--quiet")
    assert talweg(*words).code == 0
    kept = {path: path.read_bytes() for path in (here / "mine").iterdir()}
    refused = talweg(*words)
    assert refused.code == 2
    assert "mine already holds a run; name another folder, or replace it with --force" in refused.err
    assert {path: path.read_bytes() for path in (here / "mine").iterdir()} == kept
    assert talweg(*words, "--force", "--seed", 1).code == 0
    assert (here / "mine" / "params.safetensors").read_bytes() != kept[here / "mine" / "params.safetensors"]


def test_a_full_disk_is_said_before_training(talweg, here, table, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    told = talweg("train", table, "--target", "kind", *QUICK)
    assert told.code == 2
    assert "not enough disk" in told.err
    assert not (here / "runs").exists()


def test_predict_says_what_is_wrong(talweg, here, table):
    talweg("train", table, "--target", "kind", *QUICK, "--quiet")
    (here / "other.csv").write_text("north,est,site\n1,2,a\n")
    lacking = talweg("predict", "runs/hills-001", "other.csv")
    assert lacking.code == 2
    assert "lacks the column 'east' that training had" in lacking.err
    assert "Did you mean 'est'?" in lacking.err
    assert "there is no member 7; the run has 2" in talweg("predict", "runs/hills-001", table, "--member", 7).err
    assert "Did you mean 'hills-001'?" in talweg("predict", "runs/hills-01", table).err
    (here / "out.csv").write_text("mine")
    assert "out.csv exists already" in talweg("predict", "runs/hills-001", table, "-o", "out.csv").err
    assert (here / "out.csv").read_text() == "mine"
    assert "not as .txt" in talweg("predict", "runs/hills-001", table, "-o", "out.txt").err


def test_the_network_is_shown_before_anything_is_trained(talweg, here, table):
    words = "dense 6, relu, dropout 0.1, output"
    described = talweg("model", table, "--target", "kind", "--layers", words, "--json").json()
    assert described["version"] == 1
    assert described["words"] == "dense 6, relu, dropout 0.1, dense 2"
    assert [layer["output_shape"] for layer in described["layers"]] == [[6], [6], [6], [2]]
    assert described["params"] == sum(layer["params"] for layer in described["layers"]) == 4 * 6 + 6 + 6 * 2 + 2
    assert "dropout 0.1" in talweg("model", table, "--target", "kind", "--layers", words).out
    assert not (here / "runs").exists()

    trained = talweg("train", table, "--target", "kind", *QUICK, "--layers", words, "--json").json()
    assert trained["model"]["params"] == described["params"]
    again = talweg("train", "--config", trained["files"]["run"], "--json").json()
    assert again["members"] == trained["members"]
    assert talweg("predict", "runs/hills-001", table).code == 0


BAD_NETWORKS = [
    (("--layers", "dense 4, relo, output"), "'relo' is no layer."),
    (("--layers", "dense 4"), "the network gives 4 for a row, but the classification needs 2; end the list with"),
    (("--layers", "conv 4 3, output"), "layer 1: 'conv 4 3' cannot take rows of shape 4"),
    (("--layers", "output", "--hidden", 4), "hidden is for the model 'mlp' alone"),
    (("--layers", "output", "--model", "cnn"), "give layers or the model 'cnn', not both"),
    (("--model", "cnm"), "'cnm' is no model."),
    (("--model", "cnn"), "'cnn' is for pictures"),
    (("--model", "nowhere:build"), "there is no module 'nowhere'"),
    (("--layers", "dropout 0.1/0.2/0.3, output", "--members", 2), "a layer has 3 values for 2 members"),
]


@pytest.mark.parametrize(("flags", "message"), BAD_NETWORKS)
def test_a_network_that_does_not_fit_is_one_line(talweg, here, table, flags, message):
    for command in ("train", "model"):
        told = talweg(command, table, "--target", "kind", *flags)
        assert told.code == 2
        assert message in told.message()
