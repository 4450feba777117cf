"""Ardour as the DAW, the bridge as its bass player, fluidsynth as the sound: by hand, for real.

    apt-get install -y --no-install-recommends ardour jack-capture fluidsynth timgm6mb-soundfont \\
        jackd2 pipewire pipewire-bin pipewire-jack
    python benchmarks/ardour_session.py --out DIR [--bars 16] [--loops 8] [--model FILE]

Ardour 7 runs without a window, driven by Lua, on a private JACK server that needs no sound card.
It plays a melody into the bridge's "DAW Out", sends MIDI clock there, and records what comes back
on its track "Bass"; fluidsynth makes both audible. Then Ardour is closed, the session's file is
opened by another Ardour, plugged in again, and plays two bars round and round, and then from within
a beat, where it says CONTINUE only after the first note. What Ardour recorded is compared with what
the bridge says it sent (its `--record`), every start with where Ardour was, and every stop with the
note-offs that follow. DIR then holds `session/` (opens in Ardour), `melody.mid`, `bass.mid` as
Ardour recorded it, `session.wav` (melody left, bass right), and `kept/`, the bridge's own
recording. Exit status 1: no bass came, or its side of the WAV is silence, or Ardour has other notes
than were sent, or a loop was missed or taken for other bars, or a note before CONTINUE was lost, or
a note sounded 50 ms after a stop. Exit status 3: Ardour itself hung, again and again.
"""

import argparse
import array
import contextlib
import math
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import wave
from dataclasses import dataclass
from pathlib import Path

import mido

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ardour import (
    BAR_S,
    LOOP_BEAT,
    TEMPO_BPM,
    ArdourError,
    arm,
    loop,
    newest_take,
    open_again,
    roll,
    with_session,
    write_melody,
)
from folders import empty_folder

from schmubert.bridge.protocol.bytes import STOP, begins_note
from schmubert.bridge.protocol.events import Came, Sent
from schmubert.bridge.protocol.messages import Heard, Moved
from schmubert.bridge.protocol.timeline import GRACE_S
from schmubert.bridge.session.log import Log
from tests.live.midi_server import SERVERS, MidiServer, end, start, wait_until
from tests.live.stage import free_port

ARDOUR_FAILED = 3
SOUNDFONTS = ("/usr/share/sounds/sf2/TimGM6mb.sf2", "/usr/share/sounds/sf2/default-GM.sf2")
SILENCE_DB = -60.0
ENDED_S = 0.050


def onsets(path: Path) -> list[tuple[float, int]]:
    """(beat, pitch) of every note-on of a MIDI file."""
    song = mido.MidiFile(path)
    found = []
    for track in song.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                found.append((tick / song.ticks_per_beat, message.note))
    return sorted(found)


def levels_db(path: Path) -> list[float]:
    """The level of each channel of a 16-bit WAV, RMS in dB of full scale; -inf for silence."""
    with wave.open(str(path)) as sound:
        if sound.getsampwidth() != 2:
            raise ValueError(f"{path} has {8 * sound.getsampwidth()} bits, not 16")
        channels = sound.getnchannels()
        samples = array.array("h", sound.readframes(sound.getnframes()))
    levels = []
    for channel in range(channels):
        one = samples[channel::channels]
        power = sum(sample * sample for sample in one) / max(1, len(one))
        levels.append(10 * math.log10(power / 32768**2) if power else -math.inf)
    return levels


@dataclass(frozen=True)
class Kept:
    """What the bridge's log says: onsets (seconds, pitch), starts and jumps (seconds, beat).

    `before` are the beats of the notes that were heard before the last start.
    `after_stop_s` is how long after a stop the last note ended, `hanging` how many never did.
    """

    onsets: list[tuple[float, int]]
    starts: list[tuple[float, float]]
    before: list[float]
    after_stop_s: float
    hanging: int


def kept(folder: Path) -> Kept:
    """The log of the only session that was kept in `folder`."""
    (session,) = folder.iterdir()
    onsets: list[tuple[float, int]] = []
    sounding: set[int] = set()
    starts: list[tuple[float, float]] = []
    heard_s: list[float] = []
    before: list[float] = []
    passage, stopped_s, after_stop_s = -1, math.inf, 0.0
    for seen in Log(session):
        what = seen.what
        if isinstance(what, Came) and what.message[0] == STOP:
            stopped_s = what.came_s
        elif isinstance(what, Moved):
            if what.rolling and what.passage != passage:
                starts.append((seen.at_s, what.at_beat))
                before = [
                    what.at_beat - (what.at_s - at_s) * what.tempo_bpm / 60.0
                    for at_s in heard_s
                    if stopped_s < at_s < what.at_s - GRACE_S
                ]
                passage, stopped_s = what.passage, math.inf
        elif isinstance(what, Heard) and what.velocity:
            heard_s.append(what.at_s)
        elif isinstance(what, Sent) and begins_note(what.message):
            onsets.append((seen.at_s, what.message[1]))
            sounding.add(what.message[1])
        elif isinstance(what, Sent) and what.message[1] in sounding:
            sounding.discard(what.message[1])
            after_stop_s = max(after_stop_s, seen.at_s - stopped_s)
    return Kept(onsets, starts, before, after_stop_s, len(sounding))


