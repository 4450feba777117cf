"""A quantile of measured times: of answers, of lateness."""

from collections.abc import Collection


def quantile(measured: Collection[float], share: float) -> float:
    """The value that `share` of what was `measured`, of which there is some, stays below."""
    return sorted(measured)[min(len(measured) - 1, int(share * len(measured)))]
