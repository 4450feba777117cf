"""An engine that lies or is broken: what it says is dropped, or does no harm."""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schmubert.bridge.protocol.messages import Say
from schmubert.engine.service import wire
from tests.bridge.brain.stages import at, stage

NUMBERS = st.sampled_from([0, 1, 2, 3, 9, -1, 2**63, 1e308, -1.0, math.nan, math.inf, 0.5])
TEXTS = st.sampled_from(["live", "", "\x1b[2J\x07", "x" * 5000, "\ud7ff\u202e"])
ANY = NUMBERS | TEXTS | st.none() | st.booleans() | st.binary(max_size=8)
METERS = st.lists(
    st.fixed_dictionaries({"beats": NUMBERS, "cells": NUMBERS, "clocks": NUMBERS}) | ANY,
    max_size=2,
)
WELCOMES = st.fixed_dictionaries(
    {
        "type": st.just("Welcome"),
        "version": st.just(wire.WIRE_VERSION) | NUMBERS,
        "release": TEXTS,
        "model": TEXTS,
        "tracks": st.lists(NUMBERS, max_size=4) | st.just([0, 1, 2]) | st.just([9, 9]),
        "runtime": TEXTS,
        "call_ms": NUMBERS,
    },
    optional={"meters": METERS},
)
GRIDS = st.fixed_dictionaries(
    {
        "steps": st.sampled_from([0, 1, 256, -1, 2**40]),
        "tracks": st.sampled_from([0, 1, 3, 7]),
        "data": st.sampled_from([b"", b"\xff" * 1536, bytes(1536), b"\x1e\x00" * 768]),
    }
)
DRAFTS = st.fixed_dictionaries(
    {
        "type": st.just("Draft"),
        "seq": st.integers(0, 12) | NUMBERS,
        "number": NUMBERS,
        "calls": NUMBERS,
        "tokens": GRIDS,
        "spent_ms": NUMBERS,
        "last": st.booleans(),
    }
)
FAILURES = st.fixed_dictionaries({"type": st.just("Failed"), "seq": NUMBERS, "reason": TEXTS})


@settings(max_examples=30, deadline=None)
@given(st.lists(WELCOMES | DRAFTS | FAILURES | st.just({"type": "Goodbye"}), max_size=5))
def test_a_band_plays_on_whatever_an_engine_says(said: list[dict[str, object]]) -> None:
    played = stage(bars=3).run(at(7.1))
    now = at(7.1)
    for message in said:
        frame = msgspec.msgpack.encode(message)
        try:
            heard = wire.decode_to_client(frame)
        except ValueError:
            continue
        now += 0.01
        actions = played.conductor.receive(heard, now)
        for action in actions:
            if isinstance(action, Say):
                assert action.text.isprintable()
                assert len(action.text) < 10_000
    played.conductor.tick(at(8.5))


@pytest.mark.parametrize("tracks", [(), (9, 9), (0, 0), (0, 1, 2, 3), (-1,)])
def test_tracks_that_there_are_not_are_no_welcome(tracks: tuple[int, ...]) -> None:
    welcome = wire.Welcome(wire.WIRE_VERSION, "1", "live", tracks, "onnx", 5.0)
    with pytest.raises(ValueError, match="a model of tracks"):
        wire.decode_to_client(wire.encode(welcome))


@pytest.mark.parametrize("call_ms", [math.nan, math.inf, -1.0])
def test_a_time_that_is_none_is_no_welcome(call_ms: float) -> None:
    frame = msgspec.msgpack.encode(
        {
            "type": "Welcome",
            "version": 5,
            "release": "1",
            "model": "live",
            "tracks": [0, 1, 2],
            "runtime": "onnx",
            "call_ms": call_ms,
        }
    )
    with pytest.raises(ValueError, match="call_ms"):
        wire.decode_to_client(frame)


def test_names_cannot_move_a_cursor() -> None:
    welcome = wire.Welcome(wire.WIRE_VERSION, "1\n", "live\x1b[2J", (0,), "\x07", 5.0)
    believed = wire.decode_to_client(wire.encode(welcome))
    assert isinstance(believed, wire.Welcome)
    assert (believed.release, believed.model, believed.runtime) == (r"1\n", r"live\x1b[2J", r"\x07")
    failed = wire.decode_to_client(wire.encode(wire.Failed(1, "no\x1b]0;x\x07" + "y" * 9999)))
    assert isinstance(failed, wire.Failed)
    assert failed.reason.isprintable()
    assert len(failed.reason) < 400
