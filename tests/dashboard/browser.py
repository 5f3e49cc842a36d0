"""Debian's Chromium, driven as a person would: what is seen is waited for, then used."""
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from tests.waits import PATIENCE_SEC, until

NAMES = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--window-size=1400,1000", "--lang=en")
POLL_SEC = 0.2


def find_browser():
    """(browser, driver), or None where one of them is missing."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def chromium(profile):
    """A WebDriver with a profile of its own; nothing of it outlives the `with`."""
    browser, driver = find_browser()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for switch in (*SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    running.set_page_load_timeout(PATIENCE_SEC)
    try:
        yield running
    finally:
        running.quit()


class Page:
    """A browser at the lab's Horizon."""

    def __init__(self, driver, url):
        self.driver, self.url = driver, url

    def open(self, path):
        self.driver.get(self.url + path)

    def log_in(self, user, password):
        """From nobody to this user."""
        self.driver.delete_all_cookies()
        self.open("/auth/login/")
        self.type("#id_username", user)
        self.type("#id_password", password)
        for domain in self.all("#id_domain"):
            domain.clear()
            domain.send_keys("Default")
        self.click("#loginBtn")
        self.until(lambda: "/auth/login" not in self.driver.current_url, "logged in")

    # Looking
    def all(self, css):
        """Those that match and can be seen."""
        try:
            return [one for one in self.driver.find_elements(By.CSS_SELECTOR, css)
                    if one.is_displayed()]
        except StaleElementReferenceException:
            return []

    def see(self, css, text="", patience=PATIENCE_SEC):
        """Wait until one that matches, and holds the text, can be seen; it."""
        return self.until(lambda: next((one for one in self.all(css) if text in one.text), None),
                          f"{css} {text!r}", patience)

    def text(self, css="body"):
        """Text of the first that can be seen; empty where there is none."""
        try:
            return next((one.text for one in self.all(css)), "")
        except StaleElementReferenceException:
            return ""

    def rows(self, css):
        """Text of a table's cells."""
        return [[cell.text for cell in row.find_elements(By.CSS_SELECTOR, "td, th")]
                for row in self.all(f"{css} tbody tr")]

    def until(self, condition, what, patience=PATIENCE_SEC):
        """Wait until condition() is true; its value."""
        def now():
            with suppress(StaleElementReferenceException, IndexError):
                return condition()
        return until(now, what, POLL_SEC, lambda: self.text()[:3000], patience)

    # Doing
    def click(self, css, text=""):
        """Click as soon as that can be done: pages move while they load."""
        def done():
            try:
                self.see(css, text, POLL_SEC).click()
            except (WebDriverException, AssertionError):
                return False
            return True
        self.until(done, f"clicked {css} {text!r}")

    def pick(self, row, text):
        """An action of a row, from its menu; a row that refreshes itself closes the menu."""
        def done():
            try:
                self.see(f"{row} .dropdown-toggle", patience=POLL_SEC).click()
                self.see(f"{row} .dropdown-menu button, {row} .dropdown-menu a", text,
                         POLL_SEC).click()
            except (WebDriverException, AssertionError):
                return False
            return True
        self.until(done, f"picked {text!r} in {row}")

    def type(self, css, text):
        field = self.see(css)
        field.clear()
        field.send_keys(text)

    def choose(self, css, text):
        Select(self.see(css)).select_by_visible_text(text)

    def modal(self):
        """Wait until a modal form has come up for good."""
        ready = ".modal-footer .btn-primary"
        self.until(lambda: not self.all(".modal.loading") and self.all(ready), "a modal form")

    def screenshot(self, path):
        """A picture of the window."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(path))

    def complaints(self):
        """What the browser's console says is wrong, content security policy included."""
        return [one["message"] for one in self.driver.get_log("browser")
                if one["level"] == "SEVERE"]
