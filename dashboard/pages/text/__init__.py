"""Values as the text that people read, in their language."""
