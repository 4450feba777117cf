"""What is added to a MIDI file is heard as what it is, whatever the file does to its channels."""

from collections.abc import Callable

import pytest

from schmubert.engine.music import song
from schmubert.engine.music.additions import (
    Added,
    with_next,
    with_previous,
    with_remade,
    with_tracks,
)
from schmubert.engine.music.channels import (
    BANK_SELECT,
    BEND,
    EXPRESSION,
    PAN,
    PEDAL,
    PROGRAM,
    UNSAID,
    VOLUME,
    Channels,
)
from schmubert.engine.music.kits import GS, XG, part_events
from schmubert.engine.music.midifile import read_score
from schmubert.engine.music.score import Note, Score, monophonic, silence
from schmubert.engine.music.smf import (
    META,
    PORT,
    SET_TEMPO,
    Event,
    event,
    meta,
    midi_file,
    read,
    track_body,
)
from schmubert.engine.music.splice import joined
from schmubert.engine.music.vocabulary import Track

BEAT, BAR = 480, 1920
GM_ON = event(3 * BAR + 7, 0xF0, 5, 0x7E, 0x7F, 9, 1, 0xF7)
GS_RESET = event(BAR, 0xF0, 10, 0x41, 0x10, 0x42, 0x12, 0x40, 0x00, 0x7F, 0x00, 0x41, 0xF7)
BASS_PLACE = {Track.BASS: ((0, 1),)}


def note(tick: int, channel: int, pitch: int, length: int = BEAT) -> list[Event]:
    return [event(tick, 0x90 | channel, pitch, 90), event(tick + length, 0x80 | channel, pitch, 0)]


def file(*events: Event, end: int = 8 * BAR) -> bytes:
    """A file of one track."""
    return midi_file(BEAT, [track_body(sorted(events, key=lambda one: one.tick), end)])


def bass(bars: int, *played: Note) -> Score:
    tokens = silence(bars).tokens.copy()
    tokens[:, Track.BASS] = monophonic(played, len(tokens))
    return Score(tokens)


def drums(bars: int) -> Score:
    tokens = silence(bars).tokens.copy()
    tokens[::4, Track.DRUMS] = 1
    return Score(tokens)


EVERY_BAR = [Note(16 * number, 4, 40) for number in range(8)]
TUNE = [one for number in range(8) for one in note(number * BAR, 0, 72)]


def added_notes(data: bytes) -> list[tuple[int, int, int, int]]:
    """(tick, status, pitch, velocity) of what the last track strikes and ends."""
    return [
        (one.tick, one.status, *one.data)
        for one in read(data).tracks[-1].events
        if one.status & 0xE0 == 0x80
    ]


@pytest.mark.parametrize(
    "words",
    [
        [],
        [event(5 * BAR, 0xC0 | channel, 9) for channel in range(16)],
        [event(BAR, 0xB0 | channel, VOLUME, 0) for channel in range(16)],
        [event(9, 0xB0 | k, BANK_SELECT, 8) for k in range(16)] + [event(20, 0xC1, 9)],
        [event(3 * BAR, 0xE0 | channel, 0, 0) for channel in range(16)],
        [event(3 * BAR, 0xB0 | channel, PEDAL, 127) for channel in range(16)],
        [event(3 * BAR, 0xB1, 121, 0), event(2 * BAR, 0xB1, EXPRESSION, 3)],
        [GM_ON],
        [GS_RESET, event(7, 0xB1, PAN, 0)],
    ],
)
def test_an_added_bass_sounds_as_one_at_each_of_its_notes(words: list[Event]) -> None:
    out = with_tracks(file(*TUNE, *words), bass(8, *EVERY_BAR), [Track.BASS]).midi
    channels = Channels(read(out))
    for tick, status, _, velocity in added_notes(out):
        if velocity:
            for kind, usual in UNSAID.items():
                wanted = 33 if kind == PROGRAM else usual
                assert channels.at(status & 0x0F, kind, [tick])[0] == wanted


def test_a_channel_that_is_left_alone_goes_before_one_that_is_set_up() -> None:
    words = [event(0, 0xC0 | channel, 9) for channel in range(14)]
    out = with_tracks(file(*TUNE, *words), bass(8, *EVERY_BAR), [Track.BASS]).midi
    assert {status & 0x0F for _, status, _, _ in added_notes(out)} == {14}


