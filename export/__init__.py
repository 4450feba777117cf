"""Checkpoints to verified ONNX."""
