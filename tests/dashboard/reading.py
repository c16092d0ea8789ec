"""Reads figures off a page: those that stand behind what is shown."""

from decimal import Decimal

from playwright.sync_api import Locator, Page, expect

Row = list[Decimal | None]


def exact(place: Locator) -> str:
    """The figure itself, as text."""
    value = place.locator(".value")
    return (value.first.get_attribute("title") if value.count() else place.inner_text().split("\n")[0]) or ""


def number(place: Locator) -> Decimal | None:
    """The figure itself; null where the page says that none is known."""
    return figure_of(exact(place))


def figure_of(told: str) -> Decimal | None:
    """What a title says."""
    text = told.split(";", maxsplit=1)[0]
    if text in ("\N{EN DASH}", "not known", "no price is known"):
        return None
    return Decimal(text.split()[0].replace(",", "").removesuffix("%").removesuffix("/s"))


def card(page: Page, name: str) -> Locator:
    """Of the cards, the one with this name, once it has its figure."""
    found = page.locator(".card", has=page.locator("dt", has_text=name)).locator("dd")
    expect(found).to_have_count(1)
    expect(found.locator(".skeleton")).to_have_count(0)
    return found


def note(page: Page) -> Locator:
    """What else is to be known of the figures: the fee first, once it is there."""
    found = page.locator("main .note").first
    expect(found).to_be_visible()
    return found


def section(page: Page, name: str) -> Locator:
    """The rows of a table, once they are there."""
    rows = page.get_by_role("group", name=name).locator("tbody tr")
    expect(rows.first).to_be_visible()
    return rows


def figures(row: Locator) -> Row:
    """Those of a row, from left to right."""
    (told,) = table(row)
    return told


def table(rows: Locator) -> list[Row]:
    """The figures of all rows, read at once."""
    told = rows.evaluate_all("""rows => rows.map((row) => [...row.querySelectorAll("td.number")].map(
        (cell) => cell.querySelector(".value")?.title ?? cell.innerText.split("\\n")[0]))""")
    return [[figure_of(cell) for cell in row] for row in told]


def twins(page: Page, charts: int) -> list[list[Row]]:
    """What each chart says as a table: its bars, from top to bottom."""
    for _ in range(charts):
        page.get_by_role("button", name="Show as table").first.click()
    tables = page.get_by_role("group", name="The chart's figures")
    expect(tables).to_have_count(charts)
    return [table(each.locator("tbody tr")) for each in tables.all()]
