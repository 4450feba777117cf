"""The shared language, the model and the engine process."""
