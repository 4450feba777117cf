from .loss import elbo, masked_cross_entropy, reweighted_elbo
from .objective import Denoising, Masked, Objective, Unmasking, objective_of
from .optimizer import MuonWithAdam, optimizer_of
from .published import import_weights
from .run_batches import Batches
from .settings import OPTIMIZERS, PRECISIONS, PRESET_SETTINGS, WEIGHTINGS, TrainSettings
from .train import CHECKPOINT_FILE, SETTINGS_FILE, train_network
from .variational import evidence_bound

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
