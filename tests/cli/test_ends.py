"""The band of a file begins and ends with its song, and says what it played."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from schmubert.cli.excerpts import ended, only, told
from schmubert.cli.main import main
from schmubert.engine.music.midifile import read_score
from schmubert.engine.music.score import Note, Score, drum_hits, notes, silence
from schmubert.engine.music.smf import Event, event, meta, midi_file, read, track_body
from schmubert.engine.music.vocabulary import FIRST_ONSET, OFF, Track

BEAT, BAR = 96, 384


def note(tick: int, channel: int, pitch: int, length: int = BEAT) -> list[Event]:
    return [event(tick, 0x90 | channel, pitch, 90), event(tick + length, 0x80 | channel, pitch, 0)]


def file(*events: Event) -> bytes:
    return midi_file(BEAT, [track_body(sorted(events, key=lambda one: one.tick), 0)])


def tune(first_bar: int, bars: int, last: int = 4 * BEAT) -> list[Event]:
    """A note a bar, the last of all `last` ticks long."""
    begun = [(first_bar + k) * BAR for k in range(bars)]
    lengths = [BAR] * (bars - 1) + [last]
    return [
        one
        for tick, length in zip(begun, lengths, strict=True)
        for one in note(tick, 0, 70, length)
    ]


def accompanied(tmp_path: Path, model: Path, data: bytes, *more: object) -> tuple[Result, Path]:
    song, out = tmp_path / "in.mid", tmp_path / "out.mid"
    song.write_bytes(data)
    words = ("accompany", song, "--out", out, "--model", model, "--seed", 1, "--force", *more)
    return CliRunner().invoke(main, [str(word) for word in words]), out


@pytest.mark.parametrize("tracks", ["bass,drums", "drums"])
@pytest.mark.parametrize(("first", "last"), [(0, BAR), (3, BAR), (20, BEAT), (2, 10), (0, 7)])
def test_no_note_begins_before_the_song_or_after_it(
    tmp_path: Path, any_model: Path, tracks: str, first: int, last: int
) -> None:
    data = file(*tune(first, 4, last))
    result, out = accompanied(tmp_path, any_model, data, "--tracks", tracks)
    assert result.exit_code == 0, result.output
    end = (first + 3) * BAR + last
    struck, let_go = [], []
    for track in read(out.read_bytes()).tracks[1:]:
        struck += [one.tick for one in track.events if one.status & 0xF0 == 0x90]
        let_go += [one.tick for one in track.events if one.status & 0xF0 == 0x80]
    assert min(struck) >= first * BAR
    assert max(struck) < max(end, (first + 3) * BAR + BEAT // 4)
    assert max(let_go) <= -(-end // BEAT) * BEAT
    begins = f"from bar {first + 1} on " if first else ""
    assert f"out.mid: {begins}4 bars of " in result.output


def test_drums_alone_are_no_tune_and_another_way_is_named(tmp_path: Path, any_model: Path) -> None:
    beats = [one for bar in range(4) for one in note(bar * BAR, 9, 36, 9)]
    result, out = accompanied(tmp_path, any_model, file(*beats))
    assert result.exit_code == 1
    assert "it has drums alone, no tune to accompany: --tracks melody,bass\n" in result.output
    result, out = accompanied(tmp_path, any_model, file(*beats), "--tracks", "melody,bass")
    assert result.exit_code == 0, result.output
    assert len(read(out.read_bytes()).tracks) == 3


def test_a_bass_alone_can_be_taken_for_the_tune(tmp_path: Path, any_model: Path) -> None:
    said = [event(0, 0xC0, 33), *(one for k in range(16) for one in note(k * BEAT, 0, 30 + k % 5))]
    result, _ = accompanied(tmp_path, any_model, file(*said))
    assert "tune to accompany: --tracks melody,drums, or --melody, name or number of 1" in (
        result.output
    )
    result, _ = accompanied(tmp_path, any_model, file(*said), "--melody", 1)
    assert result.exit_code == 0, result.output


def test_the_song_is_over_where_its_last_note_ends() -> None:
    kit = note(3 * BAR + 2 * BEAT, 9, 36, 1)
    assert read_score(file(*tune(0, 3), *kit)).end_step == 3 * 16 + 9
    assert read_score(file(*tune(0, 3))).end_step == 3 * 16
    assert read_score(file(*tune(0, 3, BAR - 3))).end_step == 3 * 16
    assert read_score(file(*tune(0, 3, BEAT + 3))).end_step == 2 * 16 + 4
    in_three = meta(3 * BAR, 0x58, b"\x03\x02\x18\x08")
    assert read_score(file(*tune(0, 3), in_three, *note(3 * BAR, 0, 70))).end_step == 3 * 16


def test_what_is_ended_strikes_nothing_more_and_rings_to_the_end_of_the_beat() -> None:
    tokens = silence(1).tokens.copy()
    tokens[2, Track.BASS] = tokens[6, Track.MELODY] = FIRST_ONSET
    tokens[::2, Track.DRUMS] = 1
    chords = (Note(4, 8, 60), Note(8, 4, 60))
    score = ended(Score(tokens, chords=chords), [Track.BASS, Track.DRUMS, Track.CHORDS], 6)
    assert [(one.onset, one.length) for one in notes(score.tokens, Track.BASS)] == [(2, 6)]
    assert [(one.onset, one.length) for one in notes(score.tokens, Track.MELODY)] == [(6, 10)]
    assert [step for step, _ in drum_hits(score.tokens)] == [0, 2, 4]
    assert score.chords == (Note(4, 4, 60),)
    whole = Score(tokens, chords=chords)
    assert ended(whole, [Track.BASS], 16) is whole
    struck = {Track.BASS: 1, Track.DRUMS: 3, Track.CHORDS: 2}
    assert told(1, struck) == "1 bar of bass (1 note) and drums (3 hits) and chords (2 struck)"
    assert np.array_equal(score.tokens[:, Track.MELODY], tokens[:, Track.MELODY])


def test_what_is_held_over_into_new_bars_is_struck_again_there() -> None:
    tokens = silence(4).tokens.copy()
    tokens[24, Track.BASS], tokens[40, Track.BASS] = FIRST_ONSET + 5, OFF
    tokens[24, Track.MELODY] = FIRST_ONSET + 9
    tokens[[28, 36], Track.DRUMS] = 1
    found = only(Score(tokens), range(2, 3))
    bass, melody = (notes(found.tokens, track) for track in (Track.BASS, Track.MELODY))
    assert [(one.onset, one.length) for one in bass] == [(32, 8)]
    assert [(one.onset, one.length) for one in melody] == [(32, 32)]
    assert [step for step, _ in drum_hits(found.tokens)] == [36]
    assert not notes(only(Score(tokens), range(3, 4)).tokens, Track.BASS)


def test_a_drum_that_rings_and_a_note_that_nobody_lets_go_are_no_end_of_the_song() -> None:
    long_kick = note(2 * BAR, 9, 36, 60 * BAR)
    assert read_score(file(*tune(0, 3), *long_kick)).end_step == 3 * 16
    held = event(2 * BAR, 0x91, 48, 64)
    late = meta(60 * BAR, 0x01, b"the end")
    assert read_score(file(*tune(0, 3), held, late)).end_step == 3 * 16
    ringing = note(2 * BAR, 1, 48, 100 * BAR)
    assert read_score(file(*tune(0, 3), *ringing)).end_step <= 3 * 16 + 8 * 16
