"""The parts of ``qualwatch check``: what is read, how it is judged, in which form the answer is written."""
