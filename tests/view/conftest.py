"""What the tests of pages share: small runs of every kind, each a folder as a training leaves it, and a browser."""

import csv

import numpy as np
import pytest

SMALL = {"members": 3, "hidden": (8,), "max_epochs": 12, "learning_rate": 0.02}
HOSTILE = "<script>alert('x')</script>"


def hostile_table(path):
    """The irises with hostile names: a column, the target and every class."""
    from talweg.data.builtin import load

    iris = load("iris")
    names = [*list(iris.columns)[:3], f"{HOSTILE}|`*_[x](y)"]
    numbers = [iris.columns[name].values for name in list(iris.columns)[:4]]
    labels = iris.columns["species"]
    classes = [f"{HOSTILE} {label} & \"quoted\" 'ä'" for label in labels.levels]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, f"</title>{HOSTILE}"])
        for nth, row in enumerate(zip(*numbers, strict=True)):
            writer.writerow([*row, classes[labels.codes[nth]]])
    return path


def photographs():
    """Eight small pictures of waves."""
    across, down = np.arange(48), np.arange(40)
    waves = [128 + 60 * np.sin(np.add.outer(down / (3 + n), across / (9 - n / 2))) for n in range(8)]
    return [wave[..., None].astype(np.uint8) for wave in waves]


def halves():
    """Pictures of which the upper or the lower half is brighter, half of them labeled at random: mistakes are sure."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 90, (60, 10, 8), np.uint8)
    pixels[1::2, :5] += 100
    pixels[::2, 5:] += 100
    labels = np.where(generator.random(60) < 0.5, np.arange(60) % 2, generator.integers(0, 2, 60))
    return pixels, np.where(labels, "upper", "lower")


def brightness():
    """Pictures and how bright they are."""
    pixels = np.random.default_rng(1).integers(0, 200, (40, 8, 8), np.uint8)
    return pixels, pixels.mean((1, 2)) / 100


PICTURES = {"members": 2, "layers": "conv 2 3x3, relu, globalpool, output", "max_epochs": 2, "augment": "none"}


KINDS = {
    "classification": (
        "iris",
        {**SMALL, "stop": "flat(train_loss, 0.1, patience=2) and accuracy >= 0.8 or epochs(12)"},
    ),
    "two_classes": ("breast-cancer", {"members": 2, "hidden": (4,), "max_epochs": 6, "loss": "sigmoid_cross_entropy"}),
    "regression": ("diabetes", {"members": 2, "hidden": (4,), "max_epochs": 6}),
    "folds": ("diabetes", {"folds": 2, "hidden": (4,), "max_epochs": 3, "target_scale": "log"}),
    "diverged": ("iris", {**SMALL, "optimizer": "sgd", "learning_rate": 1e12}),
    "one_member": ("iris", {**SMALL, "members": 1}),
    "stopped_at_once": ("iris", {**SMALL, "stop": "accuracy >= 0.0"}),
    "nothing_held_back": ("iris", {**SMALL, "split": "100/0/0"}),
    "no_test": ("iris", {**SMALL, "split": "80/20/0", "stop": "accuracy >= 1.0 or macro_f1 >= 1.0"}),
    "sweep": ("iris", {**SMALL, "learning_rate": [0.005, 0.02, 0.08]}),
    "resumed": ("iris", {**SMALL, "max_epochs": 6}),
    "denoising": (
        "photographs",
        {"noise": "25", "members": 2, "layers": "conv 2 3x3, relu, conv 1 3x3", "patch_size": 16, "max_epochs": 2},
    ),
    "pictures": ("halves", PICTURES),
    "picture_regression": ("brightness", PICTURES),
    "hostile": (None, SMALL),
}


class Runs(dict):
    """A finished run of every kind, by the kind; each is trained when it is first asked for."""

    def __init__(self, parent):
        self.parent = parent

    def __missing__(self, kind):
        import talweg as tw

        source, settings = KINDS[kind]
        made = {
            "hostile": lambda: (hostile_table(self.parent / "hostile.csv"),),
            "denoising": lambda: (photographs(),),
            "pictures": halves,
            "picture_regression": brightness,
        }
        self[kind] = tw.train(*made[kind]() if kind in made else (source,), out=self.parent / kind, **settings)
        if kind == "resumed":
            self[kind] = tw.resume(self.parent / kind, max_epochs=12)
        return self[kind]


@pytest.fixture(scope="session")
def told_runs(tmp_path_factory):
    """Runs of every kind (see `KINDS`)."""
    return Runs(tmp_path_factory.mktemp("told"))


@pytest.fixture(params=KINDS)
def told_run(request, told_runs):
    """Each of them in turn."""
    return told_runs[request.param]


FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The mountain without a graphics card.
    "--enable-unsafe-swiftshader",
]


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens HTML from a file; afterwards nothing may have gone wrong, and nothing been asked of any network."""
    contexts, wrong, asked = [], [], []

    def open_page(text, before=lambda page: None, complaints=("error",), **settings):
        file = tmp_path / f"{len(contexts)}.html"
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **settings})
        contexts.append(context)
        context.set_default_timeout(8000)
        page = context.new_page()
        page.on("console", lambda said: wrong.append(said.text) if said.type in complaints else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: asked.append(request.url))
        before(page)
        page.goto(file.as_uri())
        asked.remove(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith("data:")] == []
