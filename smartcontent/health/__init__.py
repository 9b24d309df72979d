"""What the product depends on, and how each of it is: state, cause, remedy, since when."""
