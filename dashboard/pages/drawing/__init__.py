"""Turns values into shapes: pure arithmetic, no colour, no text, no markup."""
