"""The page as a reader meets it: in a real browser, by mouse, keyboard and touch. The clock is the tests' own."""

import collections
import dataclasses
import itertools
import re

import numpy as np
import pytest
import walks

from talweg.record.scene import Minimum
from talweg.view.scenes.page import landscape_assets, landscape_element, landscape_page

pytestmark = pytest.mark.browser

# Lines and dots drawn, by the layer they are drawn on; and every script that is started later.
COUNT = """
window.counts = {};
for (const name of ["lineTo", "drawImage", "clearRect"]) {
  const draw = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...args) {
    const key = `${this.canvas.className} ${name}`;
    window.counts[key] = (window.counts[key] ?? 0) + 1;
    return draw.apply(this, args);
  };
}
"""
NO_WEBGL = """
const plain = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...args) {
  return kind.startsWith("webgl") ? null : plain.call(this, kind, ...args);
};
"""
# Colors of a canvas inside the element, counted.
COLORS = """selector => {
  const canvas = document.querySelector("talweg-landscape").shadowRoot.querySelector(selector);
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const pen = copy.getContext("2d");
  pen.drawImage(canvas, 0, 0);
  const { data } = pen.getImageData(0, 0, copy.width, copy.height);
  const colors = new Map();
  for (const pixel of new Uint32Array(data.buffer)) {
    const color = pixel >>> 31 ? pixel & 0xffffff : -1;
    colors.set(color, (colors.get(color) ?? 0) + 1);
  }
  const name = (c) => (c < 0 ? "none" : [c & 255, (c >> 8) & 255, c >> 16].join());
  return Object.fromEntries([...colors].map(([color, count]) => [name(color), count]));
}"""
RED = "225,6,0"


@pytest.fixture
def show(opened):
    """Opens a page with landscapes once they are drawn, its clock in the test's hand."""

    def drawn(text, *, clock=True, scripts=(), **settings):
        def before(page):
            for script in scripts:
                page.add_init_script(script)
            if clock:
                page.clock.install(time=0)

        page = opened(text, before, **{"viewport": {"width": 1000, "height": 700}, **settings})
        page.wait_for_function(
            "[...document.querySelectorAll('talweg-landscape')].every(e => e.shadowRoot?.childElementCount)"
        )
        page.wait_for_function(
            "document.querySelector('talweg-landscape').shadowRoot.querySelector('.frame, [role=alert]')"
        )
        if clock:
            page.clock.pause_at(3_600_000)
        return page

    return drawn


@pytest.fixture(scope="module")
def waves():
    return walks.scene(hikers=24, steps=140, cells=81, basins=True)


def frame(page, nth=0):
    return int(page.get_by_role("slider").nth(nth).input_value())


def test_the_map_is_drawn_from_blue_to_yellow_with_red_dots(show, waves):
    page = show(landscape_page(waves))
    terrain = page.evaluate(COLORS, "canvas.terrain")
    assert len(terrain) > 500
    blue = sum(n for key, n in terrain.items() if key != "none" and is_bluish(key))
    yellow = sum(n for key, n in terrain.items() if key != "none" and is_yellow(key))
    assert blue > 1000
    assert yellow > 100
    assert page.evaluate(COLORS, "canvas.dots")[RED] > 500
    # At the start nobody has walked yet.
    assert set(page.evaluate(COLORS, "canvas.paths")) == {"none"}
    page.get_by_role("button", name="To the end").click()
    assert page.evaluate(COLORS, "canvas.paths")["122,12,12"] > 500


def is_bluish(key):
    red, green, blue = map(int, key.split(","))
    return blue > 1.2 * green and blue > red


def is_yellow(key):
    red, green, blue = map(int, key.split(","))
    return red > 150 and green > 150 and blue < 100


