"""How much of an engine a player may have: what it refuses to take on, whoever asks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schmubert.engine.diffusion.defaults import MOST_WINDOW_BARS
from schmubert.engine.recipe import Recipe

if TYPE_CHECKING:
    from schmubert.engine.service.wire import Request

CONNECTIONS_A_PLAYER = 4  # those who only look, and those not gone yet


@dataclass(frozen=True)
class Limits:
    """What an engine grants.

    `most_players` may ask at once. An ask may name `calls` to the model a draft and a budget of
    `budget_s`, its window may have `bars`. A player may send `messages_per_s`.
    """

    most_players: int = 64
    calls: int = 64
    budget_s: float = 60.0
    bars: int = MOST_WINDOW_BARS
    messages_per_s: float = 50.0

    @property
    def connections(self) -> int:
        """The connections that are open at once."""
        return CONNECTIONS_A_PLAYER * self.most_players

    def check(self, request: "Request") -> None:
        """ValueError where `request` wants more than this engine grants."""
        for name, calls in (
            ("first_calls", request.first_calls),
            ("most_calls", request.most_calls),
        ):
            if calls is not None and calls > self.calls:
                raise ValueError(f"{name} {calls} is more than the {self.calls} of this engine")
        if request.budget_ms > 1000.0 * self.budget_s:
            raise ValueError(
                f"budget_ms {request.budget_ms:g} is more than the {1000.0 * self.budget_s:g}"
                " of this engine"
            )
        if request.tokens.steps > self.bars * request.meter.steps:
            raise ValueError(
                f"a window of {request.tokens.steps} steps has more than the {self.bars} bars"
                " of this engine"
            )

    def draft_calls(self, request: "Request", recipe: Recipe) -> tuple[int, int]:
        """The calls of the first and of the best draft of `request`.

        Those that it does not say are as the `recipe` of the model has them, as far as granted.
        """
        first, most = (min(calls, self.calls) for calls in (recipe.first_calls, recipe.most_calls))
        return (
            first if request.first_calls is None else request.first_calls,
            most if request.most_calls is None else request.most_calls,
        )


LIMITS = Limits()
