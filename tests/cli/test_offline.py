"""The commands from MIDI to MIDI, on files and folders, by their command lines."""

import io
from pathlib import Path

import mido
import pytest
from click.testing import CliRunner, Result

from schmubert.cli.main import main
from schmubert.cli.piano_roll import BOX_COLOUR
from schmubert.cli.tune import tune
from schmubert.engine.music.midifile import midi_bytes, read_score
from schmubert.engine.music.score import STEPS_PER_BAR, Score, drum_hits, notes, silence
from schmubert.engine.music.vocabulary import HOLD, Track
from tests import tiny_model
from tests.cli.pictures import shown

MELODY = midi_bytes(tune(), [Track.MELODY])


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def events(path_or_data: Path | bytes) -> list[list[tuple[int, str]]]:
    """Every message of each track with its tick."""
    data = path_or_data if isinstance(path_or_data, bytes) else path_or_data.read_bytes()
    found = []
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks:
        tick, messages = 0, []
        for message in track:
            tick += message.time
            messages.append((tick, str(message.copy(time=0))))
        found.append(messages)
    return found


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "in.mid"
    path.write_bytes(MELODY)
    return path


@pytest.fixture
def model(tiny_model_file: Path) -> tuple[str, Path]:
    return "--model", tiny_model_file


Model = tuple[str, Path]


def test_accompany_adds_a_track_a_role_and_keeps_every_event(song: Path, model: Model) -> None:
    out = song.with_name("out.mid")
    result = call("accompany", song, "--out", out, *model, "--calls", 4)
    assert result.exit_code == 0, result.output
    before, after = events(song), events(out)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 2
    reading = read_score(out)
    assert (reading.score.tokens[:, Track.MELODY] == tune().tokens[:, Track.MELODY]).all()
    for track in (Track.BASS, Track.DRUMS):
        bar = tiny_model.bar_of(track)
        assert reading.score.tokens[: 15 * STEPS_PER_BAR, track].tolist() == bar * 15
    assert "16 bars of bass (126 notes) and drums" in result.output  # the tune ends a beat early
    assert "the same again: --seed" in result.output


def test_the_tracks_can_be_chosen(song: Path, model: Model) -> None:
    out = song.with_name("out.mid")
    result = call("accompany", song, "--out", out, "--tracks", "drums", *model)
    assert result.exit_code == 0, result.output
    assert set(read_score(out).roles) == {Track.MELODY, Track.DRUMS}
    for tracks, said in [("base", "names of tracks"), ("melody,bass,drums", "name one or two")]:
        refused = call("accompany", song, "--out", out, "--tracks", tracks, *model, "--force")
        assert refused.exit_code != 0
        assert said in refused.output


def test_the_same_seed_writes_the_same_file_whatever_it_is_called(
    song: Path, tmp_path: Path, any_model: Path
) -> None:
    other = tmp_path / "folder" / "renamed.mid"
    other.parent.mkdir()
    other.write_bytes(MELODY)
    outs = []
    for number, (source, seed) in enumerate([(song, 7), (song, 7), (other, 7), (song, 8)]):
        outs.append(tmp_path / f"{number}.mid")
        result = call("accompany", source, "--out", outs[-1], "--seed", seed, "--model", any_model)
        assert result.exit_code == 0, result.output
        assert "the same again" not in result.output
    one, same, renamed, different = (out.read_bytes() for out in outs)
    assert one == same == renamed != different


def test_continue_goes_on_after_the_last_sounding_bar(tmp_path: Path, model: Model) -> None:
    song = tmp_path / "in.mid"
    song.write_bytes(midi_bytes(tune().followed_by(silence(3)), [Track.MELODY]))
    out, plot = tmp_path / "out.mid", tmp_path / "out.png"
    result = call("continue", song, "--out", out, "--bars", 4, "--plot", plot, *model)
    assert result.exit_code == 0, result.output
    before, after = events(song), events(out)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1
    onsets = [(tick, text) for tick, text in after[-1] if text.startswith("note_on")]
    sounding = [tick for tick, text in onsets if "velocity=0" not in text]
    ticks_per_bar = 4 * mido.MidiFile(out).ticks_per_beat
    eighth = ticks_per_bar // 8
    assert sounding == [16 * ticks_per_bar + index * eighth for index in range(32)]
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "from bar 17 on 4 bars of melody (32 notes)" in result.output


