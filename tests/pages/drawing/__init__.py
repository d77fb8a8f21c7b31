"""The shapes on the pages."""
