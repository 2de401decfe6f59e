"""Who may sign in, what they may see, and the sessions and tokens by which they are known."""
