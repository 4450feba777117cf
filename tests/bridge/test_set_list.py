"""`--set-list`: each song begins as it is kept by then, with its own pads, at the same places."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest
import tomlkit

from schmubert.bridge import command
from schmubert.bridge.choices import parameters
from schmubert.bridge.options import Stage
from schmubert.bridge.osc import process as osc_process
from schmubert.bridge.owner import loop
from schmubert.bridge.owner.memory_ports import MemoryPorts
from schmubert.bridge.owner.report import Lateness, Report, report_on
from schmubert.bridge.page import process as page_process
from schmubert.bridge.protocol.controls import Control
from schmubert.bridge.protocol.events import Record
from schmubert.bridge.protocol.messages import Charted, Settings
from schmubert.bridge.protocol.roles import Rig, input_part, output_part, rig
from schmubert.bridge.protocol.surface import binding
from schmubert.bridge.sound import synthesiser
from tests.bridge.called import Performance, run
from tests.bridge.test_command import NoPorts
from tests.bridge.test_osc import PaperOsc
from tests.bridge.test_page import PaperPage

BAND = ("--in", "Keys:melody", "--out", "Bass", "--engine", "tcp://127.0.0.1:1")
NEXT = Control("next-song", 1.0)


class Show:
    """A show of songs that end at once: what each was called with, and what happens in which."""

    def __init__(self, folder: Path) -> None:
        self.songs, self.calls = folder / "songs", list[Performance]()
        self._list = folder / "set.txt"
        self.happens: dict[int, Callable[[], Control | Charted]] = {}
        self.songs.mkdir()

    def perform(
        self, _: object, plugged: Rig, settings: Settings, *rest: object, **how: object
    ) -> Report:
        """Stands for the loop of the stage."""
        self.calls.append(Performance(plugged, settings, rest[0]))  # type: ignore[arg-type]
        witness = how["witness"]
        assert callable(witness)
        for one in (self.happens.get(len(self.calls)), lambda: NEXT):
            if one is not None:
                witness(Record(1.0, one()))
        return report_on(0, 0, 0, Lateness())

    def write(self, **songs: str) -> None:
        """Keep these songs."""
        for name, text in songs.items():
            (self.songs / f"{name}.toml").write_text(text)

    def play(self, names: str, *words: str) -> str:
        """What the player reads of a show of these songs."""
        self._list.write_text(names.replace(" ", "\n"))
        done = run(*BAND, *words, "--set-list", str(self._list))
        assert done.exit_code == 0, done.output
        return done.output


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Show:
    made = Show(tmp_path)
    monkeypatch.setattr(parameters, "songs_folder", lambda: made.songs)
    monkeypatch.setattr(command, "songs_folder", lambda: made.songs)
    monkeypatch.setattr(command, "MidiPorts", NoPorts)
    monkeypatch.setattr(loop, "perform", made.perform)
    return made


def test_a_song_that_plays_like_none_is_refused_wherever_that_is_said(show: Show) -> None:
    show.write(A="tempo = 90\n", B='[set]\nstyle = "song"\n')
    preset = show.songs / "kept.toml"
    preset.write_text('[set]\nstyle = "song"\n')
    says = "style=song plays like a song: start with --like SONG.mid"
    (show.songs / "set.txt").write_text("A\nB\n")
    for words, place in (
        (["--song", "B"], ""),
        (["--preset", str(preset)], ""),
        (["--set-list", str(show.songs / "set.txt")], f"song 'B' of {show.songs / 'set.txt'}: "),
    ):
        result = run(*BAND, *words)
        assert result.exit_code == 2
        assert result.output.splitlines()[-1] == f"Error: {place}{says}"
    assert not show.calls


@pytest.mark.parametrize(
    "turned",
    [Control("temperature", 1.25), Control("key", 10.0), Charted("Dm G"), Control("tempo", 93.0)],
)
def test_a_reprise_goes_on_as_the_song_was_left(show: Show, turned: Control | Charted) -> None:
    show.write(A='chords = "Am F"\ntempo = 120\n[set]\ntemperature = 0.9\n', B="tempo = 100\n")
    show.happens[1] = lambda: turned
    show.play("A B A")
    first, _, again = show.calls
    assert len(show.calls) == 3
    if isinstance(turned, Charted):
        assert again.settings.chords == "Dm G"
        assert first.settings.chords == "Am F"
    elif turned.name == "tempo":
        assert (first.timing.tempo_bpm, again.timing.tempo_bpm) == (120.0, 93.0)
    else:
        assert turned in again.settings.controls
        assert turned not in first.settings.controls
    found = tomlkit.parse((show.songs / "A.toml").read_text()).unwrap()
    assert found["chords"] == again.settings.chords
    assert found["tempo"] == again.timing.tempo_bpm


def test_a_song_that_is_damaged_is_told_before_anything_is_opened(show: Show) -> None:
    show.write(A="tempo = 120\n", B="tempo = ")
    NoPorts.asked.clear()
    with pytest.raises(AssertionError, match="--song:"):
        show.play("A B A")
    assert NoPorts.asked == []
    assert show.calls == []


def test_one_that_is_damaged_while_another_is_played_is_told_and_played(show: Show) -> None:
    show.write(A="tempo = 120\n", B='tempo = 100\nmeter = "3/4"\n')

    def spoil() -> Control:
        show.write(B="tempo = ")
        return NEXT

    show.happens[1] = spoil
    said = show.play("A B A")
    assert [one.timing.tempo_bpm for one in show.calls] == [120.0, 100.0, 120.0]
    assert "I play 'B' as it was before the first song" in said
    assert "song 'B' cannot be kept" in said
    assert (show.songs / "B.toml").read_text() == "tempo = "


def test_the_knobs_and_pads_of_a_song_are_its_own(show: Show) -> None:
    show.write(A="", B='[bind]\nfill = "note:40:16"\n')
    show.play("A B A", "--bind", "break=note:41")
    fill, pause = binding("fill", "note:40:16"), binding("break", "note:41")
    assert [set(one.plugged.bindings) for one in show.calls] == [{pause}, {pause, fill}, {pause}]


def test_what_is_learnt_goes_before_what_a_song_binds() -> None:
    plugged = rig([input_part("Keys")], [output_part("Bass")], None)
    fill, learnt, pause = (
        binding("fill", "note:40"),
        binding("fill", "note:50"),
        binding("break", "note:41"),
    )
    found = command.bound_for(plugged, {"bindings": (fill, pause)}, [learnt])
    assert found.bindings == (pause, learnt)


def test_the_pads_of_a_song_are_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    class Voice:
        heard: ClassVar[list[bytes]] = []

        def __init__(self, *_: object) -> None: ...

        def send(self, message: bytes) -> None:
            self.heard.append(message)

        def close(self) -> None: ...

    monkeypatch.setattr(synthesiser, "Synthesiser", Voice)
    plugged = rig([input_part("Keys")], [], None, sound=True)
    stage = Stage(heard=(input_part("Keys"),), sound=True)
    pad = bytes((0x90, 40, 90))
    with closing(MemoryPorts()) as ports, command.heard(ports, plugged, stage, print) as with_rig:  # type: ignore[arg-type]
        for bound in ((), (binding("fill", "note:40"),)):
            song = with_rig(command.bound_for(plugged, {"bindings": bound}))
            song._hear(0, pad)  # type: ignore[attr-defined]
            assert len(Voice.heard) == 1


@pytest.mark.parametrize(
    ("option", "paper", "of"), [("page", PaperPage, page_process), ("osc", PaperOsc, osc_process)]
)
def test_a_port_that_was_found_is_that_of_the_next_songs(
    show: Show, monkeypatch: pytest.MonkeyPatch, option: str, paper: type[PaperPage], of: object
) -> None:
    monkeypatch.setattr(of, option.capitalize(), paper)
    monkeypatch.setattr(of, "PACKAGES", {})
    paper.made.clear()
    show.play("A B A", f"--{option}", "0.0.0.0:0")
    first, *others = [one.programme for one in paper.made]
    found = paper.made[0].port
    assert first.port == 0
    assert [(one.host, one.port) for one in others] == [("0.0.0.0", found)] * 2
    assert {one.token for one in others} == {first.token}
