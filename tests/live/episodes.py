"""What goes wrong once, each on a stage of its own: what the bridge said, and how it went on."""

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from schmubert.bridge.protocol.events import Sent
from schmubert.bridge.session.log import SONG_NAME, Log
from tests.live.faults import hung, longest_silence_s
from tests.live.midi_server import PATIENCE_S, SERVERS, wait_until
from tests.live.recorder import Recorder
from tests.live.sequencer import MELODY_PORT, Sequencer
from tests.live.stage import HEARS, PLAYS, RECORDED, Bridge, Stage

BPM = 120.0
BAR_S = 4 * 60.0 / BPM
SEEN_S = 1.5  # the bridge looks at its cables every second
ROOM_BYTES = 2000


class Episode(NamedTuple):
    """What came of it: seconds until the band was heard, notes that hang, lines that tell of it."""

    back_s: float
    hung: int
    lines: tuple[str, ...]

    def is_good(self, kind: "Kind") -> bool:
        """The band was heard in time, nothing hangs, and one line told of it."""
        told = sum(kind.says in line for line in self.lines)
        return self.back_s <= kind.within_s and not self.hung and told == 1


@contextmanager
def playing(kind: str, model: Path, folder: Path, *options: str) -> Iterator[tuple[Stage, Bridge]]:
    """A band that plays; `options` as a player gives them."""
    with SERVERS[kind](folder / "server.log") as server, Stage(server, model, folder) as stage:
        bridge = stage.bridge("--in", HEARS, "--out", PLAYS, *options)
        stage.plug_in()
        sequencer = stage.sequence(BPM, clock="--tempo" not in options)
        bridge.wait_for_engine()
        sequencer.play()
        stage.wait_for_notes(8, PATIENCE_S)
        yield stage, bridge


def ended(stage: Stage, bridge: Bridge, back_s: float, before: int) -> Episode:
    """The end: what hangs, and what was said since the line `before`."""
    said = tuple(bridge.log().splitlines()[before:])
    assert bridge.end() == 0
    assert "Traceback" not in bridge.log()
    time.sleep(0.5)
    return Episode(back_s, len(hung(stage)), said)


def lines_of(bridge: Bridge) -> int:
    return len(bridge.log().splitlines())


def server_restarted(kind: str, model: Path, folder: Path) -> Episode:
    """The audio server is killed and started again; the band keeps its own time."""
    with playing(kind, model, folder, "--sync", "internal", "--tempo", f"{BPM:g}") as now:
        stage, bridge = now
        before, hears = lines_of(bridge), stage.server.port_named(HEARS)
        time.sleep(SEEN_S)
        os.kill(stage.server.pid, signal.SIGKILL)
        os.waitpid(stage.server.pid, 0)  # a zombie would count as a server of that name
        assert stage.sequencer is not None
        stage.sequencer.close()
        stage.recorder.close()
        with SERVERS[kind](folder / "again.log", place=stage.server.place) as again:
            began_s = time.monotonic()
            stage.server = again
            stage.recorder = Recorder(again, *RECORDED)
            stage.sequencer = Sequencer(again, BPM)
            stage.sequencer.play()
            first = stage.wait_for_notes(1, PATIENCE_S)[0]
            wait_until(
                lambda: MELODY_PORT in again.connections(hears), PATIENCE_S, "the melody's cable"
            )
            stage.wait_for_notes(8, PATIENCE_S)
            return ended(stage, bridge, first.time_s - began_s, before)


def synthesiser_restarted(kind: str, model: Path, folder: Path) -> Episode:
    """What the band is heard by ends and is started again; nobody touches the patchbay."""
    with playing(kind, model, folder) as (stage, bridge):
        before = lines_of(bridge)
        time.sleep(SEEN_S)
        stage.recorder.close()
        time.sleep(SEEN_S)
        stage.recorder = Recorder(stage.server, *RECORDED)
        began_s = time.monotonic()
        first = stage.wait_for_notes(1, PATIENCE_S)[0]
        stage.wait_for_notes(8, PATIENCE_S)
        assert stage.sequencer is not None
        stage.sequencer.stop()
        return ended(stage, bridge, first.time_s - began_s, before)


def disk_full(kind: str, model: Path, folder: Path) -> Episode:
    """No file of the bridge may grow any more, while it records.

    The take has to be whole up to there, and its MIDI file up to the end.
    """
    kept = folder / "kept"
    with playing(kind, model, folder, "--record", str(kept)) as (stage, bridge):
        before, from_s = lines_of(bridge), time.monotonic()
        (take,) = kept.iterdir()
        most = sum(file.stat().st_size for file in take.iterdir()) + ROOM_BYTES
        resource.prlimit(bridge.pid, resource.RLIMIT_FSIZE, (most, most))
        wait_until(lambda: "the recording ends here" in bridge.log(), PATIENCE_S, "a full disk")
        stage.wait_for_notes(16, PATIENCE_S)
        silence_s = longest_silence_s(stage.recorder.on("bass"), from_s, time.monotonic() - 0.25)
        assert stage.sequencer is not None
        stage.sequencer.stop()
        stage.wait_for_silence()
        episode = ended(stage, bridge, silence_s, before)
        heard = [event.data for event in stage.recorder.on("bass")]
        sent = [one.what.message for one in Log(take) if isinstance(one.what, Sent)]
        assert sent
        assert heard[: len(sent)] == sent
        assert (take / SONG_NAME).stat().st_size > 0
        return episode


def model_damaged(kind: str, model: Path, folder: Path) -> Episode:
    """The model's file is cut while it plays; then the engine dies, and the file is whole again.

    The groove is held meanwhile, and drafts come again afterwards.
    """
    whole, mine = model.read_bytes(), folder / "mine.onnx"
    mine.write_bytes(whole)
    with playing(kind, mine, folder) as (stage, bridge):
        before, from_s = lines_of(bridge), time.monotonic()
        mine.write_bytes(whole[: len(whole) // 2])
        stage.wait_for_notes(8, PATIENCE_S)
        os.kill(bridge.wait_for_engine(), signal.SIGKILL)
        wait_until(
            lambda: "the engine does not start" in bridge.log(), PATIENCE_S, "the damage to be told"
        )
        mine.write_bytes(whole)
        wait_until(lambda: "the engine is back" in bridge.log(), PATIENCE_S, "an engine")
        silence_s = longest_silence_s(stage.recorder.on("bass"), from_s, time.monotonic() - 0.25)
        assert stage.sequencer is not None
        stage.sequencer.stop()
        stage.wait_for_silence()
        return ended(stage, bridge, silence_s, before)


class Kind(NamedTuple):
    """How it is made to happen, what is said of it, once, and how soon the band has to be heard."""

    play: Callable[[str, Path, Path], Episode]
    says: str
    within_s: float


EPISODES = {
    "server restarted": Kind(server_restarted, "JACK is back, and so are my ports", 5.0),
    "synthesiser restarted": Kind(synthesiser_restarted, "'Bass' is connected again", BAR_S),
    "disk full": Kind(disk_full, "the recording ends here", BAR_S),
    "model damaged": Kind(model_damaged, "the engine does not start", BAR_S),
}