def test_continue_takes_up_what_is_there_or_what_is_named(tmp_path: Path, model: Model) -> None:
    duo, out = tmp_path / "duo.mid", tmp_path / "out.mid"
    assert call("accompany", _written(tmp_path / "in.mid"), "--out", duo, *model).exit_code == 0
    assert call("continue", duo, "--out", out, "--bars", 2, *model).exit_code == 0
    score = read_score(out, {Track.MELODY: "Melody 2", Track.BASS: "Bass 2"}).score
    assert score.bars == 18
    assert notes(score.tokens, Track.BASS)[0].onset == 16 * STEPS_PER_BAR
    assert max(step for step, _ in drum_hits(score.tokens)) >= 17 * STEPS_PER_BAR
    result = call("continue", duo, "--out", out, "--bars", 2, "--tracks", "bass", *model, "--force")
    assert result.exit_code == 0, result.output
    score = read_score(out).score
    assert (score.tokens[16 * STEPS_PER_BAR :, Track.MELODY] == HOLD).all()


def test_continue_before_leads_up_to_the_first_sounding_bar(tmp_path: Path, model: Model) -> None:
    song, out = tmp_path / "in.mid", tmp_path / "out.mid"
    song.write_bytes(midi_bytes(silence(2).followed_by(tune()), [Track.MELODY]))
    result = call("continue", song, "--out", out, "--bars", 4, "--before", *model)
    assert result.exit_code == 0, result.output
    assert "from bar 3 on 4 bars of melody (32 notes)" in result.output
    old = read_score(out, {Track.MELODY: "Melody"}).score.tokens[:, Track.MELODY]
    assert (old[6 * STEPS_PER_BAR :] == tune().tokens[:, Track.MELODY]).all()
    assert not old[: 6 * STEPS_PER_BAR].any()
    new = notes(read_score(out, {Track.MELODY: "Melody 2"}).score.tokens, Track.MELODY)
    assert [note.onset for note in new] == [*range(2 * STEPS_PER_BAR, 6 * STEPS_PER_BAR, 2)]


def test_interpolate_leads_from_one_file_to_another(tmp_path: Path, model: Model) -> None:
    first, out, plot = _written(tmp_path / "in.mid"), tmp_path / "out.mid", tmp_path / "out.png"
    then = tmp_path / "then.mid"
    then.write_bytes(midi_bytes(silence(1).followed_by(tune().transposed(3)), [Track.MELODY]))
    words = ("--bars", 6, "--plot", plot)
    result = call("interpolate", first, then, "--out", out, *words, *model)
    assert result.exit_code == 0, result.output
    assert "from bar 17 on 6 bars of melody (48 notes)" in result.output
    assert "then.mid: melody: 'Melody' (track 1, acoustic grand piano)" in result.output
    assert plot.read_bytes().startswith(b"\x89PNG")
    parts = [read_score(out, {Track.MELODY: number}).score for number in (1, 2, 3)]
    played = [notes(score.tokens, Track.MELODY) for score in parts]
    assert played[0] == notes(tune().tokens, Track.MELODY)
    gone = 22 * STEPS_PER_BAR
    assert played[1] == [
        note._replace(onset=note.onset + gone)
        for note in notes(tune().transposed(3).tokens, Track.MELODY)
    ]
    assert [note.onset for note in played[2]] == [*range(16 * STEPS_PER_BAR, gone, 2)]


