"""A headless Chromium and what it saw: its console, its requests, its long tasks, what axe-core finds."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.remote.webelement import WebElement

    from tests.dashboard.programs import Chromium

SECONDS = 60
SCREENSHOTS = "NEWSTAP_SCREENSHOTS"
"""Environment variable: a folder, such as `docs/images`, that gets pictures of the pages."""
_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"),
    *("--no-first-run", "--disable-sync", "--disable-default-apps", "--disable-component-update"),
    *("--disable-background-networking", "--disable-extensions", "--force-color-profile=srgb"),
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
_WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
}).observe({ type: "longtask", buffered: false });
window.alerts = [];
window.alert = (text) => window.alerts.push(text);
"""
"""Runs before every page's own scripts."""
_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ["violations"] }).then(
  (found) => done(found.violations.map((one) => [one.impact, one.id, one.nodes.map((node) => node.html)])),
  (error) => done([["critical", String(error), []]]),
);
"""


class Browser:
    """A Chromium under our hand.

    Args:
        driver: drives it.
    """

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
        driver.set_script_timeout(SECONDS)
        driver.set_page_load_timeout(SECONDS)

    def all(self, selector: str) -> list[WebElement]:
        """Return what a CSS selector matches."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        """Return the first that a CSS selector matches."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """Return the text of the first that matches, hidden or not; empty where nothing does."""
        return str(self.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector))

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all that match, read at one moment."""
        return self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector)

    def run(self, script: str, *arguments: object) -> Any:
        """Return what a script returns."""
        return self.driver.execute_script(script, *arguments)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something; fail where it does not come."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not within {SECONDS} s: {what}\n{self.driver.page_source[:3000]}"
            time.sleep(0.05)

    def look(self, *, dark: bool = False, width: int = 1280, height: int = 900) -> None:
        """Take another size and another preference of colours."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        wanted = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})

    def complaints(self) -> list[str]:
        """Return what the console shows of errors and warnings since the last time it was asked."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]

    def requests(self) -> list[str]:
        """Return every address that was asked since the last time."""
        messages = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    def violations(self, axe: str) -> list[list[Any]]:
        """Return what axe-core finds that is serious or worse."""
        self.run(axe)
        found = self.driver.execute_async_script(_AXE)
        return [one for one in found if one[0] in {"serious", "critical"}]

    def picture(self, name: str, *, dark: bool = False) -> None:
        """Keep a picture of the page, where the environment names a folder for them; the dark ones are of a phone."""
        if folder := os.environ.get(SCREENSHOTS):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.look(dark=dark, width=400 if dark else 1000, height=700)
            self.driver.save_screenshot(str(Path(folder, f"{name}.png")))


@contextmanager
def browsing(programs: Chromium) -> Iterator[Browser]:
    """Lend a browser that ends afterwards."""
    options = ChromeOptions()
    options.binary_location = programs.browser
    for option in _OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(programs.driver, log_output=subprocess.DEVNULL)
    driver = Chrome(options=options, service=service)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
