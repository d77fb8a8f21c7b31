"""Everything that writes deployments, from reports to rows. The only entry point is `batch.ingest_deliveries`."""
