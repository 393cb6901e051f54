# The two commands of a newcomer: `make demo` and `make test`. Everything else here serves a developer.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format web web-check clean
demo: .venv/.run-ready        ## train 8 members on scikit-learn's digits
	$(BIN)/talweg train digits

test: .venv/.test-ready check  ## every check and every test
	$(BIN)/pytest --numprocesses auto --dist worksteal

check: .venv/.test-ready      ## the checks that run no code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.test-ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

web: web/node_modules          ## rebuild the interactive page's scripts (needs Node)
	cd web && npm run build

web-check: web/node_modules    ## the web module's own checks, and that the committed scripts are the rebuilt ones
	cd web && npm run check && npm test && npm run build
	git diff --exit-code -- src/talweg/view/static

web/node_modules: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	touch $@

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
