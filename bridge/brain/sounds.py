"""Notes as they were played: what began, what still lasts, and what the pedal holds."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.diffusion.guides import PITCH_CLASSES
from schmubert.engine.music.vocabulary import Track

CHORD_CLASSES = 3
"""So many pitch classes whose keys are down are a chord that starts the band."""


@dataclass
class Sound:
    """A note as it was played; steps of the tape, `key_end` and `end` None while it lasts."""

    role: Track
    pitch: int
    onset_s: float
    onset: int
    key_end: int | None = None
    end: int | None = None

    def move(self, by_steps: int) -> None:
        """The whole note stands `by_steps` later on the tape."""
        self.onset += by_steps
        self.key_end = None if self.key_end is None else self.key_end + by_steps
        self.end = None if self.end is None else self.end + by_steps


class Sounds:
    """The notes of all players, in the order in which they began."""

    def __init__(self) -> None:
        self.changes = 0
        """Grows with each note that begins or ends."""
        self._sounds: list[Sound] = []
        self._pedals: set[Track] = set()

    def __iter__(self) -> Iterator[Sound]:
        return iter(self._sounds)

    # What the player does

    def begin(self, role: Track, pitch: int, at_s: float, onset: int) -> None:
        """A note begins at step `onset`; a drum lasts one step."""
        self.changes += 1
        for other in self._lasting(role, pitch):  # played again under the pedal
            other.key_end = other.end = max(onset, other.onset)
        ends = onset + 1 if role is Track.DRUMS else None
        self._sounds.append(Sound(role, pitch, at_s, onset, ends, ends))

    def release(self, role: Track, pitch: int, step: int) -> None:
        """The key goes up; the note ends too, where no pedal holds it."""
        for sound in self._lasting(role, pitch):
            if sound.key_end is None:
                sound.key_end = max(step, sound.onset + 1)
                self.changes += 1
                if role not in self._pedals:
                    sound.end = sound.key_end

    def press_pedal(self, role: Track) -> None:
        """From now on notes of `role` sound on when their keys go up."""
        self._pedals.add(role)

    def lift_pedal(self, role: Track, step: int) -> None:
        """Notes of `role` whose keys are up end."""
        self._pedals.discard(role)
        for sound in self._sounds:
            if sound.role is role and sound.key_end is not None and sound.end is None:
                sound.end = max(step, sound.key_end)
                self.changes += 1

    # What becomes of the notes

    def end_all(self, step: int) -> None:
        """Every note that lasts ends."""
        for sound in self._sounds:
            if sound.end is None:
                sound.key_end = sound.key_end or max(step, sound.onset + 1)
                sound.end = max(step, sound.onset + 1)

    def forget_before(self, step: int) -> None:
        """Notes that ended by `step` are not remembered."""
        self._sounds = [sound for sound in self._sounds if sound.end is None or sound.end > step]

    # What can be asked

    def first_onset(self, from_step: int) -> int | None:
        """The first step from `from_step` on in which a player begins a note."""
        return min((s.onset for s in self._sounds if s.onset >= from_step), default=None)

    def first_chord(self, from_step: int) -> int | None:
        """The first step from `from_step` on in which a player's note completes a chord.

        That is three pitch classes whose keys are down.
        """
        pitched = [sound for sound in self._sounds if sound.role is not Track.DRUMS]
        for sound in sorted(pitched, key=lambda one: one.onset):
            at = sound.onset
            down = {
                one.pitch % PITCH_CLASSES
                for one in pitched
                if one.onset <= at and (one.key_end is None or one.key_end > at)
            }
            if at >= from_step and len(down) >= CHORD_CLASSES:
                return at
        return None

    def keys_down(self, from_step: int, to_step: int) -> bool:
        """Whether a key was down in these steps."""
        return any(
            sound.onset < to_step and (sound.key_end is None or sound.key_end > from_step)
            for sound in self._sounds
        )

    def silent_since(self, roles: Collection[Track], first_step: int) -> int | None:
        """The step in which the last key of `roles` went up; None while one is down.

        `first_step` where they never played.
        """
        ends = [sound.key_end for sound in self._sounds if sound.role in roles]
        return None if None in ends else max((end for end in ends if end), default=first_step)

    def chord(self, from_step: int, to_step: int) -> NDArray[np.float64]:
        """How long each pitch class sounds in a chord, as a share of these steps: [12].

        A chord is two pitch classes at least, of all pitched instruments; a single line is none.
        """
        steps = max(1, to_step - from_step)
        sounding = np.zeros((steps, PITCH_CLASSES), bool)
        for sound in self._sounds:
            if sound.role is not Track.DRUMS and sound.onset < to_step:
                end = to_step if sound.end is None else sound.end
                rows = slice(max(0, sound.onset - from_step), max(0, end - from_step))
                sounding[rows, sound.pitch % PITCH_CLASSES] = True
        sounding[sounding.sum(axis=1) < 2] = False
        return np.asarray(sounding.mean(axis=0))

    def _lasting(self, role: Track, pitch: int) -> list[Sound]:
        return [
            sound
            for sound in self._sounds
            if sound.end is None and sound.role is role and sound.pitch == pitch
        ]
