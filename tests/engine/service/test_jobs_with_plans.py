"""A request to a network of a band: its plans are drawn before the first draft, and stay."""

from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from schmubert.engine.denoiser import Logits
from schmubert.engine.music.chords import FIRST_CHORD, UNKNOWN_ROOT, Quality, chords_in_key
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import BAND, BAND_MASK, BAND_SIZES, MASK, TRIO, Track
from schmubert.engine.service.jobs import Jobs
from schmubert.engine.service.pace import Pace
from schmubert.engine.service.wire import (
    SURE,
    UNKNOWN_CHORD,
    UNKNOWN_COMPING,
    UNKNOWN_FORM,
    WANTED_COMPING,
    Constraints,
    Draft,
    Request,
    pack,
    pack_cells,
    unpack,
)

PLANS = BAND[len(TRIO) :]
METERS = (COMMON, Meter(3))


def request(meter: Meter = COMMON, chords: bytes = b"", bars: int = 4) -> Request:
    """Bass and drums wanted from the third bar on."""
    tokens = np.zeros((bars * meter.steps, 3), np.int64)
    tokens[:: meter.cells, Track.MELODY] = 42
    targets = np.zeros(tokens.shape, bool)
    targets[2 * meter.steps :, [Track.BASS, Track.DRUMS]] = True
    tokens = np.where(targets, np.asarray(MASK), tokens)
    told = Constraints(chords=chords)
    return Request(
        1, pack(tokens), pack_cells(targets), 60_000.0, (), 4, 8, constraints=told, meter=meter
    )


def jobs() -> Jobs:
    return Jobs(TRIO, Pace(), np.random.default_rng(0), METERS, PLANS)


def even(state: Tokens) -> Logits:
    sizes = BAND_SIZES[: state.shape[-1]]
    return [np.zeros((*state.shape[:2], size), np.float32) for size in sizes]


def played(asked: Request) -> tuple[list[Tokens], list[Tokens]]:
    """All that was shown to the network, and the drafts that were sent."""
    in_hand = jobs()
    assert not in_hand.take(b"me", asked, 0.0, 0.0)
    shown: list[Tokens] = []
    drafts: list[Tokens] = []
    now = 0.0
    while batch := in_hand.batch(now):
        (job,) = batch.values()
        state = job.state.copy()
        shown.append(state)
        now += 0.01
        sent = in_hand.advance(batch, even(state), 0.01, now)
        drafts += [unpack(draft.tokens) for _, draft in sent]
    return shown, drafts


def test_the_forms_are_drawn_first_and_stay() -> None:
    shown, drafts = played(request())
    assert {state.shape for state in shown} == {(1, 64, len(BAND))}
    column, unknown = BAND.index(Track.BASS_FORM), BAND_MASK[Track.BASS_FORM]
    forms = [state[0, ::16, column].tolist() for state in shown]
    assert forms[0][2:] == [unknown, unknown]
    assert unknown not in forms[-1]
    first = forms.index(forms[-1])
    assert all(one == forms[-1] for one in forms[first:])
    assert (shown[first][0, 32:, Track.BASS] == MASK[Track.BASS]).all()
    assert len(drafts) == 2
    assert {draft.shape for draft in drafts} == {(64, 3)}


def test_chords_that_a_request_tells_are_shown() -> None:
    chords = bytes([FIRST_CHORD, 1, 1, 1] + [UNKNOWN_CHORD] * 12)
    shown, _ = played(request(chords=chords))
    said = shown[0][0, ::4, Track.CHORDS].tolist()
    assert said == [FIRST_CHORD, 0, 0, 0] + [UNKNOWN_CHORD] * 12


def test_a_waltz_and_a_march_of_one_length_share_no_call() -> None:
    in_hand = jobs()
    in_hand.take(b"march", request(bars=3), 0.0, 0.0)
    in_hand.take(b"waltz", request(Meter(3), bars=4), 0.0, 0.0)
    assert len(in_hand.batch(0.0)) == 1


