"""The process that owns the ports, the schedule and what sounds."""