def test_where_the_terrain_is_high_it_is_bright(show):
    """Bright pixels lie where the function is large: the picture is neither mirrored nor turned."""
    x = np.linspace(0, 1, 41)
    height = np.add.outer(3 * x, x)  # steep in y, gentle in x
    page = show(landscape_page(flat(x, height)))
    picture = page.evaluate(
        """() => {
      const canvas = document.querySelector("talweg-landscape").shadowRoot.querySelector("canvas.terrain");
      const frame = document.querySelector("talweg-landscape").shadowRoot.querySelector("rect.frame");
      const [left, top, w, h] = ["x", "y", "width", "height"].map((name) => Number(frame.getAttribute(name)));
      const pen = canvas.getContext("2d");
      const at = (u, v) => {
        const [r, g, b] = pen.getImageData(left + u * w, top + (1 - v) * h, 1, 1).data;
        return 0.3 * r + 0.6 * g + 0.1 * b;
      };
      return [at(0.04, 0.04), at(0.96, 0.04), at(0.04, 0.96), at(0.96, 0.96)];
    }"""
    )
    assert sorted(picture) == picture
    assert picture[3] > 4 * picture[0]


def flat(x, height):
    """A landscape with nobody on it."""
    scene = walks.scene(hikers=0, steps=1, cells=5)
    return dataclasses.replace(scene, x=x, y=x, height=height, minima=())


def test_play_and_pause_by_mouse(show, waves):
    page = show(landscape_page(waves))
    page.get_by_role("button", name="Play").click()
    # 140 steps in 14 seconds.
    page.clock.run_for(3000)
    assert 25 <= frame(page) <= 32
    page.get_by_role("button", name="Pause").click()
    stood = frame(page)
    page.clock.run_for(2000)
    assert frame(page) == stood
    assert page.get_by_role("status").inner_text().startswith(f"Step {stood} of 140.")
    page.get_by_role("button", name="One forward").click()
    assert frame(page) == stood + 1
    page.get_by_role("button", name="One back").click()
    assert frame(page) == stood
    page.get_by_label("Speed").select_option("4")
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1000)
    assert 36 <= frame(page) - stood <= 44
    page.clock.run_for(20_000)
    assert frame(page) == 140
    # At the end it offers to play again, from the start.
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(100)
    assert frame(page) < 20


def test_everything_by_keyboard(show, waves):
    page = show(landscape_page(waves))
    # Where a map is alone, the space bar plays it from anywhere.
    page.keyboard.press("Space")
    page.clock.run_for(1000)
    page.keyboard.press("Space")
    assert 5 <= frame(page) <= 12
    page.get_by_role("application").focus()
    page.keyboard.press("Home")
    assert frame(page) == 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert frame(page) == 11
    page.keyboard.press("ArrowLeft")
    assert frame(page) == 10
    page.keyboard.press("End")
    assert frame(page) == 140
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    card = page.locator(".card")
    assert "Hiker 2" in card.inner_text()
    page.keyboard.press("ArrowUp")
    assert "Hiker 1" in card.inner_text()
    page.keyboard.press("Escape")
    assert "Point at a hiker" in card.inner_text()


def test_the_slider_and_the_chart_lead_to_any_step(show, waves):
    page = show(landscape_page(waves))
    slider = page.get_by_role("slider")
    slider.fill("77")
    assert page.locator(".counter").inner_text() == "Step 77 of 140"
    assert slider.get_attribute("aria-valuetext") == "Step 77 of 140"
    chart = page.locator(".curves")
    box = chart.bounding_box()
    chart.click(position={"x": box["width"] / 2, "y": 30})
    middle = frame(page)
    assert 60 <= middle <= 75
    cursor = page.locator(".cursor").bounding_box()
    assert cursor["x"] == pytest.approx(box["x"] + box["width"] / 2, abs=6)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 50, box["y"] + 30)
    page.mouse.up()
    assert frame(page) == 140


def test_pointing_at_a_hiker_tells_its_story_and_clicking_keeps_it(show, waves):
    page = show(landscape_page(waves))
    place = pixel(page, waves, waves.paths[4, 0])
    card = page.locator(".card")
    page.mouse.move(*place)
    assert "Hiker 5" in card.inner_text()
    page.mouse.move(2, 2)
    assert "Point at a hiker" in card.inner_text()
    page.mouse.click(*place)
    page.mouse.move(2, 2)
    text = card.inner_text()
    start, end = waves.paths[4, 0], waves.paths[4, waves.path_lengths[4] - 1]
    assert "Hiker 5" in text
    assert point(start) in text
    assert point(end) in text
    assert waves.outcomes[4].capitalize() in text
    page.get_by_role("button", name="Let go").click()
    assert "Point at a hiker" in card.inner_text()


