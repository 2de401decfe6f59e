"""Who is told, how and when: cases, routing, outbox, channels, metrics."""
