"""Turns values into text, in the language of the request."""
