"""``python -m qualwatch``."""

from qualwatch import main

main()
