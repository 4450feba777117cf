"""The bridge among programs that nobody here wrote: in time, by the frame, as a recorder heard it.

Every process is real: a JACK server, jack_midi_clock and jack_midiseq as the DAW, the bridge as
its console script, the engine that it starts, a recorder. The 16ths are counted from the
sequencer's clock as the recorder got it, so nothing of the bridge's own idea of time is used.
"""

import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from schmubert.engine.networks.model_file import DEFAULT_MODEL
from tests import tiny_model
from tests.live import grid, processes
from tests.live.conftest import serve
from tests.live.faults import brain_of
from tests.live.midi_server import PATIENCE_S, MidiServer, wait_until
from tests.live.recorder import Event, sounding
from tests.live.sequencer import CLOCK_PORT, MELODY_PORT, Sequencer
from tests.live.stage import DRUMS, HEARS, PLAYS, Bridge, Stage

TOLERANCE_MS = 3.0  # beside the server's period, which is how often a message can leave
SETTLING_S = 0.1  # how long after Stop the last note-off may come
BRISK_BPM = 160.0  # so that tests that wait for bars do not wait long
BAND = ("--in", HEARS, "--out", PLAYS)


def rehearse(stage: Stage, tempo_bpm: float = BRISK_BPM) -> Bridge:
    """A bridge with everything plugged in and an engine that listens; the transport stands."""
    bridge = stage.bridge(*BAND)
    stage.plug_in()
    stage.sequence(tempo_bpm)
    bridge.wait_for_engine()
    return bridge


def rehearsed(stage: Stage, notes: int) -> tuple[Bridge, Sequencer]:
    """A bridge that has played `notes` to a sequencer that rolls."""
    bridge = rehearse(stage)
    assert stage.sequencer is not None
    stage.sequencer.play()
    stage.wait_for_notes(notes)
    return bridge, stage.sequencer


def late_ones(stage: Stage, notes: Iterable[Event], steps: list[int]) -> list[float]:
    """The distances of `notes`, in ms, that the tolerance does not allow."""
    server = stage.server
    allowed_ms = server.period_ms + TOLERANCE_MS
    distances = grid.distances_ms(notes, steps, server.rate)
    ordered = sorted(map(abs, distances))
    print(
        f"{len(ordered)} notes from their 16ths, ms: p50 {grid.percentile(ordered, 50):.2f},"
        f" p99 {grid.percentile(ordered, 99):.2f}, max {ordered[-1]:.2f} (allowed {allowed_ms:.2f})"
    )
    return [distance for distance in distances if abs(distance) > allowed_ms]


def ended_at(events: Iterable[Event]) -> int:
    """The frame of the last note-off."""
    return max(event.frame for event in events if event.is_end)


def test_ports_have_exactly_the_given_names(stage: Stage) -> None:
    before = set(stage.server.ports())
    stage.bridge("--in", HEARS, "--out", PLAYS)
    hears, plays = stage.server.port_named(HEARS), stage.server.port_named(PLAYS)
    listing = stage.server.run("jack_lsp", "-p").stdout.splitlines()
    assert "input" in listing[listing.index(hears) + 1]
    assert "output" in listing[listing.index(plays) + 1]
    made = {port.split(":", 1)[1] for port in set(stage.server.ports()) - before}
    assert made == {HEARS, PLAYS}


def play_and_stop(stage: Stage, bars: int) -> tuple[list[Event], list[int], list[Event]]:
    """`bars` bars, then Stop: the notes, their 16ths, and all that reached the bass port."""
    assert stage.sequencer is not None
    first, before = len(stage.recorder.on("bass")), len(stage.recorder.on("clock"))
    stage.sequencer.play()
    stage.recorder.wait_for(
        lambda: any(
            e.status in (grid.START, grid.CONTINUE) for e in stage.recorder.on("clock")[before:]
        ),
        5.0,
        "START or CONTINUE",  # until then the latest run is the one before
    )
    stage.wait_for_bars(bars)
    stage.sequencer.stop()
    stage.recorder.wait_for(
        lambda: stage.recorder.on("clock")[-1].status != grid.CLOCK, 5.0, "the sequencer's STOP"
    )
    stage.wait_for_silence()
    events = stage.recorder.on("bass")[first:]
    return [event for event in events if event.is_onset], grid.sixteenths(stage.clocks()), events


