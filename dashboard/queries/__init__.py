"""Reads rows and returns views for pages, API and live events. Never writes; transactions belong to the caller."""
