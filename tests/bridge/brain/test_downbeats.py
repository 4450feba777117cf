"""Coming in, resting, taking over and giving back."""

from schmubert.bridge.brain.band import BandState
from schmubert.bridge.protocol.messages import Heard, Play
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Track
from schmubert.engine.service.wire import unpack, unpack_cells
from tests.bridge.brain.stages import BAND, KICK, LINE, at, covered, stage
from tests.bridge.brain.virtual_stage import melody, quarters


def test_it_listens_a_bar_and_comes_in_on_the_downbeat() -> None:
    played = stage(notes=[(5.5, 0.5, 60), (6.0, 2.0, 62), (8.0, 4.0, 64)]).run(at(10))
    assert [text for _, text in played.said] == ["bar 2: I listen", "bar 3: I come in"]
    assert played.onsets(Track.BASS)[0] == (8.0, 40)
    assert played.onsets(Track.DRUMS)[0] == (8.0, KICK)


def test_it_listens_as_long_as_it_is_told_to() -> None:
    played = stage(Settings(listen_bars=3)).run(at(20))
    assert covered(played, Track.BASS)[0][0] == 12.0


def test_it_does_not_play_before_the_player() -> None:
    played = stage(notes=[]).run(at(64))
    assert played.owner.plays == []
    assert played.engine.requests == []


def test_an_early_first_note_counts_as_the_downbeat() -> None:
    made = stage(notes=[])
    early = Heard(at(-0.02), Track.MELODY, 60, 80)
    made.at(at(-0.02), early)
    made.extend(melody(LINE, quarters(2)[1:]))
    made.run(at(4.9))
    assert covered(made, Track.BASS)[0][0] == 4.0
    tokens = unpack(made.engine.requests[-1][1].tokens)
    assert tokens[0, Track.MELODY] == 60 - 19


def test_without_an_answer_it_comes_in_a_bar_later() -> None:
    late = 0.7  # the first request is two beats before the entry, a second
    played = stage(latency_s=lambda seq: late if seq > 1 else None).run(at(16))
    assert covered(played, Track.BASS)[0][0] == 8.0


def test_it_plays_through_four_bars_of_rest_and_ends_on_the_downbeat() -> None:
    played = stage(notes=quarters(3)).run(at(64))
    assert covered(played, Track.BASS) == [(4.0, 12.0 + 16.0 + 1.0)]
    assert played.onsets(Track.BASS)[-1][0] == 27.0
    assert played.events(Track.BASS)[-1].beat == 28.0
    assert played.owner.sounding == {Track.BASS: set(), Track.DRUMS: set()}
    assert played.said[-1][1] == "bar 8: you rest, so I wait"


def test_it_comes_in_again_after_a_rest_and_remembers_no_empty_bars() -> None:
    again = [(4.0 * 12 + beat, 0.8, 70) for beat in range(8)]
    played = stage(notes=[*quarters(3), *again]).run(at(55.9))
    assert covered(played, Track.BASS) == [(4.0, 29.0), (52.0, 56.0)]
    last = unpack(played.engine.requests[-1][1].tokens)
    # 3 bars, 4 of rest, 2 of playing, the next, 2 ahead; the 5 bars of waiting are not there
    assert len(last) == 12 * 16
    assert last[7 * 16, Track.MELODY] == 70 - 19
    assert last[7 * 16, Track.BASS] == MASK[Track.BASS]


def test_a_rest_shorter_than_four_bars_ends_nothing() -> None:
    notes = [*quarters(3), (27.0, 0.5, 60)]
    played = stage(notes=notes).run(at(40))
    assert covered(played, Track.BASS)[0][1] >= 40.0


def test_a_held_note_is_no_rest() -> None:
    played = stage(notes=[(0.0, 60.0, 60)]).run(at(58))
    assert covered(played, Track.BASS)[0][1] >= 58.0


def test_an_entry_that_was_missed_is_put_off() -> None:
    made = stage()
    made.run(at(3.9))
    actions = made.conductor.tick(at(4.1))
    assert [a for a in actions if isinstance(a, Play)] == []
    assert made.conductor.state is BandState.LISTENING


