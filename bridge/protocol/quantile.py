"""A quantile of what was measured."""

from collections.abc import Collection


def quantile(measured: Collection[float], share: float) -> float:
    """The value that `share` of what was `measured` stays below; `measured` is not empty."""
    return sorted(measured)[min(len(measured) - 1, int(share * len(measured)))]
