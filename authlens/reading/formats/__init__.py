"""How logs are written, by format."""
