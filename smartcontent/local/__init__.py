"""The whole product on one machine, for `make run`; no production process imports it."""
