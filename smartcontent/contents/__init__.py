"""What people ask for: each act is one function, which commits and then tells."""
