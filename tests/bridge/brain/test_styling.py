"""A style on stage: the engine is told of it, from the entry on and from where it is turned."""

from pathlib import Path

import numpy as np
import pytest

from schmubert.bridge.protocol.controls import setting
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.score import Score, unknown
from schmubert.engine.music.style_names import CHOICES
from schmubert.engine.music.traits import UNKNOWN_TRAIT, Trait
from schmubert.engine.music.vocabulary import HOLD, Drum, Track, onset_token
from schmubert.engine.service.wire import Request, unpack
from tests.bridge.brain.stages import at, stage
from tests.bridge.brain.virtual_stage import Stage

BAND = (Track.BASS, Track.DRUMS)


def drums(request: Request) -> np.ndarray:
    return unpack(request.tokens)[:, Track.DRUMS]


def played(settings: Settings, until: float = 24.0) -> Stage:
    made = stage(settings)
    made.run(at(until))
    return made


def test_before_its_entry_the_band_is_taken_to_have_played_the_style() -> None:
    first = played(Settings(plays=BAND, style="techno")).engine.requests[0][1]
    kicks = drums(first)[:16] & 1 << Drum.KICK > 0
    np.testing.assert_array_equal(np.flatnonzero(kicks), [0, 4, 8, 12])
    assert first.constraints.traits[Trait.KICK_DENSITY] == 4
    assert first.constraints.traits[Trait.MELODY_DENSITY] == UNKNOWN_TRAIT


def test_without_a_style_nothing_is_told() -> None:
    for _, request in played(Settings(plays=BAND)).engine.requests:
        assert request.constraints.traits == b""


def test_a_style_is_turned_on_and_off_while_the_band_plays() -> None:
    made = stage(Settings(plays=BAND, seed=1))
    made.extend([(at(9.5), setting("style", "reggae")), (at(17.5), setting("style", "any"))])
    made.run(at(30.0))
    told = [(now, request.constraints.traits) for now, request in made.engine.requests]
    assert all(traits == b"" for now, traits in told if not at(9.5) <= now < at(17.5))
    within = [traits for now, traits in told if at(9.6) < now < at(17.4)]
    assert within
    assert len(set(within)) == 1
    assert within[0]


def test_what_is_played_stays_what_it_was() -> None:
    """The example is told of what was before; what was committed since is shown as it is."""
    plain = played(Settings(plays=BAND)).engine.requests
    styled = played(Settings(plays=BAND, style="techno")).engine.requests
    assert len(plain) == len(styled)
    entry = 16
    for (_, one), (_, other) in zip(plain, styled, strict=True):
        np.testing.assert_array_equal(drums(one)[entry:], drums(other)[entry:])
        assert one.targets == other.targets


@pytest.mark.parametrize(("key", "bass"), [("C", 36), ("D", 38), ("A", 33)])
def test_the_bass_of_a_song_to_play_like_comes_in_the_key_of_the_player(
    tmp_path: Path, key: str, bass: int
) -> None:
    tokens = unknown(4).tokens.copy()
    tokens[:] = HOLD
    for bar in range(4):
        tokens[16 * bar : 16 * bar + 16 : 4, Track.BASS] = onset_token(36)
        for step, pitch in enumerate((60, 64, 67, 65, 62, 71, 72)):
            tokens[16 * bar + 2 * step, Track.MELODY] = onset_token(pitch)
    (tmp_path / "song.mid").write_bytes(midi_bytes(Score(tokens)))
    settings = Settings(
        plays=BAND, like=str(tmp_path / "song.mid"), controls=(setting("key", key),)
    )
    first = played(settings).engine.requests[0][1]
    onsets = unpack(first.tokens)[:16:4, Track.BASS]
    assert onsets.tolist() == [onset_token(bass)] * 4


def test_a_style_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="polka"):
        Settings(style="polka")
    with pytest.raises(ValueError, match="one of any, rock"):
        setting("style", "polka")
    assert setting("style", "waltz").value == CHOICES.index("waltz")
