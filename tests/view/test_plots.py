"""A run's figures with one call: they show the run's numbers, and are axes that a user can change."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from talweg.errors import ConfigError


def test_curves_are_the_historys(told_runs):
    run = told_runs["classification"]
    axes = run.plot.curves()
    assert [ax.get_ylabel() for ax in axes][:2] == ["loss", "accuracy"]
    (median,) = (line for line in axes[1].get_lines() if line.get_linewidth() > 2.5)
    known = run.history["accuracy"]
    all_there = np.isfinite(known).all(axis=1)
    np.testing.assert_allclose(np.asarray(median.get_ydata())[all_there], np.median(known[all_there], axis=1))
    # The threshold of its rule is drawn where it is.
    assert any(set(line.get_ydata()) == {0.8} for line in axes[1].get_lines() if len(set(line.get_ydata())) == 1)


def test_a_confusion_matrix_shows_the_counts(told_runs):
    run = told_runs["classification"]
    ax = run.plot.confusion()
    shown = {(text.get_position()[1], text.get_position()[0]): int(text.get_text()) for text in ax.texts}
    confusion = run.evaluation["test"].confusion
    assert shown == {place: confusion[place] for place in np.ndindex(confusion.shape) if confusion[place]}
    assert [label.get_text() for label in ax.get_yticklabels()] == run.summary["data"]["classes"]


@pytest.mark.parametrize("kind", ["confusion", "calibration", "roc"])
def test_figures_go_where_they_are_asked_to(told_runs, kind):
    given = Figure().add_subplot()
    assert getattr(told_runs["two_classes"].plot, kind)(ax=given, part="validation") is given
    assert isinstance(getattr(told_runs["two_classes"].plot, kind)(), Axes)


def test_predictions_lie_at_truth_and_prediction(told_runs):
    run = told_runs["regression"]
    points = run.plot.predictions().collections[0].get_offsets()
    np.testing.assert_allclose(points[:, 0], run.evaluation["test"].target)
    np.testing.assert_allclose(points[:, 1], run.evaluation["test"].ensemble)


def test_what_does_not_fit_is_an_error_that_names_what_does(told_runs):
    with pytest.raises(ConfigError, match=r"see plot.predictions\(\)"):
        told_runs["regression"].plot.confusion()
    with pytest.raises(ConfigError, match=r"see plot.confusion\(\)"):
        told_runs["classification"].plot.predictions()
    with pytest.raises(ConfigError, match=r"no predictions of the test rows were kept \(kept: validation\)"):
        told_runs["no_test"].plot.roc(part="test")


def test_a_run_shows_itself_in_a_notebook(told_runs):
    shown = told_runs["one_member"]._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "&lt;h1&gt;one_member&lt;/h1&gt;" in shown


def test_a_run_without_a_folder_reports_as_well(tmp_path):
    import talweg as tw

    run = tw.train("iris", members=1, hidden=(8,), max_epochs=12, learning_rate=0.02)
    assert "was not measured" in run.report().page
    run.report(lang="de", out=tmp_path / "told")
    assert sorted(path.name for path in (tmp_path / "told").iterdir()) == [
        "report.de.html",
        "report.de.json",
        "report.de.md",
    ]


def test_denoised_pictures_stand_beside_noisy_and_clean_ones(told_runs):
    run = told_runs["denoising"]
    samples = run.summary["denoising"]["samples"]
    axes = run.plot.denoised(side=16)
    assert len(axes) == 3 * len(samples)
    for sample, noisy, denoised, clean in zip(samples, *(axes[place::3] for place in range(3)), strict=True):
        (told,) = (one for one in run.summary["denoising"]["pictures"] if one["picture"] == sample["picture"])
        assert noisy.get_title() == f"noisy, {told['noisy']['psnr']:.2f} dB"
        assert denoised.get_title() == f"denoised, {told['denoised']['psnr']:.2f} dB"
        assert (noisy.get_ylabel(), clean.get_title()) == (sample["picture"], "clean")
        whole = np.asarray(Image.open(run.folder.path / sample["clean"]))
        top, left = ((side - 16) // 2 for side in whole.shape)
        np.testing.assert_array_equal(clean.get_images()[0].get_array(), whole[top : top + 16, left : left + 16])


def test_the_titles_of_denoised_pictures_touch_no_picture(told_runs):
    axes = told_runs["denoising"].plot.denoised()
    figure = axes[0].figure
    figure.canvas.draw()
    boxes = [ax.get_window_extent() for ax in axes]
    for title in (ax.title.get_window_extent() for ax in axes):
        assert not any(title.overlaps(box) for box in boxes)


def test_only_a_denoising_has_denoised_pictures(told_runs):
    with pytest.raises(ConfigError, match="the run is no denoising"):
        told_runs["regression"].plot.denoised()
