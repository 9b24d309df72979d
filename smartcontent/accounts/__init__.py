"""Who may use the product: each act on an account one function, which also logs it."""
