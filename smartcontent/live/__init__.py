"""What an open page hears."""
