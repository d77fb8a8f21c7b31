"""Senders' dialects, one pure module each: a decoded body becomes reports. They never see a request."""