@pytest.mark.parametrize(
    ("chords", "word"), [(bytes(3), "not one for each"), (bytes([200] * 16), "outside 0..86")]
)
def test_chords_that_are_none_are_told(chords: bytes, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        jobs().take(b"me", request(chords=chords), 0.0, 0.0)


def planned(asked: Request, says: Callable[[Tokens], Logits] = even) -> Draft:
    """The first draft."""
    in_hand = jobs()
    in_hand.take(b"me", asked, 0.0, 0.0)
    while True:
        batch = in_hand.batch(0.0)
        (job,) = batch.values()
        for _, draft in in_hand.advance(batch, says(job.state), 0.01, 0.0):
            return draft


def test_a_draft_says_what_it_was_drawn_with() -> None:
    chords = bytes([FIRST_CHORD, 1, 1, 1] + [UNKNOWN_CHORD] * 12)
    draft = planned(request(chords=chords))
    assert draft.chords[:8] == chords[:8], "nothing is inferred where nothing is to be drawn"
    assert UNKNOWN_CHORD not in draft.chords[8:]
    assert draft.sure[:8] == bytes([SURE] * 4 + [0] * 4)
    assert all(0 < sure < SURE for sure in draft.sure[8:])
    forms = np.frombuffer(draft.forms, np.uint8).reshape(4, 3)
    assert (forms[2:, 1:] < UNKNOWN_FORM).all()


def test_an_older_client_is_told_no_plan() -> None:
    draft = planned(replace(request(), version=5))
    assert (draft.chords, draft.sure, draft.forms) == (b"", b"", b"")


def test_forms_that_are_handed_back_stay() -> None:
    asked = request()
    for form in (1, 3, 4):
        forms = np.full((4, 3), UNKNOWN_FORM, np.uint8)
        forms[2, Track.BASS] = form
        told = replace(asked.constraints, forms=forms.tobytes())
        again = planned(replace(asked, constraints=told))
        assert again.forms[2 * 3 + Track.BASS] == form


@pytest.mark.parametrize("forms", [bytes(11), bytes([8] * 12)])
def test_forms_of_a_wrong_size_or_token_are_refused(forms: bytes) -> None:
    asked = request()
    with pytest.raises(ValueError, match="form"):
        planned(replace(asked, constraints=replace(asked.constraints, forms=forms)))


@pytest.mark.parametrize("tonic", [0, 6])
@pytest.mark.parametrize("outside", [False, True])
def test_chords_keep_to_the_key_that_is_said_but_for_those_that_somebody_plays(
    tonic: int, outside: bool
) -> None:
    played = FIRST_CHORD + ((tonic + 1) % 12) * len(Quality)

    def likes_it(state: Tokens) -> Logits:
        logits = [*even(state)]
        logits[Track.CHORDS][..., FIRST_CHORD:] = 3.0
        logits[Track.CHORDS][..., played] = 6.0
        return logits

    chords = bytes([played, *[1] * 3, *[UNKNOWN_CHORD] * 12]) if outside else b""
    comping = bytes([UNKNOWN_COMPING] * 32 + [WANTED_COMPING] * 32)
    asked = replace(request(chords=chords), comping=comping)
    in_key = replace(asked.constraints, tonic=tonic)
    draft = planned(replace(asked, constraints=in_key), likes_it)
    assert draft.chords[:4] == chords[:4] or not outside
    told = np.frombuffer(draft.chords[8:], np.uint8)
    assert (told >= FIRST_CHORD).any()
    assert chords_in_key(tonic)[told].all()


def test_comping_is_drawn_like_notes_and_what_was_played_stays() -> None:
    played = bytes([2, 0, 1, 0] * 8)
    asked = replace(request(), comping=played + bytes([WANTED_COMPING] * 32), temperature=0.8)
    draft = planned(asked)
    assert draft.comping[:32] == played
    assert len(draft.comping) == 64
    assert max(draft.comping[32:]) < UNKNOWN_COMPING
    assert planned(request()).comping == b"", "nobody wants any"


def test_chords_alone_are_a_request_too() -> None:
    asked = request()
    comping = bytes([UNKNOWN_COMPING] * 32 + [WANTED_COMPING] * 32)
    alone = planned(replace(asked, targets=bytes(len(asked.targets)), comping=comping))
    assert max(alone.comping[32:]) < UNKNOWN_COMPING
    assert UNKNOWN_CHORD not in alone.chords[8:]


def test_a_later_draft_leaves_comping_that_is_final() -> None:
    comping = bytes([UNKNOWN_COMPING] * 32 + [WANTED_COMPING] * 32)
    freezes_ms = tuple([0.0] * 8 + [5.0] * 4 + [1e6] * 4)
    asked = replace(request(), comping=comping, freezes_ms=freezes_ms)
    in_hand = jobs()
    in_hand.take(b"me", asked, 0.0, 0.0)
    found: list[bytes] = []
    now = 0.0
    while batch := in_hand.batch(now):
        (job,) = batch.values()
        now += 0.01
        sent = in_hand.advance(batch, even(job.state), 0.01, now)
        found += [draft.comping for _, draft in sent]
    assert len(found) == 2
    assert found[0][:48] == found[1][:48]
    assert found[0][48:] != found[1][48:]


@pytest.mark.parametrize("comping", [bytes(63), bytes([5] * 64)])
def test_comping_of_a_wrong_size_or_token_is_refused(comping: bytes) -> None:
    with pytest.raises(ValueError, match="comping"):
        planned(replace(request(), comping=comping))


def test_what_was_played_over_a_wrong_chord_is_hidden_from_the_network_alone() -> None:
    """Told of G from end to end it sees no bass that was played over D, but hands it back."""
    asked = request()
    roots = bytes([2] * 4 + [7] * 4 + [UNKNOWN_ROOT] * 8)
    told = replace(asked, constraints=replace(asked.constraints, roots=roots))
    in_hand = jobs()
    in_hand.take(b"me", told, 0.0, 0.0)
    shown: list[Tokens] = []
    sent: list[tuple[bytes, Draft]] = []
    while not sent:
        batch = in_hand.batch(0.0)
        (job,) = batch.values()
        shown.append(job.state.copy())
        logits = [*even(job.state)]
        logits[Track.CHORDS][..., FIRST_CHORD + 7 * len(Quality)] = 12.0
        sent = in_hand.advance(batch, logits, 0.01, 0.0)
    hidden = shown[-1][0, :32, Track.BASS] == BAND_MASK[Track.BASS]
    assert hidden.tolist() == [True] * 16 + [False] * 16
    np.testing.assert_array_equal(unpack(sent[0][1].tokens)[:32], unpack(asked.tokens)[:32])


@pytest.mark.parametrize(
    ("roots", "word"), [(bytes(3), "not one for each"), (bytes([13] * 16), "outside 0..12")]
)
def test_roots_that_are_none_are_told(roots: bytes, word: str) -> None:
    asked = request()
    told = replace(asked, constraints=replace(asked.constraints, roots=roots))
    with pytest.raises(ValueError, match=word):
        jobs().take(b"me", told, 0.0, 0.0)
