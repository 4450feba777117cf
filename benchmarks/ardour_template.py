"""`schmubert template ardour`, opened, played and recorded by Ardour: by hand, for real.

    apt-get install -y --no-install-recommends ardour jackd2 pipewire pipewire-bin pipewire-jack
    python benchmarks/ardour_template.py --out DIR [--bars 8] [--meter 4/4] [--tempo 110]

The session is made by the command and opened as it stands by Ardour 7, without a window, on a
private JACK server; the bridge runs by the preset beside it. Nothing is connected by hand but what
plays into the track You (jack_midiseq, in the place of a keyboard), and MIDI clock is switched on,
which is Ardour's and not the session's. What Ardour recorded on each track is compared with what
the bridge's log says it sent there. Exit status 1: a wire is missing, the tempo or the metre is
another, a track has no notes, or others than were sent. Exit status 3: Ardour itself hung.
"""

import argparse
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import mido

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ardour import Ardour, ArdourError, newest_take, roll
from folders import empty_folder

from schmubert.bridge.protocol.bytes import STOP, begins_note
from schmubert.bridge.protocol.events import Came, Sent
from schmubert.bridge.session.log import Log
from tests.live.midi_server import SERVERS, MidiServer, end, start, wait_until
from tests.live.stage import free_port

ARDOUR_FAILED = 3
AT_STOP_S = 0.05  # what is sent so late may come when Ardour has stopped
BAND = ("Bass", "Drums", "Keys")
WIRES = (
    ("ardour:MIDI Clock out", "schmubert DAW Out:DAW Out"),
    ("ardour:You/midi_out 1", "schmubert DAW Out:DAW Out"),
    *((f"schmubert {name}:{name}", f"ardour:{name}/midi_in 1") for name in BAND),
)
TUNE = ("60", "64", "67", "72")
SCRIPTS = Path(sysconfig.get_path("scripts"))


def play(server: MidiServer, out: Path, bars: int, meter: str, tempo_bpm: float) -> list[str]:
    """Make, open, play and record it; what is wrong with it."""
    session = out / "gig"
    words = ["--meter", meter, "--tempo", str(tempo_bpm), "--out", str(session)]
    subprocess.run([str(SCRIPTS / "schmubert"), "template", "ardour", *words], check=True)
    bridge_log = out / "bridge.log"
    with ExitStack() as stack:
        said = stack.enter_context(bridge_log.open("wb"))
        preset = ["--preset", str(session / "schmubert.toml"), "--record", str(out / "kept")]
        engine = ["--engine", f"tcp://127.0.0.1:{free_port()}"]
        bridge = [str(SCRIPTS / "schmubert-bridge"), *preset, *engine]
        playing = start(bridge, server.env, stdout=said, stderr=said)
        stack.callback(end, playing, grace_s=15.0)
        wait_until(lambda: "ms a call" in bridge_log.read_text(), 60.0, "the engine")
        ardour = Ardour(server, out / "ardour.log")
        stack.callback(ardour.close)
        ardour.say('AudioEngine:set_backend("JACK","ardour","")')
        loaded = ardour.say(f's=load_session("{session}","gig")', timeout_s=60)
        wrong = [line for line in loaded if "ERROR" in line]
        wrong += [
            f"{source} does not lead to {target}"
            for source, target in WIRES
            if target not in server.connections(source)
        ]
        at_first = "Temporal.timepos_t(0)"
        ardour.say("t=Temporal.TempoMap.read()")
        (time,) = found(
            ardour.say(
                f"print('is', t:tempo_at({at_first}):quarter_notes_per_minute(),"
                f" t:meter_at({at_first}):divisions_per_bar(), t:meter_at({at_first}):note_value())"
            )
        )
        told, *beats = map(float, time)
        if abs(told - tempo_bpm) > 1e-3 or beats != [float(one) for one in meter.split("/")]:
            wrong.append(f"it is {told} BPM in {beats}")
        ardour.say("ARDOUR.config():set_send_midi_clock(true)")
        quarter = round(48000 * 60 / tempo_bpm)
        notes = [
            str(one) for k, note in enumerate(TUNE) for one in (k * quarter, note, quarter // 2)
        ]
        tune = start(["jack_midiseq", "Take", str(len(TUNE) * quarter), *notes], server.env)
        stack.callback(end, tune)
        wait_until(lambda: "Take:out" in server.ports(), 5.0, "jack_midiseq", pause_s=0.1)
        server.connect("Take:out", "ardour:You/midi_in 1")
        ardour.say("s:maybe_enable_record(true)")
        roll(ardour, bars * beats[0] * 4 / beats[1] * 60 / tempo_bpm)
        ardour.say('s:maybe_enable_record(false) s:save_state("")', timeout_s=60)
    return [*wrong, *compared(out)]


def found(printed: list[str]) -> list[list[str]]:
    """The words after `is` of each line that was printed, not of those that say what was run."""
    return [line.split()[1:] for line in printed if re.match(r"is\s", line)]


def compared(out: Path) -> list[str]:
    """What differs between the takes and what was sent."""
    (kept,) = (out / "kept").iterdir()
    records = list(Log(kept))
    stop_s = max(
        record.at_s
        for record in records
        if isinstance(record.what, Came) and record.what.message[0] == STOP
    )
    sent: dict[str, Counter[int]] = {name: Counter() for name in BAND}
    surely: dict[str, Counter[int]] = {name: Counter() for name in BAND}
    for record in records:
        what = record.what
        if isinstance(what, Sent) and begins_note(what.message):
            for counted in (sent, surely) if record.at_s < stop_s - AT_STOP_S else (sent,):
                counted[BAND[what.port]][what.message[1]] += 1
    wrong = []
    for name in ("You", *BAND):
        take = newest_take(out / "gig", name)
        notes = Counter(
            message.note
            for message in mido.MidiFile(take)
            if message.type == "note_on" and message.velocity
        )
        print(f"{name}: {notes.total()} notes, {take}")
        if not notes or not surely.get(name, notes) <= notes <= sent.get(name, notes):
            wrong.append(f"{name}: {notes.total()} notes, not the {sent[name].total()} sent")
    return wrong


def main() -> int:
    """Play, then say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for what comes of it")
    parser.add_argument("--bars", type=int, default=8)
    parser.add_argument("--meter", default="4/4")
    parser.add_argument("--tempo", type=float, default=110.0)
    parser.add_argument("--server", choices=sorted(SERVERS), default="pipewire")
    given = parser.parse_args()
    out = empty_folder(parser, given.out)
    try:
        with SERVERS[given.server](Path(tempfile.mkdtemp(), "server.log")) as server:
            wrong = play(server, out, given.bars, given.meter, given.tempo)
    except ArdourError as error:
        print(error)
        return ARDOUR_FAILED
    print(*wrong, "as it should be" if not wrong else "", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
