# Everything a newcomer needs. The first run installs the Python packages and finds or builds the Pulumi engine.
STACK ?= dev
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SANDBOX := $(BIN)/python -m sandbox
# EXAMPLE=eks (aks, gke, kind, airgapped) means that stack of docs/examples/platform.
STACK_OF = $(if $(EXAMPLE),--project docs/examples/platform --home .sandbox --stack $(EXAMPLE),--stack $(STACK))
# A process per core. Each may run an engine with its cloud and its program: half a gigabyte.
PARALLEL := --numprocesses auto --maxprocesses 8 --dist worksteal
MOTION := tests/cluster/test_motion.py
SIDE_BY_SIDE := --no-print-directory --jobs 2 --output-sync=line
FAULTS = $(if $(FAULT),--fault '$(FAULT)')
# CLUSTER=1 means the real control plane that `make cluster` starts.
ON = $(if $(CLUSTER),--cluster)

.PHONY: help install preview up refresh destroy cluster cluster-down test lint types unit engine engine-test cluster-test control-plane-test motion-test servers-test bench docs clean

help:  ## Show this help.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(READY)  ## Install the Python packages into .venv.

$(READY): requirements.txt requirements-dev.txt constraints.txt components/pyproject.toml pricing/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Penstock needs Python 3.11 or later; this is $(PYTHON). Write PYTHON=... to use another.' >&2; exit 1; }
	@echo 'Installing the Python packages into $(VENV) (1 GB; one to three minutes the first time) …'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	@touch $@

preview: $(READY)  ## Preview a stack in the sandbox, with its bill: make preview STACK=prod (or EXAMPLE=eks) [CEILING=USD] [ARGS=...] [FAULT=...]
	@$(SANDBOX) preview --cost --limits infra/limits.json $(ON) $(if $(CEILING),--ceiling $(CEILING)) $(STACK_OF) $(FAULTS) -- --suppress-outputs $(ARGS)

up: $(READY)  ## Deploy a stack to the sandbox's pretend cloud; CLUSTER=1: with a real control plane (make cluster) in it.
	@$(SANDBOX) up $(ON) $(STACK_OF) $(FAULTS) -- --suppress-outputs $(ARGS)

refresh: $(READY)  ## Compare a stack's state with the pretend cloud.
	@$(SANDBOX) refresh $(ON) $(STACK_OF) $(FAULTS) -- --suppress-outputs $(ARGS)

destroy: $(READY)  ## Remove a stack from the pretend cloud.
	@$(SANDBOX) destroy $(ON) $(STACK_OF) $(FAULTS) -- --suppress-outputs $(ARGS)

cluster: $(READY)  ## Start a real Kubernetes control plane on this machine. The first time all of it is built, which takes 26 minutes.
	@$(BIN)/python -m sandbox.cluster build
	@$(BIN)/python -m sandbox.cluster up

cluster-down: $(READY)  ## End it; what it holds is kept.
	@$(BIN)/python -m sandbox.cluster down

test: lint types unit  ## Run every check: lint, types, unit tests, tests of engine, cluster and servers.
	@$(SANDBOX) engine && $(BIN)/python -m sandbox.cluster build
	@echo 'Next come the tests of the engine and of the cluster, side by side; then the rehearsal, beside the servers: half an hour.'
	@$(MAKE) $(SIDE_BY_SIDE) engine-test control-plane-test
	@$(MAKE) $(SIDE_BY_SIDE) motion-test servers-test
	@$(BIN)/pytest -m timed tests/engine

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy && for main in components/__main__.py policies/*/__main__.py; do $(BIN)/mypy $$main || exit 1; done

unit: $(READY)
	@$(BIN)/pytest $(PARALLEL) tests/unit tests/cluster/unit

engine: engine-test  ## Test with the real engine.
	@$(BIN)/pytest -m timed tests/engine

engine-test: $(READY)
	@$(SANDBOX) engine
	@$(BIN)/pytest $(PARALLEL) -m 'not timed' tests/engine

cluster-test: control-plane-test motion-test  ## Test on the real control plane, which is built first.

control-plane-test: $(READY)
	@$(BIN)/pytest --ignore tests/cluster/unit --ignore $(MOTION) tests/cluster

motion-test: $(READY)
	@$(BIN)/pytest $(MOTION)

servers-test: $(READY)  ## Test with real Redis and PostgreSQL servers; Debian's packages are installed where they are missing.
	@tests/servers/install
	@$(BIN)/pytest tests/servers

bench: $(READY)  ## Measure the overhead against the bare engine, as ratios from one run.
	@$(BIN)/python -m tests.bench

docs: $(READY)  ## Write the component pages from the package's schema.
	@$(BIN)/python -m docs.reference

clean:  ## Remove everything that was built or pretended: .venv, .sandbox.
	@if [ -d .sandbox/cluster ] && [ -x $(BIN)/python ]; then $(BIN)/python -m sandbox.cluster down; fi
	rm -rf $(VENV) .sandbox
