"""Absorbing-state discrete diffusion: corruption, unmasking, samplers, guides."""