def test_the_bass_answers_on_its_16ths_and_ends_with_stop(stage: Stage) -> None:
    rehearse(stage, tempo_bpm=120.0)
    notes, steps, events = play_and_stop(stage, 7)
    # it listens to a bar first, then the model plays eighths
    assert len(notes) >= 5 * len(tiny_model.BASS_PITCHES)
    assert {note.data[1] % 12 for note in notes} <= {
        pitch % 12 for pitch in tiny_model.BASS_PITCHES
    }
    assert {event.channel for event in events} == {1}
    stopped = next(e.frame for e in reversed(stage.recorder.on("clock")) if e.status == 0xFC)
    assert max(note.frame for note in notes) <= stopped + stage.server.period
    assert ended_at(events) <= stopped + SETTLING_S * stage.server.rate
    assert not late_ones(stage, notes, steps)
    open_notes: set[int] = set()
    for event in events:
        pitch = event.data[1]
        if event.is_onset:
            assert pitch not in open_notes, f"{pitch} was struck again while it sounded"
            open_notes.add(pitch)
        elif event.is_end:
            assert pitch in open_notes, f"{pitch} was ended twice"
            open_notes.remove(pitch)
    assert open_notes == set()


def test_it_follows_a_locate_and_continue(stage: Stage) -> None:
    rehearse(stage)
    play_and_stop(stage, 3)
    assert stage.sequencer is not None
    stage.sequencer.locate(4 * 96000)
    notes, steps, _ = play_and_stop(stage, 4)
    statuses = [event.status for event in stage.recorder.on("clock")]
    assert 0xFB in statuses, "the sequencer was to send CONTINUE"
    assert len(notes) >= 2 * len(tiny_model.BASS_PITCHES)
    late = late_ones(stage, notes, steps)
    assert len(late) <= 0.05 * len(notes), late


def test_it_follows_a_change_of_tempo(stage: Stage) -> None:
    rehearse(stage, tempo_bpm=120.0)
    assert stage.sequencer is not None
    stage.sequencer.play()
    stage.wait_for_bars(3)
    stage.sequencer.say("tempo 160")
    stage.wait_for_bars(4)
    settled = stage.clocks()[-1]
    stage.wait_for_bars(7)
    clocks = stage.clocks()
    assert grid.steadiness(clocks)[1] > 1.2 * grid.steadiness(clocks)[0], "the tempo was to change"
    notes = [note for note in stage.recorder.onsets("bass") if note.frame > settled]
    assert len(notes) >= 2 * len(tiny_model.BASS_PITCHES)
    late = late_ones(stage, notes, grid.sixteenths(clocks))
    assert len(late) <= 0.05 * len(notes), late
    stage.sequencer.stop()
    stage.wait_for_silence()


def test_the_shipped_model_answers_in_time(
    server: MidiServer, tiny_model_file: Path, tmp_path: Path
) -> None:
    import schmubert.engine

    shipped = Path(next(iter(schmubert.engine.__path__)), DEFAULT_MODEL)
    model = None if shipped.exists() else tiny_model_file
    with Stage(server, model, tmp_path) as stage:
        rehearse(stage)
        notes, steps, _ = play_and_stop(stage, 9)
        assert len(notes) >= 4, "a bass that plays less than every other bar is none"
        late = late_ones(stage, notes, steps)
        assert len(late) <= 0.05 * len(notes), late


def test_bass_and_drums_play_together(stage: Stage) -> None:
    bridge = stage.bridge(*BAND, "--out", DRUMS)
    stage.plug_in((PLAYS, DRUMS))
    sequencer = stage.sequence()
    bridge.wait_for_engine()
    sequencer.play()
    stage.wait_for_bars(5)
    sequencer.stop()
    stage.wait_for_silence()
    stage.wait_for_silence(port="drums")
    bass, drums = stage.recorder.onsets("bass"), stage.recorder.onsets("drums")
    assert len(bass) >= 3 * len(tiny_model.BASS_PITCHES)
    assert {note.channel for note in bass} == {1}
    assert {note.channel for note in drums} == {10}
    assert {36, 38, 42} <= {note.data[1] for note in drums}
    late = late_ones(stage, [*bass, *drums], grid.sixteenths(stage.clocks()))
    assert len(late) <= 0.05 * (len(bass) + len(drums)), late


