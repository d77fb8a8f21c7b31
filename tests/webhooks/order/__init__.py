"""Tests through HTTP that neither the order of deliveries nor their repetition matters."""

import pytest

pytest.register_assert_rewrite("tests.webhooks.order.delivering")
