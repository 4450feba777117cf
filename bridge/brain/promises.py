"""What a draft was drawn with: the chords of its beats, and the forms of its bars.

An engine says it, so nothing is taken before its sizes and ranges are checked.
"""

from dataclasses import dataclass

import numpy as np

from schmubert.engine.music.chords import HOLD_CHORD
from schmubert.engine.music.chords import Plan as Chords
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.score import Tokens
from schmubert.engine.music.vocabulary import TRIO
from schmubert.engine.service.wire import UNKNOWN_CHORD, UNKNOWN_COMPING, UNKNOWN_FORM, Draft


@dataclass(frozen=True)
class Promises:
    """The `chords` [beats] of a window, each as its own token, and how `sure` they are, 0 to 255.

    `forms` [bars, 3] are those of its tracks, and `comping` [steps] is the rhythm of its chords, of
    no steps where none was drawn. All may be unknown in places.
    """

    chords: Chords
    sure: Chords
    forms: Tokens
    comping: Tokens

    def from_beat(self, beat: int) -> tuple[bytes, bytes]:
        """The chords and how sure they are, a byte a beat, from `beat` on."""
        chords, sure = (part[beat:].astype(np.uint8).tobytes() for part in (self.chords, self.sure))
        return chords, sure


def promises_of(draft: Draft, steps: int, meter: Meter) -> Promises | None:
    """What `draft`, of so many `steps`, was drawn with; None where its model knows no plans.

    ValueError where sizes or tokens are no plan.
    """
    if not (draft.chords or draft.sure or draft.forms):
        return None
    beats, bars = steps // meter.cells, -(-steps // meter.steps)
    sizes = len(draft.chords), len(draft.sure), len(draft.forms)
    if sizes != (beats, beats, bars * len(TRIO)):
        raise ValueError(f"a plan of {sizes} bytes for {beats} beats in {bars} bars")
    if len(draft.comping) not in (0, steps):
        raise ValueError(f"a plan with {len(draft.comping)} cells of comping for {steps}")
    if (
        max(draft.chords) > UNKNOWN_CHORD
        or max(draft.forms) > UNKNOWN_FORM
        or max(draft.comping, default=0) > UNKNOWN_COMPING
    ):
        raise ValueError("a plan with tokens that mean nothing")
    chords, sure, forms, comping = (
        np.frombuffer(part, np.uint8).astype(np.int64)
        for part in (draft.chords, draft.sure, draft.forms, draft.comping)
    )
    return Promises(_lasting(chords), sure, forms.reshape(bars, len(TRIO)), comping)


def _lasting(chords: Chords) -> Chords:
    """`chords` [beats] with those that go on by their names; unknown where none began."""
    begins = np.maximum.accumulate(np.where(chords != HOLD_CHORD, np.arange(len(chords)), -1))
    return np.where(begins >= 0, chords[begins], UNKNOWN_CHORD)
