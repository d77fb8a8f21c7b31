"""Tests through HTTP that neither the order of deliveries nor their repetition matters."""
