"""A real Chromium, without a window, driven by selenium."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromedriver")


def missing() -> list[str]:
    """The programs that this machine lacks."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


@contextmanager
def chromium(folder: Path, width: int = 1280, height: int = 900, *words: str) -> Iterator[Any]:
    """A driver of a Chromium whose profile is in `folder`; the browser ends with the block."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for word in (
        "--headless=new",
        "--no-sandbox",  # root, as in a container, has none
        "--disable-dev-shm-usage",
        "--disable-gpu",  # drawn by the processor alone, without one that is imitated between
        "--no-first-run",
        f"--user-data-dir={folder}",
        f"--window-size={width},{height}",
        *words,
    ):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


def complaints(driver: Any) -> list[str]:
    """What the browser's console holds against the page."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def moves(driver: Any, music: bool) -> None:
    """Whether the page lets its `music` run by, as it does unless a player wants less to move.

    It takes a quarter of a processor, since Chromium draws here without a graphics card.
    """
    wanted = "no-preference" if music else "reduce"
    feature = {"name": "prefers-reduced-motion", "value": wanted}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
