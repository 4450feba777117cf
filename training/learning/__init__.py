"""Objectives, losses and the training loop."""
