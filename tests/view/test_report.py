"""The report: the run's own numbers, complete in both languages, of runs of every kind, inert to hostile text."""

import base64
import dataclasses
import html.parser
import io
import json
import re
import string

import numpy as np
import pytest
import sklearn.calibration
import sklearn.metrics as sk
from PIL import Image

from talweg.data.images.save import save_picture
from talweg.errors import ConfigError, RunFolderError
from talweg.record.evaluation import Evaluation
from talweg.record.folder import RunFolder
from talweg.record.measured import read_sharpness, write_sharpness
from talweg.view.report.card import model_card
from talweg.view.report.document import report_json
from talweg.view.report.page import report_page
from talweg.view.report.svg import Axis, axis_of
from talweg.view.report.writing import write_report
from talweg.view.telling.checklist import STEPS, checklist
from talweg.view.telling.flags import flags
from talweg.view.telling.quality import by_class, calibration, confused, disagreement, roc, worst
from talweg.view.telling.stops import watches
from talweg.view.telling.told import Told, read_run
from talweg.view.telling.wording import catalogue, tongue

HOSTILE = "<script>alert('x')</script>"
VOID = ("meta", "link", "br", "img", "input", "hr")


class Page(html.parser.HTMLParser):
    """What a page holds: its tags, checked to be closed, and its text by section."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.sections, self.attributes = [], [], {}, []
        self.section = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag == "section":
            self.section = dict(attrs)["id"]
            self.sections[self.section] = ""
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "section":
            self.section = ""

    def handle_data(self, data):
        if self.section and self.open and self.open[-1] not in ("script", "style"):
            self.sections[self.section] += data + " "


def told(run):
    return read_run(run.folder)


# The catalogue


def test_both_languages_are_complete():
    english, german = catalogue()["en"], catalogue()["de"]
    assert english.keys() == german.keys()
    for key in english:
        places = [{name for _, name, *_ in string.Formatter().parse(words[key]) if name} for words in (english, german)]
        assert places[0] == places[1], key
        assert german[key].strip(), key


def test_every_word_of_the_catalogue_has_a_use():
    """No entry is left over: each key, or its beginning where keys are put together, stands in the code."""
    import pathlib

    import talweg.view

    code = "\n".join(path.read_text() for path in pathlib.Path(talweg.view.__file__).parent.rglob("*.py"))
    for key in catalogue()["en"]:
        cuts = [place + 1 for place, letter in enumerate(key) if letter in "._"]
        assert f'{key}"' in code or f"{key}'" in code or any(key[:cut] + "{" in code for cut in cuts), key


def test_every_rule_has_its_words():
    """All kinds of Outcome, and the words of each with its numbers, from the rules' own table."""
    from talweg.descent import stopping

    rules = [rule for rule in vars(stopping).values() if isinstance(rule, type) and issubclass(rule, stopping.Rule)]
    kinds = {rule.kind for rule in rules if isinstance(getattr(rule, "kind", None), str)}
    assert {"flat", "reached", "no_improvement", "non_finite", "diverged", "max_epochs"} <= kinds
    for kind in kinds:
        assert tongue("de").knows(f"why.{kind}"), kind


