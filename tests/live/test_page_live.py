"""The page in a real Chromium: what is turned there is heard in the stage's log."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from schmubert.bridge.page.process import lacking
from schmubert.bridge.protocol.events import Turned, Wrote
from schmubert.bridge.session.log import BEFORE_NAME, Log
from schmubert.bridge.session.verify import verify_session
from tests.live import processes
from tests.live.browser import chromium, complaints, missing, moves
from tests.live.midi_server import wait_until
from tests.live.stage import DRUMS, HEARS, PLAYS, Bridge, Stage

pytest.importorskip("selenium", reason="a browser is driven by selenium")
pytestmark = pytest.mark.skipif(
    bool(missing() or lacking()), reason=f"no {' and '.join(missing()) or 'packages of [page]'}"
)

HERE = Path(__file__).parent
ADDRESS = re.compile(r"page: open (\S+)")
TURN_ALL = (HERE / "page_turn_all.js").read_text(encoding="utf-8")
CONTRAST = (HERE / "page_contrast.js").read_text(encoding="utf-8")


def address_of(bridge: Bridge) -> str:
    wait_until(lambda: ADDRESS.search(bridge.log()), 60.0, "the page", pause_s=0.1)
    found = ADDRESS.findall(bridge.log())
    return str(found[-1])


def turned_in(folder: Path) -> list[Turned]:
    (kept,) = folder.iterdir()
    return [record.what for record in Log(kept) if isinstance(record.what, Turned)]


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Any]]:
    """Gives one Chromium to all tests, or another where that has gone."""
    from selenium.common.exceptions import WebDriverException

    drivers: list[Any] = []
    with ExitStack() as stack:

        def browser() -> Any:
            try:
                drivers[-1].get("about:blank")
            except (IndexError, WebDriverException):
                folder = tmp_path_factory.mktemp("browser")
                drivers.append(stack.enter_context(chromium(folder)))
            return drivers[-1]

        yield browser


@pytest.fixture
def browser(browsers: Callable[[], Any]) -> Iterator[Any]:
    """A Chromium that shows nothing; it has left the page when the bridge ends."""
    driver = browsers()
    moves(driver, music=False)
    complaints(driver)  # those of the test before are read, and so forgotten
    yield driver
    browsers()


def open_page(driver: Any, bridge: Bridge) -> None:
    driver.get(address_of(bridge))
    there = 'return document.querySelectorAll("[data-id]").length > 20'
    wait_until(lambda: driver.execute_script(there), 30.0, "the controls", pause_s=0.1)


def test_every_control_is_heard_in_the_log(stage: Stage, browser: Any, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    words = ["--in", HEARS, "--out", PLAYS, "--out", DRUMS, "--page", "0", "--record", str(kept)]
    bridge = stage.bridge(*words)
    open_page(browser, bridge)
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert browser.execute_script(CONTRAST) == []
    turned = browser.execute_script(f"return (async () => {{ {TURN_ALL} }})()")
    time.sleep(1.0)
    assert complaints(browser) == []
    bridge.end()
    names = {
        turn.control.name
        if turn.control.role is None
        else f"{turn.control.name}:{turn.control.role}"
        for turn in turned_in(kept)
    }
    roles = {"bass": "1", "drums": "2"}
    wanted = {
        ":".join([*id_.split(":")[:1], *(roles[r] for r in id_.split(":")[1:])]) for id_ in turned
    }
    assert len(wanted) > 20
    assert wanted - names == set()


def test_it_is_played_by_keys_alone(stage: Stage, browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    kept = tmp_path / "kept"
    bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--page", "0", "--record", str(kept))
    open_page(browser, bridge)
    hands = ActionChains(browser)
    hands.send_keys("l").key_down("z").pause(0.3).key_up("z").send_keys("m", Keys.ESCAPE).perform()
    for _ in range(60):  # by tabs alone to a knob
        ActionChains(browser).send_keys(Keys.TAB).perform()
        if browser.execute_script("return document.activeElement.type") == "range":
            break
    ActionChains(browser).send_keys(Keys.ARROW_RIGHT).perform()
    time.sleep(1.0)
    bridge.end()
    found = [(turn.control.name, turn.control.value) for turn in turned_in(kept)]
    assert found[:5] == [
        ("lock", 1.0),
        ("reroll", 1.0),
        ("reroll", 0.0),
        ("mode", 1.0),
        ("panic", 1.0),
    ]
    assert len(found) == 6


def test_what_was_turned_is_left_to_the_band_again(
    stage: Stage, browser: Any, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    bridge = stage.bridge("--in", HEARS, "--out", "Bass:bass", "--page", "0", "--record", str(kept))
    open_page(browser, bridge)
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    shown = "return [...document.querySelectorAll('button.free')].filter(one => !one.hidden).length"
    assert browser.execute_script(shown) == 0
    browser.execute_script(
        "const knob = document.getElementById('field-density:bass'); knob.value = 8;"
        "knob.dispatchEvent(new Event('input'));"
        "const list = document.getElementById('field-lowest:bass');"
        "for (const value of [list.options[9].value, '-1']) {"
        "  list.value = value; list.dispatchEvent(new Event('change'));"
        "}"
    )
    wait_until(lambda: browser.execute_script(shown) == 1, 10.0, "the button", pause_s=0.1)
    time.sleep(0.5)  # until what comes back is shown
    assert browser.execute_script(CONTRAST) == []
    browser.execute_script("document.querySelector('button.free:not([hidden])').click()")
    wait_until(lambda: browser.execute_script(shown) == 0, 10.0, "no button", pause_s=0.1)
    says = "return document.querySelector('output[for=\"field-density:bass\"]').textContent"
    assert browser.execute_script(says) == "free"
    time.sleep(1.0)
    assert browser.execute_script(says) == "free"
    assert complaints(browser) == []
    bridge.end()
    found = [(turn.control.name, turn.control.value) for turn in turned_in(kept)]
    assert [value for name, value in found if name == "density"] == [8.0, -1.0]
    assert [value for name, value in found if name == "lowest"][-1] == -1.0


def test_two_bridges_can_be_connected_and_no_port_of_our_own(stage: Stage, browser: Any) -> None:
    bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--page", "0")
    open_page(browser, bridge)
    stage.bridge("--in", "Other", "--out", "Sub:bass")
    listed = "return [...document.querySelectorAll(arguments[0])].map(one => one.value).join()"

    def lists(menu: str) -> str:
        return str(browser.execute_script(listed, f"#{menu} option"))

    wait_until(lambda: "Other" in lists("out-0"), 30.0, "the input of another", pause_s=0.2)
    wait_until(lambda: "Sub" in lists("in-0"), 30.0, "the output of another", pause_s=0.2)
    other = next(one for one in lists("out-0").split(",") if "Other" in one)
    choose = "const list = document.getElementById('out-0'); list.value = arguments[0];"
    browser.execute_script(choose + "list.dispatchEvent(new Event('change'))", other)
    wait_until(lambda: f"{PLAYS!r} goes to {other!r}" in bridge.log(), 20.0, "the line")
    time.sleep(2.0)  # until the ports were looked at again
    ours = [one for one in f"{lists('out-0')},{lists('in-0')}".split(",") if "schmubert" in one]
    assert sorted(one.split(":")[-1].split(" ")[0] for one in ours) == ["Other", "Sub"]
    assert complaints(browser) == []


def test_a_port_is_chosen_while_it_plays(stage: Stage, browser: Any) -> None:
    bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--page", "0")
    bridge.wait_for_engine(60.0)
    open_page(browser, bridge)
    stage.sequence().play()
    wait_until(lambda: "I come in" in bridge.log(), 60.0, "the band")
    wanted = stage.recorder.ports["bass"]
    listed = "return [...document.querySelectorAll('#out-0 option')].map(one => one.value)"
    wait_until(lambda: wanted in browser.execute_script(listed), 30.0, "the port", pause_s=0.2)
    choose = (
        "const [id, value] = arguments, list = document.getElementById(id); list.value = value;"
    )
    choose += "list.dispatchEvent(new Event('change'))"
    browser.execute_script(choose, "out-0", wanted)
    stage.wait_for_notes(4, 60.0)
    browser.execute_script(choose, "out-0", "")
    stage.wait_for_silence(10.0)
    shows = "return document.getElementById('out-0').value"
    wait_until(lambda: browser.execute_script(shows) == "", 30.0, "the menu", pause_s=0.2)
    assert f"{PLAYS!r} goes to {wanted!r}" in bridge.log()
    assert complaints(browser) == []


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where bridges that are started from now on keep what is kept."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "schmubert"


def test_a_take_and_a_preset_are_kept_from_the_page(kept: Path, stage: Stage, browser: Any) -> None:
    bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--page", "0")
    bridge.wait_for_engine(60.0)
    stage.plug_in()
    open_page(browser, bridge)
    stage.sequence().play()
    stage.wait_for_notes(4, 60.0)
    browser.execute_script("document.getElementById('take').click()")
    wait_until(lambda: "a take begins" in bridge.log(), 30.0, "the take")
    stage.wait_for_notes(12, 60.0)
    save = "document.getElementById('preset').value = 'gig';"
    save += "document.getElementById('save').requestSubmit()"
    browser.execute_script(save)
    wait_until((kept / "presets" / "gig.toml").exists, 30.0, "the preset")
    shows = "return document.getElementById('take').textContent"
    wait_until(lambda: "top" in browser.execute_script(shows), 30.0, "the button", pause_s=0.2)
    browser.execute_script("document.getElementById('take').click()")
    wait_until(lambda: "top" not in browser.execute_script(shows), 30.0, "its end", pause_s=0.2)
    assert complaints(browser) == []
    bridge.end()
    (take,) = (kept / "takes").iterdir()
    assert {path.suffix for path in take.iterdir()} >= {".mid", ".jsonl"}
    log = Log(take)
    verdict = verify_session(log.session, log, Log(take / BEFORE_NAME))
    assert (verdict.difference, verdict.same > 20, log.damage) == (None, True, None)


def test_a_chart_is_written_while_it_plays(stage: Stage, browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    kept = tmp_path / "kept"
    words = ["--in", HEARS, "--out", PLAYS, "--chords", "Am F", "--page", "0"]
    bridge = stage.bridge(*words, "--record", str(kept))
    bridge.wait_for_engine(60.0)
    stage.plug_in()
    moves(browser, music=True)
    open_page(browser, bridge)
    stage.sequence().play()
    wait_until(lambda: "I come in" in bridge.log(), 60.0, "the band")
    stage.wait_for_notes(4, 60.0)

    def at(place: str) -> Any:
        return browser.find_element(By.CSS_SELECTOR, place)

    def says(text: str) -> None:
        wait_until(lambda: text in at("#chart-said").text, 20.0, text, pause_s=0.1)

    assert [one.text for one in browser.find_elements(By.CSS_SELECTOR, "#chart-bars button")] == [
        "Am",
        "F",
    ]
    at("#chart-words summary").send_keys(Keys.ENTER)
    field = at("#chart-text")
    field.send_keys(" Xx", Keys.CONTROL, Keys.ENTER)  # by keys alone
    says("bar 3: 'Xx' is no chord")
    assert at("#chart-bars .wrong").text == "Xx"
    at("#chart-bars .wrong button").click()  # and by taps alone
    at("#chart-roots [data-root='D']").click()
    browser.execute_script(
        "const list = document.getElementById('chart-quality'); list.value = 'm7';"
        "list.dispatchEvent(new Event('change'))"
    )
    assert field.get_attribute("value") == "Am F Dm7"
    assert "a new chart" not in bridge.log()
    at("#chart-apply").click()
    says("from the next downbeat on")
    wait_until(lambda: "a new chart of 3 bars" in bridge.log(), 20.0, "the chart")
    at("#chart-none").click()
    wait_until(lambda: "no chart: I go by what I hear" in bridge.log(), 20.0, "no chart")
    stage.wait_for_notes(12, 60.0)
    assert browser.execute_script(CONTRAST) == []
    assert complaints(browser) == []
    bridge.end()
    log = Log(*kept.iterdir())
    written = [record.what.chart.text for record in log if isinstance(record.what, Wrote)]
    assert written == ["Am F Dm7", ""]
    assert verify_session(log.session, log).difference is None


def test_a_page_that_is_killed_is_not_noticed_by_the_music(stage: Stage, browser: Any) -> None:
    bridge = stage.bridge("--in", HEARS, "--out", PLAYS, "--page", "0")
    bridge.wait_for_engine(60.0)
    stage.plug_in()
    sequencer = stage.sequence()
    open_page(browser, bridge)
    sequencer.play()
    stage.wait_for_notes(4, 60.0)
    (page,) = [
        pid
        for pid in processes.children_of(bridge.pid)
        if "bridge.page" in processes.command_of(pid)
    ]
    os.kill(page, signal.SIGKILL)
    stage.wait_for_notes(8, 60.0)
    wait_until(lambda: "the page ended: the music goes on" in bridge.log(), 10.0, "the line")
    wait_until(lambda: len(ADDRESS.findall(bridge.log())) == 2, 60.0, "another page")
    back = 'return document.querySelector("#lost[hidden]") && document.querySelector(".rolling")'
    wait_until(lambda: browser.execute_script(back), 30.0, "the browser to find it", pause_s=0.2)


def test_a_second_bridge_says_that_the_port_is_taken_and_plays(stage: Stage) -> None:
    first = stage.bridge("--in", HEARS, "--out", PLAYS, "--page", "0")
    port = address_of(first).rstrip("/").rsplit(":", 1)[1]
    second = stage.bridge("--in", "Other", "--out", "Sub:bass", "--page", port)
    wait_until(lambda: f"port {port} is in use; give another" in second.log(), 60.0, "the line")
    assert processes.is_alive(second.pid)
