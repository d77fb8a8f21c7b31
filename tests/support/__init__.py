"""What tests share, and what benchmarks and scripts may use of them: servers, clients, builders of bodies and rows.

- Into ingest, without HTTP: `ingest`. Straight into tables: `rows`, `large_past`.
- By HTTP, to the application in this process: `webhook_client` (native), `sender_deliveries`, `sender_series` and
  `delivery_orders` (CI servers). To a dashboard in a process of its own: `server_reports`.
- Bodies of each sender: `bodies`. What parsers make of them: `parsed_reports`. Hypothesis: `arbitrary_bodies`,
  `arbitrary_reports`.
- What developers' scripts write and tests check: `message_catalogs`, `bodies.verdict_table`.
- Applications in this process: `applications`, `reused_applications`. Commands: `command_line`.
- Processes: `servers`, `dashboard_command`, `production`; for benchmarks and scripts `temporary_dashboard`. Clients:
  `socketio_client`, `chromium`.

Nothing here imports a test, a benchmark or a script. `fixtures` and `chromium_fixtures` are plugins of pytest.
"""
