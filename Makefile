# Siku. Two commands do everything, set-up included: `make pipeline` and `make test`.
# Needs Python 3.11 or newer, make and a package index; nothing is installed outside .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q install --no-compile --no-deps
RECIPE ?= configs/laptop.yaml
WORK ?= $(if $(INPUT),work/input,work/laptop)
DATA ?= ../shared/data

.PHONY: help setup pipeline train test check format bench clean

help:
	@echo 'make pipeline               the sample crawl from raw files to packed batches, and a report'
	@echo "make pipeline INPUT='a b'   the same on your own files, globs or URLs"
	@echo 'make test                   the tests'
	@echo 'make check                  formatting, lint, types, layering'
	@echo 'make train                  50 steps of a tiny model on what the pipeline made'
	@echo 'make bench                  benchmarks; PEER=PYTHON of an environment with datatrove, spacy, jieba: beside them'
	@echo 'make setup                  only the environment and the language model'

$(VENV)/run.stamp: requirements/run.txt pyproject.toml
	@echo 'setting up $(VENV) (once)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements/run.txt
	@$(PIP) -e .
	@$(BIN)/siku models get lid.176.ftz
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt
	@$(PIP) -r requirements/dev.txt
	@touch $@

setup: $(VENV)/run.stamp

pipeline: $(VENV)/run.stamp
	@$(BIN)/siku run $(if $(INPUT),$(foreach file,$(INPUT),--input '$(file)'),$(RECIPE)) --work $(WORK) $(ARGS)

train: $(VENV)/dev.stamp
	@$(BIN)/python examples/train_tiny.py --work $(WORK)

test: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/dev.stamp
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/basedpyright
	@$(BIN)/python -m pytest tests/test_layers.py

format: $(VENV)/dev.stamp
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# minhash needs nothing; the others need the real data in DATA. With PEER=PYTHON peers run beside those that compare with
# datatrove or jieba; with ITEMS=FILE TEMPLATE=NAME decontaminate.py looks for a benchmark of yours.
bench: $(VENV)/dev.stamp
	@$(BIN)/python benchmarks/minhash.py
	@$(BIN)/python benchmarks/row_plan.py
	@$(BIN)/python benchmarks/pack_gpu.py
	@$(BIN)/python benchmarks/loader.py $(LOADER_ARGS)
	@$(BIN)/python benchmarks/pii.py --data $(DATA) $(if $(PEER),--peer-python $(PEER))
ifneq ($(wildcard $(DATA)),)
	@$(BIN)/python benchmarks/cleaning.py $(if $(PEER),--datatrove $(PEER))
	@$(BIN)/python benchmarks/language.py $(DATA)
	@$(BIN)/python benchmarks/quality.py
	@$(if $(PEER),$(BIN)/siku models get jieba-dict && $(BIN)/python benchmarks/segment.py --peer $(PEER),echo 'segment.py: skipped, give PEER')
	@$(if $(PEER),$(BIN)/python benchmarks/agreement.py --datatrove $(PEER),echo 'agreement.py: skipped, give PEER')
	@$(if $(ITEMS),$(BIN)/python benchmarks/decontaminate.py --data $(DATA) --benchmark $(ITEMS) --template '$(TEMPLATE)' $(if $(PEER),--peer-python $(PEER)),echo 'decontaminate.py: skipped, give ITEMS and TEMPLATE')
else
	@echo 'cleaning, language, quality, segment, agreement and decontaminate: skipped, no real data at $(DATA)'
endif

clean:
	rm -rf work .venv build *.egg-info .pytest_cache .ruff_cache .hypothesis
