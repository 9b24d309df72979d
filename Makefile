# Everything happens in .venv, with what requirements*.txt pin, each file checked by its hash.
PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python smartcontent/local/install.py --require-hashes
COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
  --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help install run may-run test check lock bench exam chaos

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile | expand -t 16

install: .venv/.installed ## create the virtual environment .venv, once for each change of requirements

run: may-run .venv/.installed ## start everything in the foreground; Ctrl-C ends it
	@exec $(BIN)/python -m smartcontent.local

# Before anything is downloaded: a setting that cannot be used, a port that is taken.
may-run: | $(BIN)/pip
	@$(BIN)/python -m smartcontent.local check

test: .venv/.installed-dev ## run the tests, four at a time: many of them wait
	@$(BIN)/python -m pytest -n 4 --durations=10 $(ARGS)

check: .venv/.installed-dev ## check style, types, scripts and which module may import which
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/oxlint smartcontent bench
	@if [ -x $(BIN)/biome ]; then $(BIN)/biome lint --error-on-warnings smartcontent/static/style.css; fi

lock: .venv/.installed-dev ## pin requirements*.in in requirements*.txt; ARGS=--upgrade for new versions
	@$(COMPILE) $(ARGS) requirements.in -o requirements.txt
	@$(COMPILE) $(ARGS) requirements-local.in -o requirements-local.txt
	@$(COMPILE) $(ARGS) --no-deps requirements-demo.in -o requirements-demo.txt
	@$(COMPILE) $(ARGS) requirements-dev.in -o requirements-dev.txt

bench: .venv/.installed-dev ## measure: every comparison in bench/ but large libraries and the exam
	@set -e; for script in $(filter-out bench/chaos.py bench/exam.py bench/library.py,$(wildcard bench/*.py)); do \
	  echo "== $$script"; $(BIN)/python "$$script"; done

exam: .venv/.installed-dev ## what a model makes of our prompts: MODEL=name BRIEFS=n FULL=1
	@$(BIN)/python bench/exam.py

chaos: .venv/.installed-dev ## break everything at random: MINUTES=10 SEED=n DATABASE=postgresql
	@$(BIN)/python -m pytest -n 4 -m "long or hypothesis" --hypothesis-profile=others
	@$(BIN)/python bench/chaos.py --minutes $(or $(MINUTES),10) --database $(or $(DATABASE),sqlite) \
	  $(if $(SEED),--seed $(SEED))

bench-%: .venv/.installed-dev
	@$(BIN)/python bench/$(subst -,_,$*).py $(ARGS)

$(BIN)/pip:
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "There is no $(PYTHON): install Python 3.11 or newer, or name it: make $(MAKECMDGOALS) PYTHON=…"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Smart Content needs Python 3.11 or newer, and $(PYTHON) is $$("$(PYTHON)" -V 2>&1)." \
	    "Name another: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Creating the virtual environment .venv"
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.installed: requirements.txt requirements-local.txt requirements-demo.txt | $(BIN)/pip
	@echo "Installing what Smart Content needs (about 200 MB, once)"
	@$(PIP_INSTALL) -r requirements.txt -r requirements-local.txt
	@$(PIP_INSTALL) --no-deps -r requirements-demo.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "Installing what the tests need"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@
