"""The whole product on one machine, for `make run`; production imports private.py alone."""
