"""The way of a page: lists, items and attachments of one source, read, judged and kept."""