def test_without_a_clock_it_keeps_its_own_tempo(stage: Stage) -> None:
    bridge = stage.bridge(*BAND, "--tempo", "120")
    stage.plug_in()
    bridge.wait_for_engine()
    stage.sequence(clock=False)
    notes = stage.wait_for_notes(24)
    # by the computer's time: a server that is held up loses frames, and the music with it
    steps = [(note.time_s - notes[0].time_s) / (60 / 120 / 4) for note in notes]
    distances = [(step - round(step)) * 125.0 for step in steps]
    middle = grid.percentile(distances, 50)
    off = [abs(distance - middle) for distance in distances]
    allowed_ms = stage.server.period_ms + TOLERANCE_MS
    assert grid.percentile(off, 95) <= allowed_ms, sorted(off)


def gaps_s(notes: list[Event], rate: int) -> list[float]:
    """The seconds between neighbouring notes."""
    return [(b.frame - a.frame) / rate for a, b in pairwise(notes)]


def test_it_plays_on_when_the_engine_is_killed(stage: Stage) -> None:
    bridge, sequencer = rehearsed(stage, 16)
    engine = bridge.wait_for_engine()
    os.kill(engine, signal.SIGKILL)
    notes = stage.wait_for_notes(16)
    assert max(gaps_s(notes, stage.server.rate)) <= 1.0, "the music stopped"
    wait_until(lambda: set(bridge.engines()) - {engine}, PATIENCE_S, "another engine", pause_s=0.2)
    bridge.wait_for_engine()
    stage.wait_for_notes(16)
    sequencer.stop()
    stage.wait_for_silence()
    assert bridge.end() == 0
    assert "Traceback" not in bridge.log()


def test_it_holds_the_groove_while_no_engine_lives(stage: Stage) -> None:
    bridge, sequencer = rehearsed(stage, 16)
    before = len(stage.recorder.onsets("bass"))
    no_engine_until = time.monotonic() + 9.0  # six bars: far more than a draft reaches ahead
    while time.monotonic() < no_engine_until:
        for engine in bridge.engines():
            os.kill(engine, signal.SIGKILL)
        time.sleep(0.05)
    notes = stage.recorder.onsets("bass")[before:]
    assert len(notes) >= 4 * len(tiny_model.BASS_PITCHES)
    assert max(gaps_s(notes, stage.server.rate)) <= 1.0, "the groove was not held"
    late = late_ones(stage, notes, grid.sixteenths(stage.clocks()))
    assert len(late) <= 0.05 * len(notes), late
    sequencer.stop()
    stage.wait_for_silence()
    assert bridge.end() == 0


def test_it_plays_again_when_the_brain_is_killed(stage: Stage) -> None:
    bridge, sequencer = rehearsed(stage, 16)
    ports = set(stage.server.ports())
    plugged = stage.server.connections(stage.server.port_named(HEARS))
    brain = brain_of(bridge)
    os.kill(brain, signal.SIGKILL)
    wait_until(lambda: brain_of(bridge) != brain, PATIENCE_S, "another brain", pause_s=0.1)
    stage.wait_for_notes(16)
    assert set(stage.server.ports()) == ports
    assert stage.server.connections(stage.server.port_named(HEARS)) == plugged
    sequencer.stop()
    stage.wait_for_silence()
    assert bridge.end() == 0


def test_a_killed_brain_leaves_no_note_behind(stage: Stage) -> None:
    bridge, sequencer = rehearsed(stage, 8)
    brain = brain_of(bridge)
    os.kill(brain, signal.SIGKILL)
    sequencer.stop()
    stage.wait_for_silence()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT], ids=lambda by: by.name)
