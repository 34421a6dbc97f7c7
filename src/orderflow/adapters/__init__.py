"""Floor 2: all input and output: storage, channels, formats, flow files. May import every floor below."""
