"""What bounds everything that is kept; see the room's README."""
