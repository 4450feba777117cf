from .addresses import PREFIX, TOLD, address_of, turned
from .process import Osc, lacking_osc, osc_programme_of

__all__ = [
    "PREFIX",
    "TOLD",
    "Osc",
    "address_of",
    "lacking_osc",
    "osc_programme_of",
    "turned",
]
