"""Ardour without a window, driven by Lua: a session is made, recorded, opened again and looped."""

import contextlib
import itertools
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.live.midi_server import MidiServer, end, start, wait_until

TEMPO_BPM = 120.0  # Ardour's own for a new session
BAR_S = 4 * 60 / TEMPO_BPM
TICKS = 1920  # a beat, in Ardour's Temporal.Beats
MELODY = (
    # (beat, beats, pitch) of four bars in C: Am F C G
    *((0, 1, 69), (1, 0.5, 72), (1.5, 0.5, 71), (2, 1.5, 69), (3.5, 0.5, 67)),
    *((4, 1, 65), (5, 0.5, 69), (5.5, 0.5, 67), (6, 2, 65)),
    *((8, 1, 67), (9, 0.5, 72), (9.5, 0.5, 71), (10, 1.5, 72), (11.5, 0.5, 74)),
    *((12, 1, 71), (13, 1, 67), (14, 1, 74), (15, 1, 71)),
)
LOOP_BEAT = 8  # two bars from bar 3 on
WITHIN_BEAT = 5.25  # Ardour plays the note on 5.5, and says CONTINUE at 6
STARTS = 3  # of Ardour, which now and then hangs as it makes a session
TRANSPORT = "ARDOUR.TransportRequestSource.TRS_UI"


class ArdourError(RuntimeError):
    """Ardour hung, or ended by itself: it says nothing of the bridge."""


