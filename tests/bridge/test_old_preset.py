"""A preset that was written for release 0.1 is read as it was."""

from pathlib import Path

from schmubert.bridge.clock.sync import Sync
from schmubert.bridge.clock.transport import PositionUnit
from schmubert.bridge.protocol.messages import Control
from schmubert.bridge.protocol.surface import binding
from schmubert.engine.music.vocabulary import Track
from tests.bridge.test_options import heard

OLD = """# the gig
in = ["DAW Out", "Keys:bass:2"]
out = ["Lead", "Bass", "Drums:drums"]
clock = "DAW Out"
tempo = 96
sync = "internal"
send-clock = "DAW sync"
mode = "trade"
bars = 2
listen = 2
count-in = 1
window = 32
temperature = 0.9
rest = 8
commit = "step"
future = "unknown"
split = "C3"
chords = "Am F C G7/B"
knobs = "Pads"
seed = 7
engine = "tcp://there:5555"
device = "cpu"
api = "jack"
offset-ms = -12.5
spp-unit = "clocks"
record = "sessions"
headless = true
verbose = false

[set]
"density:bass" = 4
"lowest:bass" = 28
key = 1
swing = 0.3
mute = { drums = true }

[bind]
"mode:accompany" = "note:37"
"mute:drums" = ["note:36", "cc:21"]
"""


def test_an_old_preset_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "gig.toml"
    path.write_text(OLD)
    stage, settings = heard(["--preset", str(path)])
    assert [part.port for part in stage.heard] == ["DAW Out", "Keys"]
    assert [part.role for part in stage.played] == [Track.MELODY, Track.BASS, Track.DRUMS]
    assert (stage.clock, stage.tempo, stage.sync) == ("DAW Out", 96.0, Sync.INTERNAL)
    assert (stage.send_clock, stage.knobs, stage.api) == ("DAW sync", "Pads", "jack")
    assert (stage.offset_ms, stage.spp_unit) == (-12.5, PositionUnit.CLOCKS)
    assert (stage.record, stage.headless, stage.split) == (Path("sessions"), True, 48)
    assert (settings.mode, settings.bars, settings.listen_bars) == ("trade", 2, 2)
    assert (settings.count_in_bars, settings.window_bars, settings.rest_bars) == (1, 32, 8)
    assert (settings.temperature, settings.commit, settings.future) == (0.9, "step", "unknown")
    assert (settings.chords, settings.seed, settings.engine) == (
        "Am F C G7/B",
        7,
        "tcp://there:5555",
    )
    assert (settings.device, settings.model, settings.verbose) == ("cpu", None, False)
    assert settings.controls == (
        Control("density", 4.0, 1),
        Control("lowest", 28.0, 1),
        Control("key", 1.0),
        Control("swing", 0.3),
        Control("mute", 1.0, 2),
    )
    assert stage.bindings == (
        binding("mode:accompany", "note:37"),
        binding("mute:drums", "note:36"),
        binding("mute:drums", "cc:21"),
    )
