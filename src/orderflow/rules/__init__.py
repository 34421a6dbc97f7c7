"""Floor 1: the pure rules that decide. May import `orderflow.model` and transitions; knows no `orderflow.metrics`."""
