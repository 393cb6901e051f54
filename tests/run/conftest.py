"""Three small trainings that the tests of this room share, one a kind of task."""

import pytest

import talweg as tw

SETTINGS = {
    "iris": {"members": 3, "hidden": (8,), "max_epochs": 12, "learning_rate": 0.02},
    "breast-cancer": {
        "members": 2,
        "hidden": (4,),
        "max_epochs": 6,
        "loss": "sigmoid_cross_entropy",
        "optimizer": "momentum",
    },
    "diabetes": {"members": 2, "hidden": (4,), "max_epochs": 6, "loss": "huber", "activation": "tanh"},
}


@pytest.fixture(scope="session", autouse=True)
def _no_cache_of_the_users():
    """A test leaves nothing in the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_ENABLE_COMPILATION_CACHE", "true")
        yield


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A finished run in a folder for each of the three, by the name of its data."""
    parent = tmp_path_factory.mktemp("runs")
    return {name: tw.train(name, out=parent / name, **settings) for name, settings in SETTINGS.items()}


@pytest.fixture(scope="session", params=SETTINGS)
def run(request, runs):
    """Each of the three in turn."""
    return runs[request.param]


@pytest.fixture(scope="session")
def iris(runs):
    """The first of the three, opened from its folder."""
    return tw.open_run(runs["iris"].folder.path)
