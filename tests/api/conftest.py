"""The API is visited as senders visit the door for deliveries."""

from tests.webhooks.conftest import client, shared_client

__all__ = ["client", "shared_client"]
