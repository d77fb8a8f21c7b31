"""All writing of deployments, from reports to rows. Deliveries enter through `writer`, replays through `batch`."""
