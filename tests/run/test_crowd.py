"""How members run where the settings leave it open."""

import pytest

from talweg.objective.losses import LOSSES
from talweg.objective.models import mlp
from talweg.objective.network import Network
from talweg.objective.parts import cores
from talweg.run import crowd

LONG = crowd.WORTH_A_THREAD


def network(model, shape=(4,)):
    return Network(model, LOSSES["mean_squared_error"], shape)


@pytest.mark.parametrize(
    ("members", "work", "many", "expected"),
    [(1, LONG, 2, "map"), (2, LONG / 2, 2, "map"), (2, LONG, 1, "map"), (2, LONG, 2, "threads")],
)
def test_long_epochs_of_several_members_run_side_by_side(members, work, many, expected, monkeypatch):
    monkeypatch.setattr(crowd, "cores", lambda: many)
    assert crowd.choose_crowd(network(mlp((3,), 1)), members, work) == expected


def test_there_is_a_core():
    assert cores() >= 1
