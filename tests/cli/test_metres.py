"""Files in every metre, by every command: what is made stands where the file has its bars."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from schmubert.cli.main import main
from schmubert.engine.music.barlines import BarLines, bar_lines
from schmubert.engine.music.meter import COMMON, Meter, in_triplets
from schmubert.engine.music.midifile import midi_bytes, read_score
from schmubert.engine.music.score import Score, silence
from schmubert.engine.music.smf import (
    TIME_SIGNATURE,
    TRACK_NAME,
    event,
    meta,
    midi_file,
    read,
    track_body,
)
from schmubert.engine.music.song import player_song
from schmubert.engine.music.vocabulary import TRIO, Track, onset_token
from tests import tiny_model

CASES = Path(__file__).parent.parent / "cases"
QUARTER = 480
BAR = 4 * QUARTER
THREE, SIX, TWELVE = Meter(3), Meter(2, 6, 36), Meter(4, 6, 36)
SHUFFLE = in_triplets(COMMON)
LEFT = {
    "o2-pickup.mid": (0, QUARTER),
    "o3-one-2-4.mid": (16 * QUARTER, 18 * QUARTER),
    "o4-44-midbar.mid": (16 * QUARTER, 18 * QUARTER),
}
"""From tick to tick: the bar that no model can play."""
Call = Callable[..., Result]
Model = Callable[[Meter], Path]


@pytest.fixture
def call(tmp_path: Path, model: Model) -> Call:
    def call(*words: object, meter: Meter = COMMON, out: str = "out.mid") -> Result:
        given = [*words, "--out", tmp_path / out, "--force", "--model", model(meter), "--calls", 2]
        return CliRunner().invoke(main, [str(word) for word in given])

    return call


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("metres")

    def model(meter: Meter) -> Path:
        name = str(meter).replace("/", "-").replace(" ", "-")
        path = folder / f"plays-{name}.onnx"
        return path if path.exists() else tiny_model.write(path, meter)

    return model


def tune(meter: Meter, bars: int = 8) -> Score:
    """A melody whose notes begin with every other cell of each beat."""
    tokens = silence(bars, meter=meter).tokens.copy()
    tokens[::2, Track.MELODY] = onset_token(72)
    tokens[:: meter.cells, Track.MELODY] = onset_token(67)
    return Score(tokens, meter=meter)


def lines_of(data: bytes) -> BarLines:
    return bar_lines(player_song(data))


def added_onsets(out: bytes, theirs: int) -> list[int]:
    return [
        one.tick
        for track in read(out).tracks[theirs:]
        for one in track.events
        if one.status & 0xF0 == 0x90 and one.data[1]
    ]


@pytest.mark.parametrize("name", LEFT)
def test_a_bar_that_no_model_plays_is_left_alone_and_the_rest_gets_its_band(
    tmp_path: Path, call: Call, name: str
) -> None:
    source = CASES / name
    theirs = len(read(source.read_bytes()).tracks)
    first, last = LEFT[name]
    assert call("accompany", source).exit_code == 0
    played = added_onsets((tmp_path / "out.mid").read_bytes(), theirs)
    begins = {int(tick) for tick in read_score(source).grid.starts}
    assert not [tick for tick in played if first <= tick < last]
    assert begins <= set(played)
    for track in read((tmp_path / "out.mid").read_bytes()).tracks[theirs:]:
        ends = [one.tick for one in track.events if one.status & 0xF0 == 0x80]
        assert not [tick for tick in ends if first < tick < last]


@pytest.mark.parametrize("name", LEFT)
def test_what_goes_on_follows_the_last_bar_line(tmp_path: Path, call: Call, name: str) -> None:
    source = CASES / name
    end = lines_of(source.read_bytes()).end
    theirs = len(read(source.read_bytes()).tracks)
    result = call("continue", source, "--bars", 2)
    out = (tmp_path / "out.mid").read_bytes()
    assert "from bar 10 on" in result.output
    assert sorted({tick - end for tick in added_onsets(out, theirs)}) == list(
        range(0, 2 * BAR, 240)
    )
    assert lines_of(out).starts.tolist() == [
        *lines_of(source.read_bytes()).starts.tolist(),
        end,
        end + BAR,
    ]


@pytest.mark.parametrize("name", LEFT)
def test_what_leads_up_to_a_song_moves_its_bar_lines_along(
    tmp_path: Path, call: Call, name: str
) -> None:
    source = CASES / name
    theirs = len(read(source.read_bytes()).tracks)
    result = call("continue", source, "--before", "--bars", 2)
    out = (tmp_path / "out.mid").read_bytes()
    assert "from bar 1 on" in result.output
    assert max(added_onsets(out, theirs)) < 2 * BAR
    before = lines_of(source.read_bytes()).starts + 2 * BAR
    assert lines_of(out).starts.tolist() == [0, BAR, *before.tolist()]


@pytest.mark.parametrize(
    ("name", "bars", "starts"),
    [
        ("o2-pickup.mid", "2-3", [QUARTER, QUARTER + BAR]),
        ("o3-one-2-4.mid", "4-6", [3 * BAR, 18 * QUARTER]),
        ("o4-44-midbar.mid", "6", [18 * QUARTER]),
    ],
)
def test_bars_to_make_anew_count_as_in_the_file(
    tmp_path: Path, call: Call, name: str, bars: str, starts: list[int]
) -> None:
    source = CASES / name
    theirs = len(read(source.read_bytes()).tracks)
    assert call("infill", source, "--bars", bars).exit_code == 0
    played = added_onsets((tmp_path / "out.mid").read_bytes(), theirs)
    assert sorted(played) == [start + tick for start in starts for tick in range(0, BAR, 240)]


def test_a_bar_that_is_left_alone_cannot_be_made_anew(call: Call) -> None:
    result = call("infill", CASES / "o3-one-2-4.mid", "--bars", "5")
    assert result.exit_code == 1
    assert "nothing can be made in 5: bar 5 is in 2/4, the others in 4/4" in result.output


@pytest.mark.parametrize("name", LEFT)
def test_a_way_leads_from_the_last_bar_line_to_the_first(
    tmp_path: Path, call: Call, name: str
) -> None:
    source, to = CASES / "w-flute-infill.mid", CASES / name
    theirs = sum(len(read(path.read_bytes()).tracks) for path in (source, to))
    for one, other in ((source, to), (to, source)):
        assert call("interpolate", one, other, "--bars", 2).exit_code == 0
        out = (tmp_path / "out.mid").read_bytes()
        end = lines_of(one.read_bytes()).end
        played = added_onsets(out, theirs)
        assert (min(played), max(played) < end + 2 * BAR) == (end, True)
        assert lines_of(out).starts.tolist() == [
            *lines_of(one.read_bytes()).starts.tolist(),
            end,
            end + BAR,
            *(lines_of(other.read_bytes()).starts + end + 2 * BAR).tolist(),
        ]


def test_a_way_from_a_shuffle_to_16ths_asks_how_both_are_read(tmp_path: Path, call: Call) -> None:
    one, other = tmp_path / "shuffle.mid", tmp_path / "straight.mid"
    one.write_bytes(midi_bytes(tune(SHUFFLE)))
    other.write_bytes(midi_bytes(tune(COMMON)))
    words = ("interpolate", one, other, "--bars", 2)
    result = call(*words, meter=SHUFFLE)
    assert result.exit_code == 1
    said = f"no bar of it is in {SHUFFLE}, as the song before is: --feel straight or triplet, for"
    assert said in result.output
    assert call(*words, "--feel", "triplet", meter=SHUFFLE).exit_code == 0


def test_a_way_to_a_song_in_a_wrong_metre_asks_for_its_own(tmp_path: Path, call: Call) -> None:
    one, other = tmp_path / "one.mid", tmp_path / "other.mid"
    one.write_bytes(midi_bytes(tune(COMMON)))
    wrong = midi_bytes(tune(COMMON)).replace(b"\xff\x58\x04\x04\x02", b"\xff\x58\x04\x05\x03")
    other.write_bytes(wrong)
    result = call("interpolate", one, other, "--bars", 2)
    said = "other metres: it is in 5/8; name another TO, or its metre with --meter\n"
    assert (result.exit_code, result.output) == (1, f"Error: {other}: {said}")
    assert call("interpolate", one, other, "--bars", 2, "--meter", "4/4").exit_code == 0
    result = call("accompany", one, "--like", other)
    assert "it is in 5/8; name another song\n" in result.output


@pytest.mark.parametrize("meter", [THREE, SIX, TWELVE, SHUFFLE, Meter(5), Meter(2)], ids=str)
def test_with_a_model_that_plays_it_a_metre_is_as_good_as_another(
    tmp_path: Path, call: Call, meter: Meter
) -> None:
    song = tmp_path / "song.mid"
    song.write_bytes(midi_bytes(tune(meter)))
    bar = QUARTER * meter.clocks_per_bar // 24
    cells = np.arange(0, meter.steps, 2) * bar // meter.steps
    commands = {
        ("accompany",): range(8),
        ("accompany", "--chords", "Am F"): range(8),
        ("continue", "--bars", 3): range(8, 11),
        ("continue", "--bars", 3, "--before"): range(3),
        ("infill", "--bars", "2-3"): range(1, 3),
        ("interpolate", song, "--bars", 2): range(8, 10),
    }
    for (command, *words), bars in commands.items():
        plot = tmp_path / "roll.png"
        result = call(command, song, *words, "--plot", plot, meter=meter)
        assert result.exit_code == 0, result.output
        out = (tmp_path / "out.mid").read_bytes()
        theirs = len(read(midi_bytes(tune(meter))).tracks) * (1 + (command == "interpolate"))
        played = sorted(set(added_onsets(out, theirs)))
        assert played == [int(number * bar + cell) for number in bars for cell in cells]
        assert (lines_of(out).starts % bar == 0).all()
        assert {one.meter for one in lines_of(out).stretches} == {Meter(*_written(meter))}


def _written(meter: Meter) -> tuple[int, int, int]:
    """What its time signature alone says of a metre."""
    return (meter.beats, 6, 36) if meter.clocks == 36 else (meter.beats, 4, 24)


def test_a_model_that_does_not_play_a_metre_says_so_in_a_line(tmp_path: Path, call: Call) -> None:
    song = tmp_path / "waltz.mid"
    song.write_bytes(midi_bytes(tune(THREE)))
    said = "plays-4-4 plays 4/4 alone; a model trained on other metres: --model"
    so = "; if that is wrong: --meter"
    for words in (["accompany"], ["continue", "--bars", 2], ["infill", "--bars", 2]):
        result = call(words[0], song, *words[1:])
        assert (result.exit_code, result.output) == (1, f"Error: waltz.mid: 3/4: {said}{so}\n")
    result = call("interpolate", CASES / "w-flute-infill.mid", song, "--bars", 2)
    assert "no bar of it is in 4/4, as the song before is" in result.output
    result = call("generate", "--meter", "6/8", "--feel", "triplet", out="pieces")
    assert (result.exit_code, result.output) == (1, f"Error: 6/8: {said}\n")


def test_a_shuffle_is_read_in_16ths_where_the_model_knows_no_triplets(
    tmp_path: Path, call: Call
) -> None:
    song = tmp_path / "shuffle.mid"
    song.write_bytes(midi_bytes(tune(SHUFFLE)))
    result = call("accompany", song)
    assert result.exit_code == 0
    assert "it is played in triplets, which cannot be played here: read in 16ths" in result.output
    assert "16ths" not in call("accompany", song, "--feel", "straight").output
    result = call("accompany", song, "--feel", "triplet")
    assert "4/4 in triplets: plays-4-4 plays 4/4 alone" in result.output
    assert "if that is wrong: --meter, or --feel straight" in result.output


def test_a_user_says_the_metre_that_a_file_does_not_say(tmp_path: Path, call: Call) -> None:
    song = tmp_path / "waltz.mid"
    data = midi_bytes(tune(THREE))
    at = data.index(b"\xff\x58\x04")
    song.write_bytes(data[: at + 3] + b"\x04\x02" + data[at + 5 :])
    assert "4/4: plays-3-4 plays 3/4 alone" in call("accompany", song, meter=THREE).output
    result = call("accompany", song, "--meter", "3/4", meter=THREE)
    assert "8 bars of bass" in result.output
    result = call("accompany", song, "--meter", "7/8", meter=THREE)
    assert result.exit_code == 2
    assert "'7/8' is no metre that can be played" in result.output


@pytest.mark.parametrize("unit", [2, 3])
def test_a_file_that_counts_single_beats_is_read_in_4_4_and_says_so(
    tmp_path: Path, call: Call, unit: int
) -> None:
    beats = tmp_path / "beats.mid"
    four, one = b"\xff\x58\x04\x04\x02", bytes([0xFF, 0x58, 4, 1, unit])
    beats.write_bytes(midi_bytes(tune(COMMON)).replace(four, one))
    result = call("accompany", beats, "--tracks", "drums")
    assert result.exit_code == 0, result.output
    said = f"beats.mid: it is in 1/{1 << unit} throughout, which tells no bars: read in 4/4;"
    assert f"{said} --meter says another" in result.output
    assert "8 bars of drums" in result.output
    result = call("accompany", beats, "--meter", "3/4", "--tracks", "drums")
    assert "throughout" not in result.output
    assert "3/4: plays-4-4 plays 4/4 alone; a model trained on other metres" in result.output
    assert "if that is wrong: --meter" in result.output


def test_bars_that_go_on_in_another_metre_than_the_last_one_say_so(
    tmp_path: Path, call: Call
) -> None:
    """Seven bars of 4/4, the last one of 3/4; what follows is in 4/4 again."""
    notes = [event(tick, 0x90, 60, 80) for tick in range(0, 31 * QUARTER, QUARTER)]
    notes += [event(tick + 400, 0x80, 60, 0) for tick in range(0, 31 * QUARTER, QUARTER)]
    said = [meta(28 * QUARTER, TIME_SIGNATURE, b"\x03\x02\x18\x08")]
    body = track_body(sorted([*notes, *said], key=lambda one: one.tick), 31 * QUARTER)
    song = tmp_path / "song.mid"
    song.write_bytes(midi_file(QUARTER, [body]))
    assert "from bar 9 on" in call("continue", song, "--bars", 2).output
    starts = lines_of((tmp_path / "out.mid").read_bytes()).starts // QUARTER
    assert starts.tolist() == [0, 4, 8, 12, 16, 20, 24, 28, 31, 35]


@pytest.mark.parametrize(
    ("words", "meter", "signature"),
    [
        (("--meter", "3/4"), THREE, (3, 4)),
        (("--meter", "6/8"), SIX, (6, 8)),
        (("--meter", "12/8"), TWELVE, (12, 8)),
        (("--feel", "triplet"), SHUFFLE, (4, 4)),
        (("--meter", "2/2"), COMMON, (4, 4)),
    ],
)
def test_pieces_are_made_in_a_metre(
    tmp_path: Path, call: Call, words: tuple[str, ...], meter: Meter, signature: tuple[int, int]
) -> None:
    result = call("generate", "--bars", 8, *words, meter=meter, out="pieces")
    assert result.exit_code == 0, result.output
    data = (tmp_path / "pieces" / "1.mid").read_bytes()
    assert [one[1:] for one in player_song(data).signatures] == [signature]
    reading = read_score(data)
    assert reading.score.meter.shape == meter.shape
    want = tiny_model.bar_of(Track.BASS, meter)
    assert reading.score.tokens[: meter.steps, Track.BASS].tolist() == want


def test_who_plays_in_bars_that_are_left_alone_has_no_role() -> None:
    """A tune that is all in 3/4 leads no band in 4/4; a part that plays there does."""

    def part(name: bytes, channel: int, first: int, last: int) -> bytes:
        ticks = range(first * QUARTER, last * QUARTER, QUARTER)
        strokes = [
            event(tick + off * QUARTER, (0x80 if off else 0x90) | channel, 72 + tick % 7, 90)
            for tick in ticks
            for off in (0, 1)
        ]
        return track_body([meta(0, TRACK_NAME, name), *strokes], last * QUARTER)

    said = [meta(8 * BAR * k, TIME_SIGNATURE, bytes([4 - k, 2, 24, 8])) for k in (0, 1)]
    voices = [part(b"Vocal", 0, 32, 44), part(b"Flute", 1, 0, 32)]
    song = midi_file(QUARTER, [track_body(said, 0), *voices])
    assert read_score(song).roles == {Track.MELODY: "Flute"}
    assert read_score(song, {Track.MELODY: "Vocal"}).roles == {}


def test_a_folder_counts_the_songs_of_other_metres(tmp_path: Path, call: Call) -> None:
    songs = tmp_path / "songs"
    songs.mkdir()
    for name, meter in (("a", COMMON), ("b", THREE), ("c", SIX)):
        (songs / f"{name}.mid").write_bytes(midi_bytes(tune(meter), TRIO))
    result = call("accompany", songs, out="folder")
    assert "1 of 3 songs written" in result.output
    assert "left out c.mid: 6/8: plays-4-4 plays 4/4 alone" in result.output
    assert "2 of 3 songs could not be used, 2 of them for their metre" in result.output
