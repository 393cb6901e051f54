"""`talweg schedules`: the table, the rates, the picture."""

import math

import pytest

import talweg as tw


def test_the_table_names_every_schedule(talweg, here):
    told = talweg("schedules")
    assert told.code == 0
    for name in ("cosine_restarts", "one_cycle", "plateau", "inverse_sqrt"):
        assert name in told.out


def test_rates_are_told_and_drawn(talweg, here):
    told = talweg(
        "schedules", "cosine(end=0.1)", "plateau", "--epochs", 20, "--learning-rate", 2, "--plot", "two.png", "--json"
    ).json()
    assert told["kind"] == "schedules"
    cosine, plateau = told["schedules"]
    middle = told["epoch"].index(10.0)
    assert cosine["learning_rate"][0] == 2.0
    assert cosine["learning_rate"][middle] == pytest.approx(2 * (0.1 + 0.9 / 2))
    assert cosine["learning_rate"][-1] == pytest.approx(0.2)
    assert plateau["learning_rate"][-1] == pytest.approx(0.2)
    assert (here / "two.png").read_bytes().startswith(b"\x89PNG")
    assert "plateau is drawn as if" in talweg("schedules", "plateau", "--plot", "one.svg").out


def test_python_says_the_same():
    found = tw.schedules("warmup(warmup=0.5)", epochs=4, steps_per_epoch=1)
    assert found.rates["warmup(warmup=0.5)"].tolist() == [0.0, 0.5, 1.0, 1.0, 1.0]
    assert math.isclose(found.figure().axes[0].get_ylim()[1], 1.06)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("cosin",), "Did you mean 'cosine'?"),
        (("cosine(epochs=200)",), "runs over 200 epochs, but the training ends after 100"),
        (("cosine", "--learning-rate", 0), "learning_rate must be greater than 0"),
        (("cosine", "--epochs", 0), "must be from 1 to 1000000"),
        (("cosine", "--plot", "x.txt"), "a picture's file must end in"),
    ],
)
def test_what_is_wrong_is_said(talweg, here, words, part):
    told = talweg("schedules", *words)
    assert told.code == 2
    assert part in told.err
    assert len(told.err.splitlines()) == 1
