"""Whole jobs, of which each call answers about nothing but what was asked about."""

from collections.abc import Collection

import numpy as np
import pytest
from msgspec.structs import replace

from schmubert.engine.denoiser import Logits
from schmubert.engine.music.chords import FIRST_CHORD
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import BAND, BAND_SIZES, FORMS, HOLD, TRIO, Track
from schmubert.engine.recipe import Recipe
from schmubert.engine.service.job import Job
from schmubert.engine.service.jobs import asked_by
from schmubert.engine.service.wire import (
    UNKNOWN_COMPING,
    UNKNOWN_FORM,
    WANTED_COMPING,
    Constraints,
    Request,
    unpack,
)
from tests.engine.service.test_jobs_with_plans import METERS, PLANS, request

WANTED = {Track.BASS, Track.DRUMS}
FORMS_OF_BASS_AND_DRUMS = {FORMS[Track.BASS], FORMS[Track.DRUMS]}
TOLD = bytes([FIRST_CHORD, *[HOLD] * 3] * 4)
DRAWN_COMPING = bytes([UNKNOWN_COMPING] * 32 + [WANTED_COMPING] * 32)
BENT = Constraints(densities={1: 3.0, 0: 2.0}, registers={1: (40, 52)}, tonic=0)


def said_of(tokens: Tokens, asked: Collection[Track] = BAND) -> Logits:
    """Logits that differ from cell to cell and state to state; nothing of what is not `asked`."""
    logits = []
    for column in BAND[: tokens.shape[-1]]:
        events = np.arange(BAND_SIZES[column])
        cells = np.arange(tokens.shape[1])[:, None] + int(tokens.sum() % 1009) + int(column)
        one = 2.0 * np.sin(cells * 1.7 + events * 2.3) + np.where(events == HOLD, 2.0, 0.0)
        shape = (len(tokens), tokens.shape[1], len(events))
        row = one if column in asked else np.full_like(one, np.nan)
        logits.append(np.broadcast_to(row, shape).astype(np.float32))
    return logits


def played(asked: Request, all_asked: bool) -> tuple[list[set[Track]], list[np.ndarray]]:
    """What each call asked about, and all drafts with their plans."""
    recipe = Recipe(temperature=0.8, sounding=0.5)
    job = Job(asked, TRIO, 0.0, 5, METERS, PLANS, recipe)
    asking, drafts, now = [], [], 0.0
    going = job.begin(0.01, now)
    while going:
        asking.append({*job.asked_columns})
        now += 0.01
        with np.errstate(invalid="ignore"):  # a guide bends what is not asked for, too
            draft = job.advance(said_of(job.state, BAND if all_asked else job.asked_columns))
        if draft is not None:
            job.finish(draft, now)
            sent = job.report(now, last=False)
            drafts += [unpack(sent.tokens), job.latest]
            drafts.append(np.frombuffer(sent.chords + sent.sure + sent.forms, np.uint8))
            going = job.begin(0.01, now)
    return asking, drafts


def in_turn(asking: list[set[Track]]) -> list[set[Track]]:
    """`asking` without what is asked again in the next call."""
    return [one for k, one in enumerate(asking) if k == 0 or one != asking[k - 1]]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (request(), [{Track.CHORDS}, FORMS_OF_BASS_AND_DRUMS, WANTED]),
        (request(chords=TOLD), [FORMS_OF_BASS_AND_DRUMS, WANTED]),
        (
            replace(request(), comping=DRAWN_COMPING),
            [{Track.CHORDS}, FORMS_OF_BASS_AND_DRUMS, {*WANTED, Track.COMPING}],
        ),
        (
            replace(request(), constraints=replace(BENT, forms=bytes([UNKNOWN_FORM, 1, 1] * 4))),
            [{Track.CHORDS}, WANTED],
        ),
        (replace(request(METERS[1]), constraints=BENT), [{Track.CHORDS}, FORMS_OF_BASS_AND_DRUMS]),
    ],
    ids=["chords inferred", "told", "comping", "forms told", "waltz, bent"],
)
def test_what_nobody_asked_about_changes_no_draft(
    asked: Request, expected: list[set[Track]]
) -> None:
    asking, drafts = played(asked, all_asked=False)
    _, others = played(asked, all_asked=True)
    assert in_turn(asking)[: len(expected)] == expected
    assert all(one <= {*WANTED, Track.COMPING} for one in in_turn(asking)[len(expected) :])
    assert len(drafts) == len(others) > 3
    for ours, theirs in zip(drafts, others, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_network_without_plans_is_asked_about_tracks_that_are_drawn() -> None:
    job = Job(request(), TRIO, 0.0, 5, METERS)
    job.begin(0.01, 0.0)
    assert job.asked_columns == WANTED


def test_a_call_for_several_answers_what_any_of_them_asks() -> None:
    told, untold = (
        Job(one, TRIO, 0.0, 5, METERS, PLANS) for one in (request(chords=TOLD), request())
    )
    for job in (told, untold):
        job.begin(0.01, 0.0)
    assert asked_by([told]) == (2, FORMS_OF_BASS_AND_DRUMS, [told.seen])
    every = {Track.CHORDS, *FORMS_OF_BASS_AND_DRUMS}
    assert asked_by([told, untold]) == (0, every, [told.seen, untold.seen])