def test_every_finding_of_the_gate_has_its_words():
    """Each check of the gate, as the code of the checks names it in its second place, or where it hands it on."""
    import ast
    import pathlib

    import talweg.data

    checks = set()
    for path in pathlib.Path(talweg.data.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            place = {"Finding": 1, "_copies": 2}.get(getattr(getattr(call, "func", None), "id", ""))
            if place is not None:
                checks |= {word.value for word in call.args[place : place + 1] if isinstance(word, ast.Constant)}
    left_out = {"constant", "identifier", "duplicate", "text"}
    assert checks | left_out == {key[5:] for key in catalogue()["de"] if key.startswith("gate.")}


@pytest.mark.parametrize(
    ("lang", "told"), [("en", "1 error, 0 warnings, 2 notes"), ("de", "1 Fehler, 0 Warnungen, 2 Hinweise")]
)
def test_the_gates_findings_are_counted_and_named_in_the_readers_language(told_runs, lang, told):
    found, say = vars_of(read_run(told_runs["one_member"].folder)), tongue(lang)
    grades = {"give_away": "error", "left_out": "note", "many_features": "note"}
    findings = [{"grade": grade, "check": check, "sentence": f"{check}!"} for check, grade in grades.items()]
    found = Told(**{**found, "summary": {**found["summary"], "gate": {"findings": findings}}})
    data = checklist(found, say)[0]
    assert told in dict(data.facts).values()
    assert [flag for flag in data.flags if say("gate.give_away") in flag and ("give_away!" in flag) == (lang == "en")]


def test_what_the_code_says_in_english_is_told_in_german_by_its_fields(told_runs):
    """A finding of the gate by its columns and rows, a rule that could not hold as it was typed, columns by kind."""
    fields = vars_of(read_run(told_runs["one_member"].folder))
    summary = fields["summary"]
    finding = {"grade": "warning", "check": "non_finite", "sentence": "Column 'x' is infinite in 4 rows; that is so."}
    finding |= {"columns": ["x"], "rows": [2, 5, 7, 9], "count": 4}
    idle = ["accuracy >= 1.2 can never hold: the validation accuracy is at most 1"]
    data = {**summary["data"], "columns": [{"name": "note", "kind": "text"}]}
    training = {**summary["training"], "idle": idle}
    changed = {**summary, "gate": {"findings": [finding]}, "training": training, "data": data}
    said = [flag.text for flag in flags(Told(**{**fields, "summary": changed}), tongue("de"))]
    assert (
        "Die Eingangsprüfung warnte vor dem Training: nicht endliche Werte (Spalte „x“; 4 Zeilen: 2, 5, 7, …)." in said
    )
    assert "Ein Teil des Abbruchkriteriums konnte nie greifen: accuracy >= 1.2." in said
    assert any("Spalte „note“ (freier Text)" in text for text in said)
    assert not any(" is " in text or " can " in text for text in said)


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (0.97222, "0.9722", "0,9722"),
        (-12.5, "−12.5", "−12,5"),
        (1234567.0, "1,234,567", "1\u202f234\u202f567"),
        (1.5e-7, "1.5·10⁻⁷", "1,5·10⁻⁷"),
        (None, "–", "–"),
        (float("nan"), "–", "–"),
    ],
)
def test_numbers_follow_the_language(value, english, german):
    assert tongue("en").number(value) == english
    assert tongue("de").number(value) == german


def test_an_unknown_language_is_an_error():
    with pytest.raises(ConfigError, match=r"a report's language is one of de, en, got 'fr'"):
        tongue("fr")


# The page


@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_run_of_every_kind_makes_a_report_with_no_empty_section_and_no_nan(told_run, lang):
    text = report_page(told(told_run), lang=lang)
    page = Page(text)
    assert list(page.sections) == ["summary", "checklist", "curves", "results", "members", "repeat"]
    for name, words in page.sections.items():
        assert len(words.split()) > 8, name
        assert not re.search(r"\b(nan|NaN|None|inf|undefined)\b", words), name
    assert not re.search(r'="[^"]*\bnan\b', text)
    assert len(text) < 6_000_000
    assert not re.search(r"""(src|href)=["'](?!#|data:)""", text)


def test_every_link_leads_somewhere(told_run):
    page = Page(report_page(told(told_run)))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for _, name, value in page.attributes:
        if name == "href" and value.startswith("#"):
            assert value[1:] in ids
        if name == "aria-labelledby":
            assert value in ids


def test_the_checklist_has_every_step_with_numbers_and_a_sentence(told_run):
    for lang in ("en", "de"):
        steps = checklist(told(told_run), tongue(lang))
        assert [step.key for step in steps] == list(STEPS)
        for step in steps:
            assert step.mark in ("done", "look", "missing")
            assert step.text.endswith(".")
            assert step.mark == "missing" or step.facts
            assert (step.mark == "look") <= bool(step.flags)
            assert all(value.strip() for _, value in step.facts)


