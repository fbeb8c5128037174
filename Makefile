# make run · make test · make check · make bench: each sets up what it needs in .venv
PYTHON ?= python3
BIN := .venv/bin
SAMPLE := resources/samples/canyon-wren.jpg
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

.PHONY: run test check bench clean

run: .venv/core
	$(BIN)/inpaint-studio $(SAMPLE)

test: .venv/full
	$(BIN)/python -m pytest -n 2 --dist loadfile
	QT_QPA_PLATFORM=offscreen INPAINT_STUDIO_QT=1 $(BIN)/python -m pytest tests/ui tests/acceptance

check: .venv/full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/full
	$(BIN)/python -m benchmarks fill --json

.venv/core: pyproject.toml constraints.txt
	@$(PYTHON) packaging/preflight.py
	$(PYTHON) -m venv .venv
	$(PIP) pip
	$(PIP) -e .
	$(BIN)/python -m inpaint_studio.studio.warm
	@touch $@

# the tests cover the diffusion extra too; without a GPU build of torch at hand this is some 0.5 GB more
.venv/full: .venv/core
	$(PIP) -e '.[dev,diffusion]'
	@touch $@

clean:
	rm -rf .venv .venv-rivals
