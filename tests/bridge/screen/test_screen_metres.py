"""The screen and the lines in other metres: a bar line stands where a bar begins."""

import pytest

from schmubert.bridge.protocol.messages import Moved
from schmubert.bridge.protocol.meters import words_of
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.screen.lines import BARS, StatusLines
from schmubert.engine.music.meter import Meter
from tests.bridge.metres import METERS
from tests.bridge.screen.test_lines import Record
from tests.bridge.screen.test_view import ASCII, C2, bass, scene, text

pytestmark = pytest.mark.parametrize("meter", METERS, ids=str)


def settings(meter: Meter) -> Settings:
    signature, feel = words_of(meter)
    return Settings(hears=(0,), plays=(1,), signature=signature, feel=feel)


def test_bar_lines_and_notes_on_them(meter: Meter) -> None:
    bars = 3
    onsets = [(float(bar * meter.beats), C2, velocity) for bar in range(bars) for velocity in (90,)]
    ends = [(beat + 0.5, pitch, 0) for beat, pitch, _ in onsets]
    events = sorted([*onsets, *ends])
    made = scene(bass(0.0, float(bars * meter.beats), *events), setup=settings(meter))
    width = 8 + bars * (meter.steps + 1) + 1
    page = text(made, 0.5, width, 13, ASCII).splitlines()
    said = "120.0 BPM" if meter.clocks == 24 else "180.0 BPM"  # beats of 36 clocks, in quarters
    assert said in page[0]
    assert f"   {meter}   " in page[0]
    assert "bar 1   beat 2" in page[0]
    ruler, rows = page[2], [line for line in page if "#" in line and "|" in line]
    for bar in range(bars):
        column = 8 + bar * (meter.steps + 1)
        assert ruler[column] == str(bar + 1)
        assert all(row[column] == "|" for row in rows)
        assert any(row[column + 1] == "#" for row in rows)
    assert ruler[8 + 1 + meter.cells] == "v"
    assert rows[0].count("|") == bars + 1


def test_a_line_tells_of_so_many_bars(meter: Meter) -> None:
    status, told = StatusLines(meter), []
    for beat in range(BARS * meter.beats):
        line = status.see(Record(0.0, Moved(0, True, float(beat), 0.0, 120.0)))
        told += [] if line is None else [beat]
    assert told == [(BARS - 1) * meter.beats]
