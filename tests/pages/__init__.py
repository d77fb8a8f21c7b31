"""The pages: what they say, and how they move, in Chromium against the running server."""
