"""A corpus' file -> trios: laws of the grid first, then the rules one by one."""

import io

import mido
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schmubert.engine.music.barlines import Grid
from schmubert.engine.music.columns import pitched_on
from schmubert.engine.music.meter import COMMON
from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.score import STEPS_PER_BAR, Score, canonical
from schmubert.engine.music.song import (
    Part,
    Song,
    Tempo,
    TimeSignature,
    Unusable,
    corpus_song,
    tempo_at,
)
from schmubert.engine.music.trios import Rules, cut_song, require_tracks
from schmubert.engine.music.vocabulary import HOLD, OFF, TRIO, Drum, drum_token, onset_token
from tests.engine.music.corpus_trios import trios_of

BEAT = 480
BAR = 4 * BEAT


def part(
    notes: list[tuple[int, int, int]], program: int = 0, drums: bool = False, name: str = ""
) -> Part:
    """A part of (onset, end, pitch), in ticks."""
    onsets, ends, pitches = np.array(notes, np.int64).reshape(-1, 3).T
    return Part(name, program, drums, onsets, ends, pitches)


def beats(bars: int, pitch: int, first_bar: int = 0) -> list[tuple[int, int, int]]:
    """Quarter notes through `bars` bars of 4/4."""
    start = first_bar * BAR
    return [(start + k * BEAT, start + k * BEAT + BEAT, pitch) for k in range(4 * bars)]


def trio(bars: int = 8) -> list[Part]:
    return [
        part(beats(bars, 60), 0),
        part(beats(bars, 40), 33),
        part(beats(bars, 36), 0, True),
    ]


def song(
    parts: list[Part], said: list[TimeSignature] | None = None, end: int | None = None
) -> Song:
    last = max((int(p.ends.max()) for p in parts), default=0) if end is None else end
    return Song(BEAT, tuple(parts), tuple(said or ()), (), last)


def file(*tracks: list[mido.Message]) -> bytes:
    written = mido.MidiFile(ticks_per_beat=BEAT)
    written.tracks.extend(mido.MidiTrack(track) for track in tracks)
    buffer = io.BytesIO()
    written.save(file=buffer)
    return buffer.getvalue()


@settings(deadline=None)
@given(st.integers(1, 8), st.randoms(use_true_random=False))
def test_a_written_trio_is_read_as_it_was(extra: int, random: object) -> None:
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    bars = 4 + extra
    tokens = np.zeros((bars * STEPS_PER_BAR, 3), np.int64)
    for track, low, high in ((0, 1, 90), (1, 1, 90), (2, 1, 512)):
        spoken = rng.random(len(tokens)) < 0.3
        tokens[spoken, track] = rng.integers(low, high, int(spoken.sum()))
        tokens[::STEPS_PER_BAR, track] = rng.integers(2, high, bars)  # every bar sounds
    tokens[-1, 0] = onset_token(60)  # and so does the end, which symusic does not tell
    (read,) = trios_of(midi_bytes(Score(canonical(tokens), 97.0)))
    np.testing.assert_array_equal(read.tokens, canonical(tokens))
    assert read.tempo_bpm == pytest.approx(97.0, rel=1e-4)


notes_in_ticks = st.lists(
    st.tuples(st.integers(-BAR, 3 * BAR), st.integers(0, BAR), st.integers(0, 127)).map(
        lambda note: (note[0], note[0] + note[1], note[2])
    ),
    max_size=30,
)


