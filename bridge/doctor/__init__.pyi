from .checkup import Finding as Finding
from .checkup import lateness as lateness
from .checkup import midi as midi
from .checkup import model as model
from .checkup import played as played
from .checkup import priority as priority
from .checkup import providers as providers
from .checkup import replies as replies
from .checkup import verdict as verdict
from .checkup import versions as versions
from .checkup import way as way
from .dry_run import DryRun as DryRun
from .dry_run import Link as Link
from .dry_run import StageWindow as StageWindow
from .dry_run import meet as meet
from .dry_run import requests_in as requests_in
from .dry_run import stage_window as stage_window
from .dry_run import stage_work as stage_work
from .roundtrip import round_trips as round_trips

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
