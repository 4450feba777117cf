"""What holds for every model where nobody says otherwise. A model's own choices: `recipe.py`."""

FEWEST_WINDOW_BARS = 4
"""No model was trained on shorter windows; what is shorter is shown with unknown bars after it."""
MOST_WINDOW_BARS = 64
"""No model was trained on longer windows."""
WINDOW_BARS = 16
"""Bars that a model sees at once, where its positions allow for any number."""

SAMPLER = "remdm"
"""For files: it fills and refines, as the drafts on stage do."""

MOST_SEED = 2**63 - 1
"""What torch, NumPy and the wire take alike, with room to count on from it."""
