from .loss import elbo as elbo
from .loss import masked_cross_entropy as masked_cross_entropy
from .loss import reweighted_elbo as reweighted_elbo
from .objective import Denoising as Denoising
from .objective import Masked as Masked
from .objective import Objective as Objective
from .objective import Unmasking as Unmasking
from .objective import objective_of as objective_of
from .optimizer import MuonWithAdam as MuonWithAdam
from .optimizer import optimizer_of as optimizer_of
from .published import import_weights as import_weights
from .run_batches import Batches as Batches
from .settings import OPTIMIZERS as OPTIMIZERS
from .settings import PRECISIONS as PRECISIONS
from .settings import PRESET_SETTINGS as PRESET_SETTINGS
from .settings import WEIGHTINGS as WEIGHTINGS
from .settings import TrainSettings as TrainSettings
from .train import CHECKPOINT_FILE as CHECKPOINT_FILE
from .train import SETTINGS_FILE as SETTINGS_FILE
from .train import train_network as train_network
from .variational import evidence_bound as evidence_bound

__all__ = [
    "CHECKPOINT_FILE",
    "OPTIMIZERS",
    "PRECISIONS",
    "PRESET_SETTINGS",
    "SETTINGS_FILE",
    "WEIGHTINGS",
    "Batches",
    "Denoising",
    "Masked",
    "MuonWithAdam",
    "Objective",
    "TrainSettings",
    "Unmasking",
    "elbo",
    "evidence_bound",
    "import_weights",
    "masked_cross_entropy",
    "objective_of",
    "optimizer_of",
    "reweighted_elbo",
    "train_network",
]
