"""A whole song live with Ardour as the DAW: intro, verse, fill, chorus, break, verse and ending.

    apt-get install -y --no-install-recommends ardour fluidsynth fluid-soundfont-gm jackd2 \\
        pipewire pipewire-bin pipewire-jack
    python benchmarks/whole_song_in_ardour.py --out DIR [--server pipewire]

Ardour runs without a window, driven by Lua, on a private JACK server. It plays a melody into the
bridge and sends it MIDI clock; pads are hit on a port of their own; Ardour records the bass that
comes back, and the bridge's FluidSynth writes what is heard of all the rest. DIR then holds
`session/` (opens in Ardour), `bass.mid` as Ardour recorded it, `song.wav` and the bridge's own
recording. Printed and checked is what `whole_song.py` checks, and that Ardour has the notes that
were sent, on its own grid. Exit status 3: Ardour itself hung, again and again.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ardour import (
    BAR_S,
    TEMPO_BPM,
    ArdourError,
    arm,
    newest_take,
    roll,
    with_session,
    write_melody,
)
from ardour_session import ARDOUR_FAILED, onsets
from folders import empty_folder
from whole_song import (
    BEFORE_BARS,
    ENDS_BAR,
    FORM,
    HITS,
    INTENSITY,
    PADS,
    SECTIONS,
    SONG_BARS,
    TAIL_S,
    heard,
    in_their_places,
    loud_enough,
    on_the_grid,
)

from schmubert.bridge.owner.ports import MidiPorts
from schmubert.bridge.protocol.quantile import quantile
from tests.live.midi_server import SERVERS, MidiServer, end, start, wait_until
from tests.live.stage import free_port

LATE_MS = 25.0
"""How far from its 16th Ardour may write a note: some periods of the server."""


def hit(ports: MidiPorts, begun: Callable[[], bool]) -> None:
    """Hit the pads, each in its bar, once the music has `begun`."""
    wait_until(begun, 60.0, "the music to begin", pause_s=0.02)
    zero_s = time.monotonic()
    for bar, what in HITS:
        time.sleep(max(0.0, zero_s + (bar - 1.0) * BAR_S - time.monotonic()))
        if what not in PADS:
            ports.send(0, bytes((0xB0, INTENSITY, 110 if what == "loud" else 64)))
            continue
        ports.send(0, bytes((0x90, PADS[what], 100)))
        time.sleep(0.1)
        ports.send(0, bytes((0x80, PADS[what], 0)))


def bridge_command(out: Path) -> list[str]:
    """The bridge as a player starts it."""
    words = [str(Path(sysconfig.get_path("scripts"), "schmubert-bridge")), "--in", "DAW Out"]
    words += ["--out", "Bass", "--knobs", "Pads", "--sound", "--audio", f"file:{out / 'song.wav'}"]
    words += ["--record", str(out / "kept"), "--headless", "--api", "jack", "--set", "intro=1"]
    words += ["--chords", "Am F C G", "--seed", "1", "--engine", f"tcp://127.0.0.1:{free_port()}"]
    words += [word for pad in PADS for word in ("--bind", f"{pad}=note:{PADS[pad]}")]
    return [*words, "--bind", f"intensity=cc:{INTENSITY}"]


def play(server: MidiServer, out: Path) -> None:
    """The whole song on `server`, its results in `out`."""
    log = out / "bridge.log"
    with contextlib.ExitStack() as stack:
        printed = stack.enter_context(log.open("wb"))
        bridge: subprocess.Popen[bytes] = start(
            bridge_command(out), server.players_env, stdout=printed, stderr=printed
        )
        stack.callback(end, bridge, grace_s=15.0)
        ardour = with_session(server, out)
        stack.callback(ardour.close)
        print("Ardour runs; writing the melody", flush=True)
        write_melody(ardour, server, ENDS_BAR - BEFORE_BARS - 1)
        frames = round(BEFORE_BARS * BAR_S * 48000)
        ardour.say(f"r:set_position(Temporal.timepos_t({frames}))")
        hears, plays = server.port_named("DAW Out"), server.port_named("Bass")
        for source, target in (
            ("ardour:MIDI Clock out", hears),
            ("ardour:Melody/midi_out 1", hears),
            (plays, "ardour:Bass/midi_in 1"),
        ):
            server.connect(source, target)
        for sign in ("ms a call", "sound: FluidSynth"):
            wait_until(lambda sign=sign: sign in log.read_text(), 60.0, sign, pause_s=0.1)
        arm(ardour, "Bass", True)
        os.environ.update(server.env)
        ports = stack.enter_context(contextlib.closing(MidiPorts((), ("Hits",), "jack")))
        server.connect(server.port_named("Hits"), server.port_named("Pads"))
        began = log.read_text().count("started at")
        begun = lambda: log.read_text().count("started at") > began  # noqa: E731
        pads = Thread(target=hit, args=(ports, begun))
        pads.start()
        print(f"Rolling {SONG_BARS} bars at {TEMPO_BPM:g} BPM", flush=True)
        roll(ardour, SONG_BARS * BAR_S + 1.0)
        pads.join()
        arm(ardour, "Bass", False)
        ardour.say('s:save_state("")')
        time.sleep(TAIL_S - 2.5)  # roll() stops, and waits a while
    print(log.read_text())


def main() -> int:
    """Play, then say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for what comes of it")
    parser.add_argument("--server", choices=sorted(SERVERS), default="pipewire")
    given = parser.parse_args()
    for tool in ("ardour7-lua", "fluidsynth"):
        if shutil.which(tool) is None:
            parser.error(f"{tool} is missing; the head of this file says what to install")
    out = empty_folder(parser, given.out)
    try:
        with SERVERS[given.server](Path(tempfile.mkdtemp(), "server.log")) as server:
            play(server, out)
    except ArdourError as error:
        print(error)
        return ARDOUR_FAILED
    shutil.copy(newest_take(out / "session", "Bass"), out / "bass.mid")
    (session,) = (out / "kept").iterdir()
    found = heard(session)
    right = in_their_places(found, SECTIONS)
    right &= on_the_grid(found, 10 * SONG_BARS)
    right &= loud_enough(out / "song.wav", FORM, ENDS_BAR, SONG_BARS, TEMPO_BPM)
    bass = onsets(out / "bass.mid")
    off_ms = [abs(beat * 4 - round(beat * 4)) * BAR_S / 16 * 1e3 for beat, _ in bass]
    if off_ms:
        print(
            f"Ardour recorded {len(bass)} notes of the bass, off its 16ths by"
            f" {quantile(off_ms, 0.5):.1f} ms (p50), {max(off_ms):.1f} (max)"
        )
    right &= len(bass) > SONG_BARS and max(off_ms) < LATE_MS
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
