"""Tacet: the whole bars in which a track rests.

Silence for bars on end is a decision, not the sum of cells that happen to hold nothing. A network
that unmasks cell by cell lets one onset slip in, and goes on from there. So in training it is shown
where tracks rest, and for a piece out of nothing `Pauses` are drawn before any note.
"""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schmubert.engine.music.meter import STEPS_PER_BAR
from schmubert.engine.music.score import Mask, Tokens, lasting
from schmubert.engine.music.vocabulary import PITCHED, Track, first_onset

BARS_PER_PHRASE = 4
LEAST_PLAYING = 3
"""Of so many bars a track plays in one, as in the windows that networks are trained on."""
TRIES = 100


@dataclass(frozen=True)
class Pauses:
    """Where the tracks of real songs rest: `tacet` [songs, bars, tracks], one song as likely as
    another. Bars count from the beginning of a phrase of four."""

    tacet: Mask

    def draw(self, bars: int, rng: np.random.Generator) -> Mask:
        """The pauses [bars, tracks] of a piece of `bars` bars: of a song, or of songs in a row.

        A shorter piece is cut out of a song between two phrases. No track rests for more than two
        thirds of it; where no such cut is found, none rests at all.
        """
        for _ in range(TRIES):
            found = self._cut(bars, rng)
            if (LEAST_PLAYING * (~found).sum(axis=0) >= bars).all():
                return found
        return np.zeros_like(found)

    def _cut(self, bars: int, rng: np.random.Generator) -> Mask:
        songs, length, tracks = self.tacet.shape
        in_a_row = self.tacet[rng.integers(songs, size=-(-bars // length))].reshape(-1, tracks)
        phrase = rng.integers((len(in_a_row) - bars) // BARS_PER_PHRASE + 1)
        first = int(phrase) * BARS_PER_PHRASE
        return np.asarray(in_a_row[first : first + bars])

    def encoded(self) -> str:
        """As text, for what a model file says of itself."""
        packed = base64.b64encode(zlib.compress(np.packbits(self.tacet).tobytes(), 9))
        return json.dumps({"shape": self.tacet.shape, "bits": packed.decode()})

    @staticmethod
    def decoded(text: str, tracks: int) -> "Pauses":
        """What was `encoded`; ValueError where `text` is none of it, or of not so many tracks."""
        try:
            held = json.loads(text)
            songs, bars, columns = (int(size) for size in held["shape"])
            packed = np.frombuffer(zlib.decompress(base64.b64decode(held["bits"])), np.uint8)
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            raise ValueError(f"its pauses cannot be read: {error!r}") from error
        cells = songs * bars * columns
        if columns != tracks or min(songs, bars) < 1 or len(packed) != -(-cells // 8):
            raise ValueError(f"its pauses {(songs, bars, columns)} are not of {tracks} tracks")
        tacet = np.unpackbits(packed, count=cells).astype(bool)
        return Pauses(tacet.reshape(songs, bars, columns))


def tacet_bars(tokens: Tokens, tracks: Sequence[Track]) -> Mask:
    """The bars [.., bars, tracks] of `tokens` [.., steps, tracks] in which a track is silent.

    A note held over from the bar before sounds. What is masked is not known to be silent.
    """
    sounds = np.empty(tokens.shape, bool)
    for column, track in enumerate(tracks):
        events = tokens[..., column]
        if track in PITCHED:
            events = lasting(events)
        sounds[..., column] = events >= first_onset(track)
    by_bar = sounds.reshape(*tokens.shape[:-2], -1, STEPS_PER_BAR, len(tracks))
    return np.asarray(~by_bar.any(axis=-2))


def tacet_cells(tacet: Mask) -> Mask:
    """The cells [.., steps, tracks] that hold nothing in `tacet` bars [.., bars, tracks].

    All but the first 16th of each pause: there the last note before it may end.
    """
    cells = np.repeat(tacet, STEPS_PER_BAR, axis=-2)
    begins = tacet.copy()
    begins[..., 1:, :] &= ~tacet[..., :-1, :]
    cells[..., ::STEPS_PER_BAR, :] &= ~begins
    return cells
