"""Laws of the whole brain, over tempos, latencies, deaths, jumps and unsteady hands."""

import math

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schmubert.bridge.protocol.messages import Heard, Moved
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.score import Note, canonical, monophonic
from schmubert.engine.music.vocabulary import HOLD, MASK, Track
from schmubert.engine.service.wire import Request, unpack, unpack_cells
from tests.bridge.brain.stages import covered, stage
from tests.bridge.brain.virtual_stage import Engine, Stage, beats, columns, melody, random_music


def unsteady(
    line: Timeline, steps: int, rng: np.random.Generator
) -> tuple[list[Note], list[tuple[float, Heard]]]:
    """A melody [16ths], and the same as hands play it: up to 0.4 of a 16th early or late."""
    notes: list[Note] = []
    heard = []
    for step in [0, *sorted(1 + rng.choice(steps - 1, size=steps // 4, replace=False))]:
        note = Note(int(step), int(rng.integers(1, 8)), int(rng.integers(50, 80)))
        if any(n.pitch == note.pitch and n.onset + n.length >= step for n in notes):
            continue
        notes.append(note)
        off_by = rng.uniform(-0.4, 0.4, 2)
        begin, end = max(0, step + off_by[0]) / 4, (step + note.length + off_by[1]) / 4
        heard.append((begin, end - begin, note.pitch))
    return notes, melody(line, heard)


@settings(max_examples=8)
@given(
    tempo_bpm=st.floats(60, 240),
    latency_s=st.floats(0.005, 0.4),
    dead_from=st.integers(8, 100),
    dead_for=st.integers(0, 60),
    commit=st.sampled_from(["step", "beat", "bar"]),
    seed=st.integers(0, 2**32 - 1),
    tick_late_s=st.floats(0, 0.004),
)
@example(204.0, 0.03125, 8, 0, "step", 171, 0.0)  # begins with an OFF that ends nothing
def test_a_band_never_loses_its_place(
    tempo_bpm: float,
    latency_s: float,
    dead_from: int,
    dead_for: int,
    commit: str,
    seed: int,
    tick_late_s: float,
) -> None:
    """From its entry on every beat is committed once and in time, whatever the engine does.

    And it asks with what was played as it sounded, the melody as it was heard, and nothing of
    what was still to come.
    """
    rng = np.random.default_rng(seed)
    bars = 10

    def latency(seq: int) -> float | None:
        return None if 0 <= seq - dead_from < dead_for else latency_s * rng.uniform(0.5, 1.0)

    played = Stage(
        Settings(plays=(Track.BASS, Track.DRUMS), commit=commit), Engine(latency, random_music)
    )
    line = Timeline(0.0, 1.0, tempo_bpm)
    notes, heard = unsteady(line, 16 * bars - 8, rng)
    played.extend(beats(tempo_bpm, 4 * bars))
    played.extend(heard)
    steps = 16 * (bars + 8)
    known = monophonic(notes, steps)

    def check(request: Request, now: float) -> None:
        tokens = unpack(request.tokens)
        fill = unpack_cells(request.targets, *tokens.shape)
        now_step = math.floor(line.beats(now) * 4 + 0.5)
        plays = [play for _, play in played.owner.plays]
        begins = int(4 * max((play.to_beat for play in plays), default=0.0))
        if not plays:
            begins = 16 * max(1, math.ceil((line.beats(now)) / 4))

        np.testing.assert_array_equal(tokens[fill], np.broadcast_to(MASK, tokens.shape)[fill])
        wanted = np.zeros(fill.shape, bool)
        wanted[begins:, [Track.BASS, Track.DRUMS]] = True
        np.testing.assert_array_equal(fill, wanted)

        assert (tokens[now_step:, Track.MELODY] == MASK[Track.MELODY]).all()
        sounded = [known, columns(plays, Track.BASS, steps), columns(plays, Track.DRUMS, steps)]
        expected = canonical(np.stack(sounded, axis=1)[: len(tokens)])
        for role in (Track.BASS, Track.DRUMS):
            ours, theirs = tokens[:, role], expected[:, role]
            hidden = np.flatnonzero((ours == MASK[role]) & (theirs != MASK[role]))
            if len(hidden):  # silence up to now
                assert (theirs[hidden] == HOLD).all()
                assert hidden[-1] + 1 == min(begins, len(tokens))
            shown = np.setdiff1d(np.arange(len(tokens)), hidden)
            np.testing.assert_array_equal(ours[shown], theirs[shown])
        # the last step heard may end with a late hand's note-off, which is still to come
        sure = slice(0, max(0, now_step - 1))
        np.testing.assert_array_equal(tokens[sure, 0], expected[sure, 0])

    played.on_request.append(check)
    played.run(line.seconds(4 * bars), tick_late_s)
    for role in (Track.BASS, Track.DRUMS):
        (span,) = covered(played, role) or [(4.0, 4.0 * bars)]
        assert span[0] % 4 == 0
        assert span[1] >= 4 * bars
    if dead_for < 4 or latency_s < 0.2:
        assert covered(played, Track.BASS), "it never came in"


@settings(max_examples=15, deadline=None)
@given(
    tempos=st.lists(st.floats(60, 240), min_size=4, max_size=10), latency_s=st.floats(0.005, 0.3)
)
def test_no_beat_is_lost_when_the_tempo_changes(tempos: list[float], latency_s: float) -> None:
    """Each tempo lasts three beats."""
    played = stage(latency_s=lambda _seq: latency_s, bars=0, notes=[])
    when, beat = 1.0, 0.0
    for tempo_bpm in tempos:
        for _ in range(3):
            played.at(when, Moved(0, True, beat, when, tempo_bpm))
            played.extend(melody(Timeline(beat, when, tempo_bpm), [(beat, 0.5, 60)]))
            when, beat = when + 60.0 / tempo_bpm, beat + 1.0
    played.run(when)
    for role in (Track.BASS, Track.DRUMS):
        spans = covered(played, role)
        assert len(spans) <= 1
        assert not spans or spans[0][1] >= beat


@settings(max_examples=25, deadline=None)
@given(
    jumps=st.lists(
        st.tuples(st.integers(1, 40), st.integers(0, 40), st.sampled_from([0.0, 0.008, 0.3])),
        min_size=1,
        max_size=5,
    ),
    latency_s=st.floats(0.005, 0.3),
)
def test_a_jump_loses_no_beat(jumps: list[tuple[int, int, float]], latency_s: float) -> None:
    """(16ths played, then beat jumped to, seconds of stop between): it plays on from there."""
    played = stage(latency_s=lambda _seq: latency_s, bars=0, notes=[])
    played.engine.fill = random_music
    when, from_beat, entered = 1.0, 0.0, 12.0
    for passage, (sixteenths, to_beat, stop_s) in enumerate([(48, 0, 0.0), *jumps]):
        lasts = sixteenths / 4 if passage else entered
        line = Timeline(from_beat, when, 120.0)
        played.extend(beats(120, math.ceil(lasts), passage, from_beat, when)[: math.ceil(lasts)])
        played.extend(melody(line, [(from_beat + b, 0.4, 60 + b % 5) for b in range(int(lasts))]))
        when, from_beat = when + lasts / 2, float(to_beat)
        if stop_s:
            played.at(when, Moved(passage, False, line.beats(when), when, 120.0))
        when += stop_s
    played.run(when)
    assert covered(played, Track.BASS, 0)[0][0] == 4.0
    begins = [12.0] + [to for _, to, _ in jumps]
    for passage, (sixteenths, _, _) in enumerate(jumps, start=1):
        begin = begins[passage - 1] if passage > 1 else 0
        for role in (Track.BASS, Track.DRUMS):
            (span,) = covered(played, role, passage)
            assert span[0] == begin
            assert span[1] >= begin + sixteenths / 4
