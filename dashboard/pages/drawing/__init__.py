"""Values as shapes: pure arithmetic, no colour, no text, no markup."""