@pytest.mark.parametrize(
    "words",
    [
        part_events(0, 9, False, {GS}),
        [*part_events(0, 9, False, {GS}), GS_RESET, *part_events(BAR + 1, 9, False, {GS})],
        part_events(0, 9, False, {XG}),
        [event(0, 0xB9, BANK_SELECT, 121), event(0, 0xC9, 65)],
    ],
)
@pytest.mark.parametrize("silent", [True, False])
def test_drums_are_drums_where_channel_10_is_none(words: list[Event], silent: bool) -> None:
    sax = note(BAR, 9, 60)
    rest = note(0, 3, 60) if silent else []
    source = file(*words, *TUNE, *sax, *rest)
    added = with_tracks(source, drums(8), [Track.DRUMS])
    played = {status & 0x0F for _, status, _, _ in added_notes(added.midi)}
    channels = Channels(read(source))
    assert not channels.kits
    assert played.isdisjoint(channels.noted)
    assert played <= Channels(read(added.midi)).kits
    assert "the added drums are on channel" in added.told[0]


def test_drums_of_a_way_are_drums_where_only_the_song_after_it_has_a_kit() -> None:
    sax = file(*part_events(0, 9, False, {GS}), *TUNE, *note(7 * BAR, 9, 60))
    both = joined(sax, file(*note(0, 9, 36)), 10 * BAR, 0)
    score = silence(8).followed_by(drums(2))
    out = with_next(both, score, [Track.DRUMS], {}, range(8, 10)).midi
    played = {status & 0x0F for _, status, _, _ in added_notes(out)}
    assert 9 not in played
    assert played <= Channels(read(out)).kits


def test_drums_without_any_channel_left_are_told() -> None:
    everywhere = [one for channel in range(16) for one in note(0, channel, 60)]
    added = with_tracks(file(*part_events(0, 9, False, {GS}), *everywhere), drums(8), [Track.DRUMS])
    assert added.told == ("the added drums sound as no drums: no channel does, and none is free",)


def test_nothing_rings_on_into_the_new_bars() -> None:
    never_ended = event(7 * BAR, 0x92, 50, 90)
    pedal = event(7 * BAR, 0xB3, PEDAL, 127)
    source = file(*TUNE, never_ended, pedal, *note(7 * BAR, 3, 55), *note(7 * BAR, 1, 40))
    score = bass(10, Note(8 * 16, 4, 43))
    midi = read(with_next(source, score, [Track.BASS], BASS_PLACE, range(8, 10)).midi)
    ended = [one.raw for one in midi.tracks[-1].events if one.tick == 8 * BAR]
    assert bytes([0x82, 50, 0]) in ended
    assert bytes([0xB3, PEDAL, 0]) in ended
    assert not any(raw[0] == 0x83 for raw in ended)


