"""Sections by pads, in virtual time: each on its downbeat, none late, nothing left to sound."""

import math
import random

import numpy as np
import pytest

from schmubert.bridge.brain.band import BandState
from schmubert.bridge.brain.dialogue import TRANSIT_S
from schmubert.bridge.brain.sections import BARS, FOLLOWS, HITS, RESPONSES, Section, Sections
from schmubert.bridge.protocol.messages import SECTIONS, Control, InSection, Kept, Moved
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.timeline import Timeline
from schmubert.engine.music.meter import COMMON, COMPOUND_CLOCKS, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import DRUM_PITCH, Drum, Track
from tests.bridge.brain.stages import BASS_AND_DRUMS, KICK, LINE, at, prompt, stage
from tests.bridge.brain.virtual_stage import (
    Engine,
    Stage,
    beats,
    melody,
    pulse,
    quarters,
    random_music,
)

CRASH = DRUM_PITCH[Drum.CRASH]
TOMS = {DRUM_PITCH[drum] for drum in (Drum.LOW_TOM, Drum.MID_TOM, Drum.HIGH_TOM)}
NO_TOMS_NO_CRASH = sum(1 << d for d in (Drum.KICK, Drum.SNARE, Drum.CLOSED_HI_HAT, Drum.RIDE))
HITS_IN_A_SONG, SONGS = 20, 5


def press(name: str, *at_beats: float, bars: int = 16, notes: list | None = None) -> Stage:
    """A band from beat 4 on, with a pad that is hit at these beats."""
    made = stage(bars=bars, notes=notes)
    for beat in at_beats:
        made.at(at(beat), Control(name, 1.0))
    return made


def sections(played: Stage) -> list[tuple[str, float, float]]:
    told = [one for _, one in played.told if isinstance(one, InSection)]
    return [(one.name, one.from_beat, one.to_beat) for one in told if one.name]


def onsets(played: Stage, from_beat: float, to_beat: float) -> dict[Track, list[float]]:
    """When each role begins a note in these beats."""
    roles = played.conductor.settings.plays
    return {
        role: [beat for beat, _ in played.onsets(role) if from_beat <= beat < to_beat]
        for role in roles
    }


def sounding(played: Stage) -> set[int]:
    return set().union(*played.owner.sounding.values())


def test_every_hit_is_answered_in_some_state_and_every_section_is_left() -> None:
    assert {name for _, name in RESPONSES} == set(HITS)
    assert {state for state, _ in RESPONSES} == set(BandState)
    assert set(BARS) | {Section.MAIN, Section.INTRO} == set(Section)
    assert tuple(one.value for one in Section) == SECTIONS
    for (now, name), then in FOLLOWS.items():
        assert then[-1] in (Section.OVER, Section.FILL, Section.BREAK), (now, name)


def test_a_fill_is_the_rest_of_this_bar_where_that_is_half_of_one() -> None:
    for hit, begin, downbeat in ((16.2, 17.0, 20.0), (17.5, 18.0, 20.0), (18.5, 20.0, 24.0)):
        played = press("fill", hit).run(at(30))
        assert sections(played) == [("fill", begin, downbeat)]
        drums = played.onsets(Track.DRUMS)
        assert [beat for beat, pitch in drums if pitch == CRASH] == [downbeat]
        assert (downbeat, KICK) in drums
        toms = [beat for beat, pitch in drums if pitch in TOMS]
        assert toms
        assert downbeat - 2.0 <= min(toms) <= max(toms) < downbeat


def test_a_break_is_its_downbeat_alone() -> None:
    played = press("break", 18.0).run(at(30))
    assert sections(played) == [("break", 20.0, 24.0)]
    assert onsets(played, 20.0, 24.5) == {Track.BASS: [20.0, 24.0], Track.DRUMS: [20.0, 24.0]}
    ends = [e.beat for e in played.events(Track.BASS) if not e.velocity and 20 < e.beat <= 24]
    assert ends == [21.0]


def test_an_ending_ends_on_the_chord_of_the_key_and_then_the_band_is_silent() -> None:
    played = press("ending", 18.0).run(at(60))
    assert [name for name, _, _ in sections(played)] == ["ending", "last bar", "over"]
    assert onsets(played, 28.0, 60.0) == {Track.BASS: [28.0], Track.DRUMS: [28.0, 28.0]}
    assert played.events(Track.BASS)[-1].beat == 32.0
    assert played.conductor.state is BandState.ENDED
    assert not sounding(played)
    assert played.said[-1][1] == "bar 9: I stop"


