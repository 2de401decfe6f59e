"""How messages leave: the outbox, its channels, the make of mails, signed links."""
