from .draws import Draws as Draws
from .evaluate import evaluate_model as evaluate_model
from .evaluate import require_trio as require_trio
from .experiments import guided_density as guided_density
from .experiments import perfect_nonsense as perfect_nonsense
from .figures import Evaluation as Evaluation
from .figures import Figure as Figure
from .figures import Section as Section
from .guidance import algorithm_6 as algorithm_6
from .guidance import density_loss as density_loss
from .guidance import on_logits as on_logits
from .guidance import train_density as train_density
from .rehearsal import as_on_stage as as_on_stage
from .rehearsal import at_leisure as at_leisure
from .settings import EXPERIMENTS as EXPERIMENTS
from .settings import PARTS as PARTS
from .settings import PIECE_BARS as PIECE_BARS
from .settings import SONG_BARS as SONG_BARS
from .settings import EvaluationSettings as EvaluationSettings

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
