"""The weights of `casting`, fitted: a conditional logit over the parts of a song (McFadden 1974).

The chance that a part has the role is the softmax of the parts' scores. The bass has one more
alternative: that there is none. What a word in a name is worth is counted, after that, in the
songs to fit on: the log odds of it in names of parts that are heard as the role against all others;
labelled songs correct that.

Before, what doubles a bass counted as none where the bass was taken out, and "Bass 2" was no label.
Beside weights of those labels, by songs to fit on and to choose by, each judged by weights of the
other four fifths, these find 50 of 8,682 basses that those missed, and miss 13 that they found, but
hear a bass in 4.4% of the songs where it was taken out, and not in 3.5%. Half of that is another
balance rather than a better ear: where as many are heard to have none, it is 36 and 18. Most songs
have a bass, and one that is missed gets a second beside it. With fifteen figures more they find 36
and miss 32 beside those: parts in octaves, the lowest notes of chords, strokes with the bass drum,
roots of the harmony, what doubles a lower part, and gaps to the parts beside.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from casting_labels import Heard
from numpy.typing import NDArray

from schmubert.engine.music import casting
from schmubert.engine.music.part_features import features
from schmubert.engine.music.song import Part
from schmubert.engine.music.vocabulary import Track

Array = NDArray[np.float64]
PENALTIES = (3e-4, 1e-3, 2e-3)
NOT_FOR = {Track.MELODY: {"register"}, Track.BASS: set[str]()}
"""A tune stays one in any octave."""
CORRECTION = 1e-3
ROUNDS = 30
COUNTED = 5.0  # of a word's occurrences are taken as seen in either sort of name
WORTH_OF_REST = 0.3  # of a song with parts removed, against one as it stands


def figure_names() -> list[str]:
    note = np.zeros(1, np.int64)
    return [*features([Part("", 0, False, note, note + 1, note)], 4)]


NAMES = figure_names()


class Choices:
    """Alternatives in a flat table `rows` [alternatives, columns], song after song."""

    def __init__(self) -> None:
        self.tables: list[Array] = []
        self.truths: list[NDArray[np.bool_]] = []
        self.worths: list[float] = []
        self.offsets: list[Array] = []

    def add(
        self,
        table: Array,
        truth: NDArray[np.bool_],
        worth: float = 1.0,
        offset: Array | None = None,
    ) -> None:
        """A song, of that `worth`; `offset` is what its alternatives score before any weights."""
        self.tables.append(table)
        self.offsets.append(np.zeros(len(table)) if offset is None else offset)
        self.truths.append(truth)
        self.worths.append(worth)

    def fit(self, penalty: float) -> Array:
        """The weights that make the labelled alternatives likeliest, by Newton's method."""
        rows, truth = np.concatenate(self.tables), np.concatenate(self.truths)
        offset = np.concatenate(self.offsets)
        starts = np.cumsum([0, *map(len, self.tables[:-1])])
        song = np.repeat(np.arange(len(self.tables)), [len(table) for table in self.tables])
        worth = np.array(self.worths)
        worth = (worth / worth.sum())[song]
        found = np.zeros(rows.shape[1])
        for _ in range(ROUNDS):
            scores = rows @ found + offset
            scores -= np.maximum.reduceat(scores, starts)[song]
            p = np.exp(scores)
            q = p * truth
            p /= np.add.reduceat(p, starts)[song]
            q /= np.maximum(np.add.reduceat(q, starts)[song], 1e-300)
            slope = rows.T @ (worth * (p - q)) + 2 * penalty * found
            mean = np.add.reduceat(p[:, None] * rows, starts)
            centred = rows - mean[song]
            curve = (centred * (worth * p)[:, None]).T @ centred
            step = np.linalg.solve(curve + 2 * penalty * np.eye(len(found)), slope)
            found -= step
            if abs(step).max() < 1e-4:
                break
        return found


def fitted_weights(songs: Sequence[Heard], say: Callable[[str], Any]) -> dict[str, Any]:
    """casting.json, from those of `songs` that are to fit on and to choose the penalty by."""
    return {role.name.lower(): _fitted(songs, role, say) for role in (Track.MELODY, Track.BASS)}


def truth_of(song: Heard, role: Track) -> NDArray[np.bool_]:
    """The parts of the label: of the melody what is sung, and of that what is also named so."""
    if role is Track.BASS:
        return song.bass
    both = song.sung & song.tune
    return both if both.any() else song.sung if song.sung.any() else song.tune


