"""What an operator configures: the model of ``qualwatch.toml``, its defaults, presets and error messages."""
