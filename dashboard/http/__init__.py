"""What every request passes, whichever room answers it: strict reading, ids, errors, prefix, assets, headers."""