def test_a_stop_is_on_the_next_downbeat_and_once_more_it_listens() -> None:
    played = press("stop", 18.0, 34.5).run(at(60))
    assert onsets(played, 20.0, 36.0) == {Track.BASS: [], Track.DRUMS: []}
    assert played.onsets(Track.BASS)[-1][0] == 60.0
    texts = [text for _, text in played.said]
    assert texts[-4:] == ["bar 6: I stop", "I listen again", "bar 9: I listen", "bar 10: I come in"]


def test_an_intro_comes_before_the_player_and_waits_for_him_after() -> None:
    made = press("intro", -0.5, notes=quarters(4, from_bar=4)).run(at(30))
    assert sections(made) == [("intro", 4.0, 12.0)]
    assert onsets(made, 0.0, 30.0)[Track.BASS] == [float(beat) for beat in range(4, 30)]
    alone = press("intro", -0.5, notes=[]).run(at(60))
    assert alone.said[-1][1] == "bar 8: you rest, so I wait"
    assert not sounding(alone)


def test_an_intro_may_be_hit_while_the_band_waits_and_is_as_long_as_is_said() -> None:
    made = stage(notes=[])
    made.at(at(5.0), Control("intro-bars", 4.0))
    made.at(at(6.0), Control("intro", 1.0))
    made.run(at(12))
    assert sections(made) == [("intro", 8.0, 24.0)]


def test_pads_that_fit_nothing_say_so() -> None:
    played = press("fill", 1.0).run(at(2))
    assert played.said[-1][1] == "fill does nothing now: the band does not play yet"
    again = press("ending", 18.0, 21.0).run(at(22))
    assert again.said[-1][1] == "ending does nothing now: the song ends"


def changing(tokens: Tokens, fill: np.ndarray, seq: int) -> Tokens:
    """Another bar with every request, of a kit without toms and crash."""
    music = random_music(tokens, fill, seq)
    music[:, Track.DRUMS] &= NO_TOMS_NO_CRASH
    return np.where(fill, music, tokens)


def test_a_variation_comes_back_and_goes_on_when_it_is_hit_again() -> None:
    made = stage(bars=24)
    made.engine.fill = changing
    for beat in (12.5, 32.5, 50.5):
        made.at(at(beat), Control("variation-b", 1.0))
    made.run(at(80))
    kept = [one for _, one in made.told if isinstance(one, Kept)]
    assert [one.name for one in kept] == ["variation-b"]
    drums = made.onsets(Track.DRUMS)

    def bar(number: int) -> list[tuple[float, int]]:
        begin = 4.0 * number
        return [(beat - begin, pitch) for beat, pitch in drums if begin <= beat < begin + 4.0]

    for number in range(9, 13):
        assert bar(number) == bar(1 + (number - 9) % 2), number
    assert bar(8) != bar(1)
    assert bar(13) != bar(1)
    texts = [text for _, text in made.said]
    assert texts[2:] == [
        "variation B: bar 2 to 3", "bar 10: variation B", "bar 14: on from variation B"
    ]  # fmt: skip


def test_a_variation_is_kept_anew_after_keep() -> None:
    made = stage(bars=24)
    made.engine.fill = changing
    for beat, name in ((12.5, "variation-a"), (31.0, "keep"), (32.5, "variation-a")):
        made.at(at(beat), Control(name, 1.0))
    made.run(at(40))
    kept = [one for _, one in made.told if isinstance(one, Kept)]
    assert len(kept) == 2
    assert kept[0].tokens != kept[1].tokens


def test_the_band_starts_with_a_chord_where_it_is_to() -> None:
    single = [(float(beat), 0.8, 60) for beat in range(9)]
    chord = [(9.5, 2.0, 60), (9.5, 2.0, 64), (9.5, 2.0, 67)]
    made = stage(Settings(plays=(Track.BASS,), controls=(Control("start-on-chord", 1.0),)),
                 notes=[*single, *chord])  # fmt: skip
    made.run(at(14))
    assert made.onsets(Track.BASS)[0][0] == 12.0


def test_what_is_to_come_comes_on_the_first_downbeat_after_a_jump() -> None:
    made = Stage(BASS_AND_DRUMS, Engine(prompt, pulse(40)))
    made.extend(beats(120, 15))
    made.extend(melody(LINE, quarters(4)[:15]))
    made.at(at(14.5), Control("break", 1.0))
    made.extend(beats(120, 16, passage=1, from_beat=4.0, at_s=at(15.0)))
    jumped = Timeline(4.0, at(15.0), 120.0)
    made.extend(melody(jumped, quarters(4, from_bar=1)))
    made.run(jumped.seconds(16.0))
    plays = [play for _, play in made.owner.plays if play.passage == 1]
    drums = [event for play in plays if play.role == Track.DRUMS for event in play.events]
    hit = [event.beat for event in drums if event.velocity and event.beat < 13.0]
    assert hit == [4.0, 8.0, 9.0, 10.0, 11.0, 12.0]