def test_a_folder_of_songs_leads_to_one(tmp_path: Path, model: Model) -> None:
    songs, out = tmp_path / "songs", tmp_path / "out"
    for name in ("a.mid", "b.mid"):
        _written(songs / name)
    to = _written(tmp_path / "to.mid")
    words = ("--bars", 2, "--tracks", "bass", "--calls", 2)
    result = call("interpolate", songs, to, "--out", out, *words, *model)
    assert result.exit_code == 0, result.output
    for name in ("a.mid", "b.mid"):
        score = read_score(out / name).score
        assert score.bars == 34
        bass = [note.onset // STEPS_PER_BAR for note in notes(score.tokens, Track.BASS)]
        assert set(bass) == {16, 17}


def test_infill_makes_bars_and_tracks_anew_and_keeps_the_rest(tmp_path: Path, model: Model) -> None:
    duo, out = tmp_path / "duo.mid", tmp_path / "out.mid"
    assert call("accompany", _written(tmp_path / "in.mid"), "--out", duo, *model).exit_code == 0
    words = ("--bars", "3-4, 9", "--tracks", "melody,bass")
    result = call("infill", duo, "--out", out, *words, *model)
    assert result.exit_code == 0, result.output
    assert "bars 3-4, 9 with melody (24 notes) and bass (24 notes)" in result.output
    before, after = events(duo), events(out)
    assert len(after) == len(before) + 2
    inside = [*range(2 * STEPS_PER_BAR, 4 * STEPS_PER_BAR), *range(8 * STEPS_PER_BAR, 9 * 16)]
    for track, old, new in ((Track.MELODY, 1, 3), (Track.BASS, 2, 4)):
        was, stayed, added = (
            notes(read_score(path, {track: number}).score.tokens, track)
            for path, number in ((duo, old), (out, old), (out, new))
        )
        assert [n.onset for n in stayed] == [n.onset for n in was if n.onset not in inside]
        assert [n.onset for n in added] == [step for step in inside if step % 2 == 0]
    assert drum_hits(read_score(duo).score.tokens) == drum_hits(read_score(out).score.tokens)


def test_infill_makes_any_cells_anew_down_to_a_16th_of_one_track(
    tmp_path: Path, any_model: Path
) -> None:
    """Thesis 4.3.1: any subsequence; the abstract: single notes."""
    band, out, plot = tmp_path / "band.mid", tmp_path / "out.mid", tmp_path / "out.png"
    model, source = ("--model", any_model), _written(tmp_path / "in.mid")
    assert call("accompany", source, "--out", band, "--seed", 2, *model).exit_code == 0
    words = ("--bars", "3.2-3.4, 9.4.3, drums:5.1.2-5.2", "--tracks", "bass", "--seed", 3)
    result = call("infill", band, "--out", out, "--plot", plot, *words, *model)
    assert result.exit_code == 0, result.output
    assert shown(plot, BOX_COLOUR) > 100
    bass = {*range(2 * 16 + 4, 3 * 16), 8 * 16 + 14}
    drums = {*range(4 * 16 + 1, 4 * 16 + 8)}
    old = _begun(read_score(band, {Track.BASS: "Bass"}).score, Track.BASS)
    stayed = _begun(read_score(out, {Track.BASS: "Bass"}).score, Track.BASS)
    added = _begun(read_score(out, {Track.BASS: "Bass 2"}).score, Track.BASS)
    assert stayed == old - bass
    assert added
    assert added <= bass
    was, now = (_begun(read_score(path).score, Track.DRUMS) for path in (band, out))
    assert now - drums == was - drums
    assert now & drums
    assert events(out)[1] == events(band)[1], "the melody is as it was"


def test_infill_of_tracks_named_twice_over_is_refused(tmp_path: Path, model: Model) -> None:
    song, out = _written(tmp_path / "in.mid"), tmp_path / "out.mid"
    words = ("--bars", "bass:3", "--tracks", "melody")
    result = call("infill", song, "--out", out, *words, *model)
    assert result.exit_code != 0
    assert "--tracks is for bars that name no track" in result.output
    assert not out.exists()


@pytest.mark.parametrize(
    ("bars", "said"),
    [
        ("one", "bars, as 9-16"),
        ("3-", "bars, as 9-16"),
        ("1-2-3", "bars, as 9-16"),
        ("0-3", "bars count from 1"),
        ("4-3", "bars count from 1"),
        ("1-9999999999", "4096 bars at most"),
        ("9.3.2.1", "bars, as 9-16"),
        ("9.5", "a bar of 4/4 has 4 beats"),
        ("9.3.0", "bars count from 1"),
        ("9.3-9.2", "the first before the last"),
        ("flute:9", "names of tracks"),
        (":9", "names of tracks"),
    ],
)
def test_bars_that_are_none_are_named(song: Path, model: Model, bars: str, said: str) -> None:
    result = call("infill", song, "--out", song.with_name("out.mid"), "--bars", bars, *model)
    assert result.exit_code != 0
    assert said in result.output


def test_a_folder_is_done_in_one_go_and_what_fails_is_named(tmp_path: Path, model: Model) -> None:
    songs, out, plots = tmp_path / "songs", tmp_path / "out", tmp_path / "plots"
    for name in ("a.mid", "deep/b.mid", "deep/c.mid"):
        _written(songs / name)
    (songs / "deep/broken.mid").write_bytes(b"MThd, says it")
    (songs / "waltz.mid").write_bytes(_in_three())
    result = call("accompany", songs, "--out", out, "--plot", plots, *model, "--calls", 2)
    assert result.exit_code == 1
    written = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.mid"))
    assert written == ["a.mid", "deep/b.mid", "deep/c.mid"]
    drawn = sorted(path.relative_to(plots).as_posix() for path in plots.rglob("*.png"))
    assert drawn == ["a.png", "deep/b.png", "deep/c.png"]
    assert "3 of 5 songs written" in result.output
    assert "left out deep/broken.mid: damaged" in result.output
    assert "left out waltz.mid: 3/4: tiny plays 4/4 alone; a model trained on" in result.output
    assert result.output.rstrip().endswith(
        "Error: 2 of 5 songs could not be used, 1 of them for their metre"
    )
    again = call("accompany", songs, "--out", out, *model)
    assert again.exit_code == 1
    assert "a.mid and 2 more are there already" in again.output


def test_songs_of_a_folder_sound_as_each_alone(tmp_path: Path, any_model: Path) -> None:
    songs = tmp_path / "songs"
    for name in ("a.mid", "b.mid"):
        _written(songs / name)
    (songs / "b.mid").write_bytes(midi_bytes(tune().transposed(2), [Track.MELODY]))
    options = ("--model", any_model, "--seed", 3)
    assert call("accompany", songs, "--out", tmp_path / "out", *options).exit_code == 0
    alone = tmp_path / "alone.mid"
    assert call("accompany", songs / "b.mid", "--out", alone, *options).exit_code == 0
    assert alone.read_bytes() == (tmp_path / "out" / "b.mid").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("accompany", "none.mid", "--out", "o.mid"), "none.mid: no such file or folder"),
        (("accompany", "broken.mid", "--out", "o.mid"), "broken.mid: damaged"),
        (("accompany", "silent.mid", "--out", "o.mid"), "silent.mid: empty: it holds no note"),
        (
            ("accompany", "in.mid", "--out", "there.mid"),
            "there.mid is there already: --force writes over it\n",
        ),
        (("accompany", "in.mid", "--out", "in.mid", "--force"), "in.mid is a song to read"),
        (("accompany", "in.mid", "--out", "o.mid", "--plot", "o.gif"), "ends in .png, .pdf, .svg"),
        (("accompany", "in.mid", "--out", "o.mid", "--model", "in.mid"), "a model ends in .onnx"),
        (("accompany", "in.mid", "--out", "o.mid", "--model", "no.onnx"), "no such model file"),
        (("accompany", "in.mid", "--out", "o.mid", "--model", "bad.onnx"), "bad.onnx: no model"),
        (("accompany", "in.mid", "--out", "o.mid", "--melody", "Flute"), "no such track"),
        (("continue", "silent.mid", "--out", "o.mid", "--bars", "2"), "silent.mid: empty: it"),
        (
            ("continue", "waltz.mid", "--out", "o.mid", "--bars", "2"),
            "waltz.mid: 3/4: tiny plays",
        ),
        (("infill", "silent.mid", "--out", "o.mid", "--bars", "2"), "silent.mid: empty: it"),
        (
            ("infill", "in.mid", "--out", "o.mid", "--bars", "9-17"),
            "in.mid: it ends with bar 16: 9-17",
        ),
        (("infill", "in.mid", "--out", "there.mid", "--bars", "2"), "there.mid is there already"),
        (("interpolate", "in.mid", "no.mid", "--out", "o.mid", "--bars", "2"), "no.mid: No such"),
        (
            ("interpolate", "in.mid", "waltz.mid", "--out", "o.mid", "--bars", "2"),
            "no bar of it is in 4/4, as the song before is: --meter, for both, if that is wrong,"
            " else another TO",
        ),
        (("interpolate", "in.mid", ".", "--out", "o.mid", "--bars", "2"), ". is a folder: name a"),
        (("accompany", "in.mid", "--out", "there.mid/o.mid"), "there.mid is a file, not a folder"),
        (
            ("accompany", "in.mid", "--out", "o.mid", "--plot", "there.mid/o.png"),
            "there.mid is a file, not a folder: name another place",
        ),
        (
            ("accompany", "in.mid", "--out", "o.mid", "--like", "no.mid"),
            "Error: cannot read no.mid: No such file or directory",
        ),
        (
            ("accompany", "in.mid", "--out", "o.mid", "--like", "broken.mid"),
            "cannot play like broken.mid: damaged",
        ),
        (
            ("interpolate", "in.mid", "there.mid", "--out", "there.mid", "--bars", "2", "--force"),
            "there.mid is a song to read",
        ),
        (
            ("interpolate", "silent.mid", "silent.mid", "--out", "o.mid", "--bars", "2"),
            "silent.mid: empty: it holds no note",
        ),
    ],
)
def test_bad_input_is_one_line_that_helps_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Model, words: tuple[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    _written(tmp_path / "in.mid")
    Path("broken.mid").write_bytes(b"MThd, says it")
    Path("bad.onnx").write_bytes(b"no graph at all")
    Path("silent.mid").write_bytes(midi_bytes(silence(4), [Track.MELODY]))
    Path("waltz.mid").write_bytes(_in_three())
    Path("there.mid").write_bytes(b"old")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    result = call(*words, *(() if "--model" in words else model))
    assert result.exit_code == 1
    assert said in result.output
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_melody_model_says_what_it_cannot_do(tmp_path: Path, melody_model: Path) -> None:
    song, out = _written(tmp_path / "in.mid"), tmp_path / "out.mid"
    result = call("accompany", song, "--out", out, "--model", melody_model)
    assert result.exit_code == 1
    said = "Error: the model melody knows no bass and no drums, only melody\n"
    assert result.output == said
    assert not out.exists()
    result = call("continue", song, "--out", out, "--bars", 2, "--model", melody_model)
    assert result.exit_code == 0, result.output
    assert read_score(out, {Track.MELODY: "Melody 2"}).score.bars == 18


def _begun(score: Score, track: Track) -> set[int]:
    """The steps at which `track` begins something."""
    if track is Track.DRUMS:
        return {step for step, _ in drum_hits(score.tokens)}
    return {note.onset for note in notes(score.tokens, track)}


def _written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(MELODY)
    return path


def _in_three() -> bytes:
    midi = mido.MidiFile(file=io.BytesIO(MELODY))
    for track in midi.tracks:
        for index, message in enumerate(track):
            if message.type == "time_signature":
                track[index] = message.copy(numerator=3)
    written = io.BytesIO()
    midi.save(file=written)
    return written.getvalue()