def test_numbers_are_the_historys_and_the_summarys(told_runs):
    run = told_runs["classification"]
    say, found = tongue("en"), told(run)
    facts = {step.key: dict(step.facts) for step in checklist(found, say)}
    curve = np.median(run.history["train_loss"][1:3], axis=1)
    assert facts["loss"]["training"].startswith(say.number(curve[0]))
    lowest = np.nanmin(np.nanmedian(run.history["validation_loss"], axis=1))
    assert float(facts["loss"]["lowest validation loss"]) <= lowest * 1.001
    assert facts["gradient"]["partial derivatives a step"] == say.whole(run.summary["model"]["params"])
    assert facts["batches"]["steps an epoch"] == str(run.summary["training"]["steps_per_epoch"])
    page = Page(report_page(found))
    for member in run.summary["members"]:
        assert say.number(member["validation"]["loss"]) in page.sections["members"]
        assert say.number(member["test"]["accuracy"]) in page.sections["members"]
    for value in (*run.summary["sampling_error"].values(), run.summary["ensemble"]["test"]["accuracy"]):
        if isinstance(value, float):
            assert say.number(value) in page.sections["summary"]


def test_folds_and_a_logarithm_are_told(told_runs):
    found = told(told_runs["folds"])
    steps = {step.key: step for step in checklist(found, tongue("en"))}
    split, loss = dict(steps["split"].facts), dict(steps["loss"].facts)
    sizes = found.summary["split"]["folds"]
    assert split["training and validation"] == f"{sum(sizes)} rows"
    assert "validation" not in split
    assert split["folds"] == f"2 of {max(sizes)} rows, each held out by a member"
    assert min(sizes) == max(sizes)
    assert "trains on all folds but one" in steps["split"].text
    assert "from the training and validation rows together" in steps["data"].text
    assert loss["learned"] == "the logarithm of progression"
    assert "in its own unit" in steps["loss"].text
    assert found.rows_a_member == max(sizes)


def test_which_rules_fired_is_told_with_the_epochs(told_runs):
    run = told_runs["classification"]
    found = watches(told(run))
    assert [watch.rule["kind"] for watch in found] == [
        "non_finite", "diverged", "flat", "reached", "max_epochs",
    ]  # fmt: skip
    by_kind = {member["member"]: member["outcome"]["kind"].split(" and ") for member in run.summary["members"]}
    for watch in found:
        for member in watch.stopped:
            assert watch.rule["kind"] in by_kind[member]
    stopped = {member for watch in found for member in watch.stopped}
    assert stopped == set(by_kind)


def test_of_two_rules_of_a_kind_the_one_that_held_is_told(told_runs):
    run = told_runs["no_test"]
    found = told(run)
    for watch in watches(found):
        if watch.rule["kind"] == "reached":
            for member in watch.stopped:
                value = found.at(watch.rule["monitor"], member, int(found.stops[member]))
                assert value >= watch.rule["threshold"] - 1e-6


FLAGS = {
    "nothing_held_back": {"no_validation", "no_test"},
    "diverged": {"failed"},
    "one_member": {"one_member"},
    "stopped_at_once": {"at_once"},
    "no_test": {"no_test"},
    "sweep": {"edge"},
}


@pytest.mark.parametrize("kind", FLAGS)
def test_red_flags_are_raised(told_runs, kind):
    raised = {flag.kind for flag in flags(told(told_runs[kind]), tongue("en"))}
    assert raised >= FLAGS[kind]


@pytest.mark.parametrize(("kind", "raised"), [("regression", True), ("folds", False)])
def test_an_ensemble_that_is_worse_than_its_members_is_a_flag_where_there_is_an_average(told_runs, kind, raised):
    found = told(told_runs[kind])
    ensemble = {**found.summary["ensemble"], "validation": {found.metric: 1e9}}
    worse = dataclasses.replace(found, summary={**found.summary, "ensemble": ensemble})
    assert ("ensemble" in {flag.kind for flag in flags(worse, tongue("en"))}) == raised


