"""`tw.report` and `tw.compare`: the same for a run in the hand and for its folder, and for the commands."""

import json

import pytest

import talweg as tw
from talweg.errors import ConfigError, RunFolderError


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two runs on the irises that differ in one setting."""
    folder = tmp_path_factory.mktemp("pair")
    given = {"members": 2, "hidden": (4,), "max_epochs": 3}
    return [tw.train("iris", out=folder / f"at-{rate:g}", learning_rate=rate, **given) for rate in (0.01, 0.1)]


def test_runs_side_by_side_from_hand_or_folder(pair, tmp_path):
    compared = tw.compare(*pair)
    from_folders = tw.compare(pair[0].folder.path, str(pair[1].folder.path))
    assert compared.summary == from_folders.summary
    assert compared.summary["settings"] == {"learning_rate": ["0.01", "0.1"]}
    assert [run["name"] for run in compared.summary["runs"]] == ["at-0.01", "at-0.1"]
    assert all("at-0.01" in sentence for sentence in str(compared).splitlines())
    assert compared.sentences("de") != compared.sentences()
    page = compared.save(tmp_path / "both.html", lang="de").read_text(encoding="utf-8")
    assert page == compared.page("de").page
    assert '<html lang="de"' in page
    assert "<iframe" in compared._repr_html_()
    json.dumps(compared.summary, allow_nan=False)


def test_one_run_is_no_comparison(pair):
    with pytest.raises(ConfigError, match="two runs or more, got 1"):
        tw.compare(pair[0])


def test_a_report_from_hand_or_folder(pair, tmp_path):
    page = tw.report(pair[0].folder.path, lang="de", out=tmp_path).page
    assert page == tw.report(pair[0], lang="de").page
    assert (tmp_path / "report.de.html").read_text(encoding="utf-8") == page
    with pytest.raises(RunFolderError, match="holds no run"):
        tw.report(tmp_path)
