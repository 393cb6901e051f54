import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.model_selection import train_test_split

from talweg.data.large import sample
from talweg.data.split import Fractions, random_words, split
from talweg.errors import ConfigError, DataError


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("70/15/15", (70, 15, 15)),
        ("80/20", (80, 20, 0)),
        ("80/0/20", (80, 0, 20)),
        ("100/0", (100, 0, 0)),
        (" 60% / 20% / 20% ", (60, 20, 20)),
        ("33.4/33.3/33.3", (33.4, 33.3, 33.3)),
    ],
)
def test_shares(text, shares):
    fractions = Fractions.parse(text)
    assert (fractions.train, fractions.validation, fractions.test) == shares
    assert Fractions.parse(str(fractions)) == fractions


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("90/20", "The split 90/20 adds to 110, not to 100; for example 70/15/15."),
        ("0.7/0.15/0.15", "The split 0.7/0.15/0.15 adds to 1, not to 100; for example 70/15/15."),
        ("0/50/50", "The split 0/50/50 needs a first share above 0 and none below 0; for example 70/15/15."),
        ("120/-10/-10", "The split 120/-10/-10 needs a first share above 0"),
        ("70", "Cannot read the split '70'; expected percentages for training/validation/test, such as 70/15/15."),
        ("a/b/c", "Cannot read the split 'a/b/c'"),
        ("25/25/25/25", "Cannot read the split"),
        ("", "Cannot read the split ''"),
        ("nan/50/50", "Cannot read the split"),
    ],
)
def test_shares_refused(text, message):
    with pytest.raises(ConfigError) as refusal:
        Fractions.parse(text)
    assert str(refusal.value).startswith(message)


SHARES = st.tuples(st.integers(1, 100), st.integers(0, 99)).filter(lambda pair: sum(pair) <= 100)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), SHARES, st.integers(-(2**63), 2**64))
def test_laws(counts, shares, seed):
    fractions = Fractions(*map(float, (*shares, 100 - sum(shares))))
    strata = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    exact = [float(share) for share in fractions.exact()]
    try:
        parts = split(len(strata), fractions, seed, strata)
    except DataError:
        # Only where some part that should have rows would be left with none.
        assert any(share > 0 and share * len(strata) < 1.5 for share in exact) or len(strata) < 3 * len(counts)
        return
    chosen = (parts.train, parts.validation, parts.test)
    np.testing.assert_array_equal(np.sort(np.concatenate(chosen)), np.arange(len(strata)))
    for rows, share in zip(chosen, exact, strict=True):
        assert (np.diff(rows) > 0).all()
        assert rows.dtype == np.int64
        assert share > 0 or len(rows) == 0
        of_class = np.bincount(strata[rows], minlength=len(counts))
        # A class forced into training may take the row of another part, hence 2 for the rare.
        forced = np.array(counts) * exact[0] < 1
        assert (np.abs(of_class - share * np.array(counts)) < np.where(forced, 2.0, 1.0)).all()
        assert (of_class[share * np.array(counts) >= 1 + forced] >= 1).all()
    assert (np.bincount(strata[parts.train], minlength=len(counts))[np.array(counts) > 0] >= 1).all()
    if not any(0 < count * exact[0] < 1 for count in counts):
        for rows, share in zip(chosen, exact, strict=True):
            assert abs(len(rows) - share * len(strata)) < 1.0 + 1e-9


@given(st.integers(30, 300), SHARES.filter(lambda pair: pair[0] >= 4))
def test_without_strata_the_sizes_are_the_largest_remainders(rows, shares):
    fractions = Fractions(*map(float, (*shares, 100 - sum(shares))))
    try:
        parts = split(rows, fractions)
    except DataError:
        return
    sizes = np.array([len(parts.train), len(parts.validation), len(parts.test)])
    exact = rows * np.array([float(share) for share in fractions.exact()])
    # No move of one row from part to part brings the sizes nearer.
    for a in range(3):
        for b in range(3):
            moved = sizes + np.eye(3, dtype=int)[a] - np.eye(3, dtype=int)[b]
            assert np.abs(sizes - exact).sum() <= np.abs(moved - exact).sum() + 1e-9


def test_as_stratified_as_scikit_learn():
    labels = np.random.default_rng(0).choice(5, size=997, p=[0.5, 0.3, 0.1, 0.06, 0.04])
    rest, test = train_test_split(np.arange(997), test_size=0.25, stratify=labels, random_state=0)
    parts = split(997, Fractions.parse("75/0/25"), 0, labels)
    theirs, ours = np.bincount(labels[test]), np.bincount(labels[parts.test])
    assert np.abs(theirs - ours).max() <= 1
    assert abs(len(test) - len(parts.test)) <= 1
    assert len(rest) + len(test) == 997


def test_the_seed_decides_and_nothing_else():
    first = split(100, seed=1)
    np.random.seed(5)  # noqa: NPY002 — the global generator must not matter
    np.testing.assert_array_equal(first.train, split(100, seed=1).train)
    assert (first.train != split(100, seed=2).train).any()
    # Which rows these are must never change: a run's split is found again by its seed alone.
    assert first.test.tolist() == [4, 6, 8, 17, 22, 25, 41, 49, 50, 70, 73, 85, 92, 94, 98]


@pytest.mark.parametrize("classes", [1, 3, 900])
def test_the_smallest_words_of_each_class_train(classes):
    """The witness sorts all words of a class, which a split of a very long table does not."""
    strata = np.random.default_rng(0).integers(0, classes, 5000)
    parts = split(5000, Fractions.parse("60/25/15"), 7, strata)
    mark, words = parts.marks(5000), random_words(5000, 7)
    for label in range(classes):
        mine = np.flatnonzero(strata == label)
        assert (np.diff(mark[mine[np.argsort(words[mine], kind="stable")]]) >= 0).all()


def test_a_long_tables_positions_take_half_of_the_memory(monkeypatch):
    short = split(3000, seed=2)
    monkeypatch.setattr(sample, "_LONG", 1000)
    long = split(3000, seed=2)
    assert {part.dtype for part in (long.train, long.validation, long.test)} == {np.dtype(np.int32)}
    np.testing.assert_array_equal(long.train, short.train)
    np.testing.assert_array_equal(long.marks(3000), short.marks(3000))


def test_every_row_is_equally_likely_to_be_tested():
    times = np.zeros(40)
    for seed in range(400):
        times[split(40, Fractions.parse("50/25/25"), seed).test] += 1
    # 400 draws at 1/4: standard deviation 8.7; the largest of 40 stays within 4.5 of them.
    assert np.abs(times - 100).max() < 39


def test_rows_of_a_larger_table():
    parts = split(4, Fractions.parse("50/25/25"), 0)
    rows = np.array([2, 3, 5, 7])
    np.testing.assert_array_equal(
        np.sort(np.concatenate([parts.of(rows).train, parts.of(rows).validation, parts.of(rows).test])), rows
    )


@pytest.mark.parametrize(
    ("rows", "message"), [(2, "2 rows split 70/15/15 leave none for validation; give more"), (1, "1 row s")]
)
def test_too_few_rows(rows, message):
    with pytest.raises(DataError, match=message):
        split(rows)