def play(server: MidiServer, out: Path, bars: int, loops: int, bridge_command: list[str]) -> float:
    """The whole session on `server`, its results in `out`; when the recording was over."""
    with contextlib.ExitStack() as stack:
        bridge_log = stack.enter_context((out / "bridge.log").open("wb"))
        bridge = start(
            bridge_command,
            server.env,
            stdout=bridge_log,
            stderr=bridge_log,
        )
        stack.callback(end, bridge, grace_s=15.0)
        ardour = with_session(server, out)
        stack.callback(ardour.close)  # of a closed one too: it may be closed again
        print("Ardour runs; writing the melody", flush=True)
        write_melody(ardour, server, bars)

        for name, program in (("melody", 4), ("bass", 33)):
            stack.callback(end, fluidsynth(server, name, program))
        hears, plays = server.port_named("DAW Out"), server.port_named("Bass")
        synths = {"melody:midi_00", "bass:midi_00"}
        wait_until(lambda: synths <= set(server.ports()), 10.0, "fluidsynth", pause_s=0.1)
        plug = [
            ("ardour:MIDI Clock out", hears),
            ("ardour:Melody/midi_out 1", hears),
            (plays, "ardour:Bass/midi_in 1"),
            ("ardour:Melody/midi_out 1", "melody:midi_00"),
        ]
        for source, target in [*plug, (plays, "bass:midi_00")]:
            server.connect(source, target)
        arm(ardour, "Bass", True)
        seconds = bars * BAR_S
        sound = ["-p", "melody:left", "-p", "bass:left", "-b", "16", str(out / "session.wav")]
        capture = start(
            ["jack_capture", "-c", "2", "-d", f"{seconds + 2:.0f}", *sound],
            server.env,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(end, capture)
        print(f"Rolling {bars} bars at {TEMPO_BPM:g} BPM", flush=True)
        roll(ardour, seconds)
        arm(ardour, "Bass", False)
        recorded_s = time.monotonic()
        capture.wait(30)
        open_again(ardour, out / "session")
        loop(server, out, loops, plug)
        return recorded_s


def fluidsynth(server: MidiServer, name: str, program: int) -> subprocess.Popen[bytes]:
    """A synthesiser that JACK knows as `name`, playing General MIDI `program` (from 0)."""
    fonts = [font for font in SOUNDFONTS if Path(font).exists()]
    if not fonts:
        raise RuntimeError("no soundfont was found: install timgm6mb-soundfont")
    settings = (
        f"midi.jack.id={name}",
        f"audio.jack.id={name}",
        "midi.autoconnect=0",
        "audio.jack.autoconnect=0",
    )
    options = [word for setting in settings for word in ("-o", setting)]
    drivers = ["-a", "jack", "-m", "jack", "-r", "48000", "-g", "0.8"]
    synth = start(
        ["fluidsynth", "-q", *drivers, *options, fonts[0]],
        server.env,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert synth.stdin is not None
    synth.stdin.write(f"prog 0 {program}\n".encode())
    synth.stdin.flush()
    return synth


def main() -> int:
    """Play, then say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for what comes of it")
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--loops", type=int, default=8)
    parser.add_argument("--model", type=Path, help="an ONNX file, the shipped one by default")
    parser.add_argument("--server", choices=sorted(SERVERS), default="pipewire")
    given = parser.parse_args()
    for tool in ("ardour7-lua", "jack_capture", "fluidsynth"):
        if shutil.which(tool) is None:
            parser.error(f"{tool} is missing; the head of this file says what to install")
    out = empty_folder(parser, given.out)
    bridge = [
        str(Path(sysconfig.get_path("scripts"), "schmubert-bridge")),
        "--in",
        "DAW Out",
        "--out",
        "Bass",
        "--record",
        str(out / "kept"),
    ]
    bridge += ["--engine", f"tcp://127.0.0.1:{free_port()}"]
    if given.model:
        bridge += ["--model", str(given.model.resolve())]
    try:
        with SERVERS[given.server](Path(tempfile.mkdtemp(), "server.log")) as server:
            recorded_s = play(server, out, given.bars, given.loops, bridge)
    except ArdourError as error:
        print(error)
        return ARDOUR_FAILED
    for track in ("Melody", "Bass"):
        shutil.copy(newest_take(out / "session", track), out / f"{track.lower()}.mid")
    bass = onsets(out / "bass.mid")
    melody_db, bass_db = levels_db(out / "session.wav")
    print(f"bass: {len(bass)} notes in {given.bars} bars: {out / 'bass.mid'}")
    if bass:
        off_ms = sorted(abs(beat * 4 - round(beat * 4)) * BAR_S / 16 * 1e3 for beat, _ in bass)
        print(
            f"from their 16ths, as Ardour wrote them: p50 {off_ms[len(off_ms) // 2]:.1f} ms,"
            f" max {off_ms[-1]:.1f} ms"
        )
    print(f"sound: melody {melody_db:.1f} dB, bass {bass_db:.1f} dB RMS: {out / 'session.wav'}")
    log = kept(out / "kept")
    sent = [pitch for at_s, pitch in log.onsets if at_s < recorded_s]
    same = [pitch for _, pitch in bass] == sent
    print(
        f"sent while it recorded: {len(sent)} notes; Ardour has {'the same' if same else 'others'}"
    )
    places = [round(beat, 2) for at_s, beat in log.starts if at_s > recorded_s]
    passes = places.count(LOOP_BEAT)
    others = len(places) - passes - 1
    print(
        f"looped: {passes} passes in {given.loops} times two bars, {others} elsewhere,"
        f" {len(log.onsets) - len(sent)} notes; the last one ended"
        f" {1000 * log.after_stop_s:.0f} ms after a stop, {log.hanging} never did"
    )
    print(f"within a beat: went on at beat {places[-1]:g}, heard before it {log.before}")
    kept_notes = [round(beat * 4) / 4 for beat in log.before] == [5.5] and places[-1] == 6.0
    looped = not others and passes >= given.loops - 1 and len(log.onsets) > len(sent)
    ended = log.after_stop_s < ENDED_S and not log.hanging
    return 0 if same and looped and kept_notes and ended and bass_db > SILENCE_DB else 1


if __name__ == "__main__":
    sys.exit(main())