def test_new_bars_are_as_loud_and_fast_as_before_the_ending_even_if_the_end_says_more() -> None:
    played = [one for number in range(8) for one in note(number * BAR, 1, 40)]
    fading = [event(7 * BAR + 9 * k, 0xB1, VOLUME, 90 - k) for k in range(90)]
    slower = [(600_000 + k).to_bytes(3, "big") for k in range(9)]
    slowing = [meta(7 * BAR + 100 * k, SET_TEMPO, slow) for k, slow in enumerate(slower)]
    late = [event(8 * BAR + 50, 0xC1, 3), event(9 * BAR, 0xB1, EXPRESSION, 0)]
    begun = [event(0, 0xB1, VOLUME, 90), event(0, 0xC1, 38), event(7 * BAR, 0xE1, 0, 0)]
    source = file(*begun, *played, *fading, *slowing, *late)
    score = bass(10, Note(8 * 16, 4, 43), Note(9 * 16 + 2, 4, 45))
    midi = read(with_next(source, score, [Track.BASS], BASS_PLACE, range(8, 10)).midi)
    channels = Channels(midi)
    for tick in (8 * BAR, 9 * BAR + BEAT // 2):
        sound = {kind: int(channels.at(1, kind, [tick])[0]) for kind in UNSAID}
        assert sound == {**UNSAID, PROGRAM: 38, VOLUME: 90}
    tempos = [
        (one.tick, int.from_bytes(one.data, "big"))
        for one in midi.tracks[-1].events
        if one.status == META and one.kind == SET_TEMPO
    ]
    assert tempos == [(8 * BAR, 500_000)]


def test_bars_before_the_beginning_sound_as_it_does_and_change_nothing_of_it() -> None:
    begun = [event(2 * BAR + 10, 0xC1, 38), event(2 * BAR + 10, 0xB1, VOLUME, 70)]
    source = file(
        *begun, *note(2 * BAR + 20, 1, 40), event(5 * BAR, 0xC1, 4), *note(6 * BAR, 1, 40)
    )
    score = bass(2, Note(0, 4, 43), Note(20, 4, 45))
    midi = read(with_previous(source, score, [Track.BASS], BASS_PLACE, range(2)).midi)
    channels = Channels(midi)
    for tick, program in ((0, 38), (BAR, 38), (2 * BAR + 20, 38), (6 * BAR, 4)):
        assert channels.at(1, PROGRAM, [tick])[0] == program
        assert channels.at(1, VOLUME, [tick])[0] == 70
        assert channels.at(1, BEND, [tick])[0] == UNSAID[BEND]


def test_bars_before_the_beginning_are_not_bent_as_its_first_note_is() -> None:
    played = [event(0, 0xE1, 0, 80), event(0, 0xB1, PEDAL, 127)]
    source = file(*played, *note(2 * BAR, 1, 40))
    midi = read(
        with_previous(source, bass(2, *EVERY_BAR[:2]), [Track.BASS], BASS_PLACE, range(2)).midi
    )
    channels = Channels(midi)
    for tick in (0, BAR, 2 * BAR - 2):
        assert [channels.at(1, kind, [tick])[0] for kind in (BEND, PEDAL)] == [UNSAID[BEND], 0]
    assert [channels.at(1, kind, [2 * BAR])[0] for kind in (BEND, PEDAL)] == [80 << 7, 127]


def test_a_bank_counts_from_the_next_program_on() -> None:
    """One that no program follows is not heard in the file, and not in what goes on."""
    said = [event(0, 0xB1, BANK_SELECT, 3), event(5, 0xC1, 38), event(9, 0xB1, BANK_SELECT, 1)]
    source = file(*TUNE, *said, *note(BEAT, 1, 40), end=8 * BAR)
    channels = Channels(read(source))
    assert [channels.at(1, BANK_SELECT, [tick])[0] for tick in (4, 5, BEAT)] == [0, 3, 3]
    out = with_next(
        source, bass(10, *EVERY_BAR, Note(130, 4, 40)), [Track.BASS], BASS_PLACE, range(8, 10)
    )
    assert not [one for one in read(out.midi).tracks[-1].events if one.status in (0xB1, 0xC1)]


def test_notes_on_a_channel_of_their_own_part_end_none_of_its_notes() -> None:
    """Of one pitch there is one note at a time: the second end would be heard as the first."""
    source = file(*note(0, 1, 40, BEAT + 30), *note(2 * BEAT, 1, 40), *note(4 * BEAT, 1, 41))
    score = bass(1, Note(4, 4, 40), Note(12, 4, 41))
    out = with_remade(source, score, [Track.BASS], BASS_PLACE).midi
    on, off = 0x91, 0x81
    assert [(tick, status) for tick, status, _, _ in added_notes(out)] == [
        (BEAT + 30, on),
        (2 * BEAT - 1, off),
        (3 * BEAT, on),
        (4 * BEAT - 1, off),
    ]


@pytest.mark.parametrize("theirs", [[], note(300, 1, 40)])
def test_a_channel_of_their_own_sounds_so_before_the_file_sets_it_up(theirs: list[Event]) -> None:
    """Many files set up their channels in the first bar, just before their first notes."""
    reset = event(0, *GM_ON.raw)
    set_up = [event(100, 0xC1, 5), event(270, 0xC1, 38), event(4 * BAR, 0xC1, 4)]
    source = file(*TUNE, reset, *set_up, *theirs)
    first = Channels(read(source)).at(1, PROGRAM, [300])[0]
    out = with_remade(source, bass(8, *EVERY_BAR), [Track.BASS], BASS_PLACE).midi
    channels = Channels(read(out))
    sounds = [int(channels.at(1, PROGRAM, [tick])[0]) for tick, *_ in added_notes(out)[::2]]
    wanted = first if theirs else 5
    assert sounds == [wanted, *[38] * 3, *[4] * 4]
    assert channels.at(1, PROGRAM, [300])[0] == first


def test_bends_of_the_notes_that_a_part_had_do_not_bend_those_that_it_gets() -> None:
    bends = [event(tick, 0xE1, 0, value) for tick, value in ((BAR + 9, 0), (4 * BAR, 30))]
    theirs = [*note(3 * BAR + BEAT, 1, 43), *note(6 * BAR + BEAT, 1, 43)]
    source = file(*TUNE, *bends, *theirs)
    out = with_remade(source, bass(8, *EVERY_BAR), [Track.BASS], BASS_PLACE).midi
    channels = Channels(read(out))

    def bent(tick: int) -> int:
        return int(channels.at(1, BEND, [tick])[0]) - UNSAID[BEND]

    struck = [tick for tick, status, *_ in added_notes(out) if status == 0x91]
    assert struck == [number * BAR for number in range(8)]
    assert not any(bent(tick) or bent(tick + BEAT - 2) for tick in struck)
    assert [bent(tick) for tick in (3 * BAR + BEAT, 6 * BAR + BEAT)] == [
        -0x2000,
        -0x2000 + 30 * 128,
    ]


def test_the_channel_of_a_part_that_is_replaced_is_not_free_for_another() -> None:
    others = [one for k in range(2, 16) for one in note(0, k, 60)]
    tokens = bass(8, *EVERY_BAR).tokens.copy()
    tokens[:, Track.MELODY] = tokens[:, Track.BASS]
    out = with_remade(file(*TUNE, *others), Score(tokens), [Track.MELODY, Track.BASS], BASS_PLACE)
    assert "the added melody shares channel" in out.told[0]
    assert {status & 0x0F for _, status, *_ in added_notes(out.midi)} == {1}


def test_a_channel_is_shared_with_the_sound_of_its_first_note() -> None:
    every = [one for k in range(16) for one in (event(270, 0xC0 | k, 38), *note(300, k, 60))]
    out = with_tracks(file(*every), bass(8, *EVERY_BAR), [Track.BASS])
    assert "shares channel" in out.told[0]
    (channel,) = {status & 0x0F for _, status, _, _ in added_notes(out.midi)}
    assert Channels(read(out.midi)).at(channel, PROGRAM, [0])[0] == 38


@pytest.mark.parametrize("channel", [1, 9])
@pytest.mark.parametrize(("beside", "bars"), [(with_next, range(4, 6)), (with_previous, range(2))])
def test_new_bars_are_heard_on_a_channel_that_rests_there_whatever_was_left_on_it(
    beside: Callable[..., Added], bars: range, channel: int
) -> None:
    """As between two songs, of which the first left it at volume 0 and the other plays on it."""
    left = [(VOLUME, 0), (EXPRESSION, 9), (PEDAL, 127), (PAN, 0)]
    words = [event(0, 0xB0 | channel, *one) for one in left]
    words += [event(0, 0xE0 | channel, 0, 0), event(0, 0xC0 | channel, 48)]
    others = [one for k in range(16) for one in note(6 * BAR, k, 60)]
    source = file(*note(2 * BAR, 0, 72), *words, *others)
    track = Track.DRUMS if channel == 9 else Track.BASS
    score = drums(8) if channel == 9 else bass(8, *EVERY_BAR)
    alone = silence(bars.start).followed_by(score.window(bars.start, len(bars)))
    added = beside(source, alone, [track], {}, bars)
    midi = read(added.midi)
    channels = Channels(midi)
    assert added.told == ()
    struck = [tick for tick, status, *_ in added_notes(added.midi) if status == 0x90 | channel]
    assert struck
    wanted = {**UNSAID, PROGRAM: 0 if channel == 9 else 33}
    for tick in struck:
        assert {kind: int(channels.at(channel, kind, [tick])[0]) for kind in UNSAID} == wanted
    for kind in UNSAID:
        was = Channels(read(source)).at(channel, kind, [6 * BAR])[0]
        assert channels.at(channel, kind, [6 * BAR])[0] == was


def test_two_new_parts_do_not_get_the_same_resting_channel() -> None:
    others = [one for k in range(16) for one in note(6 * BAR, k, 60)]
    tokens = bass(6, *EVERY_BAR[4:6]).tokens.copy()
    tokens[:, Track.MELODY] = tokens[:, Track.BASS]
    both = [Track.MELODY, Track.BASS]
    added = with_next(file(*TUNE[:8], *others), Score(tokens), both, {}, range(4, 6))
    played = [
        {one.status & 0x0F for one in track.events if one.status & 0xF0 == 0x90}
        for track in read(added.midi).tracks[-2:]
    ]
    assert added.told == ()
    assert played == [{0}, {1}]


def test_a_file_is_read_once_for_its_band(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    song.opened.cache_clear()
    monkeypatch.setattr(song, "read", lambda data: seen.append(data) or read(data))
    for tune in (TUNE, TUNE[:8], TUNE):
        data = file(*tune)
        reading = read_score(data)
        song.player_song(data)
        with_tracks(data, reading.score, [Track.BASS], reading.grid)
    assert len(seen) == 3


def test_what_goes_on_is_on_the_port_of_what_was_there() -> None:
    """A port has sixteen channels of its own: those of another one are other instruments."""
    first = [meta(0, PORT, b"\0"), *note(8 * BAR, 1, 40, 2 * BAR)]
    second = [meta(0, PORT, b"\1"), *(one for k in range(8) for one in note(k * BAR, 1, 40))]
    source = midi_file(BEAT, [track_body(sorted(one), 10 * BAR) for one in (first, second)])
    places = {Track.BASS: ((1, 17),)}
    score = bass(10, *EVERY_BAR, Note(128, 4, 40), Note(144, 4, 40))
    out = with_next(source, score, [Track.BASS], places, range(8, 10)).midi
    added = read(out).tracks[-1].events
    assert [one.data for one in added if (one.status, one.kind) == (META, PORT)] == [b"\1"]
    begun = [tick for tick, status, *_ in added_notes(out) if status == 0x91]
    assert begun == [8 * BAR, 9 * BAR], "strings of the other port take none of its notes"
