import dataclasses
import html.parser
import re

import pytest
import walks

from talweg.errors import ConfigError
from talweg.record.scene import Minimum
from talweg.view.scenes.page import landscape_assets, landscape_element, landscape_page, words

MEAN = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


class Scripts(html.parser.HTMLParser):
    """The scripts of a page, and every address in an attribute."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.addresses, self._in = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._in = tag == "script"
        if self._in:
            self.scripts.append([dict(attrs), ""])
        self.addresses += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        if self._in:
            self.scripts[-1][1] += data

    def handle_endtag(self, tag):
        self._in = False


def mean_scene():
    scene = walks.scene(hikers=3, steps=5, cells=21)
    return dataclasses.replace(
        scene, title=MEAN, note=MEAN, axis_labels=(MEAN, MEAN), height_label=MEAN, frame_label=MEAN,
        outcomes=(MEAN,) * 3, minima=(Minimum((0.0, 0.0), 1.0, 3, MEAN),),
    )  # fmt: skip


def test_text_from_users_is_never_markup():
    page = Scripts(landscape_page(mean_scene()))
    assert [attrs.get("type") for attrs, _ in page.scripts] == ["application/json", "text/plain", None]
    assert page.addresses == ["data:,"]


def test_a_page_names_no_other_place_to_get_anything_from():
    page = landscape_page(walks.scene(hikers=3, steps=5, cells=21))
    # Names of languages, and a license's own address in its text: nothing that a browser would fetch.
    addresses = set(re.findall(r"\w+://[\w./-]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.apache.org/licenses/LICENSE-2.0"}
    assert "import(" not in page


def test_64_hikers_and_1000_steps_stay_below_a_megabyte():
    assert len(landscape_page(walks.crowd(64, 1000)).encode()) < 1_000_000


def test_equal_scenes_make_equal_pages():
    assert landscape_page(walks.scene(seed=3)) == landscape_page(walks.scene(seed=3))


def test_the_language_is_the_readers():
    scene = walks.scene(hikers=3, steps=5, cells=21)
    assert '<html lang="de">' in landscape_page(scene, lang="de")
    assert words("de")["noScript"] in landscape_element(scene, lang="de")
    with pytest.raises(ConfigError, match="expected a page's language to be one of de, en, got 'xx'"):
        landscape_page(scene, lang="xx")


def test_a_page_without_title_is_called_a_landscape():
    page = landscape_page(dataclasses.replace(walks.scene(hikers=3, steps=5, cells=21), title=""))
    assert "<title>Landscape</title>" in page


def test_scripts_carry_the_licenses_of_what_is_inside_and_cannot_end_early():
    assets = landscape_assets()
    assert "Mike Bostock" in assets
    scripts = Scripts(assets).scripts
    assert len(scripts) == 2
    assert scripts[1][1].rstrip().endswith("})();")
    assert "<!--" not in assets
