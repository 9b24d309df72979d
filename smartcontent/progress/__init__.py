"""What is to be expected: why a draft waits, for how long, and what is ready for it."""
