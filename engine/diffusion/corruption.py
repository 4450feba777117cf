"""Corruption: what the forward process does to tokens, as values (thesis 3.3.3).

The four discrete diffusions of D3PM (arXiv 2107.03006), in NumPy. Each is a continuous Markov
process with rates R: after an `amount` of noise its transition matrix is exp(amount R). Q_t and the
product Q-bar_t of equation 3.52 are this one function of two amounts, so that T matrices need not
be held. A `Kernel` is a formula (uniform, absorbing) or one eigendecomposition (Gaussian,
embedding); a schedule is T + 1 amounts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schmubert.engine.denoiser import MASKING
from schmubert.engine.diffusion.temperature import Floats
from schmubert.engine.music.vocabulary import (
    FIRST_ONSET,
    MASK,
    PITCHED,
    SIZES,
    Track,
    drums_of,
    pitch_of,
)

Ints: TypeAlias = NDArray[np.int64]

STEPS_T = 1024
"""T of the thesis."""
GAUSSIAN_WIDTH = 1 / 16
"""Standard deviation of a jump of the Gaussian, in all states of a track."""
LEAPS = 0.02
"""The share of jumps that may end anywhere. Without them, states far apart would be reached with
probabilities too small for arithmetic, and states that are not connected would never mix."""
OCTAVES_APART, WITHIN_AN_OCTAVE = 1.0, 0.1
"""How near a note is to the same note of another octave, and to other notes of its own."""
FOREVER = 1e300
"""Stands for infinite noise where it is multiplied with a rate that may be 0."""
FINENESS = 64
"""The number of amounts at which information is computed; between them it is interpolated."""
DRAWN_AT_ONCE = 2048
"""Rows of a transition matrix that are held at a time."""


class Kernel(Protocol):
    """Transition matrices exp(amount R) over `states`; row i says where state i goes."""

    @property
    def states(self) -> int:
        """How many states there are, an absorbing one included."""
        ...

    @property
    def events(self) -> int:
        """How many of them are events of the music: those come first."""
        ...

    @property
    def stationary(self) -> Floats:
        """The distribution [states] to which every row converges."""
        ...

    @property
    def slowest(self) -> float:
        """The smallest rate other than 0: that at which the last trace of the first state fades."""
        ...

    def rows(self, states: Ints, amounts: Floats) -> Floats:
        """`states` and `amounts` [n] -> where each goes: rows of the matrices, [n, states]."""
        ...

    def columns(self, states: Ints, amounts: Floats) -> Floats:
        """`states` and `amounts` [n] -> the chance that each comes from a state, [n, states]."""
        ...

    def drawn(self, states: Ints, amounts: Floats, rng: np.random.Generator) -> Ints:
        """Where `states` [n] are after `amounts` [n] of noise."""
        ...


@dataclass(frozen=True, eq=False)
class Resampling:
    """At rate 1 a state is drawn anew from the distribution `stationary`: uniform, or absorbing.

    exp(amount R) = kept I + (1 - kept) 1 stationary, where kept = exp(-amount).
    """

    stationary: Floats
    events: int
    slowest: float = 1.0

    @property
    def states(self) -> int:
        """The length of `stationary`."""
        return len(self.stationary)

    def rows(self, states: Ints, amounts: Floats) -> Floats:
        """See `Kernel`."""
        kept = np.exp(-amounts)
        found = (1.0 - kept)[:, None] * self.stationary
        found[np.arange(len(states)), states] += kept
        return found

    def columns(self, states: Ints, amounts: Floats) -> Floats:
        """See `Kernel`."""
        kept = np.exp(-amounts)
        found = np.repeat(((1.0 - kept) * self.stationary[states])[:, None], self.states, axis=1)
        found[np.arange(len(states)), states] += kept
        return found

    def drawn(self, states: Ints, amounts: Floats, rng: np.random.Generator) -> Ints:
        """See `Kernel`; no row is written out."""
        kept = rng.random(len(states)) < np.exp(-amounts)
        anew = np.searchsorted(self.stationary.cumsum(), rng.random(len(states)), side="right")
        return np.where(kept, states, anew.clip(max=self.states - 1))


@dataclass(frozen=True, eq=False)
class Diffusing:
    """States jump to those near them: rates R = V diag(`rates`) V^T, symmetric.

    `vectors` V are [states, states], a column a rate; the last rate is 0 and its vector constant,
    so that every matrix is doubly stochastic and the stationary distribution uniform.
    """

    rates: Floats
    vectors: Floats

    @classmethod
    def among(cls, nearness: Floats) -> "Diffusing":
        """Jumps in proportion to `nearness` [states, states], at rate 1 on average.

        A share of `LEAPS` goes anywhere. ValueError where `nearness` is not symmetric, is negative
        somewhere, or is 0 everywhere.
        """
        between = nearness.astype(np.float64)
        np.fill_diagonal(between, 0.0)
        if (between != between.T).any() or (between < 0.0).any() or not between.any():
            raise ValueError("the nearness of states is symmetric, not negative, and not all 0")
        states = len(between)
        between *= (1.0 - LEAPS) / between.sum(axis=1).mean()
        between += LEAPS / (states - 1)
        np.fill_diagonal(between, 0.0)
        rates, vectors = np.linalg.eigh(between - np.diag(between.sum(axis=1)))
        # the last is the constant vector: for its rate 0 is exact, and nothing is worn away
        rates[-1], vectors[:, -1] = 0.0, states**-0.5
        return cls(rates, vectors)

    @property
    def states(self) -> int:
        """As many as there are rates."""
        return len(self.rates)

    @property
    def events(self) -> int:
        """All of the states."""
        return len(self.rates)

    @property
    def stationary(self) -> Floats:
        """Uniform."""
        return np.full(self.states, 1.0 / self.states)

    @property
    def slowest(self) -> float:
        """See `Kernel`."""
        return float(-self.rates[:-1].max())

    def rows(self, states: Ints, amounts: Floats) -> Floats:
        """See `Kernel`."""
        fading = np.exp(np.minimum(amounts, FOREVER)[:, None] * self.rates)
        found = ((self.vectors[states] * fading) @ self.vectors.T).clip(min=0.0)  # of rounding
        untouched = np.flatnonzero(amounts == 0.0)
        found[untouched] = 0.0
        found[untouched, states[untouched]] = 1.0
        return np.asarray(found)

    def columns(self, states: Ints, amounts: Floats) -> Floats:
        """See `Kernel`: the matrices are symmetric."""
        return self.rows(states, amounts)

    def drawn(self, states: Ints, amounts: Floats, rng: np.random.Generator) -> Ints:
        """See `Kernel`; `DRAWN_AT_ONCE` rows are held at a time."""
        found = np.empty_like(states)
        for first in range(0, len(states), DRAWN_AT_ONCE):
            some = slice(first, first + DRAWN_AT_ONCE)
            found[some] = draw_rows(self.rows(states[some], amounts[some]), rng)
        return found


def draw_rows(weights: Floats, rng: np.random.Generator) -> Ints:
    """One index a row of `weights` [n, states], in proportion to them, by inverse CDF."""
    cumulative = weights.cumsum(axis=1)
    point = rng.random((len(weights), 1)) * cumulative[:, -1:]
    found: Ints = (cumulative <= point).sum(axis=1)
    return found.clip(max=weights.shape[1] - 1)


@dataclass(frozen=True, eq=False)
class Corruption:
    """A forward process of T steps over the states of one track.

    `amounts` [T + 1] say how much noise there is after t steps, from 0 to infinity: at T nothing
    is left of x_0, and L_T of the evidence bound is 0.
    """

    kernel: Kernel
    amounts: Floats

    def __post_init__(self) -> None:
        rising = len(self.amounts) > 1 and (self.amounts[1:] > self.amounts[:-1]).all()
        if not rising or self.amounts[0] != 0.0:
            raise ValueError("amounts of noise rise from 0, over 1 step or more")

    @property
    def steps_t(self) -> int:
        """T."""
        return len(self.amounts) - 1

    def step(self, t: int) -> Floats:
        """Q_t, [states, states]; ValueError unless 1 <= t <= T."""
        if not 1 <= t <= self.steps_t:
            raise ValueError(f"step {t} is outside 1..{self.steps_t}")
        return self._after(self.amounts[t] - self.amounts[t - 1])

    def cumulative(self, t: int) -> Floats:
        """Q-bar_t = Q_1 ... Q_t of 3.52, [states, states]; ValueError unless 0 <= t <= T."""
        if not 0 <= t <= self.steps_t:
            raise ValueError(f"step {t} is outside 0..{self.steps_t}")
        return self._after(self.amounts[t])

    def noisy(self, tokens: Ints, t: Ints, rng: np.random.Generator) -> Ints:
        """x_t ~ q(x_t|x_0) of `tokens` x_0, of any shape, at steps `t` of that shape (3.52)."""
        drawn = self.kernel.drawn(tokens.ravel(), self.amounts[t].ravel(), rng)
        return drawn.reshape(tokens.shape)

    def posterior(self, x_t: Ints, x_0: Ints, t: Ints, s: Ints | None = None) -> Floats:
        """q(x_s|x_t, x_0) of equation 3.53, s = t - 1 if not given: [n, states]; all others [n].

        The chain is Markov, but its reverse is not free of x_0: the thesis' remark that
        q(x_{t-1}|x_t, x_0) = q(x_{t-1}|x_t) holds for the forward direction alone. Where x_0
        cannot become x_t the row is 0.
        """
        before = self.amounts[t - 1 if s is None else s]
        found = self.kernel.columns(x_t, self.amounts[t] - before)
        found *= self.kernel.rows(x_0, before)
        total = found.sum(axis=1, keepdims=True)
        found /= np.where(total > 0.0, total, 1.0)
        return found

    def _after(self, amount: float) -> Floats:
        every = np.arange(self.kernel.states)
        return self.kernel.rows(every, np.full(len(every), amount))


def uniform(states: int) -> Resampling:
    """Any state is as likely as any other after a jump (equation 3.54).

    As printed, the rows of 3.54 do not sum to one: with 1 - beta_t on the diagonal and beta_t / K
    beside it they sum to 1 - beta_t / K. Here the diagonal is 1 - beta_t + beta_t / K, as in D3PM
    (appendix A.2.1): a state that is drawn anew may stay what it was.
    """
    return Resampling(np.full(states, 1.0 / states), states)


def absorbing(events: int) -> Resampling:
    """Now and then an event becomes the mask, the state after the last event (equation 3.55)."""
    return Resampling(np.eye(events + 1)[events], events)


def gaussian(states: int) -> Diffusing:
    """Jumps to other states as a Gaussian of the difference of their numbers (D3PM, A.2.3).

    D3PM widens the Gaussian with t. Here the width stays, `GAUSSIAN_WIDTH` of all states, and the
    jumps become more: the same neighbourhood, but Q-bar_t has a closed form. Sums of jumps are
    wide Gaussians again. The numbers are the tokens: next to a note lie those a semitone away,
    and next to HOLD, by accident, lies the lowest; drum patterns have no order worth the name.
    """
    number = np.arange(states) / states
    away = (number[:, None] - number[None, :]) / GAUSSIAN_WIDTH
    return Diffusing.among(np.exp(-0.5 * away**2))


def embedding(track: Track) -> Diffusing:
    """Jumps to events that mean something similar (token embedding distance, D3PM A.2.4).

    As the thesis suggests (3.3.3): the same notes of different octaves are nearest, notes of the
    same octave nearer than others. HOLD and OFF, with which nothing starts, are near each other,
    and drum patterns that differ in one drum.
    """
    if track not in PITCHED:
        pattern = np.arange(SIZES[track])
        differing = np.asarray([len(drums_of(int(bits))) for bits in pattern])
        return Diffusing.among((differing[pattern[:, None] ^ pattern] == 1).astype(np.float64))
    nearness = np.zeros((SIZES[track], SIZES[track]))
    pitch = np.asarray([pitch_of(token) for token in range(FIRST_ONSET, SIZES[track])])
    same_octave = pitch[:, None] // 12 == pitch // 12
    same_class = pitch[:, None] % 12 == pitch % 12
    nearness[FIRST_ONSET:, FIRST_ONSET:] = WITHIN_AN_OCTAVE * same_octave
    nearness[FIRST_ONSET:, FIRST_ONSET:] += OCTAVES_APART * same_class
    nearness[:FIRST_ONSET, :FIRST_ONSET] = OCTAVES_APART
    return Diffusing.among(nearness)


KERNELS: Mapping[str, Callable[[Track], Kernel]] = MappingProxyType(
    {
        MASKING: lambda track: absorbing(MASK[track]),
        "uniform": lambda track: uniform(SIZES[track]),
        "gaussian": lambda track: gaussian(SIZES[track]),
        "embedding": embedding,
    }
)
"""Corruptions by name, for a track. Only the absorbing one has masks."""


def linear(kernel: Kernel, steps_t: int) -> Floats:
    """Amounts [T + 1] after which 1 - t/T is left of what fades slowest.

    For the absorbing state, which has this schedule here, beta_t is 1 / (T - t + 1), and t/T of the
    cells are masked (thesis 4.4; arXiv 1503.03585).
    """
    return _fading(kernel, 1.0 - np.arange(steps_t + 1) / steps_t)


def mutual_information(kernel: Kernel, steps_t: int) -> Floats:
    """Amounts [T + 1] after which 1 - t/T is left of the information on x_0 (D3PM, section 3.2).

    Every event counts as equally likely. For the absorbing state it is the linear schedule.
    """
    amounts = np.geomspace(1e-6, 40.0, FINENESS) / kernel.slowest
    told = np.asarray([information(kernel, amount) for amount in amounts])
    wanted = 1.0 - np.arange(1, steps_t) / steps_t
    inner = np.exp(np.interp(-wanted, -told, np.log(amounts)))
    return np.concatenate([[0.0], inner, [np.inf]])


def information(kernel: Kernel, amount: float) -> float:
    """The share of the information on x_0 that is left after `amount` of noise, 0 to 1.

    It is I(x; x_0) / H(x_0), where x_0 is any event with the same probability.
    """
    events = np.arange(kernel.events)
    goes = kernel.rows(events, np.full(len(events), amount))
    told = goes * np.log(np.maximum(goes, 1e-300) / np.maximum(goes.mean(axis=0), 1e-300))
    return float(told.sum(axis=1).mean() / np.log(len(events)))


@cache
def corruption_of(name: str, track: Track, steps_t: int = STEPS_T) -> Corruption:
    """The corruption called `name` of `track` in T = `steps_t` steps.

    The absorbing state masks t/T; the others lose information evenly. ValueError where there is
    none of that name.
    """
    if name not in KERNELS:
        raise ValueError(f"the corruption is one of {', '.join(KERNELS)}, not {name!r}")
    kernel = KERNELS[name](track)
    schedule = linear if name == MASKING else mutual_information
    return Corruption(kernel, schedule(kernel, steps_t))


def _fading(kernel: Kernel, left: Floats) -> Floats:
    """The amounts [T + 1] after which `left` [T + 1], 1 to 0, is left of what fades slowest."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.abs(np.log(left)) / kernel.slowest)
