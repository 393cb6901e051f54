"""Runs side by side: which settings differ, what each reaches, and whether the difference is more than noise.

A difference between two trainings has two kinds of luck in it, that of the starts and that of the rows held back. It
counts only if it is larger than both; over several shared seeds, which draw both anew, if it is larger than theirs.
"""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from talweg.data.fingerprint import same_data
from talweg.errors import ConfigError
from talweg.view.telling.told import Told
from talweg.view.telling.wording import plain

VERSION = 1
ENOUGH = 3
"""Shared seeds from which on they alone decide."""
HELD_BACK = ("rows", "pictures")
"""What an interval is over that takes the luck of what was held back into account."""
_NOT_COMPARED = ("source", "seed")


@dataclasses.dataclass(frozen=True)
class Interval:
    """A mean difference and its 95 % interval.

    Attributes:
        over: what luck it takes into account: ``"starts"``, ``"rows"``, ``"pictures"`` or ``"seeds"``.
        pairs: how many differences it was made of.
        metric: what differs.
        mean: the mean difference, the second run minus the first.
        low: the interval's lower end.
        high: its upper end.
        paired: whether each difference is of two that belong together.
    """

    over: str
    pairs: int
    metric: str
    mean: float
    low: float
    high: float
    paired: bool = True

    @property
    def sign(self) -> int:
        """Which way the difference goes, if the interval tells."""
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What may be said of two runs, or of two settings over several seeds.

    Attributes:
        runs: the names of the two.
        better: the name of the better one; empty if none is.
        why: why they cannot be compared: ``"data"``, ``"metric"``, ``"split"``, ``"rows"``; empty if they can.
        intervals: what the verdict rests on.
    """

    runs: tuple[str, str]
    better: str
    why: str
    intervals: tuple[Interval, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison:
    """Runs side by side.

    Attributes:
        runs: the runs.
        names: what each is called: its name, or its folder where two have the same.
        settings: those that differ, by name: one value a run, as text; a dash where it is absent.
        verdicts: one for each pair of settings.
    """

    runs: tuple[Told, ...]
    names: tuple[str, ...]
    settings: dict[str, list[str]]
    verdicts: tuple[Verdict, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data; its shape is in docs/json.md."""
        return {
            "version": VERSION,
            "kind": "runs_compared",
            "runs": [
                {"name": name, "place": run.place, "metric": run.metric, "spread": run.summary["spread"],
                 "ensemble": run.summary["ensemble"]}
                for name, run in zip(self.names, self.runs, strict=True)
            ],
            "settings": self.settings,
            "verdicts": [dataclasses.asdict(verdict) for verdict in self.verdicts],
        }  # fmt: skip


def compare(runs: Sequence[Told]) -> Comparison:
    """Puts runs side by side.

    Runs that differ in nothing but their seed are taken together.

    Raises:
        ConfigError: fewer than two runs.
    """
    if len(runs) < 2:
        raise ConfigError(f"a comparison takes two runs or more, got {len(runs)}")
    groups: dict[str, list[Told]] = {}
    for run in runs:
        groups.setdefault(repr(sorted(_chosen(run).items(), key=lambda pair: pair[0])), []).append(run)
    names = tuple(run.name for run in runs)
    if len(set(names)) < len(names):
        names = tuple(run.place for run in runs)
    called = {id(run): name for run, name in zip(runs, names, strict=True)}
    verdicts = tuple(
        _verdict(one, other, (called[id(one[0])], called[id(other[0])]))
        for one, other in itertools.combinations(groups.values(), 2)
    )
    return Comparison(tuple(runs), names, _differing(runs), verdicts)


def _chosen(run: Told) -> dict[str, Any]:
    return {name: value for name, value in run.settings.items() if name not in _NOT_COMPARED}


def _differing(runs: Sequence[Told]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for run in runs for name in run.settings)
    found = {name: [_word(run.settings.get(name)) for run in runs] for name in names}
    return {name: words for name, words in found.items() if len(set(words)) > 1}


def _word(value: Any) -> str:
    if value is None:
        return "–"
    return ", ".join(map(str, value)) or "–" if isinstance(value, list) else str(value)


def _verdict(one: list[Told], other: list[Told], names: tuple[str, str]) -> Verdict:
    why = _why_not(one[0], other[0])
    if why:
        return Verdict(names, "", why, ())
    others = {_key(run): run for run in other}
    shared = [(run, others[_key(run)]) for run in one if _key(run) in others]
    if not shared:
        return Verdict(names, "", "split", ())
    if len(shared) >= ENOUGH:
        intervals = [_over_seeds(shared)]
    else:
        found = (_over_starts(*shared[0]), _over_rows(*shared[0]))
        intervals = [interval for interval in found if interval is not None]
        if len(intervals) < 2 and not any(interval.over in HELD_BACK for interval in intervals):
            return Verdict(names, "", "rows", tuple(intervals))
    return Verdict(names, _better(names, intervals, one[0]), "", tuple(intervals))


