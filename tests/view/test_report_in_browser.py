"""The report as a reader meets it: in a real browser, in both languages and both themes, on paper and by keyboard."""

import importlib.resources
import os
import re
from pathlib import Path

import pytest

from talweg.view.report.page import report_page
from talweg.view.telling.told import read_run

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("TALWEG_SCREENSHOTS")
"""A folder to which screenshots are written, for a person to look at."""


@pytest.fixture
def show(opened):
    """Opens a report; warnings of the browser count as well."""
    return lambda text, **settings: opened(text, complaints=("error", "warning"), **settings)


def axe(page):
    """What axe-core finds, by rule."""
    page.add_script_tag(content=importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text())
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice']})")
    return {
        rule["id"]: [node["html"][:200] + " | " + node["failureSummary"][:300] for node in rule["nodes"][:3]]
        for rule in found["violations"]
    }


@pytest.mark.parametrize(
    ("kind", "lang", "theme"),
    [
        ("classification", "en", "light"),
        ("classification", "de", "dark"),
        ("regression", "de", "light"),
        ("hostile", "en", "dark"),
        ("pictures", "de", "dark"),
        ("denoising", "en", "light"),
    ],
)
def test_a_page_is_accessible_in_both_languages_and_themes(show, told_runs, kind, lang, theme):
    page = show(report_page(read_run(told_runs[kind].folder), lang=lang), color_scheme=theme)
    assert page.locator("html").get_attribute("lang") == lang
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light == (theme == "light")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{kind}-{lang}-{theme}.png", full_page=True)
    assert axe(page) == {}


@pytest.mark.parametrize("width", [1200, 390])
def test_nothing_is_wider_than_the_window(show, told_runs, width):
    for kind in ("two_classes", "diverged", "hostile", "pictures"):
        page = show(report_page(read_run(told_runs[kind].folder)), viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, kind


def test_the_theme_can_be_chosen_and_everything_is_reached_by_keyboard(show, told_runs):
    page = show(report_page(read_run(told_runs["classification"].folder)))
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.get_by_role("navigation").get_by_role("link", name="Results").press("Enter")
    assert page.evaluate("location.hash") == "#results"
    links = page.get_by_role("list").get_by_role("link").count()
    assert links > 10


def test_a_chart_tells_what_it_shows_and_its_dots_lie_on_the_curve(show, told_runs):
    run = told_runs["stopped_at_once"]
    page = show(report_page(read_run(run.folder)))
    chart = page.get_by_role("img", name=re.compile("^Accuracy over 1 epoch"))
    stops = chart.locator("circle.stop")
    assert stops.count() == 3
    assert stops.first.locator("title").text_content().startswith("member 0: accuracy: ")
    line = chart.locator("path.member").first.bounding_box()
    dot = stops.first.bounding_box()
    assert dot["x"] + dot["width"] / 2 == pytest.approx(line["x"] + line["width"], abs=2)


def test_it_prints_on_a4_without_cutting_anything(show, told_runs, tmp_path):
    page = show(report_page(read_run(told_runs["classification"].folder)), color_scheme="dark")
    page.pdf(path=tmp_path / "report.pdf", format="A4", prefer_css_page_size=True)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    assert page.get_by_role("navigation").is_hidden()
    pages = (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n")
    assert 3 <= pages <= 12
    if PICTURES:
        (Path(PICTURES) / "report.pdf").write_bytes((tmp_path / "report.pdf").read_bytes())
