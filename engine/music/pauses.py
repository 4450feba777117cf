"""Where the tracks of real songs rest: a value that a model file carries."""

import base64
import json
import zlib
from dataclasses import dataclass

import numpy as np

from schmubert.engine.music.meter import PHRASE_BARS
from schmubert.engine.music.score import Mask

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
        phrase = rng.integers((len(in_a_row) - bars) // PHRASE_BARS + 1)
        first = int(phrase) * PHRASE_BARS
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
