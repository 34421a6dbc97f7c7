"""Floor 0: values. May import attrs, the standard library, dateutil and this package; no clock, no I/O, no chance."""
