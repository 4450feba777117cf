from .checkup import (
    Finding,
    lateness,
    midi,
    model,
    played,
    priority,
    providers,
    replies,
    verdict,
    versions,
    way,
)
from .dry_run import DryRun, Link, StageWindow, meet, requests_in, stage_window, stage_work
from .roundtrip import round_trips

__all__ = [
    "DryRun",
    "Finding",
    "Link",
    "StageWindow",
    "lateness",
    "meet",
    "midi",
    "model",
    "played",
    "priority",
    "providers",
    "replies",
    "requests_in",
    "round_trips",
    "stage_window",
    "stage_work",
    "verdict",
    "versions",
    "way",
]
