"""监督举报: messages of the public from a maildir or an IMAP mailbox become documents to judge."""
