"""What comes again and again: rules of recurrence."""
