"""Memory told from shapes: never more than a training takes, linear in what a person may change, and what would fit."""

import types

import jax
import numpy as np
import pytest

import talweg as tw
from talweg.config.settings import make_settings
from talweg.errors import ConfigError
from talweg.run import memory
from talweg.run.build import build
from talweg.run.memory import Need, need_of, require_memory, what_fits
from talweg.run.surveying.recording import recording

WIDE = {"engine": "map", "source": "digits", "hidden": (64, 32), "members": 4, "batch_size": 32}
NEED = Need(once=1000, member=100, gradient=20, row=3, chunk=50)


def test_the_need_of_a_dense_network_counted_by_hand():
    job = build(make_settings(WIDE)).job
    inputs, classes = job.training.x.shape[1], 10
    params = 4 * ((inputs + 1) * 64 + (64 + 1) * 32 + (32 + 1) * classes)
    found = need_of(job)
    # Adam holds the params thrice; before and after a step; and the best. Besides a key and counters.
    assert 7 * params <= found.member <= 7 * params + 200
    assert found.gradient == params
    assert found.row == 4 * (inputs + 64 + 32)
    assert found.chunk == 4 * 64 * job.validation.chunk_rows(len(job.validation))
    recorded = recording(job).bytes
    assert recorded > 0
    assert found.once == job.validation.x.nbytes + job.validation.y.nbytes + recorded
    restarted = build(make_settings({**WIDE, "on_divergence": "restart"})).job
    assert need_of(restarted).member == pytest.approx(found.member + 6 * params, abs=400)


def test_the_state_of_a_training_is_as_large_as_was_told():
    job = build(make_settings(WIDE)).job
    state = memory.engine.init(job.network, job.optimizer, job.keys)
    held = sum(leaf.nbytes for leaf in jax.tree.leaves(state))
    best = sum(leaf.nbytes for leaf in jax.tree.leaves(state.params))
    assert 4 * need_of(job).member == 2 * held + best


@pytest.mark.parametrize(
    ("members", "batch", "at_once", "room", "expected"),
    [
        (4, 512, 1, 2000.0, ["--batch-size 128"]),
        (64, 32, 1, 2000.0, ["--members 8"]),
        (8, 32, 8, 2500.0, ["--batch-size 16", "--members 4", "--engine map"]),
        (8, 32, 2, 1950.0, ["--batch-size 16", "--members 4", "--engine map"]),
        (64, 32, 1, 1100.0, []),
    ],
)
def test_what_would_fit(members, batch, at_once, room, expected):
    assert NEED.bytes(members, batch, at_once) > room
    assert what_fits(NEED, members, batch, at_once, room) == expected
    for flag in expected:
        name, value = flag.split()
        ways = {"--batch-size": lambda n: (members, n, at_once), "--members": lambda n: (n, batch, at_once)}
        if name in ways:
            assert NEED.bytes(*ways[name](int(value))) <= room < NEED.bytes(*ways[name](2 * int(value)))
        else:
            assert NEED.bytes(members, batch, 1) <= room


def test_a_training_that_cannot_fit_is_refused_before_anything_is_written_and_what_would_fit_is_taken(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(memory, "SMALL", 0)
    job = build(make_settings(WIDE)).job
    need = need_of(job)
    monkeypatch.setattr(memory, "available", lambda: float(need.bytes(3, 32, 1)))
    with pytest.raises(ConfigError, match=r"^not enough memory for this training: .*; this would fit: --members 2$"):
        tw.train("digits", out=tmp_path / "run", **{key: WIDE[key] for key in WIDE if key != "source"})
    assert not (tmp_path / "run").exists()
    require_memory(build(make_settings({**WIDE, "members": 2})).job)
    swept = build(make_settings({**WIDE, "learning_rate": (0.1, 0.2)})).job
    with pytest.raises(ConfigError, match="take a smaller network"):
        require_memory(swept)


def test_members_that_run_on_threads_are_counted_as_many_as_there_are_cores(monkeypatch):
    monkeypatch.setattr(memory, "cores", lambda: 3)
    counted = {
        engine: memory.members_at_once(make_settings({"source": "iris", "members": 5, "engine": engine}))
        for engine in ("map", "step", "threads", "vmap")
    }
    assert counted == {"map": 1, "step": 1, "threads": 3, "vmap": 5}
    assert memory.members_at_once(make_settings({"source": "iris", "members": 2, "engine": "threads"})) == 2


def test_memory_is_that_of_the_device_where_it_tells(monkeypatch):
    gpu = types.SimpleNamespace(memory_stats=lambda: {"bytes_limit": 8e9, "bytes_in_use": 1e9})
    monkeypatch.setattr(jax, "local_devices", lambda: [gpu])
    assert memory.available() == 7e9


def test_a_usual_training_asks_for_less_than_there_is():
    job = build(make_settings({"source": "iris"})).job
    wanted = need_of(job).bytes(job.settings.members, 32, 1)
    assert wanted < memory.SMALL < memory.available()
    assert np.isfinite(memory.available())


@pytest.mark.parametrize("ask", [tw.find_lr, tw.noise], ids=lambda ask: ask.__name__)
def test_a_question_asked_of_a_training_that_cannot_fit_is_refused_likewise(monkeypatch, ask):
    monkeypatch.setattr(memory, "SMALL", 0)
    monkeypatch.setattr(memory, "available", lambda: 1e3)
    with pytest.raises(ConfigError, match="not enough memory for this training"):
        ask("iris", hidden=(64,), members=2, max_epochs=1)
