"""What a worker does: one draft at a time, and how it ended."""
