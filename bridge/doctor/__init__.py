"""What a machine has and can do."""
