"""The texts on the pages."""
