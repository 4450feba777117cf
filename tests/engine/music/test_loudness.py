"""What is added is as loud as what it joins: in rests that are turned down, in fade-outs."""

import numpy as np
import pytest

from schmubert.engine.music.additions import with_next, with_remade, with_tracks
from schmubert.engine.music.channels import EXPRESSION, PROGRAM, UNSAID, VOLUME, Channels
from schmubert.engine.music.loudness import Fade, fade_out
from schmubert.engine.music.smf import Event, event, read
from schmubert.engine.music.vocabulary import Track
from tests.engine.music.test_additions import (
    BAR,
    BASS_PLACE,
    BEAT,
    EVERY_BAR,
    TUNE,
    added_notes,
    bass,
    drums,
    file,
    note,
)


def volume(tick: int, channel: int, value: int) -> Event:
    return event(tick, 0xB0 | channel, VOLUME, value)


def expression(tick: int, channel: int, value: int) -> Event:
    return event(tick, 0xB0 | channel, EXPRESSION, value)


def fading(
    channel: int, start: int = 4 * BAR, stop: int = 8 * BAR, kind: int = VOLUME
) -> list[Event]:
    """A channel turned down to nothing, four times a beat, from where nothing is said."""
    return [
        event(tick, 0xB0 | channel, kind, round(UNSAID[kind] * (stop - tick) / (stop - start)))
        for tick in range(start, stop, BEAT // 4)
    ]


def loud(data: bytes) -> list[int]:
    """How loud the channel is at each note of the last track."""
    channels = Channels(read(data))
    return [
        int(channels.loudness(status & 0x0F, np.array([tick]))[0])
        for tick, status, *_ in added_notes(data)
        if status & 0xF0 == 0x90
    ]


def own(*bars: int, pitch: int = 45) -> list[Event]:
    """A bass that plays a beat of each of `bars`, which new notes replace."""
    return [one for number in bars for one in note(number * BAR + BEAT, 1, pitch)]


WORDS = [
    [volume(2 * BAR, 1, 0), volume(6 * BAR, 1, 80)],
    [expression(2 * BAR, 1, 0), expression(6 * BAR, 1, 127)],
    [volume(2 * BAR + 9 * k, 1, 80 - k) for k in range(81)] + [volume(6 * BAR, 1, 80)],
    [volume(2 * BAR, 1, 127), volume(6 * BAR, 1, 80)],
]


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("replaced", [True, False])
def test_new_notes_are_as_loud_as_the_own_ones_around_a_rest(
    words: list[Event], replaced: bool
) -> None:
    """Whether these stay, as where bars are made anew, or are replaced."""
    begun = [volume(0, 1, 80), *words]
    whole = file(*TUNE, *begun, *own(0, 1, 6, 7))
    source = file(*TUNE, *begun) if replaced else whole
    out = with_remade(source, bass(8, *EVERY_BAR), [Track.BASS], BASS_PLACE, None, whole).midi
    assert loud(out) == [80] * 8
    was, now = Channels(read(whole)), Channels(read(out))
    for number in (0, 1, 6, 7):
        at = np.array([number * BAR + BEAT])
        assert now.loudness(1, at) == was.loudness(1, at)


def test_a_rest_between_two_loudnesses_gets_the_louder_one() -> None:
    words = [volume(0, 1, 50), volume(2 * BAR, 1, 0), volume(6 * BAR, 1, 110)]
    whole = file(*TUNE, *words, *own(0, 1, 6, 7))
    out = with_remade(whole, bass(8, *EVERY_BAR), [Track.BASS], BASS_PLACE).midi
    assert loud(out) == [50, 50, 110, 110, 110, 110, 110, 110]


def test_a_crescendo_of_own_notes_is_left_as_it_is() -> None:
    words = [volume(number * BAR, 1, 40 + 10 * number) for number in range(8)]
    whole = file(*TUNE, *words, *own(*range(8)))
    out = with_remade(
        file(*TUNE, *words), bass(8, *EVERY_BAR), [Track.BASS], BASS_PLACE, None, whole
    )
    assert loud(out.midi) == [40 + 10 * number for number in range(8)]
    assert not [one for one in read(out.midi).tracks[-1].events if one.status == 0xB1]


def test_a_swell_under_a_note_that_stays_is_not_touched() -> None:
    """Two parts share the channel: one holds a note that swells."""
    swell = [volume(BAR + 60 * k, 1, k) for k in range(100)]
    held = note(BAR, 1, 50, 5 * BAR)
    whole = file(*TUNE, volume(0, 1, 100), *swell, *held, *own(0, 7))
    out = with_remade(whole, bass(8, *EVERY_BAR), [Track.BASS], BASS_PLACE).midi
    was, now = Channels(read(whole)), Channels(read(out))
    for tick in range(BAR, 6 * BAR, BEAT):
        assert now.loudness(1, np.array([tick])) == was.loudness(1, np.array([tick]))


def test_a_channel_that_is_shared_is_as_loud_in_its_rests() -> None:
    every = [one for k in range(16) for one in note(0, k, 60)]
    down = [volume(BEAT, k, 0) for k in range(16)]
    for track, score in ((Track.BASS, bass(8, *EVERY_BAR)), (Track.DRUMS, drums(8))):
        out = with_tracks(file(*every, *down), score, [track]).midi
        assert set(loud(out)) == {100}


@pytest.mark.parametrize("kind", [VOLUME, EXPRESSION])
@pytest.mark.parametrize("free", ["left alone", "spoken of"])
def test_an_added_bass_fades_out_with_the_song(kind: int, free: str) -> None:
    chords = [one for number in range(8) for one in note(number * BAR, 2, 60, BAR)]
    words = [*fading(0, kind=kind), *fading(2, kind=kind)]
    if free == "spoken of":  # all channels, so that none is left alone
        words += [expression(BAR, k, 3) for k in range(3, 16)] + [expression(6 * BAR + 7, 1, 99)]
        words += [event(5 * BAR, 0xC0 | k, 9) for k in range(16)]
    source = file(*TUNE, *chords, *words)
    out = with_tracks(source, bass(8, *EVERY_BAR), [Track.BASS]).midi
    levels = loud(out)
    assert levels[:4] == [100] * 4
    assert levels[4:] == pytest.approx([97, 72, 47, 22], abs=8)
    channels = Channels(read(out))
    for tick, status, *_ in added_notes(out)[::2]:
        assert channels.at(status & 0x0F, PROGRAM, np.array([tick]))[0] == 33


def test_what_is_replaced_fades_out_too_where_it_rested_at_the_end() -> None:
    chords = [one for number in range(8) for one in note(number * BAR, 2, 60, BAR)]
    words = [*fading(0), *fading(2), volume(2 * BAR, 1, 0)]
    whole = file(*TUNE, *chords, *words, *own(0, 1))
    out = with_remade(whole, bass(8, *EVERY_BAR), [Track.BASS], BASS_PLACE).midi
    levels = loud(out)
    assert levels[:4] == [100] * 4
    assert levels[4:] == pytest.approx([97, 72, 47, 22], abs=8)


@pytest.mark.parametrize(
    "words",
    [
        [],
        fading(0),
        [*fading(0), *fading(2, 4 * BAR, 12 * BAR)],
        [*fading(0, 2 * BAR, 4 * BAR), *fading(2, 2 * BAR, 4 * BAR), volume(5 * BAR, 0, 100)],
        [volume(8 * BAR - 300, k, 0) for k in (0, 2, 3)],
        [*fading(0), *fading(5), *fading(6)],
    ],
)
def test_a_song_that_does_not_fade_out_is_left_as_it_is(words: list[Event]) -> None:
    """One part of three does, or two of them not as far, or all of them in the middle, or what ends
    is turned off, or parts that play nothing do."""
    back = [volume(5 * BAR, 2, 100)] if len(words) and words[0].tick == 2 * BAR else []
    held = [one for number in range(8) for k in (2, 3) for one in note(number * BAR, k, 60, BAR)]
    source = file(*TUNE, *held, *words, *back)
    assert fade_out(Channels(read(source)), BEAT) is None
    midi = read(with_tracks(source, bass(8, *EVERY_BAR), [Track.BASS]).midi)
    assert not [one for one in midi.tracks[-1].events if one.status & 0xF0 == 0xB0]


def test_a_fade_out_says_something_once_a_beat_and_never_gets_louder() -> None:
    wobbling = [volume(tick + 60, 0, 9) for tick in range(0, 4 * BAR, BAR)]
    wobbling += [volume(tick + 120, 0, 100) for tick in range(0, 4 * BAR, BAR)]
    fade = fade_out(Channels(read(file(*TUNE, *wobbling, *fading(0)))), BEAT)
    assert isinstance(fade, Fade)
    assert all(tick % BEAT == 0 for tick in fade.ticks)
    assert len(set(fade.ticks)) == len(fade.ticks)
    assert fade.ticks[0] >= 4 * BAR
    assert [*fade.shares] == sorted(fade.shares, reverse=True)
    assert fade.at(0) == 1.0


@pytest.mark.parametrize("bars", [2, 6])
def test_what_ends_before_the_song_says_nothing_behind_its_end(bars: int) -> None:
    source = file(*TUNE, *fading(0))
    out = with_tracks(source, bass(bars, *EVERY_BAR[:bars]), [Track.BASS]).midi
    assert read(out).tracks[-1].end == bars * BAR
    assert loud(out)[:4] == [100] * min(bars, 4)


def test_bars_after_a_fade_out_do_not_fade() -> None:
    source = file(*TUNE, *own(*range(8)), *fading(0), *fading(1))
    score = bass(10, *[one._replace(onset=one.onset + 128) for one in EVERY_BAR[:2]])
    out = with_next(source, score, [Track.BASS], {}, range(8, 10)).midi
    assert loud(out) == [100, 100]


def test_drums_that_join_those_of_the_file_say_so() -> None:
    source = file(*TUNE, *note(0, 9, 36), *fading(9))
    assert with_tracks(source, drums(8), [Track.DRUMS]).told == (
        "the added drums share channel 10 with those of the file",
    )
    assert with_tracks(file(*TUNE), drums(8), [Track.DRUMS]).told == ()
