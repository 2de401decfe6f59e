"""The command line's front door: assembles the rooms' commands, each loaded only when it is called."""