ALONE = Settings(plays=(Track.MELODY,), mode="continue")


def test_it_goes_on_where_the_player_rests() -> None:
    played = stage(ALONE, notes=[(0.0, 4.0, 60), (4.0, 1.5, 62)]).run(at(24))
    assert played.onsets(Track.MELODY)[0] == (8.0, 40)
    assert covered(played, Track.MELODY)[0][1] >= 24.0
    tokens = unpack(played.engine.requests[-1][1].tokens)
    assert tokens[:24, 0].tolist() == [41, *[0] * 15, 43, *[0] * 5, OFF, 0]
    assert tokens[32, 0] == 40 - 19


def test_a_late_last_note_moves_the_turn_to_the_next_bar() -> None:
    played = stage(ALONE, notes=[(0.0, 4.0, 60), (6.0, 1.0, 62)]).run(at(24))
    assert played.onsets(Track.MELODY)[0] == (12.0, 40)


def test_it_gives_back_with_the_first_note() -> None:
    played = stage(ALONE, notes=[(0.0, 2.0, 60), (9.1, 0.5, 72), (10.0, 8.0, 74)]).run(at(17))
    assert [(now, role) for now, role in played.owner.silences] == [(at(9.1), Track.MELODY)]
    assert covered(played, Track.MELODY)[0][0] == 4.0
    assert covered(played, Track.MELODY)[-1][1] <= 11.0
    tape = played.conductor.capture.tape(at(12)).tokens[:, Track.MELODY]
    assert tape[32] == 40 - 19
    assert tape[36] == 72 - 19
    assert tape[40] == 74 - 19
    assert (tape[41:48] == HOLD).all()


def test_in_its_turn_it_knows_what_it_played() -> None:
    played = stage(ALONE, notes=[(0.0, 4.0, 60)]).run(at(10.2))
    _, request = played.engine.requests[-1]
    tokens = unpack(request.tokens)
    assert tokens[32:44:4, 0].tolist() == [21, 21, 21], "up to the beat that comes"
    assert (tokens[44:, 0] == 90).all()
    assert unpack_cells(request.targets, *tokens.shape)[44:, 0].all()


def test_what_was_planned_before_it_gave_back_is_not_played_after() -> None:
    played = stage(ALONE, notes=[(0.0, 4.0, 60), (9.1, 0.5, 72)])
    played.engine.latency_s = lambda _seq: 0.02 if played.now < at(9) else None
    played.run(at(16))
    assert max(beat for beat, _ in played.onsets(Track.MELODY)) < 10.0


def test_turn_after_turn() -> None:
    notes = [(0.0, 4.0, 60), (9.1, 0.5, 72), (16.0, 2.0, 72), (28.3, 1.0, 60)]
    played = stage(ALONE, notes=notes).run(at(40))
    spans = covered(played, Track.MELODY)
    assert [span[0] for span in spans] == [8.0, 12.0, 20.0, 32.0]
    assert len(played.owner.silences) == 3


def test_between_two_notes_nobody_takes_a_turn() -> None:
    """Every gap is longer than half a bar before some bar line, but no rest."""
    played = stage(BAND, notes=[(beat, 0.7, 60) for beat in range(32)]).run(at(31))
    for _, request in played.engine.requests:
        assert not unpack_cells(request.targets, request.tokens.steps, 3)[:, Track.MELODY].any()


def test_the_band_accompanies_player_and_machine_alike() -> None:
    played = stage(BAND, notes=quarters(2)).run(at(60))
    assert covered(played, Track.BASS)[0][0] == 4.0
    assert covered(played, Track.BASS)[0][1] >= 60.0, "in a turn nobody waits for the player"
    assert played.onsets(Track.MELODY)[0][0] == 12.0


def test_a_dead_engine_leaves_the_melody_silent() -> None:
    latency = dict.fromkeys(range(30), 0.02)
    played = stage(BAND, latency_s=latency.get, notes=quarters(2), bars=24).run(at(90))
    assert covered(played, Track.DRUMS) == [(4.0, 91.0)]
    assert max(beat for beat, _ in played.onsets(Track.MELODY)) < 60.0
    assert not played.owner.sounding[Track.MELODY]