def test_a_threshold_never_reached_is_a_flag(told_runs):
    found = told(told_runs["one_member"])
    rules = {"any": [{"kind": "reached", "monitor": "accuracy", "threshold": 1.5, "at_least": True}]}
    changed = type(found)(**{**vars_of(found), "evidence": {**found.evidence, "rules": rules}})
    (flag,) = [flag for flag in flags(changed, tongue("en")) if flag.kind == "unreached"]
    assert [flag for flag in flags(found, tongue("en")) if flag.kind == "unreached"] == []
    best = np.nanmax(found.history["accuracy"][1:])
    assert flag.text == f"The threshold accuracy ≥ 1.5 was never reached; the best was {tongue('en').number(best)}."


def vars_of(found):
    import dataclasses

    return {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}


def test_hostile_text_is_inert(told_runs):
    found = told(told_runs["hostile"])
    for lang in ("en", "de"):
        page = report_page(found, lang=lang)
        assert HOSTILE not in page
        assert Page(page).tags.count("script") == 1
        assert "alert" in Page(page).sections["results"]
        card = model_card(found, lang=lang)
        top, _, body = card.removeprefix("---\n").partition("\n---\n")
        assert HOSTILE not in body.partition("```toml")[0]
        assert all(json.loads(line.partition(": ")[2]) for line in top.splitlines())


def test_a_map_is_taken_over_as_data_and_nothing_else(told_runs, tmp_path):
    import shutil

    import walks

    from talweg.view.report.writing import newest_map
    from talweg.view.scenes.page import landscape_page

    place = shutil.copytree(told_runs["one_member"].folder.path, tmp_path / "run")
    assert newest_map(place, "en") == ""
    (place / "map").mkdir()
    hostile = landscape_page(walks.scene(hikers=2, steps=3, cells=5)).replace("<main>", f"<main>{HOSTILE}")
    (place / "map" / "pca.html").write_text(hostile)
    element = newest_map(place, "de")
    assert element.startswith('<talweg-landscape lang="de">')
    write_report(RunFolder(place))
    page = (place / "report.html").read_text()
    assert HOSTILE not in page
    assert page.count("<talweg-landscape") == 1
    assert 'id="map"' in page
    (place / "map" / "pca.html").write_text('<talweg-landscape><script type="application/json">{</script>')
    assert newest_map(place, "en") == ""


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_sharpness_that_a_map_measured_stands_at_the_valley_reached(told_runs, tmp_path, lang):
    import shutil

    folder = RunFolder(shutil.copytree(told_runs["classification"].folder.path, tmp_path / "run"))
    assert read_run(folder).sharpness == {}
    measured = [
        {"member": nth, "eigenvalues": [value, 0.5], "largest_stable_learning_rate": 2 / value, "learning_rate": 0.25,
         "momentum": 0.0}
        for nth, value in enumerate([4.0, 8.0, 16.0])
    ]  # fmt: skip
    content = {"on": "train", "rows": {"used": 90, "total": 105}, "descends": True, "members": measured}
    write_sharpness(folder, content)
    say = tongue(lang)
    valley = next(step for step in checklist(read_run(folder), say) if step.key == "valley")
    shown = dict(valley.facts)
    assert shown[say("label.sharpness")] == "8"
    assert shown[say("label.stable_rate")] == say.number(0.25)
    assert shown[say("label.learning_rate")] == say.number(0.25)
    assert "90" in valley.text
    assert "2/λ" in valley.text
    path = folder.path / "map" / "sharpness-train.json"
    path.write_text(path.read_text().replace("8.0", "8.5"))
    with pytest.raises(RunFolderError, match="damaged; measure anew: talweg map"):
        read_run(folder)


