from .draws import Draws
from .evaluate import evaluate_model, require_trio
from .experiments import guided_density, perfect_nonsense
from .figures import Evaluation, Figure, Section
from .guidance import algorithm_6, density_loss, on_logits, train_density
from .rehearsal import as_on_stage, at_leisure
from .settings import EXPERIMENTS, PARTS, PIECE_BARS, SONG_BARS, EvaluationSettings

__all__ = [
    "EXPERIMENTS",
    "PARTS",
    "PIECE_BARS",
    "SONG_BARS",
    "Draws",
    "Evaluation",
    "EvaluationSettings",
    "Figure",
    "Section",
    "algorithm_6",
    "as_on_stage",
    "at_leisure",
    "density_loss",
    "evaluate_model",
    "guided_density",
    "on_logits",
    "perfect_nonsense",
    "require_trio",
    "train_density",
]
