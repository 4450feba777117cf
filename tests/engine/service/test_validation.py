from dataclasses import dataclass

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Mask, Tokens
from schmubert.engine.music.vocabulary import MASK, TRIO, Track
from schmubert.engine.service.validation import validated
from schmubert.engine.service.wire import Constraints, Grid, Request, pack, pack_cells


def ask(tokens: Tokens, fill: Mask, **others: object) -> Request:
    return msgspec.structs.replace(Request(7, pack(tokens), pack_cells(fill), 100.0), **others)


def bar_of_bass() -> tuple[Tokens, Mask]:
    tokens = np.tile(np.asarray(MASK), (64, 1))
    tokens[:48] = 0
    fill = np.zeros(tokens.shape, bool)
    fill[48:, Track.BASS] = True
    return tokens, fill


@given(st.integers(1, 64), st.data())
def test_a_good_ask_is_taken_as_it_is(beats: int, data: st.DataObject) -> None:
    masked = data.draw(hnp.arrays(np.bool_, (4 * beats, 3)))
    fill = masked & data.draw(hnp.arrays(np.bool_, (4 * beats, 3)))
    freezes_ms = data.draw(
        st.just(()) | st.lists(st.floats(-1e6, 1e6), min_size=beats, max_size=beats).map(tuple)
    )
    tokens = np.where(masked, np.asarray(MASK), 1)
    window = validated(ask(tokens, fill, freezes_ms=freezes_ms), TRIO)
    np.testing.assert_array_equal(window.tokens, tokens)
    np.testing.assert_array_equal(window.targets, fill)
    assert window.steps == 4 * beats
    expected = np.repeat(freezes_ms, 4) / 1000 if freezes_ms else np.full(4 * beats, np.inf)
    np.testing.assert_allclose(window.freezes_s, expected)


@dataclass(frozen=True)
class Wrong:
    changes: dict[str, object]
    says: str


