"""What is played on stage for an evaluation: each band by what it hears, drawn or found again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from schmubert.engine.denoiser import Model, recipe_of
from schmubert.engine.music.meter import COMMON, Meter
from schmubert.engine.music.score import Tokens
from schmubert.training.evaluation import trials
from schmubert.training.evaluation.draws import Draws, Kind, Progress, drawn
from schmubert.training.evaluation.rehearsal import (
    ORACLE_CALLS,
    Leads,
    as_on_stage,
    chords_held,
    chords_told,
)
from schmubert.training.evaluation.settings import EvaluationSettings
from schmubert.training.metrics.accompaniment import BAND
from schmubert.training.metrics.chords import Weights

Knows = Callable[[Weights, float, Meter], Leads]
"""What a band knows of the chords [songs, beats, 12] of its songs: their nats and their metre."""

HEARD, TOLD = "stage, chords heard", "stage, chords told"


@dataclass(frozen=True)
class Performances:
    """Bands of a `model` on stage, each draw of which is kept in `draws`.

    They play in `meter`, drawn with the generators of `part`; what is drawn is named by `title`.
    """

    model: Model
    settings: EvaluationSettings
    draws: Draws
    progress: Progress
    meter: Meter = COMMON
    part: str = "live"
    title: str = "live"

    def of_songs(self, songs: Tokens, chords: Weights) -> dict[str, list[Tokens]]:
        """Draws of bands for `songs` [songs, steps, 3], whose `chords` are [songs, beats, 12].

        The oracle and the stage hear the melody alone. The others hear the chords as they are held
        too, or know them from end to end.
        """
        calls = {"calls": (ORACLE_CALLS,)}
        oracle = (
            {"oracle": self._played("oracle", songs, calls, {"oracle": True})}
            if self.settings.oracle
            else {}
        )
        return oracle | {
            "stage": self.of_melodies("stage", songs),
            HEARD: self._led(HEARD, songs, chords, chords_held),
            TOLD: self.told(songs, chords),
        }

    def told(self, songs: Tokens, chords: Weights) -> list[Tokens]:
        """Draws of bands that know the `chords` of their `songs` from end to end."""
        return self._led(TOLD, songs, chords, chords_told)

    def of_melodies(self, name: str, songs: Tokens) -> list[Tokens]:
        """Draws of bands that hear nothing but the melodies of `songs`."""
        return self._played(name, songs, {}, {})

    def of_arpeggios(self) -> dict[str, Tokens]:
        """Bands [seeds, steps, 3] for broken chords, by what they are told of the chords."""
        songs, chords = trials.arpeggios(trials.SEEDS), trials.arpeggio_chords(trials.SEEDS)
        ways: Mapping[str, Knows | None] = {
            "no chart": None,
            "chords held": chords_held,
            "chart": chords_told,
        }
        found = {}
        for way, knows in ways.items():
            name = f"arpeggios, {way}"
            if knows is None:
                found[way] = self._played(name, songs, {}, {}, 1)[0]
            else:
                found[way] = self._led(name, songs, chords, knows, 1)[0]
        return found

    def _led(
        self, name: str, songs: Tokens, chords: Weights, knows: Knows, draws: int | None = None
    ) -> list[Tokens]:
        nats = recipe_of(self.model).harmony

        def leads(rows: slice) -> Leads:
            return knows(chords[rows], nats, self.meter)

        return self._played(name, songs, {"harmony": nats}, {}, draws, leads)

    def _played(
        self,
        name: str,
        songs: Tokens,
        about: Mapping[str, Any],
        choices: Mapping[str, Any],
        draws: int | None = None,
        leads: Callable[[slice], Leads] | None = None,
    ) -> list[Tokens]:
        def make(rngs: Sequence[np.random.Generator], rows: slice) -> Tokens:
            led = None if leads is None else leads(rows)
            return as_on_stage(
                self.model, songs[rows], BAND, rngs[0], leads=led, meter=self.meter, **choices
            )

        recipe = recipe_of(self.model)
        calls = recipe.first_calls, recipe.most_calls
        usual = {"calls": calls, "temperature": recipe.temperature}
        count = self.settings.stage_draws if draws is None else draws
        title = f"{self.title}: {name}"
        kind = Kind(title, self.part, len(songs), count, {**usual, **about})
        return drawn(self.draws, self.settings, kind, make, self.progress)
