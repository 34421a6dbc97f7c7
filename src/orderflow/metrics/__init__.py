"""Floor 1: figures over whole histories. May import `orderflow.model` and polars; does not know `orderflow.rules`."""
