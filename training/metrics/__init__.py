"""What is measured of music and of models."""