def test_a_sharpness_of_other_params_is_not_told(told_runs, tmp_path):
    import shutil

    folder = RunFolder(shutil.copytree(told_runs["classification"].folder.path, tmp_path / "run"))
    write_sharpness(folder, {"on": "train", "members": []})
    assert read_sharpness(folder) == {"on": "train", "members": []}
    assert read_sharpness(folder, "validation") == {}
    (folder.path / "params.safetensors").write_bytes(b"damaged")
    assert read_sharpness(folder), "what was measured is none the worse for it"
    folder.write_summary(folder.summary())  # a training that went on, and vouches for other params
    assert read_sharpness(folder) == {}


def test_denoised_pictures_stand_beside_noisy_and_clean_ones(told_runs):
    run = told_runs["denoising"]
    page = report_page(told(run))
    (sample, *_) = run.summary["denoising"]["samples"]
    for kind in ("noisy", "denoised", "clean"):
        content = (run.folder.path / sample[kind]).read_bytes()
        assert base64.b64encode(content).decode() in page
    first = run.summary["denoising"]["pictures"][0]
    for kind in ("noisy", "denoised"):
        assert f"PSNR {tongue('en').number(first[kind]['psnr'])}" in page
    assert "talweg denoise" in page


def test_large_pictures_are_shown_by_their_middles_and_the_page_stays_small(told_runs):
    run, generator = told_runs["denoising"], np.random.default_rng(0)
    found, (sample, *_) = told(run), run.summary["denoising"]["samples"]
    pixels = {kind: generator.integers(0, 256, (512, 400, 3), np.uint8) for kind in ("noisy", "denoised", "clean")}
    shown = {sample[kind]: save_picture(one) for kind, one in pixels.items()}
    many = {name: shown[sample[name.rpartition("-")[2].removesuffix(".png")]] for name in found.pictures}
    page = report_page(dataclasses.replace(found, pictures=many))
    assert len(page) < 2_000_000
    (first, *_) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(first))))
    np.testing.assert_array_equal(seen, pixels["noisy"][128:384, 72:328])


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_pictures_that_were_mistaken_are_shown(told_runs, lang):
    run, say = told_runs["pictures"], tongue(lang)
    pixels, known = run.source.pixels[..., 0], run.source.about["class"]
    labels = [known.levels[code] for code in known.codes]
    mistakes = run.summary["pictures"]["mistakes"]
    page = report_page(told(run), lang=lang)
    assert 0 < len(mistakes) <= 12
    split = np.load(run.folder.path / "split.npy")
    for one in mistakes:
        content = (run.folder.path / one["file"]).read_bytes()
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), pixels[one["row"] - 1])
        true = labels[one["row"] - 1]
        said = {"upper": "lower", "lower": "upper"}[true]
        assert split[one["row"] - 1] == 2
        alt = f"{one['picture']}: {say('results.taken', true=true, said=said)}"
        assert f'<img alt="{alt}" src="data:image/png;base64,{base64.b64encode(content).decode()}">' in page
    assert page.count("<img") == len(mistakes)


def test_the_worst_estimates_of_pictures_are_shown(told_runs):
    run = told_runs["picture_regression"]
    page = report_page(told(run))
    kept = run.evaluation["test"]
    assert page.count("<img") == len(run.summary["pictures"]["mistakes"]) == len(kept.target)
    worst = int(np.abs(kept.ensemble - kept.target).argmax())
    say = tongue("en")
    first, second = (say.number(float(values[worst])) for values in (kept.target, kept.ensemble))
    assert say("results.estimated", true=first, said=second) in page


def test_pictures_that_are_gone_or_were_never_kept_leave_their_rows(told_runs):
    found = told(told_runs["pictures"])
    page = report_page(dataclasses.replace(found, pictures={}))
    assert "<img" not in page
    assert tongue("en")("results.mistakes") in page
    assert told_runs["classification"].summary.get("pictures") is None


