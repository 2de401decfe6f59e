"""The queue of an installation with many machines: what is put there, and how a worker does it."""
