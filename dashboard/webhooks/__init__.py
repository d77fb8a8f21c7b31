"""Receiving deliveries: routes, authentication, the dialects' parsers, replay. The ingest package applies them."""