@settings(deadline=None)
@given(notes_in_ticks)
def test_a_column_is_canonical_and_every_onset_is_a_played_pitch(
    notes: list[tuple[int, int, int]],
) -> None:
    column = pitched_on(part(notes), Grid.even(COMMON, 2, BEAT))
    grid = np.stack([column, column, np.zeros_like(column)], axis=1)
    np.testing.assert_array_equal(canonical(grid), grid)
    for step in np.flatnonzero(column >= 2):
        played = [p for onset, _, p in notes if (8 * onset + BEAT) // (2 * BEAT) == step]
        pitch = int(column[step]) + 19
        assert any((p - pitch) % 12 == 0 for p in played)
        inside = [p for p in played if 21 <= p <= 108]
        assert not inside or pitch >= max(inside)


@settings(deadline=None)
@given(notes_in_ticks, st.integers(0, 5))
def test_a_later_start_only_moves_the_grid(notes: list[tuple[int, int, int]], bars: int) -> None:
    notes = [note for note in notes if note[0] >= 0]
    assume(notes)
    moved = [(onset + bars * BAR, end + bars * BAR, pitch) for onset, end, pitch in notes]
    grid = Grid.even(COMMON, 4, BEAT)
    np.testing.assert_array_equal(
        pitched_on(part(notes), grid), pitched_on(part(moved), grid.moved(bars * BAR))
    )


def test_stretches_start_on_their_own_bar_lines_in_their_own_metre() -> None:
    waltz = 5 * BAR
    again = waltz + 4 * 3 * BEAT
    pitches = [(waltz + k * BEAT, waltz + k * BEAT + 60, 60 + k % 4) for k in range(12 + 24)]
    parts = [part(beats(5, 72) + pitches)]
    cut = cut_song(song(parts, [TimeSignature(waltz, 3, 4), TimeSignature(again, 4, 4)]), Rules())
    assert [(str(one.meter), one.bars) for one in cut.stretches] == [
        ("4/4", 5),
        ("3/4", 4),
        ("4/4", 6),
    ]
    for stretch in cut.stretches[1:]:
        melody = stretch.leads[0].melody.column
        assert len(melody) == stretch.bars * stretch.meter.steps
        assert len(stretch.chords) == stretch.bars * stretch.meter.beats
        assert melody[:6].tolist() == [onset_token(60), OFF, HOLD, HOLD, onset_token(61), OFF]


def test_what_no_grid_holds_is_left_out_and_counted() -> None:
    odd = 4 * BAR
    again = odd + 2 * 7 * BEAT // 2
    parts = [part(beats(4, 72) + [(again + t, again + e, p) for t, e, p in beats(4, 60)])]
    cut = cut_song(song(parts, [TimeSignature(odd, 7, 8), TimeSignature(again, 4, 4)]), Rules())
    assert [one.bars for one in cut.stretches] == [4, 4]
    assert cut.left_out["stretches that no grid holds"] == 1


def test_a_note_that_is_early_for_a_new_stretch_belongs_to_it() -> None:
    start = 4 * BAR + BEAT  # a bar that is cut short lies before it
    early = [
        (start - 20, start + 100, 67),
        *((t + start, e + start, p) for t, e, p in beats(4, 60)),
    ]
    cut = cut_song(
        song([part(beats(4, 72) + early[:1] + early[2:])], [TimeSignature(start, 4, 4)]), Rules()
    )
    assert [stretch.bars for stretch in cut.stretches] == [4, 4]
    assert cut.stretches[1].leads[0].melody.column[0] == onset_token(67)


def test_a_compound_tempo_is_in_its_beats() -> None:
    parts = (part(beats(8, 60)),)
    compound = Song(BEAT, parts, (TimeSignature(0, 12, 8),), (Tempo(0, 90.0),), 8 * BAR)
    (stretch,) = cut_song(compound, Rules()).stretches
    assert stretch.tempo_bpm == pytest.approx(60.0)


def test_tempo_is_that_of_the_start() -> None:
    tempos = (Tempo(0, 90.0), Tempo(BAR, 1e6), Tempo(2 * BAR, 5.0))
    moving = Song(BEAT, (), (), tempos, 3 * BAR)
    assert [tempo_at(moving, tick) for tick in (0, BAR - 1, BAR, 2 * BAR)] == [90, 90, 1000, 10]
    assert tempo_at(song([]), 0) == 120


def test_casting_says_who_plays_what() -> None:
    tune = [(k * BEAT, k * BEAT + BEAT // 2, 72 + (3 * k) % 7) for k in range(32)]
    chords = [(k * BAR, (k + 1) * BAR, p) for k in range(8) for p in (60, 64, 67)]
    low = [(k * BEAT, k * BEAT + BEAT, 36 + k % 3) for k in range(32)]
    parts = [
        part(chords, 0, name="Piano"),
        part(low, 33, name="Bass"),
        part(tune, 73, name="Vocal melody"),
    ]
    (stretch,) = cut_song(song(parts), Rules(most_leads=1)).stretches
    (lead,) = stretch.leads
    assert lead.melody.column[0] == onset_token(72)
    assert stretch.bass is not None
    assert stretch.bass.column[0] == onset_token(36)
    assert lead.comping is not None
    assert np.flatnonzero(lead.comping.column).tolist() == list(range(0, 128, 16))
    assert set(np.flatnonzero(stretch.chords - 1)) == {0}  # C major all through


def test_parts_as_likely_as_the_lead_lead_pieces_of_their_own() -> None:
    tunes = [
        part([(k * BEAT, k * BEAT + BEAT, 72 + k * k % 7 + (k == late)) for k in range(56)], 73)
        for late in range(4)
    ]
    alike = cut_song(song(tunes), Rules()).stretches[0].leads
    assert 2 <= len(alike) <= 3
    assert len({lead.melody.column.tobytes() for lead in alike}) == len(alike)
    assert len(cut_song(song(tunes), Rules(most_leads=1)).stretches[0].leads) == 1
    named = [Part("Melody", *list(vars(tunes[0]).values())[1:]), *tunes[1:]]
    assert len(cut_song(song(named), Rules()).stretches[0].leads) == 1


def test_drums_on_several_tracks_are_one_kit() -> None:
    kit = [part(beats(4, 35), 0, True), part(beats(4, 42), 8, True), part(beats(4, 5), 0, True)]
    drums = cut_song(song([*trio(4)[:2], *kit]), Rules()).stretches[0].drums
    assert drums is not None
    assert set(drums.column.tolist()) == {0, drum_token([Drum.KICK, Drum.CLOSED_HI_HAT])}


def test_drum_maps_differ() -> None:
    parts = [*trio()[:2], part(beats(8, 45) + beats(8, 35), 0, True)]
    hit = {
        name: stretch.drums.column[0]
        for name in ("general-midi", "thesis", "published")
        for stretch in cut_song(song(parts), Rules(drum_map=name)).stretches
        if stretch.drums is not None
    }
    assert hit["general-midi"] == drum_token([Drum.KICK, Drum.MID_TOM])
    assert hit["thesis"] == drum_token([Drum.MID_TOM])
    assert hit["published"] == drum_token([Drum.LOW_TOM])
    with pytest.raises(ValueError, match="no drum map 'gm'; there are general-midi"):
        Rules(drum_map="gm")


def test_how_near_the_grid_it_was_played() -> None:
    # a 16th is 120 ticks: 12 away is near, 13 is not
    notes = [
        (k * BAR + late, k * BAR + 200, 60) for k, late in enumerate([0, 12, 13, 60, 108, 107])
    ]
    (stretch,) = cut_song(song([part(notes)]), Rules()).stretches
    melody = stretch.leads[0].melody
    assert (melody.onsets, melody.on_grid) == (6, 3)


@pytest.mark.parametrize(
    ("parts", "meters", "reason"),
    [
        ([], [], "empty"),
        (trio(3), [], "too short"),
        (trio(), [TimeSignature(0, 7, 8)], "no metre of a grid"),
        (trio()[1:], [], "no melody track"),
        ([trio()[0], trio()[2]], [], "no bass track"),
        (trio()[:2], [], "no drum track"),
        ([*trio()[:2], part(beats(3, 36), 0, True)], [], "no drum track"),
        ([part([(0, 10**7, 60)])], [], "too long"),
    ],
)
def test_what_gives_no_trio_says_why(
    parts: list[Part], meters: list[TimeSignature], reason: str
) -> None:
    with pytest.raises(Unusable) as caught:
        require_tracks(cut_song(song(parts, meters), Rules()), TRIO)
    assert caught.value.reason == reason


def test_symusic_hears_channels_and_programs() -> None:
    on, off = "note_on", "note_off"
    track = [
        mido.MetaMessage("track_name", name="Band"),
        mido.Message("program_change", channel=3, program=34),
        mido.Message(on, channel=3, note=40, time=BEAT),
        mido.Message(on, channel=9, note=36),
        mido.Message(off, channel=3, note=40, time=BEAT),
        mido.Message(off, channel=9, note=36),
    ]
    read = corpus_song(file(track))
    heard = [(p.name, p.program, p.drums, p.onsets.tolist(), p.ends.tolist()) for p in read.parts]
    assert sorted(heard) == [
        ("Band", 0, True, [BEAT], [2 * BEAT]),
        ("Band", 34, False, [BEAT], [2 * BEAT]),
    ]
