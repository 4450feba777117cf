"""The style that the band is to play in: what the engine is told of it.

Before it began, the band is taken to have played its example (`styles.py`), over the chords of the
player; and the traits that follow from it are known of all that is drafted.
"""

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from schmubert.bridge.brain.arrangement import Harmonies
from schmubert.bridge.brain.knobs import Knobs
from schmubert.bridge.brain.variations import Groove, Harmony, harmony_of
from schmubert.bridge.protocol.settings import Settings
from schmubert.engine.diffusion.horizon import Horizon
from schmubert.engine.music.chords import Chord, Quality
from schmubert.engine.music.score import canonical
from schmubert.engine.music.spelling import MINOR_THIRD, OCTAVE
from schmubert.engine.music.style_names import SONG, STYLES
from schmubert.engine.music.styles import (
    Manner,
    manner_of,
    song_to_play_like,
    style_named,
    traits_bytes,
)
from schmubert.engine.music.vocabulary import HOLD, Track


class Styling:
    """Which style is played, from which step on; `knobs` say so.

    ValueError where the song of `settings.like` cannot be read, or has neither bass nor drums.
    """

    def __init__(self, settings: Settings) -> None:
        self._meter = settings.meter
        self._song = None if settings.like is None else song_to_play_like(Path(settings.like))
        self._seed = settings.seed or 0
        self._style = ""
        self._since = 0
        self._passage = -1
        self._changes = 0
        self._manner: Manner | None = None
        self._groove: Groove | None = None

    def asked(
        self,
        about: Horizon,
        roles: Collection[Track],
        knobs: Knobs,
        begins: tuple[int, int],
        home: Callable[[], Harmony],
        harmonies: Harmonies,
    ) -> tuple[Horizon, bytes]:
        """`about` with what the band's `roles` play in it before the style, and the traits to tell.

        `begins` is the passage, and the first step of it that is not final: a style that was not
        played yet begins there. `home` names the chord of the key, `harmonies` are those of steps.
        """
        passage, step = begins
        if passage != self._passage or knobs.style != self._style:
            if knobs.style != self._style:
                self._choose(knobs.style, home())
            self._style, self._passage, self._since = knobs.style, passage, step
        if self._manner is None:
            return about, b""
        return self._led_in(about, roles, harmonies), traits_bytes(self._manner.traits)

    def _led_in(self, about: Horizon, roles: Collection[Track], harmonies: Harmonies) -> Horizon:
        """`about` in which `roles` have played the groove up to where the style begins."""
        end = min(self._since, about.end_step)
        if self._groove is None or end <= about.first_step:
            return about
        steps = np.arange(about.first_step, end)
        tokens = about.tokens.copy()
        for role in sorted({Track.BASS, Track.DRUMS} & set(roles)):
            over = [harmonies(step) if role is Track.BASS else Harmony() for step in steps.tolist()]
            tokens[: len(steps), role] = self._groove.cells(role, steps, over)
        return Horizon(canonical(tokens), about.targets, about.first_step)

    def _choose(self, name: str, home: Harmony) -> None:
        """Play in the style `name` from now on; of its grooves one that begins on `home`.

        A song's bass is moved into the key of which that is the chord.
        """
        self._changes += 1
        self._manner = self._groove = None
        minor = home.root is not None and (home.root + MINOR_THIRD) % OCTAVE in home.classes
        if name in STYLES:
            chord = Chord(home.root or 0, Quality.MINOR if minor else Quality.MAJOR)
            rng = np.random.default_rng((self._seed, self._changes))
            self._manner = style_named(name).manner(self._meter, chord, rng)
        elif name == SONG and self._song is not None:
            root = home.root
            tonic = None if root is None else (root + minor * MINOR_THIRD) % OCTAVE
            self._manner = manner_of(self._song, tonic)
        if self._manner is not None and self._manner.example.meter == self._meter:
            example, chord_then = self._manner.example, self._manner.chord
            then = Harmony() if chord_then is None else harmony_of(chord_then.token)
            chords = (then,) * (example.bars * self._meter.beats)
            self._groove = Groove(example.tokens, (HOLD,) * example.steps, chords, self._meter)
