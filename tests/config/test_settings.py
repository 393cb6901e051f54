"""Settings: what is refused and in which words, and the round trip through TOML."""

import tomllib
import typing

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from talweg.config.given import Given
from talweg.config.settings import Settings, make_settings, read_toml, to_toml
from talweg.errors import ConfigError

WORDS = st.text(max_size=20)
POSITIVE = st.floats(0, exclude_min=True, allow_infinity=False)
NOT_NEGATIVE = st.floats(0, allow_infinity=False, allow_nan=False)
SHARE = st.floats(0, 1, exclude_max=True)


def lists(values):
    return st.lists(values, min_size=1, max_size=4).map(tuple)


OPTIONAL = {
    "shuffle": st.sampled_from(["full", "block"]),
    "stream": st.sampled_from(["auto", "yes", "no"]),
    "query": st.none() | WORDS,
    "target": st.none() | WORDS,
    "task": st.sampled_from(["auto", "classification", "regression"]),
    "split": WORDS,
    "members": st.integers(1, 65536),
    "max_epochs": st.integers(1, 2**40) | st.just("auto"),
    "batch_size": st.integers(1, 2**40) | st.sampled_from(["auto", "full"]),
    "optimizer": WORDS,
    "learning_rate": POSITIVE | lists(POSITIVE) | st.sampled_from(["usual", "auto"]),
    "sweep": st.booleans(),
    "schedule": WORDS,
    "step_length": WORDS,
    "clip_norm": st.none() | POSITIVE | lists(POSITIVE),
    "ema": st.none() | SHARE | lists(SHARE),
    "dropout": st.none() | SHARE | lists(SHARE),
    "label_smoothing": st.none() | SHARE | lists(SHARE),
    "input_noise": st.none() | NOT_NEGATIVE | lists(NOT_NEGATIVE),
    "initializer_scale": st.none() | POSITIVE | lists(POSITIVE),
    "momentum": st.none() | SHARE | lists(SHARE),
    "weight_decay": NOT_NEGATIVE | lists(NOT_NEGATIVE) | st.just("auto"),
    "hidden": st.lists(st.integers(1, 10**6), max_size=4).map(tuple) | st.just("auto"),
    "model": WORDS,
    "layers": WORDS,
    "image_size": WORDS,
    "color": st.sampled_from(["auto", "gray", "rgb"]),
    "augment": WORDS,
    "skip_broken": st.booleans(),
    "noise": WORDS,
    "patch_size": st.integers(8, 512) | st.just("auto"),
    "record": st.floats(0, 1e5) | st.just("auto"),
    "activation": WORDS,
    "initializer": WORDS,
    "loss": WORDS,
    "stop": WORDS,
    "keep": st.sampled_from(["best", "last"]),
    "member_batches": st.sampled_from(["shared", "own"]),
    "engine": st.sampled_from(["auto", "map", "threads", "vmap", "step"]),
    "seed": st.integers(0, 2**63 - 1),
    "columns": st.dictionaries(WORDS, WORDS, max_size=3),
    "target_scale": st.sampled_from(["auto", "standard", "log"]),
    "group": WORDS,
    "time": WORDS,
    "split_by": st.sampled_from(["seed", "hash"]),
    "gate": st.sampled_from(["stop", "warn"]),
    "folds": st.integers(2, 100),
    "class_weight": st.sampled_from(["none", "balanced"]),
    "on_divergence": st.sampled_from(["stop", "restart"]),
    "checkpoint_every": WORDS,
    "checkpoint_keep": st.integers(1, 100),
}


def test_layers_may_be_text_texts_layers_or_a_network():
    import talweg as tw

    network = tw.Sequential([tw.Dense(4), tw.relu, tw.Dense(2)])
    for layers in (str(network), ["dense 4", "relu", "dense 2"], list(network.layers), network):
        assert make_settings({"source": "iris", "layers": layers}).layers == "dense 4, relu, dense 2"


def test_every_setting_is_in_the_round_trip():
    assert {"source", *OPTIONAL} == set(Settings.model_fields)


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({"source": st.text(min_size=1, max_size=20)}, optional=OPTIONAL))
def test_toml_gives_equal_settings_back(given_settings):
    made = make_settings(given_settings)
    assert make_settings(tomllib.loads(to_toml(made))) == made


def test_toml_is_read_from_a_file(tmp_path):
    made = make_settings({"source": "digits", "hidden": [128, 64], "learning_rate": 0.01})
    (tmp_path / "run.toml").write_text(to_toml(made))
    assert make_settings(read_toml(tmp_path / "run.toml")) == made
    (tmp_path / "windows.toml").write_bytes(b"\xef\xbb\xbf" + to_toml(made).replace("\n", "\r\n").encode())
    assert make_settings(read_toml(tmp_path / "windows.toml")) == made