def test_a_sweep_shows_each_value_and_its_interval(told_runs):
    run = told_runs["sweep"]
    words = Page(report_page(told(run))).sections["members"]
    for value in run.summary["sweep"]["values"]:
        assert tongue("en").number(value["learning_rate"]) in words
        assert tongue("en").number(value["validation"]["loss"]["mean"]) in words
    assert words.count("the best ") >= 1


# The other forms


def test_the_model_cards_metadata_tell_what_the_summary_does(told_run):
    found = told(told_run)
    top = model_card(found).removeprefix("---\n").partition("\n---\n")[0]
    data = {line.partition(": ")[0]: json.loads(line.partition(": ")[2]) for line in top.splitlines()}
    assert data["library_name"] == "talweg"
    assert data["pipeline_tag"] in (
        "tabular-classification",
        "tabular-regression",
        "image-to-image",
        "image-classification",
        "other",
    )
    if "model-index" not in data:
        assert found.held_back is None or not found.sound.any()
        return
    (entry,) = data["model-index"][0]["results"]
    assert entry["dataset"]["split"] == found.held_back
    for metric in entry["metrics"]:
        assert metric["value"] == found.summary["ensemble"][found.held_back][metric["type"]]


def test_the_json_is_plain_and_says_the_same(told_run):
    found = told(told_run)
    content = json.loads(json.dumps(report_json(found, lang="de"), allow_nan=False))
    assert content["kind"] == "report"
    assert [step["key"] for step in content["checklist"]] == list(STEPS)
    for part, results in content["results"].items():
        assert results["ensemble"] == found.summary["ensemble"][part]


def test_a_training_writes_its_report_and_a_failing_one_ends_nothing(told_runs, tmp_path, monkeypatch):
    import talweg as tw
    from talweg.run import written

    run = told_runs["one_member"]
    assert (run.folder.path / "report.html").read_text().startswith("<!doctype html>")
    assert run.summary["files"]["report"] == str(run.folder.path / "report.html")

    def broken(folder):
        raise ZeroDivisionError("no such thing")

    monkeypatch.setattr(written, "write_report", broken)
    with pytest.warns(RuntimeWarning, match="the run is whole, but its report was not written: no such thing"):
        run = tw.train("iris", out=tmp_path / "run", members=1, hidden=(8,), max_epochs=12, learning_rate=0.02)
    assert tw.open_run(tmp_path / "run").summary == run.summary


def test_files_of_both_languages_stand_side_by_side(told_runs, tmp_path):
    folder = told_runs["one_member"].folder
    names = [
        path.name
        for lang in ("en", "de")
        for path in write_report(folder, lang, tmp_path, ("html", "md", "json")).values()
    ]
    assert names == ["report.html", "report.md", "report.json", "report.de.html", "report.de.md", "report.de.json"]
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())


