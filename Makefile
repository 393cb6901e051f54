# The two commands of a newcomer: `make demo` and `make test`. Everything else here serves a developer.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format clean
demo: .venv/.run-ready        ## train 8 members on scikit-learn's digits
	$(BIN)/talweg train digits

test: .venv/.test-ready check  ## every check and every test
	$(BIN)/pytest

check: .venv/.test-ready      ## the checks that run no code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.test-ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/.run-ready: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

.venv/.test-ready: .venv/.run-ready requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
