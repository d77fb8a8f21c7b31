"""The pages: their content, and their live updates in Chromium against a running server."""
