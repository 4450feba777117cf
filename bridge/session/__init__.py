"""A session as it was: kept, read, exported, verified and played back."""
