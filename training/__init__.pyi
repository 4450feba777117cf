from .data import Dataset, PrepareSettings, prepare_dataset
from .evaluation import EvaluationSettings, evaluate_model
from .learning import TrainSettings, train_network

__all__ = [
    "Dataset",
    "EvaluationSettings",
    "PrepareSettings",
    "TrainSettings",
    "evaluate_model",
    "prepare_dataset",
    "train_network",
]