WRONG = {
    "density of no track": Wrong({"constraints": Constraints({5: 2.0})}, "no track 5"),
    "density too high": Wrong({"constraints": Constraints({1: 17.0})}, "outside 0..16"),
    "register upside down": Wrong(
        {"constraints": Constraints(registers={1: (40, 30)})}, "register 40..30"
    ),
    "register of drums": Wrong({"constraints": Constraints(registers={2: (30, 40)})}, "no pitches"),
    "no tonic": Wrong({"constraints": Constraints(tonic=12)}, "tonic of 12"),
    "harmony too short": Wrong({"constraints": Constraints(harmony=b"abcd")}, "4 bytes of harmony"),
    "harmony too strong": Wrong(
        {"constraints": Constraints(harmony=np.full((16, 12), 21.0, "<f4").tobytes())},
        "outside -20..20",
    ),
    "harmony no number": Wrong(
        {"constraints": Constraints(harmony=np.full((16, 12), np.nan, "<f4").tobytes())},
        "outside -20..20",
    ),
    "no budget": Wrong({"budget_ms": float("nan")}, "budget_ms nan is outside 0..600000"),
    "endless": Wrong({"budget_ms": float("inf")}, "budget_ms inf"),
    "negative": Wrong({"budget_ms": -1.0}, "budget_ms -1"),
    "frozen": Wrong({"temperature": 0.0}, "temperature 0 is outside"),
    "boiling": Wrong({"temperature": 1e9}, "temperature 1e"),
    "none first": Wrong({"first_calls": 0}, "first_calls 0"),
    "too many": Wrong({"most_calls": 10**18}, "most_calls 1e"),
    "seed": Wrong({"seed": -1}, "seed -1 is below 0"),
    "beats": Wrong({"freezes_ms": (1.0, 2.0)}, "2 entries for 16 beats"),
    "when": Wrong({"freezes_ms": (1.0,) * 15 + (float("nan"),)}, "beat 15 is no number"),
    "size": Wrong({"tokens": Grid(64, 3, b"12")}, "2 bytes are no 64 x 3 tokens"),
    "huge": Wrong({"tokens": Grid(2**40, 3, b"12")}, "out of range"),
    "tracks": Wrong({"tokens": Grid(64, 2, bytes(256))}, "2 tracks, this model has 3: melody"),
    "half a beat": Wrong({"tokens": Grid(62, 3, bytes(372))}, "62 steps are no whole beats"),
    "cells": Wrong({"targets": b"1"}, "1 bytes are no 64 x 3 cells"),
    "known": Wrong({"targets": bytes([0xFF]) * 24}, "step 0 of the melody is to be filled but not"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_ask_is_told_what_is_wrong(name: str) -> None:
    tokens, fill = bar_of_bass()
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        validated(msgspec.structs.replace(ask(tokens, fill), **WRONG[name].changes), TRIO)
    assert WRONG[name].says in str(refused.value)


@pytest.mark.parametrize(("track", "token"), [(Track.MELODY, 91), (Track.DRUMS, 513)])
def test_a_token_beyond_the_mask_is_named(track: Track, token: int) -> None:
    tokens, fill = bar_of_bass()
    tokens[5, track] = token
    with pytest.raises(ValueError, match=f"token {token} in step 5 of the {track.name.lower()}"):
        validated(ask(tokens, fill), TRIO)


def test_a_beat_may_never_freeze_or_have_long_frozen() -> None:
    tokens, fill = bar_of_bass()
    freezes_ms = (-float("inf"),) * 8 + (float("inf"),) * 8
    window = validated(ask(tokens, fill, freezes_ms=freezes_ms), TRIO)
    assert window.freezes_s[0] == -np.inf
    assert window.freezes_s[-1] == np.inf


def test_a_model_of_one_track_takes_windows_of_one() -> None:
    tokens = np.full((32, 1), MASK[Track.DRUMS])
    window = validated(ask(tokens, np.ones((32, 1), bool)), (Track.DRUMS,))
    assert window.targets.all()
    with pytest.raises(ValueError, match=r"outside 0\.\.90"):
        validated(ask(tokens, np.ones((32, 1), bool)), (Track.BASS,))


def test_wishes_bend_what_is_drawn_and_none_leave_it_alone() -> None:
    tokens, fill = bar_of_bass()
    assert validated(ask(tokens, fill), TRIO).guide is None
    biases = np.zeros((16, 12), "<f4")
    biases[12:, 9] = 12.0  # an A in every beat of the last bar
    constraints = Constraints({Track.BASS: 4.0}, {Track.BASS: (28, 47)}, harmony=biases.tobytes())
    window = validated(ask(tokens, fill, constraints=constraints), TRIO)
    assert window.guide is not None
    flat = [np.zeros((1, 64, size), np.float32) for size in MASK]
    bent = window.guide(window.tokens[None], flat)[Track.BASS][0, 48:].astype(np.float64)
    likely = np.exp(bent - np.logaddexp.reduce(bent, axis=-1, keepdims=True))
    assert likely[:, 2:].sum() == pytest.approx(4.0, abs=1e-3)
    of_pitch = likely[:, 2:].sum(axis=0) / likely[:, 2:].sum()
    pitches = np.arange(21, 109)
    assert of_pitch[(pitches < 28) | (pitches > 47)].sum() == 0.0
    assert of_pitch[pitches % 12 == 9].sum() > 0.999


def test_a_window_is_in_a_metre_that_the_model_plays() -> None:
    waltz, jig = Meter(3), Meter(2, 6, 36)
    tokens, fill = bar_of_bass()
    with pytest.raises(ValueError, match="this model plays no 3/4, only 4/4"):
        validated(ask(tokens, fill, meter=waltz), TRIO)
    window = validated(ask(tokens[:48], fill[:48], meter=waltz), TRIO, (COMMON, waltz))
    assert (window.meter, window.steps) == (waltz, 48)
    freezes_ms = tuple(float(beat) for beat in range(8))
    window = validated(ask(tokens[:48], fill[:48], meter=jig, freezes_ms=freezes_ms), TRIO, [jig])
    assert window.freezes_s.tolist() == [beat / 1000 for beat in range(8) for _ in range(6)]
    with pytest.raises(ValueError, match="64 steps are no whole beats of 6"):
        validated(ask(tokens, fill, meter=jig), TRIO, [jig])
