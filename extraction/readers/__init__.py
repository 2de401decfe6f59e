"""One module per format: ``read(body, declared)`` gives what a file shows."""
