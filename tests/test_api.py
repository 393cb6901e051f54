"""`tw.hike` and `tw.sketch`: results that draw themselves."""

import pytest
from matplotlib.figure import Figure

import talweg as tw
from talweg.errors import ConfigError


def test_a_hike_draws_itself_and_writes_its_film_and_page(tmp_path):
    hikers = tw.hike("x^2 + 3y^2", hikers=3)
    assert hikers.summary["minima"][0]["hikers"] == 3
    assert all(isinstance(draw(), Figure) for draw in (hikers.map, hikers.mountain, hikers.heights))
    assert hikers.animate(tmp_path / "way.gif", frames=5).stat().st_size > 1000
    assert "<talweg-landscape" in hikers.animate(tmp_path / "way.html").read_text(encoding="utf-8")
    assert "<iframe" in hikers._repr_html_() == hikers.animate()._repr_html_()
    german = hikers.animate(tmp_path / "way.html", lang="de").read_text(encoding="utf-8")
    assert '<talweg-landscape lang="de">' in german
    for path, options in (("way.avi", {}), ("way.html", {"frames": 5}), ("way.html", {"lang": "fr"})):
        with pytest.raises(ConfigError):
            hikers.animate(tmp_path / path, **options)


def test_a_sketch_tells_and_draws_itself():
    curve = tw.sketch("x^3 - 3x", time_limit=60.0)
    assert "a minimum, f(1) = −2" in str(curve)
    assert isinstance(curve.figure(), Figure)
    assert [point["kind"] for point in curve.summary["stationary_points"]] == ["maximum", "minimum"]
    assert isinstance(tw.sketch("x^2 + y^2", time_limit=60.0).figure(), Figure)
