"""Axe, and whether anything overflows: what eyes, keyboards and small screens need."""
from importlib.resources import files

OURS = ("#upgrade-live", "#upgrade-history", "#upgrade-plan", ".upgrade-form")
WIDTHS = (400, 800, 1400)
# Buttons and links are the theme's, not ours.
THEIRS = (".btn", "a")
GRAVE = ("serious", "critical")
RUN = """
const [ours, theirs, done] = arguments;
const there = list => list.filter(css => document.querySelector(css)).map(css => [css]);
axe.run({include: there(ours), exclude: there(theirs)}, {resultTypes: ["violations"]}).then(
    found => done(found.violations), error => done([{impact: "critical", id: String(error)}]));
"""
# Those that stick out of the window, but for what stands in a box that scrolls.
OVERFLOWING = """
const width = document.documentElement.clientWidth;
return arguments[0].flatMap(css => [...document.querySelectorAll(css + " *")]).filter(one =>
    one.getBoundingClientRect().right > width + 1
    && !one.closest(".upgrade-scroll, .table-responsive")).map(one => one.outerHTML.slice(0, 120));
"""


def findings(page):
    """What Axe calls serious or critical in our parts of the page: [rule: where]."""
    driver = page.driver
    driver.execute_script(files("axe_core_python").joinpath("axe.min.js").read_text("utf-8"))
    return [f"{one['id']}: {[node['html'][:120] for node in one.get('nodes', [])]}"
            for one in driver.execute_async_script(RUN, OURS, THEIRS) if one["impact"] in GRAVE]


def overflowing(page):
    """{width: what of ours sticks out of a window of that width}; the window gets its size back."""
    driver, found = page.driver, {}
    before = driver.get_window_size()
    try:
        for width in WIDTHS:
            driver.set_window_size(width, 1000)
            found[width] = driver.execute_script(OVERFLOWING, OURS)
    finally:
        driver.set_window_size(before["width"], before["height"])
    return found
