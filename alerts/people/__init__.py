"""Supervisors and chats that people keep at the desk, beside those of the configuration's file.

``kept`` reads them and joins them to what the file says, so that whoever tells anybody anything asks the same
``Settings``; ``changing`` adds, changes, pauses and removes them; ``trial`` sends a message to see whether it
arrives.
"""
