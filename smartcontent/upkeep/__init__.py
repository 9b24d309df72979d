"""What every process of ours has: threads that go on, and a sign of life."""
