"""What can be done with a text, without a store, a request or a setting."""
