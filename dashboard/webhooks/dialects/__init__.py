"""The senders' dialects, one pure module each: they turn decoded bodies into reports, and never see a request."""
