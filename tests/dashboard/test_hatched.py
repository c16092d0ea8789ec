"""Bars that are not whole: told apart by everybody, and named where they stand."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import varied
from tests.dashboard.conftest import DESKTOP, PHONE, Enter
from tests.service.running import Command

NOW = "2026-04-09T13:30:00Z"  # by the clock of the browser: it is the last of the days
MIN_CONTRAST = 3.0  # of what is to be told apart, WCAG 1.4.11
CUT = "/{section}?live=off&from=2026-04-06T06:00:00Z&to=2026-04-09T18:00:00Z"  # four days, and not all of the first and the last

# The pixels of a bar, from its top to its foot: those at its left edge, and those at its middle.
PIXELS = """([at, count]) => { const drawn = document.querySelector(".plot canvas"), over = document.querySelector(".u-over");
    const [box, plot] = [drawn, over].map((each) => each.getBoundingClientRect()), room = plot.width / count;
    const copy = Object.assign(document.createElement("canvas"), { width: drawn.width, height: drawn.height });
    const paint = copy.getContext("2d", { willReadFrequently: true }); paint.drawImage(drawn, 0, 0);
    const first = Math.round(plot.left - box.left + room * at), foot = Math.round(plot.bottom - box.top) - 3;
    const column = (x) => Array.from({ length: foot }, (_, y) => [...all.slice(4 * (y * copy.width + x), 4 * (y * copy.width + x) + 4)]);
    const { data: all } = paint.getImageData(0, 0, copy.width, copy.height), is = ([, , , alpha]) => alpha === 255;
    const left = Array.from({ length: Math.ceil(room) }, (_, i) => first + i).find((x) => is(column(x).at(-1)));
    const top = column(left).findLastIndex((pixel) => !is(pixel)) + 1;
    return { edge: column(left).slice(top), middle: column(Math.round(first + room / 2)).slice(top) }; }"""
COLOURS = """() => { const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgb = (name) => { const probe = document.body.appendChild(document.createElement("i")); probe.style.color = `var(${name})`;
        paint.fillStyle = getComputedStyle(probe).color; paint.fillRect(0, 0, 1, 1); return [...paint.getImageData(0, 0, 1, 1).data]; };
    return ["--panel", ...Array.from({ length: 8 }, (_, i) => `--c${i}`)].map(rgb); }"""

Colour = list[int]  # red, green, blue, alpha


@pytest.fixture(scope="module")
def served() -> Iterator[Command]:
    with varied.varied() as found:
        yield found


def luminance(colour: Colour) -> float:
    parts = [part / 255 for part in colour[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("section", ["routers", "deployments"])
def test_they_have_contrast_and_are_told_from_whole_ones(
    served: Command, enter: Enter, section: str, scheme: str, viewport: dict[str, int]
):
    page = enter(CUT.format(section=section), varied.token(served), color_scheme=scheme, viewport=viewport)
    expect(page.locator(".plot canvas").first).to_be_visible()
    ground, *colours = page.evaluate(COLOURS)
    assert min(contrast(colour, ground) for colour in colours) >= MIN_CONTRAST
    clear: list[float] = []  # shares of what is within bars
    for day in range(4):
        pixels = page.evaluate(PIXELS, [day, 4])
        assert len(pixels["edge"]) > 50, "there is a bar"
        assert min(contrast(pixel, ground) for pixel in pixels["edge"]) >= MIN_CONTRAST, "it has an outline"
        clear.append(sum(contrast(pixel, ground) >= MIN_CONTRAST for pixel in pixels["middle"]) / len(pixels["middle"]))
    assert clear[1] == clear[2] == 1, "these are whole"
    for share in (clear[0], clear[3]):
        assert 0.4 < share < 0.9, "stripes of its colour, and of none between them"


@pytest.mark.parametrize("section", ["routers", "deployments"])
def test_legend_and_table_name_those_that_the_range_cuts(served: Command, enter: Enter, section: str):
    page = enter(CUT.format(section=section), varied.token(served))
    names_hatched(page, "6 Apr (in part)", "7 Apr", "8 Apr", "9 Apr (in part)")


def test_legend_and_table_name_the_one_whose_time_has_not_ended(served: Command, enter: Enter):
    page = enter(None, varied.token(served))
    page.clock.set_fixed_time(NOW)
    page.goto(f"{served.url}/routers?live=off&from=2026-04-06T00:00:00Z&to=2026-04-10T00:00:00Z")
    names_hatched(page, "6 Apr", "7 Apr", "8 Apr", "9 Apr (unfinished)")
    page.goto(f"{served.url}/routers?live=off&range=month")  # of what is still to come, nothing is drawn
    expect(page.locator(".legend .hatched")).to_have_text("Hatched: 9 Apr (unfinished)")


def test_where_every_bar_is_whole_none_is_said_to_be_hatched(served: Command, enter: Enter):
    page = enter("/routers?live=off&from=2026-04-05T00:00:00Z&to=2026-04-09T00:00:00Z", varied.token(served))
    expect(page.locator(".legend .when")).to_have_text("8 Apr")
    expect(page.locator(".legend .hatched")).to_have_count(0)


def test_the_bill_names_the_days_that_are_not_whole(served: Command, enter: Enter):
    page = enter(CUT.format(section="bill") + "&lines=day", varied.token(served))
    days = page.get_by_role("group", name="Rows of the bill").locator("tbody th")
    expect(days).to_have_text(["6 Aprin part", "7 Apr", "8 Apr", "9 Aprin part"])
    expect(days.locator(".badge")).to_have_text(["in part"] * 2)


def names_hatched(page: Page, *bars: str) -> None:
    """The legend, whichever bar its figures are of, and the table."""
    told = f"Hatched: {', '.join(bar for bar in bars if bar.endswith(')'))}"
    expect(page.locator(".legend .hatched").first).to_have_text(told)
    expect(page.locator(".plot canvas").first).to_be_visible()
    over = page.locator(".u-over").first
    over.hover(position={"x": over.evaluate("over => over.clientWidth") * 0.6, "y": 50})
    expect(page.locator(".legend .when").first).to_have_text(bars[2])
    expect(page.locator(".legend .hatched").first).to_have_text(told)
    page.get_by_role("button", name="Show as table").first.click()
    expect(page.get_by_role("group", name="The chart's figures").locator("tbody th")).to_have_text(bars)