def _why_not(one: Told, other: Told) -> str:
    if not same_data(one.summary["data"], other.summary["data"]):
        return "data"
    if one.metric != other.metric or one.held_back != other.held_back or one.held_back is None:
        return "metric"
    return ""


def _key(run: Told) -> tuple[Any, bytes]:
    """The seed and the split, which two runs must share for their rows to be the same."""
    return run.summary["run"]["seed"], b"" if run.split is None else run.split.tobytes()


def _better(names: tuple[str, str], intervals: Sequence[Interval], run: Told) -> str:
    """The better of two, if every interval says so. One member tells nothing of the luck of its start."""
    signs = {interval.sign * (1 if run.upward(interval.metric) else -1) for interval in intervals}
    decided = len(intervals) == 2 or any(interval.over == "seeds" for interval in intervals)
    if not decided or len(signs) != 1 or 0 in signs:
        return ""
    return names[1] if signs == {1} else names[0]


def _over_seeds(shared: list[tuple[Told, Told]]) -> Interval:
    """Over shared seeds, whose splits overlap: with the variance corrected for it (Nadeau & Bengio 2003)."""
    part, metric = shared[0][0].held_back or "", shared[0][0].metric
    differences = np.array([_ensemble(two, part, metric) - _ensemble(one, part, metric) for one, two in shared])
    sizes = shared[0][0].summary["split"]
    return _interval("seeds", metric, differences, 1 / len(differences) + sizes[part] / sizes["train"])


def _ensemble(run: Told, part: str, metric: str) -> float:
    value = plain(run.summary["ensemble"][part].get(metric))
    return math.nan if value is None else value


def _over_starts(one: Told, other: Told) -> Interval | None:
    """Over the members: paired by their number where both runs drew the same starts, else by Welch's interval."""
    part, metric = one.held_back or "", one.metric
    values = [np.array([plain(member[part][metric]) for member in run.members], dtype=float) for run in (one, other)]
    alike = one.settings.get("members") == other.settings.get("members")
    if alike:
        both = np.isfinite(values[0]) & np.isfinite(values[1]) & one.sound & other.sound
        return _interval("starts", metric, (values[1] - values[0])[both]) if both.sum() > 1 else None
    first, second = (found[np.isfinite(found) & run.sound] for found, run in zip(values, (one, other), strict=True))
    if min(len(first), len(second)) < 2:
        return None
    shares = [found.var(ddof=1) / len(found) for found in (first, second)]
    spread = sum(shares)
    freedom = (
        spread**2 / sum(s**2 / (len(f) - 1) for s, f in zip(shares, (first, second), strict=True)) if spread else 1
    )
    half, mean = _student(freedom) * math.sqrt(spread), float(second.mean() - first.mean())
    return Interval("starts", min(len(first), len(second)), metric, mean, mean - half, mean + half, paired=False)


def _over_rows(one: Told, other: Told) -> Interval | None:
    """Over the rows held back: each row's hit, or squared error, of one ensemble beside the other's."""
    if one.summary["data"].get("photographs"):
        return _over_pictures(one, other)
    part = one.held_back or ""
    first, second = one.evaluation.get(part), other.evaluation.get(part)
    if first is None or second is None or not np.array_equal(first.target, second.target):
        return None
    if first.ensemble.ndim > 1:
        hits = [(found.ensemble.argmax(1) == found.target).astype(float) for found in (first, second)]
        return _interval("rows", "accuracy", hits[1] - hits[0])
    errors = [(found.ensemble.astype(float) - found.target) ** 2 for found in (first, second)]
    return _interval("rows", "squared_error", errors[1] - errors[0])


def _over_pictures(one: Told, other: Told) -> Interval | None:
    """Over whole pictures, as pixels of one are no independent witnesses: what each ensemble reaches on each."""
    first, second = (_by_picture(run) for run in (one, other))
    if first.keys() != second.keys() or len(first) < 2:
        return None
    differences = np.array([second[name] - first[name] for name in first])
    return _interval("pictures", one.metric, differences)


def _by_picture(run: Told) -> dict[str, float]:
    judged = run.summary.get("denoising") or run.summary.get("segmentation") or {}
    found = {each["picture"]: plain(each.get("denoised", each).get(run.metric)) for each in judged.get("pictures", [])}
    return {name: value for name, value in found.items() if value is not None}


def _interval(over: str, metric: str, differences: Float[np.ndarray, " pairs"], share: float | None = None) -> Interval:
    """Student's interval of a mean of differences; `share` is the variance of the mean in units of one difference's."""
    n = len(differences)
    mean, spread = float(differences.mean()), float(differences.std(ddof=1)) if n > 1 else math.inf
    half = _student(n - 1) * spread * math.sqrt(1 / n if share is None else share) if n > 1 else math.inf
    return Interval(over, n, metric, mean, mean - half, mean + half)


def _student(freedom: float | int) -> float:
    """The 97.5 % point of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))