def test_a_signal_ends_every_note(stage: Stage, by: signal.Signals) -> None:
    bridge, _ = rehearsed(stage, 8)
    stage.recorder.wait_for(lambda: sounding(stage.recorder.on("bass")), 5.0, "a note that sounds")
    assert bridge.end(by) == 0
    stage.wait_for_silence()
    assert "Traceback" not in bridge.log()
    after = len(stage.recorder.onsets("bass"))
    stage.wait_for_bars(len(stage.clocks()) / grid.CLOCKS_PER_BAR + 0.5)
    assert len(stage.recorder.onsets("bass")) == after
    assert not [port for port in stage.server.ports() if port.endswith((HEARS, PLAYS))]


def test_a_killed_bridge_leaves_no_process_behind(stage: Stage) -> None:
    bridge = rehearse(stage)
    left = [*bridge.brains(), bridge.wait_for_engine()]
    os.kill(bridge.pid, signal.SIGKILL)
    wait_until(
        lambda: not any(map(processes.is_alive, left)), 25.0, "brain and engine to end", pause_s=0.2
    )


def test_it_ends_although_the_server_died(stage: Stage) -> None:
    bridge = rehearse(stage)
    os.kill(stage.server.pid, signal.SIGKILL)
    time.sleep(1.0)
    bridge.end()
    assert "Traceback" not in bridge.log()


def test_the_owner_of_the_ports_stays_light(stage: Stage) -> None:
    bridge = rehearse(stage)
    maps = processes.maps_of(bridge.pid)
    assert "rtmidi" in maps
    for heavy in ("numpy", "torch", "onnxruntime"):
        assert heavy not in maps, f"the owner of the ports has loaded {heavy}"
    brain = brain_of(bridge)
    for heavy in ("torch", "onnxruntime"):
        assert heavy not in processes.maps_of(brain), f"the brain has loaded {heavy}"


def test_two_bridges_share_one_engine(stage: Stage) -> None:
    first = rehearse(stage)
    other = ("--in", "Other In", "--out", "Other Bass")
    second = stage.bridge(*other, address=first.address)
    stage.server.connect(stage.server.port_named("Other Bass"), stage.recorder.ports["drums"])
    stage.server.connect(CLOCK_PORT, stage.server.port_named("Other In"))
    stage.server.connect(MELODY_PORT, stage.server.port_named("Other In"))
    assert stage.sequencer is not None
    stage.sequencer.play()
    stage.wait_for_notes(8)
    stage.wait_for_notes(8, port="drums")
    assert len(first.engines()) == 1
    assert second.end() == 0
    stage.wait_for_silence(port="drums")
    stage.wait_for_notes(8)


def test_without_a_midi_system_it_says_what_to_do(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip(f"{sys.platform} always has a MIDI system")
    # where the kernel has ALSA's sequencer, JACK alone is asked for
    only_jack = ["--api", "jack"] if Path("/dev/snd/seq").exists() else []
    nowhere = {"JACK_DEFAULT_SERVER": f"none-{os.getpid()}", "JACK_NO_START_SERVER": "1"}
    script = Path(sysconfig.get_path("scripts"), "schmubert-bridge")
    done = subprocess.run(
        [str(script), *BAND, *only_jack, "--engine", "tcp://127.0.0.1:9"],
        env={**os.environ, **nowhere, "XDG_RUNTIME_DIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    said = done.stderr.strip().splitlines()
    assert len(said) == 1, done.stderr
    assert said[0].startswith("Error: ")


@pytest.fixture
def pipewire_stage(tiny_model_file: Path, tmp_path: Path) -> Iterator[Stage]:
    for server in serve("pipewire", tmp_path / "server.log"):
        with Stage(server, tiny_model_file, tmp_path) as made:
            yield made


def test_it_plays_on_pipewire_too(pipewire_stage: Stage) -> None:
    stage = pipewire_stage
    bridge = rehearse(stage, tempo_bpm=100.0)
    assert "JACK through" in bridge.log(), "the wheel's own libjack does not know PipeWire"
    notes, _, _ = play_and_stop(stage, 4)
    assert len(notes) >= 2 * len(tiny_model.BASS_PITCHES)
    # A client that misses a cycle of PipeWire misses its messages: on a busy machine some have
    # heard a clock more than others. So notes are to lie on any clock, these being 25 ms apart.
    distances = grid.distances_ms(notes, stage.clocks(), stage.server.rate)
    assert grid.percentile(map(abs, distances), 90) <= stage.server.period_ms + TOLERANCE_MS
