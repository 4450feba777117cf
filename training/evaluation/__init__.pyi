from .draws import Draws
from .evaluate import evaluate_model, require_trio
from .experiments import guided_density, perfect_nonsense
from .figures import Evaluation, Figure, Section
from .foreign import Pieces, judge_pieces, read_pieces
from .guidance import algorithm_6, density_loss, on_logits, train_density
from .rehearsal import Leads, as_on_stage, at_leisure, chords_held, chords_told
from .settings import EXPERIMENTS, PARTS, PIECE_BARS, SONG_BARS, SPLITS, EvaluationSettings
from .token_critic import TokenCritic, scores_by_tokens

__all__ = [
    "EXPERIMENTS",
    "PARTS",
    "PIECE_BARS",
    "SONG_BARS",
    "SPLITS",
    "Draws",
    "Evaluation",
    "EvaluationSettings",
    "Figure",
    "Leads",
    "Pieces",
    "Section",
    "TokenCritic",
    "algorithm_6",
    "as_on_stage",
    "at_leisure",
    "chords_held",
    "chords_told",
    "density_loss",
    "evaluate_model",
    "guided_density",
    "judge_pieces",
    "on_logits",
    "perfect_nonsense",
    "read_pieces",
    "require_trio",
    "scores_by_tokens",
    "train_density",
]