def a_song(seed: int) -> int:
    """One stage with `HITS_IN_A_SONG` at random instants; how many of them were right.

    In metres of 2 to 7 beats of 4 or 6 cells, at 60 to 180 BPM.
    """
    rng = random.Random(seed)
    meter = Meter(rng.randint(2, 7), rng.choice((4, 6)))
    if meter.cells == 6 and rng.random() < 0.5:
        meter = Meter(meter.beats, 6, COMPOUND_CLOCKS)
    bpm, bar = rng.uniform(60.0, 180.0), meter.beats
    words = {"signature": "{}/{}".format(*meter.signature)}
    if meter.cells == 6 and meter.clocks != COMPOUND_CLOCKS:
        words["feel"] = "triplet"
    settings = Settings(
        plays=(Track.BASS, Track.DRUMS), window_bars=6, future="unknown", seed=seed, **words
    )
    took_s = rng.uniform(0.005, 0.05)
    made = Stage(settings, Engine(lambda _: took_s, changing, meters=(meter,)))
    hits = HITS_IN_A_SONG
    line = Timeline(0.0, 1.0, bpm)
    bars = 3 * hits + 14
    for beat in range(bars * bar):
        made.at(line.seconds(beat), Moved(0, True, float(beat), line.seconds(beat), bpm))
    made.extend(melody(line, [(float(beat), 0.7, 60 + beat % 5) for beat in range(bars * bar)]))
    pressed: list[tuple[float, str]] = []
    for number in range(hits):
        name = rng.choice(("fill", "break", "variation-a", "variation-b"))
        if number == hits - 1:
            name = rng.choice(("ending", "stop"))
        beat = bar * (4 + 3 * number + rng.random())
        made.at(line.seconds(beat), Control(name, 1.0))
        pressed.append((beat, name))
    replies: list[tuple[float, float]] = []
    made.on_request.append(
        lambda _, now: replies.append((now, made.conductor._dialogue.latency.lead_s))
    )
    made.run(line.seconds(bars * bar - 1))
    assert not sounding(made)
    assert made.conductor.state is BandState.ENDED

    told = [(now, one) for now, one in made.told if isinstance(one, InSection)]
    drums = made.onsets(Track.DRUMS)
    kept: set[str] = set()
    on: str = ""
    for beat, name in pressed:
        now = line.seconds(beat)
        lead_s = next(lead for when, lead in reversed(replies) if when <= now)
        reply = (lead_s + took_s + TRANSIT_S + 0.001) * bpm / 60.0
        next_line = math.floor(beat / bar + 1.0) * bar
        lines = [next_line] if next_line - beat > reply else [next_line, next_line + bar]
        if name.startswith("variation") and name not in kept:
            kept.add(name)
            continue
        mine = [one for when, one in told if abs(when - now) < 1e-9]
        if name == "fill":
            (fill,) = [one for one in mine if one.name == "fill"]
            assert fill.to_beat in (*lines, next_line + bar)
            assert fill.from_beat > beat
            rest = fill.from_beat - beat <= 1.0 + reply and fill.to_beat - fill.from_beat >= bar / 2
            assert fill.from_beat in lines or rest
            assert {p for b, p in drums if abs(b - fill.to_beat) < 1e-6} >= {KICK, CRASH}
        elif name.startswith("variation"):
            on = "" if on == name else name
            assert mine[0].from_beat in lines
            assert mine[0].variation == on
        else:
            assert mine[0].from_beat in lines
            begin = mine[0].from_beat
            if name == "break":
                assert not any(onsets(made, begin + 1e-6, begin + bar - 1e-6).values())
            elif name == "ending":
                last = begin + 2 * bar
                assert {p for b, p in drums if b >= last} == {KICK, CRASH}
                assert {b for b, _ in drums if b >= last} == {last}
            else:
                assert not any(onsets(made, begin, math.inf).values())
    return len(pressed)


@pytest.mark.parametrize("seed", range(SONGS))
def test_changes_at_random_instants_are_each_on_their_downbeat(seed: int) -> None:
    """`benchmarks/section_changes.py` makes a thousand."""
    assert a_song(seed) == HITS_IN_A_SONG


def test_sections_that_overlap_give_way_to_the_later_one() -> None:
    made = Sections(COMMON)
    made.hit("ending", 10)
    assert [made.at(step) for step in (15, 16, 47, 48, 63, 64, 10**6)] == [
        Section.MAIN, Section.ENDING, Section.ENDING, Section.LAST, Section.LAST,
        Section.OVER, Section.OVER,
    ]  # fmt: skip
    assert not made.hit("fill", 20)
    made.hit("stop", 20)
    assert made.at(31) is Section.ENDING
    assert made.at(32) is Section.OVER