def test_clicking_a_crowd_leads_through_all_of_it(show, waves):
    page = show(landscape_page(waves))
    page.get_by_role("button", name="To the end").click()
    lowest = waves.minima[0]
    place = pixel(page, waves, lowest.point)
    seen = set()
    for _ in range(lowest.hikers):
        page.mouse.click(*place)
        text = page.locator(".card").inner_text()
        assert f"{lowest.hikers} hikers here" in text
        seen.add(re.search(r"Hiker (\d+)", text)[1])
    assert len(seen) == lowest.hikers


def test_a_path_can_be_pointed_at_where_no_dot_is(show, waves):
    page = show(landscape_page(waves))
    page.get_by_role("button", name="To the end").click()
    alone = int(np.argmax(waves.paths[:, 0, 0]))
    page.mouse.move(*pixel(page, waves, waves.paths[alone, 3]))
    assert f"Hiker {alone + 1}" in page.locator(".card").inner_text()


def pixel(page, scene, place):
    """Where a place on the plane is on the screen."""
    box = page.locator("rect.frame").first.bounding_box()
    u = (place[0] - scene.x[0]) / (scene.x[-1] - scene.x[0])
    v = (place[1] - scene.y[0]) / (scene.y[-1] - scene.y[0])
    return box["x"] + u * box["width"], box["y"] + (1 - v) * box["height"]


def point(place):
    """As the page writes it on a plane of eight by eight."""
    parts = [f"{round(c, 3) + 0.0:.4g}".replace("-", "−") for c in place]
    return f"({', '.join('0' if part in ('0', '−0') else part for part in parts)})"


def test_the_table_has_everybody_and_leads_to_them(show, waves):
    page = show(landscape_page(waves))
    page.get_by_text("Table of all hikers").click()
    rows = page.locator("tbody tr")
    # The table is made when it is opened, a moment after the click.
    rows.first.wait_for()
    assert rows.count() == len(waves.outcomes)
    assert waves.outcomes[6].capitalize() in rows.nth(6).inner_text()
    page.get_by_role("button", name="Hiker 7", exact=True).click()
    assert "Hiker 7" in page.locator(".card").inner_text()
    assert rows.nth(6).get_attribute("aria-current") == "true"


def test_each_step_draws_its_newest_segments_and_one_dot_for_each_hiker(show):
    page = show(landscape_page(walks.crowd(64, 1000)), scripts=[COUNT])
    page.get_by_role("application").focus()

    def drawn(key):
        page.evaluate("window.counts = {}")
        page.keyboard.press(key)
        return collections.Counter(page.evaluate("window.counts"))

    counts = drawn("ArrowRight")
    assert counts["paths lineTo"] == 64
    assert counts["paths clearRect"] == 0
    assert counts["dots drawImage"] == 64
    assert counts["terrain lineTo"] == counts["terrain drawImage"] == 0
    assert drawn("Shift+ArrowRight")["paths lineTo"] <= 640
    # Going back draws the shorter paths anew.
    back = drawn("ArrowLeft")
    assert back["paths clearRect"] == 1
    assert 64 < back["paths lineTo"] <= 640
    # While playing only the newest segments are added, too.
    before = frame(page)
    page.evaluate("window.counts = {}")
    page.keyboard.press("Space")
    page.clock.run_for(1500)
    counts = collections.Counter(page.evaluate("window.counts"))
    walked = frame(page) - before
    assert 100 <= walked <= 115
    assert 0 < counts["paths lineTo"] <= 64 * walked
    assert counts["paths clearRect"] == counts["terrain lineTo"] == 0
    assert counts["dots drawImage"] == 64 * counts["dots clearRect"]
    assert counts["dots clearRect"] >= 75


