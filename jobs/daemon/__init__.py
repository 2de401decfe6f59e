"""What runs and when: the daemon, its schedule, and what it shows on the terminal."""
