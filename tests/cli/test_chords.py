"""`accompany` and `generate` with a part of chords, by their command lines."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schmubert.cli import generate, offline
from schmubert.cli.main import main
from schmubert.cli.piano_roll import COLOURS, draw
from schmubert.engine.music.chords import FIRST_CHORD
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.midifile import midi_bytes, read_score
from schmubert.engine.music.score import Note, Score, silence
from schmubert.engine.music.smf import TRACK_NAME, Event, event, meta, midi_file, read, track_body
from schmubert.engine.music.song import Part, player_song
from schmubert.engine.music.splice import later
from schmubert.engine.music.vocabulary import FIRST_ONSET, HOLD, TRIO, Track, onset_token
from tests.cli.pictures import shown
from tests.engine.diffusion.test_comping import Band

CASES = Path(__file__).parent.parent / "cases"
C, F, G = {0, 4, 7}, {5, 9, 0}, {7, 11, 2}
METERS = (COMMON, Meter(3), Meter(2, 6, 36), Meter(4, 6, 36))
FEW = ("--calls", 2, "--window", 8)


class Loaded(Band):
    """The denoiser of a band as if a file held it: all metres are its own."""

    name, runtime, corruption = "any-band", "numpy", "absorbing"
    pauses = longest_steps = None
    meters = METERS


@pytest.fixture
def band(monkeypatch: pytest.MonkeyPatch) -> None:
    """All commands load that model."""
    monkeypatch.setattr(offline, "load", lambda *_: Loaded())
    monkeypatch.setattr(generate, "load_any", lambda *_: Loaded())


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def melody(meter: Meter = COMMON, bars: int = 6) -> Score:
    tokens = silence(bars, meter=meter).tokens.copy()
    tokens[:: meter.cells, Track.MELODY] = onset_token(67)
    return Score(tokens, meter=meter)


def chords_of(path: Path) -> tuple[list[Part], dict[int, set[int]]]:
    """All parts of a file, and the pitch classes that its chords strike, by tick."""
    parts = player_song(path.read_bytes()).parts
    struck: dict[int, set[int]] = {}
    for part in (one for one in parts if one.name.startswith("Chords")):
        for onset, pitch in zip(part.onsets.tolist(), part.pitches.tolist(), strict=True):
            struck.setdefault(onset, set()).add(pitch % 12)
    return parts, struck


@pytest.mark.usefixtures("band")
@pytest.mark.parametrize("meter", METERS, ids=str)
def test_chords_of_a_chart_are_played_in_their_bars(tmp_path: Path, meter: Meter) -> None:
    song, out, plot = (tmp_path / name for name in ("in.mid", "out.mid", "roll.png"))
    song.write_bytes(midi_bytes(melody(meter), [Track.MELODY]))
    words = ("--tracks", "bass,drums,chords", "--chords", "C F", "--seed", 1)
    result = call("accompany", song, "--out", out, "--plot", plot, *words, *FEW)
    assert result.exit_code == 0, result.output
    parts, struck = chords_of(out)
    bar = 480 * meter.clocks_per_bar // 24
    assert {onset // bar for onset in struck} == set(range(6))
    for onset, classes in struck.items():
        assert classes == (C, F)[onset // bar % 2]
    assert f"and chords ({len(struck)} struck)" in result.output
    assert [(one.name, one.program) for one in parts if one.name == "Chords"] == [("Chords", 4)]
    assert len({one.place[1] for one in parts if one.place}) == len(parts)
    assert shown(plot, COLOURS[Track.CHORDS]) > 150
    again = tmp_path / "again.mid"
    call("accompany", song, "--out", again, *words, *FEW)
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.usefixtures("band")
def test_a_chart_counts_from_bar_1_though_the_band_waits_for_the_music(tmp_path: Path) -> None:
    song, out = tmp_path / "in.mid", tmp_path / "out.mid"
    song.write_bytes(later(midi_bytes(melody(), [Track.MELODY]), 3 * 1920))
    words = ("--tracks", "chords", "--chords", "C F", "--seed", 1)
    result = call("accompany", song, "--out", out, *words, *FEW)
    assert "from bar 4 on 6 bars of chords" in result.output
    _, struck = chords_of(out)
    assert {onset // 1920 for onset in struck} == set(range(3, 9))
    for onset, classes in struck.items():
        assert classes == (C, F)[onset // 1920 % 2]


@pytest.mark.usefixtures("band")
def test_a_song_keeps_every_byte_and_its_own_parts_beside_the_chords(tmp_path: Path) -> None:
    source, out = CASES / "w-flute-infill.mid", tmp_path / "out.mid"
    for more in ((), ("--replace",)):
        words = ("--tracks", "chords", "--force", *more, *FEW)
        result = call("accompany", source, "--out", out, *words)
        assert result.exit_code == 0, result.output
        theirs = read(source.read_bytes()).tracks
        ours = read(out.read_bytes()).tracks
        assert [one.events for one in ours[: len(theirs)]] == [one.events for one in theirs]
        assert len(ours) == len(theirs) + 1
        parts, struck = chords_of(out)
        before = player_song(source.read_bytes()).parts
        (chords,) = parts[len(before) :]
        assert struck
        assert chords.place is not None
        assert chords.place[1] not in {one.place[1] for one in before if one.place}
        roles = read_score(source).places.values()
        named = [one for one in before if one.place not in {p for places in roles for p in places}]
        assert ("what else it has is still there" in result.output) == bool(named)


@pytest.mark.usefixtures("band")
def test_chords_that_nobody_told_are_those_that_the_notes_were_drawn_with(tmp_path: Path) -> None:
    song, out = tmp_path / "in.mid", tmp_path / "out.mid"
    song.write_bytes(midi_bytes(melody(), [Track.MELODY]))
    for chords in ("auto", "none"):
        words = ("--tracks", "bass,chords", "--chords", chords, "--force", *FEW)
        result = call("accompany", song, "--out", out, *words)
        assert result.exit_code == 0, result.output
        assert {frozenset(one) for one in chords_of(out)[1].values()} == {frozenset(C)}


@pytest.mark.usefixtures("band")
def test_pieces_have_all_that_the_model_plays_or_what_is_named(tmp_path: Path) -> None:
    def names(*words: object) -> list[str]:
        out = tmp_path / "pieces"
        given = ("--bars", 5, "--seed", 2, "--tutti", "--force", *FEW)
        result = call("generate", "--out", out, *given, *words)
        assert result.exit_code == 0, result.output
        return [part.name for part in player_song((out / "1.mid").read_bytes()).parts]

    four = ["Melody", "Bass", "Drums", "Chords"]
    assert names() == four
    assert names("--meter", "6/8") == four
    assert names("--tracks", "melody,bass,drums") == four[:3]
    assert names("--tracks", "chords,bass") == ["Bass", "Chords"]


@pytest.mark.usefixtures("band")
def test_pieces_of_three_are_those_of_a_model_without_chords_in_mind(tmp_path: Path) -> None:
    """`generate --tracks melody,bass,drums` is what the function makes that knows no chords."""
    import numpy as np

    from schmubert.engine.diffusion.compose import generate as made
    from schmubert.engine.diffusion.sampling import Sampling

    given = ("--bars", 5, "--seed", 2, "--tutti", *FEW)
    named = ("--tracks", "melody,bass,drums", "--key", "any", "--lowest", "bass=any")
    words = (*given, *named, "--highest", "bass=any")
    assert call("generate", "--out", tmp_path, *words).exit_code == 0
    rng = np.random.default_rng((2, 0))
    score = made(Loaded(), 5, rng, 120.0, Sampling(2, window_bars=8, may_rest=False))
    assert (tmp_path / "1.mid").read_bytes() == midi_bytes(score, TRIO)


def test_a_model_without_chords_says_so_before_it_reads_a_song(
    tmp_path: Path, tiny_model_file: Path
) -> None:
    song, out = tmp_path / "in.mid", tmp_path / "out.mid"
    song.write_bytes(b"no song")
    said = (
        f"Error: the model {tiny_model_file.stem} knows no chords, only melody and bass and drums\n"
    )
    model = ("--model", tiny_model_file)
    result = call("accompany", song, "--out", out, "--tracks", "drums,chords", *model)
    assert (result.exit_code, result.output) == (1, said)
    result = call("generate", "--out", tmp_path / "pieces", "--tracks", "chords", *model)
    assert (result.exit_code, result.output) == (1, said)
    assert not (tmp_path / "pieces").exists()
    assert call("generate", "--out", tmp_path / "pieces", "--bars", 4, *model).exit_code == 0


def test_commands_that_make_no_chords_say_which_do(tmp_path: Path) -> None:
    said = "chords are made by accompany and generate alone"
    out = ("--out", tmp_path / "out.mid", "--tracks", "bass,chords")
    for words in (
        ("continue", "in.mid", "--bars", 2),
        ("infill", "in.mid", "--bars", 2),
        ("interpolate", "in.mid", "to.mid", "--bars", 2),
    ):
        result = call(*words, *out)
        assert result.exit_code == 2
        assert said in result.output
    result = call("generate", "--sampler", "reverse", "--out", tmp_path, "--tracks", "chords")
    assert result.exit_code == 1
    assert "leave out --tracks" in result.output


def test_chords_are_drawn_in_a_colour_of_their_own(tmp_path: Path) -> None:
    chords = tuple(Note(step, 6, pitch) for step in range(0, 64, 8) for pitch in (60, 64, 67))
    draw(Score(silence(4).tokens, chords=chords), tmp_path / "with.png")
    draw(silence(4), tmp_path / "without.png")
    assert shown(tmp_path / "with.png", COLOURS[Track.CHORDS]) > 150
    assert shown(tmp_path / "without.png", COLOURS[Track.CHORDS]) == 0


def test_bars_made_anew_are_told_the_chords_and_the_rhythm_of_what_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    band, song = Loaded(), tmp_path / "in.mid"
    monkeypatch.setattr(offline, "load", lambda *_: band)
    song.write_bytes(midi_file(480, bodies([[48, 52, 55]], 1920)))
    words = ("--bars", "2-3", "--tracks", "melody", "--melody", "Melody", "--seed", 1)
    result = call("infill", song, "--out", tmp_path / "out.mid", *words, *FEW)
    assert result.exit_code == 0, result.output
    first = band.shown[0][0]
    assert set(first[::16, Track.COMPING]) == {FIRST_ONSET}
    assert first[0, Track.CHORDS] == FIRST_CHORD
    assert set(first[4:80:4, Track.CHORDS]) == {HOLD}


@pytest.mark.usefixtures("band")
def test_the_chords_of_a_song_are_replaced_and_its_other_parts_stay(tmp_path: Path) -> None:
    """Its rhythm is heard: a part that comps has no role, but the band plays to it."""
    song, out = tmp_path / "in.mid", tmp_path / "out.mid"
    song.write_bytes(midi_file(480, bodies([[48, 52, 55], [53, 57, 60]], 960)))
    words = ("--melody", "Melody", "--tracks", "bass,chords", "--replace", "--seed", 1)
    result = call("accompany", song, "--out", out, *words, *FEW)
    assert result.exit_code == 0, result.output
    assert "in place of its own chords: 'Strings'" in result.output
    assert "what else it has is still there: 'Second flute'" in result.output
    names = {part.name for part in player_song(out.read_bytes()).parts}
    assert "Strings" not in names
    assert {"Melody", "Second flute"} < names


@pytest.mark.usefixtures("band")
def test_parts_of_one_name_and_program_are_told_apart(tmp_path: Path) -> None:
    """As two hands of a piano are, one of which comps."""
    song, out = tmp_path / "in.mid", tmp_path / "out.mid"
    hands = [
        (meta(0, TRACK_NAME, b"Piano"), *strokes([[48, 52, 55]], 1, 960)),
        (meta(0, TRACK_NAME, b"Piano"), *strokes([[67]], 2, 1920)),
        (meta(0, TRACK_NAME, b"Piano"), *strokes([[55, 60, 64]], 3, 1920)),
    ]
    tune = track_body([meta(0, TRACK_NAME, b"Melody"), *strokes([[72], [74]], 0, 480)], 9600)
    song.write_bytes(midi_file(480, [tune, *(track_body(hand, 9600) for hand in hands)]))
    result = call("accompany", song, "--out", out, "--tracks", "chords", "--replace", *FEW)
    assert result.exit_code == 0, result.output
    assert "in place of its own chords: 'Piano', 'Piano'" in result.output
    assert "what else it has is still there: 'Piano'" in result.output


def bodies(chords: list[list[int]], ticks: int) -> list[bytes]:
    """A melody, strings that play `chords` of so many `ticks`, and a second flute."""
    return [
        track_body([meta(0, TRACK_NAME, name), *played], 9600)
        for name, played in (
            (b"Melody", strokes([[72], [74], [76], [77]], 0, 480)),
            (b"Strings", strokes(chords, 1, ticks)),
            (b"Second flute", strokes([[67]], 2, 1920)),
        )
    ]


def strokes(chords: list[list[int]], channel: int, ticks: int) -> list[Event]:
    """`chords` one after the other on `channel`, over and over up to 9,600 ticks."""
    return [
        event(at + ticks * off, (0x80 if off else 0x90) | channel, pitch, 64)
        for number, at in enumerate(range(0, 9600, ticks))
        for off in (0, 1)
        for pitch in chords[number % len(chords)]
    ]
