"""Pages that need scripts: drawn by the system's Chromium, which has no way to the network but ours."""