def _fitted(songs: Sequence[Heard], role: Track, say: Callable[[str], Any]) -> dict[str, Any]:
    names = [name for name in NAMES if name not in NOT_FOR[role]]
    columns = [NAMES.index(name) for name in names]
    known = [song for song in songs if truth_of(song, role).any() and len(song.names) > 1]
    fit = [song for song in known if song.split == "fit"]
    choose = [song for song in known if song.split == "choose"]
    everything = np.concatenate([song.figures[:, columns] for song in fit])
    mean, scale = everything.mean(0), everything.std(0) + 1e-6

    def expanded(figures: Array) -> Array:
        z = casting.standard(figures[:, columns], mean, scale)
        flat = casting.bent(z)
        if role is Track.MELODY:
            return flat
        nobody = np.zeros((1, flat.shape[1]))
        none = np.append(np.zeros(len(flat)), 1.0)[:, None]
        return np.concatenate([np.concatenate([flat, nobody]), none], axis=1)

    def answers(truth: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return truth if role is Track.MELODY else np.append(truth, not truth.any())

    choices = Choices()
    for song in fit:
        choices.add(expanded(song.figures), answers(truth_of(song, role)))
        if role is Track.BASS:
            if song.without_bass is not None:
                nobody = np.zeros(len(song.without_bass), bool)
                choices.add(expanded(song.without_bass), answers(nobody), WORTH_OF_REST)
            for k, figures in song.alone.items():
                choices.add(expanded(figures), answers(song.bass[[k]]), WORTH_OF_REST)
    best, weights = -1.0, np.zeros(0)
    for penalty in PENALTIES:
        tried = choices.fit(penalty)
        right = np.mean([_right(song, expanded(song.figures) @ tried, role) for song in choose])
        say(f"{role.name}: {len(fit)} songs, penalty {penalty}: {right:.4f} of {len(choose)}")
        if right > best:
            best, weights = float(right), tried
    least = float(weights[-1]) if role is Track.BASS else -1e9
    scored = [
        (song, expanded(song.figures)[: len(song.names)] @ weights)
        for song in songs
        if song.split == "fit" and len(set(song.names)) > 1
    ]
    words = _corrected(scored, role, least, _counted(scored, role, least))
    say(", ".join(f"{word} {worth:+.1f}" for word, worth in zip(casting.WORDS, words, strict=True)))
    curves = weights[: (1 + len(casting.BENDS)) * len(names)].reshape(-1, len(names)).T
    figures = np.concatenate([mean[:, None], scale[:, None], curves], axis=1)
    return {
        "figures": {
            name: [float(f"{x:.3g}") for x in row] for name, row in zip(names, figures, strict=True)
        },
        "words": {word: round(float(x), 2) for word, x in zip(casting.WORDS, words, strict=True)},
        "least": round(least, 3),
    }


def _right(song: Heard, scores: Array, role: Track) -> bool:
    best = int(scores.argmax())
    return best < len(song.names) and bool(song.agreeing(truth_of(song, role))[best])


Scored = Sequence[tuple[Heard, Array]]


def _counted(scored: Scored, role: Track, least: float, rounds: int = 4) -> Array:
    """What each word is worth, by expectation and maximisation: naive Bayes over the words.

    A part has the role as surely as it is heard to, in songs with lyrics as surely as these tell.
    """
    songs = [(song, heard, casting.name_words(song.names)) for song, heard in scored]
    worth = np.zeros(len(casting.WORDS))
    for _ in range(rounds):
        inside = np.zeros((2, len(worth)))
        total = np.zeros(2)
        for song, heard, words in songs:
            scores = heard + words @ worth
            if role is Track.BASS:
                scores = np.append(scores, least)
            chance = np.exp(scores - scores.max())
            chance = (chance / chance.sum())[: len(heard)]
            if role is Track.MELODY and song.sung.any():
                chance = song.sung / song.sung.sum()
            inside += [chance @ words, (1 - chance) @ words]
            total += [chance.sum(), (1 - chance).sum()]
        # a word that is hardly seen is taken to be as frequent in both
        rate = inside.sum(0) / total.sum()
        share = (inside + COUNTED * rate) / (total[:, None] + COUNTED)
        worth = np.log(share[0] / (1 - share[0])) - np.log(share[1] / (1 - share[1]))
    return worth


def _corrected(scored: Scored, role: Track, least: float, counted: Array) -> Array:
    """The worth of words as `counted`, moved so far as labelled songs say otherwise.

    Words that a label consists of gain by that: who calls a part "Melody" means it.
    """
    choices = Choices()
    for song, scores in scored:
        truth, heard = truth_of(song, role), scores
        if truth.any():
            words = casting.name_words(song.names)
            if role is Track.BASS:
                nobody = np.zeros((1, words.shape[1]))
                heard, words = np.append(heard, least), np.concatenate([words, nobody])
                truth = np.append(truth, False)
            choices.add(words, truth, offset=heard + words @ counted)
    return counted + choices.fit(CORRECTION)


def chosen_by(
    figures: Array, names: Sequence[str], programs: Sequence[int], role: Track
) -> int | None:
    """The part that `casting` takes for `role`."""
    given = {name: figures[:, k] for k, name in enumerate(NAMES)}
    return casting.roles_of(casting.worths_of(given, names), names, programs).get(role)
