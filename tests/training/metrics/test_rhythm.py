from schmubert.engine.music.vocabulary import HOLD, MASK, OFF, Drum, Track, drum_token, onset_token
from schmubert.training.metrics.rhythm import (
    density_error,
    drum_distance,
    drums_present,
    empty_bars,
    empty_where_played,
    kick_under_bass,
    onsets_a_bar,
)
from tests.training.grids import grid

KICK, SNARE = drum_token([Drum.KICK]), drum_token([Drum.SNARE])


def test_bars_and_onsets_are_counted() -> None:
    kick = drum_token([Drum.KICK, Drum.RIDE])
    tokens = grid(
        4,
        bass=[(0, onset_token(40)), (20, OFF), (48, onset_token(41)), (50, onset_token(41))],
        drums=[(0, kick), (4, drum_token([Drum.SNARE])), (48, MASK[2])],
    )
    assert empty_bars(tokens, Track.BASS) == (1.0, 4.0)
    assert empty_bars(tokens, Track.DRUMS) == (3.0, 4.0)
    assert onsets_a_bar(tokens, Track.BASS) == (3.0, 4.0)
    assert onsets_a_bar(tokens, Track.DRUMS) == (2.0, 4.0)
    assert kick_under_bass(tokens) == (1.0, 3.0)
    assert (grid(1)[:, 0] == HOLD).all()


def test_density_errors_of_bars_do_not_cancel() -> None:
    own = grid(2, bass=[(0, onset_token(40)), (4, onset_token(40)), (16, onset_token(40))])
    played = grid(2, bass=[(0, onset_token(50)), (16, onset_token(50)), (20, onset_token(50))])
    assert density_error(played, own, Track.BASS) == (2.0, 2.0)
    assert density_error(own, own, Track.BASS) == (0.0, 2.0)


def test_a_bar_is_empty_where_the_song_plays_and_only_there() -> None:
    own = grid(3, bass=[(0, onset_token(40)), (20, OFF)])  # sounds in two bars
    played = grid(3, bass=[(0, onset_token(40)), (10, OFF), (33, onset_token(40))])
    assert empty_where_played(played, own, Track.BASS) == (1.0, 2.0)


def test_drum_patterns_are_as_far_apart_as_the_hits_they_do_not_share() -> None:
    own = grid(4, drums=[(0, KICK), (4, SNARE), (16, KICK), (32, KICK)])
    played = grid(4, drums=[(0, KICK), (16, SNARE), (32, KICK)])
    assert drum_distance(played, own) == (0.5 + 1.0 + 0.0, 3.0)
    assert drum_distance(own, own) == (0.0, 3.0)


def test_drums_are_present_where_one_is_hit() -> None:
    assert drums_present(grid(2, drums=[(31, KICK)])) == (1.0, 1.0)
    assert drums_present(grid(2, drums=[(31, MASK[Track.DRUMS])])) == (0.0, 1.0)
