"""What a marketer can ask for, and how it is read and checked."""