def test_what_python_users_give_by_name_has_the_fields_of_the_settings_and_their_words():
    fields = {name: field for name, field in Settings.model_fields.items() if name not in ("source", "target")}
    assert list(Given.__annotations__) == list(fields)
    for name, hint in typing.get_type_hints(Given, localns={"Rule": str, "Layer": str}).items():
        words = {word for part in parts_of(fields[name].annotation) for word in typing.get_args(part)}
        assert {word for part in parts_of(hint) for word in typing.get_args(part) if isinstance(word, str)} == {
            word for word in words if isinstance(word, str)
        }, name


def parts_of(hint):
    """A kind, and the kinds that it is a union of."""
    return [hint, *(part for part in typing.get_args(hint) if not isinstance(part, str))]


@pytest.mark.parametrize(
    ("hidden", "units"),
    [(16, (16,)), ("16", (16,)), ("16, 8", (16, 8)), ("none", ()), ([16], (16,)), (np.array([4, 2]), (4, 2))],
)
def test_hidden_units_are_written_as_people_write_them(hidden, units):
    assert make_settings({"source": "iris", "hidden": hidden}).hidden == units


REFUSED = [
    ({"members": 0}, "members must be greater than or equal to 1, got 0"),
    ({"members": 70000}, "members must be less than or equal to 65536, got 70000"),
    ({"members": 2.5}, "members must be a whole number, got 2.5"),
    ({"members": "many"}, "members must be a whole number, got 'many'"),
    ({"max_epochs": 0}, "max_epochs (--epochs) must be greater than or equal to 1 or 'auto', got 0"),
    ({"batch_size": 0}, "batch_size must be greater than or equal to 1 or 'auto' or 'full', got 0"),
    ({"batch_size": "huge"}, "batch_size must be a whole number or 'auto' or 'full', got 'huge'"),
    ({"batch_size": 1.5}, "batch_size must be a whole number or 'auto' or 'full', got 1.5"),
    ({"learning_rate": -1}, "learning_rate must be greater than 0 or 'usual' or 'auto', got -1"),
    ({"learning_rate": 0}, "learning_rate must be greater than 0 or 'usual' or 'auto', got 0"),
    ({"learning_rate": float("nan")}, "learning_rate must be a finite number or 'usual' or 'auto', got nan"),
    ({"learning_rate": float("inf")}, "learning_rate must be a finite number or 'usual' or 'auto', got inf"),
    ({"learning_rate": "fast"}, "learning_rate must be a number or 'usual' or 'auto', got 'fast'"),
    ({"momentum": 1}, "momentum must be less than 1, got 1"),
    ({"momentum": -0.1}, "momentum must be greater than or equal to 0, got -0.1"),
    ({"weight_decay": -1}, "weight_decay must be greater than or equal to 0 or 'auto', got -1"),
    ({"hidden": [64, 0]}, "hidden must be greater than or equal to 1 or 'auto', got 0"),
    ({"hidden": "wide"}, "hidden must be a whole number or 'auto', got 'wide'"),
    ({"quiet": True}, "'quiet' is no setting but a flag of `talweg train`; leave it out of the settings"),
    ({"lr": 0.1}, "'lr' is no setting. Did you mean 'learning_rate'?"),
    ({"membrs": 3}, "'membrs' is no setting. Did you mean 'members'?"),
    (
        {"task": "clustering"},
        "task must be 'auto', 'classification', 'regression', 'denoising' or 'segmentation', got 'clustering'",
    ),
    ({"keep": "first"}, "keep must be 'best' or 'last', got 'first'"),
    ({"member_batches": "each"}, "member_batches must be 'shared' or 'own', got 'each'"),
    ({"seed": -1}, "seed must be greater than or equal to 0, got -1"),
    ({"seed": 2**63}, f"seed must be less than {2**63}, got {2**63}"),
    ({"optimizer": 3}, "optimizer must be a string, got 3"),
    ({"source": None}, "the setting 'source' is missing: name a file or a built-in data set"),
]


@pytest.mark.parametrize(("given_settings", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_out_of_range(given_settings, message):
    with pytest.raises(ConfigError) as caught:
        make_settings({"source": "digits", **given_settings})
    assert str(caught.value) == message


def test_a_value_of_many_lines_is_shown_on_one():
    with pytest.raises(ConfigError) as caught:
        make_settings({"source": "digits", "optimizer": [["a" * 50] * 40]})
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 200


def test_an_unknown_setting_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match=r"^'lerning_rate' is no setting\. Did you mean 'learning_rate'\?$"):
        make_settings({"source": "digits", "lerning_rate": 0.1})


def test_the_source_must_be_named():
    with pytest.raises(ConfigError, match=r"^the setting 'source' is missing: name a file or a built-in data set$"):
        make_settings({})


def test_settings_are_frozen():
    made = make_settings({"source": "digits"})
    with pytest.raises(ValueError, match="frozen"):
        made.members = 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file: "),
        (b"members = ", "is no valid TOML: "),
        (b"\xff\xfe", "is no valid TOML: "),
    ],
)
def test_a_file_that_is_no_toml(tmp_path, content, message):
    path = tmp_path / "run.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_toml(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_toml(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: "):
        read_toml(tmp_path)
