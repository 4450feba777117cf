"""A synthesiser that ends, hangs, or never was: the music goes on, and no note hangs."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schmubert.bridge.protocol.process import LEAVE_S
from schmubert.bridge.sound import synthesiser as module
from schmubert.bridge.sound.synthesiser import Sound, Synthesiser

FAKE = """\
case "$*" in *"-a file"*) echo "fluidsynth: error: no room" >&2; exit 255;; esac
case "$*" in *"-a jack"*) echo "fluidsynth: error: no server runs" >&2; exit 255;; esac
echo "new $$ $*" >> "$HEARD"
while read -r line; do
  case "$line" in
    echo*) echo "${line#echo }" ;;
    quit) exit 0 ;;
    *) echo "$line" >> "$HEARD" ;;
  esac
done
"""
"""A FluidSynth that writes down what it is told."""
NOTE = bytes((0x90, 60, 90))

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")


class Studio:
    """A synthesiser that stands in, what it was told, and what the player is told."""

    def __init__(self, folder: Path, audio: str | None = None) -> None:
        self.heard_at = folder / "heard"
        self.heard_at.touch()
        (folder / "fluidsynth.sh").write_text(FAKE)
        self.lines: list[str] = []
        font = folder / "some.sf2"
        font.touch()
        command = ("sh", str(folder / "fluidsynth.sh"))
        self.voices = Synthesiser(Sound(font, audio, None, command), self.lines.append)

    def heard(self) -> list[str]:
        return self.heard_at.read_text().splitlines()

    def pids(self) -> list[int]:
        return [int(line.split()[1]) for line in self.heard() if line.startswith("new")]


def wait(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.005)


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    monkeypatch.setenv("HEARD", str(tmp_path / "heard"))
    monkeypatch.setattr(module, "READ_EVERY_S", 0.01)
    monkeypatch.setattr(module, "PAUSE_S", 0.01)
    made = Studio(tmp_path)
    yield made
    made.voices.close()


def test_the_first_audio_system_that_answers_is_taken(studio: Studio) -> None:
    wait(lambda: studio.voices.starts)
    assert studio.lines == ["sound: FluidSynth with some.sf2, through pipewire"]
    studio.voices.send(NOTE)
    wait(lambda: "noteon 0 60 90" in studio.heard())
    told = studio.heard()
    assert told.index("prog 1 33") < told.index("noteon 0 60 90")
    began_s = time.monotonic()
    studio.voices.close()
    assert time.monotonic() - began_s < LEAVE_S + 1.0
    studio.voices.send(NOTE)  # too late, and no harm


def test_one_that_is_killed_is_followed_by_one_that_knows_no_note(studio: Studio) -> None:
    wait(lambda: studio.voices.starts)
    studio.voices.send(NOTE)
    wait(lambda: "noteon 0 60 90" in studio.heard())
    for starts in (2, 3):
        os.kill(studio.pids()[-1], signal.SIGKILL)
        studio.voices.send(NOTE)  # whether it is heard or not, nobody waits
        wait(lambda starts=starts: studio.voices.starts == starts)
    new = studio.heard()[studio.heard().index(f"new {studio.pids()[-1]} " + studio_words(studio)) :]
    assert not [line for line in new if line.startswith("noteon")]
    ended = "FluidSynth ended: the music goes on, and another one starts"
    assert studio.lines[1:] == [ended, ended]


def studio_words(studio: Studio) -> str:
    """The words of the latest process, as it wrote them down."""
    return [line for line in studio.heard() if line.startswith("new")][-1].split(" ", 2)[2]


def test_one_that_hangs_is_ended(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    wait(lambda: studio.voices.starts)
    monkeypatch.setattr(module, "SILENT_S", 0.05)
    os.kill(studio.pids()[0], signal.SIGSTOP)

    def another() -> bool:
        studio.voices.look()
        return studio.voices.starts == 2

    wait(another)


def test_one_that_reads_no_more_holds_nobody_up(studio: Studio) -> None:
    wait(lambda: studio.voices.starts)
    os.kill(studio.pids()[0], signal.SIGSTOP)

    def another() -> bool:
        for _ in range(200):
            studio.voices.send(NOTE)
        return studio.voices.starts == 2

    wait(another)


def test_without_anything_to_hear_it_by_a_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEARD", str(tmp_path / "heard"))
    silent = Studio(tmp_path, "jack")
    wait(lambda: silent.lines)
    silent.voices.close()
    assert silent.lines == [
        "no sound: FluidSynth reaches no audio system (jack: no server runs): start one, or name"
        " it with --audio DRIVER; the music goes on, and I try again"
    ]
    for sound, said in (
        (Sound(command=("no-such-program",)), "no sound: FluidSynth is not here: install it"),
        (Sound(command=("sh",)), "name it with --sound-font FILE"),
    ):
        monkeypatch.setattr(module.fonts, "found", lambda: None)
        lines: list[str] = []
        voices = Synthesiser(sound, lines.append)
        wait(lambda lines=lines: lines)
        voices.close()
        assert len(lines) == 1
        assert said in lines[0]


def test_a_file_that_cannot_be_written_is_no_audio_system(tmp_path: Path) -> None:
    silent = Studio(tmp_path, "file:a.wav")
    wait(lambda: silent.lines)
    silent.voices.close()
    assert silent.lines == [
        "no sound: a.wav cannot be written (no room): name another, --audio file:OUT.wav; the music"
        " goes on, and I try again"
    ]
