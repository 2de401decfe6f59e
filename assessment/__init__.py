"""From bytes, and what is known of them, to text, facts, the day and verdicts."""
