"""How good and how fast detection is, measured: ``make eval`` and ``make bench``."""
