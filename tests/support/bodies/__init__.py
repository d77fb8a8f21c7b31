"""Bodies as each sender posts them: built here by dialect, or read from packages and folders outside (`real`)."""