def test_playing_to_a_step_and_jumping_there_draw_the_same(show, waves):
    page = show(landscape_page(waves))
    page.get_by_role("application").focus()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    walked = page.evaluate(COLORS, "canvas.paths")
    page.keyboard.press("End")
    page.get_by_role("slider").fill("40")
    jumped = page.evaluate(COLORS, "canvas.paths")
    assert walked["122,12,12"] == pytest.approx(jumped["122,12,12"], rel=0.06)
    assert walked["none"] == pytest.approx(jumped["none"], rel=0.001)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_in_both_themes(show, waves, theme):
    page = show(landscape_page(waves), color_scheme=theme)
    background = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert (background < 0.1) == (theme == "dark")
    for selector, style in [("h2", "color"), (".card p", "color"), (".axes text", "fill"), (".curves", "color")]:
        ink = page.locator(selector).first.evaluate(f"e => getComputedStyle(e).{style}")
        lighter, darker = sorted([luminance(ink), background], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) > 4.5, selector


def luminance(color):
    """Relative luminance as in the Web Content Accessibility Guidelines."""
    share = np.array([int(c) for c in re.findall(r"\d+", color)[:3]]) / 255
    linear = np.where(share <= 0.03928, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_with_reduced_motion_it_jumps_twice_a_second(show, waves):
    page = show(landscape_page(waves), reduced_motion="reduce", scripts=[COUNT])
    page.evaluate("window.counts = {}")
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(400)
    assert frame(page) == 0
    page.clock.run_for(4000)
    assert frame(page) > 30
    assert frame(page) % 5 == 0


@pytest.mark.parametrize("width", [320, 768])
def test_on_phones_nothing_is_cut_off_and_fingers_find_the_buttons(show, waves, width):
    page = show(landscape_page(waves), viewport={"width": width, "height": 844}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.locator(".controls button, .controls select, .controls input[type=range]").all():
        box = button.bounding_box()
        assert box["height"] >= 44
        assert box["width"] >= 44
    page.touchscreen.tap(*(c + 8 for c in pixel(page, waves, waves.paths[4, 0])))
    assert "Hiker 5" in page.locator(".card").inner_text()
    page.get_by_role("button", name="Play").tap()
    page.clock.run_for(2000)
    assert frame(page) > 10


def test_the_map_follows_the_width_of_its_place(show, waves):
    page = show(landscape_page(waves))
    page.get_by_role("button", name="To the end").click()
    before = page.locator("rect.frame").first.bounding_box()
    page.set_viewport_size({"width": 340, "height": 700})
    page.wait_for_function("document.querySelector('talweg-landscape').shadowRoot.querySelector('.narrow')")
    after = page.locator("rect.frame").first.bounding_box()
    assert after["width"] < before["width"]
    assert frame(page) == 140
    assert page.evaluate(COLORS, "canvas.paths")["122,12,12"] > 200


def test_high_density_screens_get_more_pixels(show, waves):
    sizes = [
        show(landscape_page(waves), device_scale_factor=density)
        .locator("canvas.terrain")
        .evaluate("canvas => canvas.width / canvas.getBoundingClientRect().width")
        for density in (1, 2)
    ]
    assert sizes == [pytest.approx(1, abs=0.01), pytest.approx(2, abs=0.01)]


def test_several_maps_live_on_one_page_without_disturbing_each_other(show, waves):
    other = walks.scene(walks.himmelblau, hikers=6, steps=30, rate=0.01, half=5, title="Himmelblau")
    assets = landscape_assets()
    text = f"<!doctype html><body>{assets}{landscape_element(waves)}{landscape_element(other)}{assets}</body>"
    page = show(text)
    before = set(page.evaluate("Object.keys(window)"))
    assert not {name for name in before if "talweg" in name.lower() or "mountain" in name.lower()}
    page.get_by_role("button", name="One forward").nth(1).click()
    assert (frame(page, 0), frame(page, 1)) == (0, 1)
    # Which of them should the space bar play? None, until one has the focus.
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    page.clock.run_for(1000)
    assert (frame(page, 0), frame(page, 1)) == (0, 1)
    page.evaluate("document.querySelector('talweg-landscape').remove()")
    page.get_by_role("button", name="One forward").click()
    assert frame(page) == 2


def test_a_map_that_comes_later_opens_too_and_one_that_moves_opens_again(show, waves):
    page = show(landscape_page(waves))
    page.evaluate(
        "html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", landscape_element(waves)
    )
    page.get_by_role("application").nth(1).wait_for()
    page.evaluate("document.body.append(document.querySelector('talweg-landscape'))")
    page.wait_for_function(
        "[...document.querySelectorAll('talweg-landscape')].every(e => e.shadowRoot.querySelector('.frame'))"
    )
    assert page.get_by_role("application").count() == 2


def test_mean_text_is_shown_as_text(show):
    from test_page import MEAN, mean_scene

    page = show(landscape_page(mean_scene()))
    page.get_by_text("Table of all hikers").click()
    assert page.locator("h2").inner_text() == MEAN
    assert page.title() == MEAN
    assert page.locator("img").count() == 0


def test_it_works_under_a_strict_content_policy(show, waves):
    policy = "default-src 'none'; script-src 'nonce-abc'; style-src 'none'"
    text = (
        f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{policy}"><body>'
        f"{landscape_element(waves)}{landscape_assets(nonce='abc')}</body>"
    )
    page = show(text, clock=False)
    page.get_by_role("button", name="To the end").click()
    page.get_by_role("button", name="3-D").click()
    page.locator(".relief canvas").wait_for()


def test_basins_color_the_plane_and_come_off_again(show, waves):
    page = show(landscape_page(waves))
    before = page.evaluate(COLORS, "canvas.terrain")
    page.get_by_label("Basins").check()
    during = page.evaluate(COLORS, "canvas.terrain")
    assert during != before
    assert page.locator(".swatch:visible").count() == len(waves.minima) + 1
    page.get_by_label("Basins").uncheck()
    assert page.evaluate(COLORS, "canvas.terrain") == before
    assert page.locator(".swatch:visible").count() == 0


def test_holes_are_hatched_and_hikers_stop_there(show):
    scene = walks.scene(walks.with_a_hole, hikers=10, steps=60, rate=0.15, title="a hole")
    page = show(landscape_page(scene))
    assert page.evaluate(COLORS, "canvas.terrain")["242,242,242"] > 2000
    assert "not defined" in page.locator(".legend").inner_text()


def test_outcomes_differ_in_shape_and_are_explained(show):
    kinds = ("arrived", "saddle", "walking", "diverged", "left", "undefined")
    scene = walks.scene(hikers=6, steps=3, cells=41)
    page = show(landscape_page(dataclasses.replace(scene, outcome_kinds=kinds, outcomes=kinds)))
    assert page.locator(".legend b").count() == 6
    icons = page.locator(".legend canvas").evaluate_all("all => all.map(canvas => canvas.toDataURL())")
    assert len(set(icons)) == 7


@pytest.mark.parametrize(
    ("lang", "told"), [("en", "stopped by its rule"), ("de", "durch sein Abbruchkriterium beendet")]
)
def test_the_legend_takes_the_scenes_own_words_for_outcomes(show, lang, told):
    scene = dataclasses.replace(walks.scene(hikers=2, steps=3, cells=41), outcome_kinds=("arrived", "walking"))
    words = {"arrived": "stopped by its rule"}
    legend = show(landscape_page(dataclasses.replace(scene, kind_words=words), lang=lang)).locator(".legend")
    assert told in legend.inner_text()
    assert not {"arrived", "angekommen"} & set(legend.inner_text().split())


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_flat_and_empty_landscapes_open(show, value):
    page = show(landscape_page(flat(np.linspace(0, 1, 11), np.full((11, 11), value))))
    assert page.locator("rect.frame").count() == 2
    assert page.get_by_role("slider").count() == 0


def test_german_page(show, waves):
    page = show(landscape_page(waves, lang="de"))
    page.get_by_role("button", name="Zum Ende").click()
    page.clock.run_for(500)
    assert page.get_by_role("status").inner_text().startswith("Schritt 140 von 140. 24 von 24 Wanderern")
    assert "−0,7946" in page.locator(".places").inner_text()


def test_data_that_cannot_be_read_is_said_not_thrown(show, waves):
    page = show(landscape_page(waves).replace('"version":1', '"version":7'))
    assert page.get_by_role("alert").inner_text() == (
        "This map cannot be shown: its data are of version 7, and this page reads version 1."
    )


def test_in_print_there_is_the_picture_and_not_the_player(show, waves):
    page = show(landscape_page(waves))
    page.emulate_media(media="print")
    assert not page.locator(".controls").is_visible()
    assert page.locator("canvas.terrain").is_visible()
    assert page.locator(".legend").is_visible()
    page.set_viewport_size({"width": 700, "height": 900})
    box, stage = page.locator("canvas.terrain").bounding_box(), page.locator(".stage").bounding_box()
    assert box["width"] == pytest.approx(stage["width"])
    assert box["width"] <= 700
    panel, places = page.locator(".panel").bounding_box(), page.locator(".places").bounding_box()
    assert panel["y"] > stage["y"] + stage["height"]
    assert places["y"] + places["height"] <= panel["y"] + panel["height"]


def test_the_mountain_opens_when_asked_and_turns_by_every_means(show, waves):
    page = show(landscape_page(waves), clock=False)
    assert page.locator(".relief").count() == 0
    page.get_by_role("button", name="To the end").click()
    page.get_by_role("button", name="3-D").click()
    canvas = page.locator(".relief canvas")
    canvas.wait_for()
    page.wait_for_function(
        "document.querySelector('talweg-landscape').shadowRoot.querySelector('.relief .labels text')"
    )
    pictures = [colors_of(page)]
    assert len(pictures[0]) > 300
    assert sum(n for key, n in pictures[0].items() if is_red(key)) > 50
    for turn in (
        lambda: canvas.press("ArrowLeft"),
        lambda: canvas.press("+"),
        lambda: page.get_by_role("button", name="Look from higher up").click(),
        lambda: drag(page, canvas),
    ):
        turn()
        settle(page)
        pictures.append(colors_of(page))
    assert all(a != b for a, b in itertools.pairwise(pictures))
    # Turning did not step; the player goes on under the mountain.
    assert frame(page) == 140
    page.get_by_role("slider").fill("0")
    settle(page)
    assert colors_of(page) != pictures[-1]
    page.get_by_role("button", name="Map").click()
    assert canvas.count() == 0
    assert page.locator("canvas.terrain").is_visible()
    assert not page.evaluate("Object.keys(window).filter(name => /three|talweg|mountain/i.test(name)).length")


def colors_of(page):
    """Colors on the screen where the mountain is, counted."""
    import io

    from PIL import Image

    image = Image.open(io.BytesIO(page.locator(".relief").screenshot())).convert("RGB")
    return {",".join(map(str, color)): n for n, color in image.getcolors(1 << 24)}


def is_red(key):
    red, green, blue = map(int, key.split(","))
    return red > 170 and green < 70 and blue < 70


def drag(page, canvas):
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 210, steps=3)
    page.mouse.up()


def settle(page):
    """Two frames of the screen later."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_without_webgl_the_map_stays_and_says_why(browser, tmp_path, waves):
    file = tmp_path / "page.html"
    file.write_text(landscape_page(waves), encoding="utf-8")
    page = browser.new_page()
    page.add_init_script(NO_WEBGL)
    page.goto(file.as_uri())
    page.get_by_role("button", name="3-D").click()
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.inner_text() == "The mountain cannot be shown: this browser has no WebGL."
    assert page.locator("canvas.terrain").is_visible()
    page.close()


def test_minima_have_letters_on_the_map_and_beside_it(show, waves):
    page = show(landscape_page(waves))
    letters = page.locator(".minima .letter").all_text_contents()
    assert letters == ["A", "B", "C", "D"][: len(waves.minima)]
    listed = page.locator(".places .which").all_inner_texts()
    assert [text.strip() for text in listed] == letters
    alone = dataclasses.replace(waves, basins=None, minima=(Minimum((0.0, 0.0), 0.0, 1, "lowest"),))
    assert show(landscape_page(alone)).locator(".minima .letter").count() == 0
