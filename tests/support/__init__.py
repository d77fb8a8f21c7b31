"""What tests share, and what benchmarks and scripts may use of them: servers, clients, builders of bodies and rows.

Nothing here imports a test, a benchmark or a script. `fixtures` and `chromium_fixtures` are plugins of pytest.
"""
