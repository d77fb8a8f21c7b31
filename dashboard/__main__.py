"""`python -m dashboard` is the `dashboard` command."""

from dashboard.cli.main import main

if __name__ == "__main__":
    main(prog_name="dashboard")
