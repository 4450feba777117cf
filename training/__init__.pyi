from .data import Dataset as Dataset
from .data import PrepareSettings as PrepareSettings
from .data import prepare_dataset as prepare_dataset
from .evaluation import EvaluationSettings as EvaluationSettings
from .evaluation import evaluate_model as evaluate_model
from .learning import TrainSettings as TrainSettings
from .learning import train_network as train_network

__all__ = [
    "Dataset",
    "EvaluationSettings",
    "PrepareSettings",
    "TrainSettings",
    "evaluate_model",
    "prepare_dataset",
    "train_network",
]
