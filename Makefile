# The front door: `make help` lists every target. Everything is installed into .venv/, nothing elsewhere.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin

# Nothing phones home, and pip stays quiet.
export DO_NOT_TRACK := 1
export DVC_NO_ANALYTICS := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export NO_MKDOCS_2_WARNING := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

.PHONY: setup
setup: ## install into .venv/ (needs Python 3.13; name one with PYTHON=/path/to/python3.13)
	@bash tools/setup.sh

.PHONY: demo
demo: setup ## run everything on the sample project: render, train, adapt, evaluate, index, report
	$(BIN)/cad2real run

.PHONY: test
test: setup ## run the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile

.PHONY: lint
lint: setup ## check style, types and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

.PHONY: lock
lock: setup ## write requirements.lock anew from pyproject.toml: versions stay, what is new gets its hash
	$(BIN)/python tools/lock.py

.PHONY: licences
licences: setup ## write the licences of all installed packages: build/licences.md; fails on one that is not allowed
	@mkdir -p build
	$(BIN)/pip-licenses --python $(BIN)/python --with-urls --format=markdown --output-file=build/licences.md

.PHONY: sbom
sbom: setup ## write what is installed as a CycloneDX bill of materials: build/sbom.json
	@mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file build/sbom.json $(BIN)/python

.PHONY: audit
audit: setup ## ask the index for known vulnerabilities of the pinned packages (needs a network)
	$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip

.PHONY: docs
docs: setup ## build the documents as a site that works offline: build/site/index.html
	$(BIN)/mkdocs build --strict --quiet

.PHONY: bench-render
bench-render: setup ## measure the renderer on the sample parts
	$(BIN)/python -m render.bench

.PHONY: bench-train
bench-train: setup ## measure training on the sample's renders and photos (after make demo)
	PYTHONPATH=. $(BIN)/python tools/bench_train.py

.PHONY: bench-runs
bench-runs: setup ## measure what a run costs besides its work with 100 and 1,000 parts
	PYTHONPATH=. $(BIN)/python tools/bench_runs.py

.PHONY: bench-search
bench-search: setup ## measure the search: answers, start-up, large catalogues (after make demo); prints JSON
	PYTHONPATH=. $(BIN)/python tools/bench_search.py

.PHONY: bench-uda
bench-uda: setup ## every adaptation method on digits in the folder DIGITS, three seeds (hours); goes on where it was
	PYTHONPATH=. $(BIN)/python tools/bench_uda.py

.PHONY: bench
bench: bench-render bench-train bench-runs bench-search ## all measurements

.PHONY: soak
soak: setup ## kill runs at random moments, 20 times, and check that the next run mends it (about 20 minutes)
	PYTHONPATH=. $(BIN)/python tools/soak.py

.PHONY: soak-search
soak-search: setup ## ask a served project from 20 clients for a minute (after make demo): only answers and 503, memory flat
	PYTHONPATH=. $(BIN)/python tools/soak_search.py

.PHONY: clean
clean: ## delete what runs made (renders, models, index, reports, caches); parts, photos and .venv/ stay
	rm -rf data/catalogue.json data/renders data/squares data/models data/index data/reports data/logs data/cache
	rm -rf .dvc/cache .dvc/tmp .prefect .mypy_cache .ruff_cache .pytest_cache
