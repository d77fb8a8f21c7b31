"""From reports to rows: everything that writes deployments. `batch.ingest_deliveries` is the one way in."""
