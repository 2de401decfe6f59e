"""What runs, and when: scheduler, sources, fetching, scanning."""