def test_an_unfinished_run_is_an_error(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.begin('source = "iris"\n', {}, np.array([0, 1, 2], np.int8))
    with pytest.raises(RunFolderError, match="did not come to its end"):
        write_report(folder)


def test_an_older_run_without_evidence_still_makes_a_report(told_runs, tmp_path):
    import shutil

    place = shutil.copytree(told_runs["one_member"].folder.path, tmp_path / "old")
    for name in ("evidence.json", "evaluation.safetensors", "origin.json"):
        (place / name).unlink(missing_ok=True)
    summary = json.loads((place / "summary.json").read_text())
    (place / "summary.json").write_text(json.dumps({key: told for key, told in summary.items() if key != "seal"}))
    page = Page(report_page(read_run(RunFolder(place))))
    assert "The predictions were not kept in this run folder." in page.sections["results"]
    marks = {step.key: step.mark for step in checklist(read_run(RunFolder(place)), tongue("en"))}
    assert marks["valley"] == "missing"


# What predictions beside the truth say


def probabilities(rows=300, classes=3, seed=0):
    generator = np.random.default_rng(seed)
    raw = generator.random((rows, classes)) ** 3
    ensemble = raw / raw.sum(1, keepdims=True)
    target = np.array([generator.choice(classes, p=p) for p in ensemble])
    members = np.stack([np.where(generator.random(rows) < 0.9, target, 0) for _ in range(3)])
    return Evaluation(rows, np.arange(rows), target, ensemble, members, sk.confusion_matrix(target, ensemble.argmax(1)))


def test_calibration_agrees_with_scikit_learn():
    told = probabilities(classes=2)
    found = calibration(told)
    hit = (told.ensemble.argmax(1) == told.target).astype(int)
    right, confidence = sklearn.calibration.calibration_curve(hit, told.ensemble.max(1), n_bins=10)
    np.testing.assert_allclose(found.right, right)
    np.testing.assert_allclose(found.confidence, confidence)
    assert found.error == pytest.approx(np.abs(right - confidence) @ found.rows / 300)


def test_roc_agrees_with_scikit_learn():
    told = probabilities()
    for label in range(3):
        across, up = roc(told, label)
        theirs = sk.roc_curve(told.target == label, told.ensemble[:, label], drop_intermediate=False)
        np.testing.assert_allclose(across, theirs[0])
        np.testing.assert_allclose(up, theirs[1])
    alone = Evaluation(2, np.arange(2), np.array([0, 0]), told.ensemble[:2], told.members[:, :2])
    assert roc(alone, 0) is None


def test_classes_agree_with_scikit_learn():
    told = probabilities()
    found = by_class(told.confusion)
    precision, recall, f1, rows = sk.precision_recall_fscore_support(told.target, told.ensemble.argmax(1))
    for ours, theirs in ((found.precision, precision), (found.recall, recall), (found.f1, f1), (found.rows, rows)):
        np.testing.assert_allclose(ours, theirs)
    true, said, count = confused(told.confusion)[0]
    off = told.confusion - np.diag(np.diag(told.confusion))
    assert count == off.max() == off[true, said]


def test_disagreement_is_counted_over_pairs():
    told = probabilities()
    pairs = [(0, 1), (0, 2), (1, 2)]
    expected = np.mean([(told.members[a] != told.members[b]).mean() for a, b in pairs])
    assert disagreement(told, np.ones(3, bool)) == pytest.approx(expected)
    assert disagreement(told, np.array([True, False, False])) is None


def test_the_worst_mistakes_are_wrong_and_sure():
    told = probabilities()
    rows = worst(told, 5)
    assert (told.ensemble[rows].argmax(1) != told.target[rows]).all()
    sure = told.ensemble[rows].max(1)
    assert (np.diff(sure) <= 0).all()


@pytest.mark.parametrize(("low", "high", "log"), [(0, 1, False), (-3, 1e6, False), (1e-6, 3, True), (2, 2.5, True)])
def test_ticks_are_round_and_lie_inside(low, high, log):
    axis = Axis(low, high, log)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 9
    assert all(low * 0.99 - 1e-9 <= tick <= high * 1.01 for tick in ticks)


def test_an_axis_holds_what_it_is_made_for():
    values = np.array([3.0, np.nan, 5.0])
    axis = axis_of(values)
    assert axis.low < 3 < 5 < axis.high
    same = axis_of(np.array([2.0, 2.0]))
    assert same.low < 2 < same.high


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("function", ["himmelblau", "3x^2 - 2y", "2x^2 + 4x"])
def test_a_typed_function_has_a_report_too(function, lang):
    import talweg as tw

    found = tw.hike(function, hikers=4)
    page = found.report(lang=lang).page
    parsed = Page(page)
    assert list(parsed.sections) == ["summary", "checklist", "map", "results"]
    for name in ("summary", "checklist", "results"):
        assert len(parsed.sections[name].split()) > 8
        assert not re.search(r"\b(nan|NaN|None|inf)\b", parsed.sections[name])
    for place in found.summary["minima"]:
        assert str(place["hikers"]) in parsed.sections["results"]
    bounded = found.summary["bounded_below"]
    unbounded = tongue(lang)("hike.flag.unbounded")
    assert (unbounded in parsed.sections["summary"]) == (bounded is False)