class Ardour:
    """Ardour without a window: `say` runs Lua and returns what it printed."""

    def __init__(self, server: MidiServer, log: Path) -> None:
        self._log = log.open("a", encoding="utf-8")
        self.process = start(
            ["ardour7-lua", "-i", "/dev/null"],
            server.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._tags = itertools.count()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip()
            self._log.write(line + "\n")
            self._lines.put(line)

    def say(self, lua: str, timeout_s: float = 30.0) -> list[str]:
        """One line of Lua; ArdourError when it does not come to its end in time."""
        tag = f"done-{next(self._tags)}-of-{id(self)}"
        assert self.process.stdin is not None
        self._log.write(f"> {lua}\n")
        try:
            self.process.stdin.write(f'{lua} print("{tag}")\n'.encode())
            self.process.stdin.flush()
        except OSError as error:
            raise ArdourError(f"Ardour is gone, before {lua!r}") from error
        printed: list[str] = []
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise ArdourError(f"Ardour hung in {lua!r}: {printed[-5:]}") from None
            if tag in line and '"' not in line:
                return printed
            printed.append(line)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            assert self.process.stdin is not None
            self.process.stdin.write(b"close_session() quit()\n")
            self.process.stdin.flush()
            self.process.wait(15)
        end(self.process, signal.SIGTERM)
        self._log.close()


def open_session(ardour: Ardour, folder: Path) -> None:
    """A new session with the tracks Melody and Bass, and MIDI clock on."""
    ardour.say('AudioEngine:set_backend("JACK","ardour","")')
    ardour.say(f's=create_session("{folder}","session",48000)', timeout_s=60)
    if "nil" in "".join(ardour.say("print(s)")):
        raise ArdourError("Ardour made no session")
    ardour.say("ARDOUR.config():set_send_midi_clock(true)")
    ardour.say('M=ARDOUR.ChanCount(ARDOUR.DataType("midi"),1)')
    for name in ("Melody", "Bass"):
        ardour.say(
            f's:new_midi_track(M,M,true,ARDOUR.PluginInfo(),nil,nil,1,"{name}",'
            "ARDOUR.PresentationInfo.max_order,ARDOUR.TrackMode.Normal,true)"
        )


def with_session(server: MidiServer, out: Path, starts: int = STARTS) -> Ardour:
    """An Ardour with a new session in `out`, in so many attempts."""
    ardour = Ardour(server, out / "ardour.log")
    try:
        open_session(ardour, out / "session")
    except ArdourError as error:
        ardour.close()
        if starts == 1:
            raise
        print(f"{error}: once more", flush=True)
        shutil.rmtree(out / "session", ignore_errors=True)
        return with_session(server, out, starts - 1)
    return ardour


def arm(ardour: Ardour, track: str, on: bool) -> None:
    ardour.say(f'tr=s:route_by_name("{track}"):to_track()')
    control = f"tr:rec_enable_control():set_value({int(on)},PBD.GroupControlDisposition.NoGroup)"
    ardour.say(control)
    if on:
        ardour.say("s:maybe_enable_record(true)")


def roll(ardour: Ardour, seconds: float) -> None:
    ardour.say("s:goto_start(false)")
    time.sleep(1.0)  # the locate is done by another thread
    ardour.say(f"s:request_roll({TRANSPORT})")
    time.sleep(seconds)
    ardour.say(f"s:request_stop(false,false,{TRANSPORT})")
    time.sleep(1.5)  # notes end, the take is written


def write_melody(ardour: Ardour, server: MidiServer, bars: int) -> None:
    """A region on the track Melody: a short take, its notes then replaced by `MELODY`."""
    feeder = start(
        ["jack_midiseq", "Take", "48000", "0", "60", "12000"],
        server.env,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: "Take:out" in server.ports(), 5.0, "jack_midiseq", pause_s=0.1)
        server.connect("Take:out", "ardour:Melody/midi_in 1")
        arm(ardour, "Melody", True)
        roll(ardour, 2.0)
        arm(ardour, "Melody", False)
    finally:
        end(feeder)
    ardour.say("r=nil for x in tr:playlist():region_list():iter() do r=x:to_midiregion() end")
    if "nil" in "".join(ardour.say("print(r)")):
        raise RuntimeError("Ardour recorded no take to write the melody into")
    frames = round(bars * BAR_S * 48000)
    ardour.say(f"r:set_length(Temporal.timecnt_t({frames})) r:set_position(Temporal.timepos_t(0))")
    ardour.say('mm=r:midi_source(0):model() mc=mm:new_note_diff_command("clear")')
    ardour.say("for n in ARDOUR.LuaAPI.note_list(mm):iter() do mc:remove(n) end")
    ardour.say("mm:apply_command(s,mc)")
    ardour.say('mc=mm:new_note_diff_command("melody")')
    for first in range(0, bars, 4):
        for beat, beats, pitch in MELODY:
            at = round((4 * first + beat) * TICKS)
            if at < 4 * bars * TICKS:
                ardour.say(
                    f"mc:add(ARDOUR.LuaAPI.new_noteptr(0,{beats_of(at)},"
                    f"{beats_of(round(beats * TICKS) - 60)},{pitch},96))"
                )
    ardour.say("mm:apply_command(s,mc)")


def beats_of(ticks: int) -> str:
    return f"Temporal.Beats({ticks // TICKS},{ticks % TICKS})"


def newest_take(session: Path, track: str) -> Path:
    """The last MIDI file that Ardour wrote for `track`."""
    takes = sorted(session.rglob(f"*_{track}-*.mid"), key=lambda path: path.stat().st_mtime)
    if not takes:
        raise RuntimeError(f"Ardour recorded no take on {track}")
    return takes[-1]


def open_again(ardour: Ardour, folder: Path) -> None:
    """The session from its file, with bars 3 and 4 as the range that loops."""
    bar = round(BAR_S * 48000)
    begin = round(LOOP_BEAT / 4 * bar)
    loop = f"Temporal.timepos_t({begin}),Temporal.timepos_t({begin + 2 * bar})"
    ardour.say(f's:locations():add_range({loop}) s:save_state("")', timeout_s=60)
    ardour.close()
    file = folder / "session.ardour"
    text, changed = re.subn(
        r'(<Location [^>]*?flags=")IsRangeMarker(")', r"\1IsAutoLoop\2", file.read_text("utf-8")
    )
    if changed != 1:
        raise RuntimeError(f"{changed} ranges in {file}, not 1")
    file.write_text(text, "utf-8")


def loop(server: MidiServer, out: Path, loops: int, plug: list[tuple[str, str]]) -> None:
    """Another Ardour opens the session's file, plays two bars `loops` times, and stops."""
    ardour = Ardour(server, out / "ardour-again.log")
    try:
        ardour.say('AudioEngine:set_backend("JACK","ardour","")')
        ardour.say(f's=load_session("{out / "session"}","session")', timeout_s=60)
        ardour.say("ARDOUR.config():set_send_midi_clock(true)")  # of the program, not the session
        if "nil" in "".join(ardour.say("print(s:locations():auto_loop_location())")):
            raise RuntimeError("Ardour found no range to loop in the session's file")
        for source, target in plug:
            server.connect(source, target)
        print(f"Looping bars 3 and 4, {loops} times", flush=True)
        ardour.say("s:request_play_loop(true,true)")
        ardour.say(f"s:request_roll({TRANSPORT})")
        time.sleep(2 * BAR_S * loops)
        ardour.say(f"s:request_stop(false,false,{TRANSPORT})")
        time.sleep(1.5)
        print(f"Going on from within a beat, {WITHIN_BEAT:g}", flush=True)
        ardour.say("s:request_play_loop(false,false)")
        stands = "ARDOUR.LocateTransportDisposition.MustStop"
        frame = round(WITHIN_BEAT / 4 * BAR_S * 48000)
        ardour.say(f"s:request_locate({frame},false,{stands},{TRANSPORT})")
        time.sleep(1.0)
        ardour.say(f"s:request_roll({TRANSPORT})")
        time.sleep(2 * BAR_S)
        ardour.say(f"s:request_stop(false,false,{TRANSPORT})")
        time.sleep(1.5)
    finally:
        ardour.close()
