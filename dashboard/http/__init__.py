"""What all requests share: strict parsing, ids, errors, path prefix, assets, security headers."""
