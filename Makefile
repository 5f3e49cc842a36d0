# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 2
ROUNDS ?= 10
DATASTORE ?= redis
OUT = build/$@$(if $(filter-out redis,$(DATASTORE)),-$(DATASTORE))

.PHONY: help env demo demo-failure demo-upstream test unit search workflows system lint datastores \
    ways-in rabbit dashboard dashboard-pictures lab lab-horizon docs benchmark \
    benchmark-datastores clean

help:
	@grep -E '^## ' $(MAKEFILE_LIST) | sed 's/^## //'

## make env            build .venv with exact versions; every other target does it when needed
env: $(READY)

$(READY): setup.py constraints.txt
	@echo "Building $(VENV) (about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-warn-script-location \
	    -c constraints.txt -e '.[test]'
	@touch $@

## make demo           upgrade a real Valkey cluster under load, in build/demo
## make demo-failure   the same with a version that does not start on the third member
## make demo-upstream  what Trove's own cluster upgrade does with the same cluster and load
##                     DATASTORE=NAME: with another datastore than Valkey (redis)
demo demo-failure demo-upstream: $(READY)
	@$(BIN)/trove-upgrade demo $@ --datastore $(DATASTORE) --out $(OUT)

## make test           everything: lint, unit, workflows, lab, engine, end to end
test: lint unit workflows system

## make lint           ruff, mypy, and whether every test can be loaded
lint: $(READY)
	@$(BIN)/ruff check .
	@mkdir -p build/typed && ln -sfn ../.. build/typed/trove_upgrade
	@$(BIN)/mypy
	@$(BIN)/pytest tests --collect-only --quiet --quiet

## make unit           decisions and drivers, in seconds
unit: $(READY)
	@$(BIN)/pytest tests/unit -n $(JOBS)

## make search         the properties again, over examples that nobody has seen; ROUNDS=N
search: $(READY)
	@for round in $$(seq $(ROUNDS)); do \
	    $(BIN)/pytest tests/unit -m hypothesis --hypothesis-profile search -n $(JOBS) || exit 1; done

## make workflows      definitions, call sites, golden diagrams
workflows: $(READY)
	@$(BIN)/pytest tests/workflows -n $(JOBS) --dist loadfile

## make system         lab, engine, interfaces, end to end, on real servers
system: $(READY)
	@$(BIN)/pytest tests/embedded tests/interfaces tests/end_to_end tests/lab \
	    -n $(JOBS) --dist loadfile --no-loadscope-reorder    # the long ones first

## make datastores     each datastore beside Valkey, on its own servers; fetches what it needs
datastores: $(READY)
	@$(BIN)/pytest tests/datastores -n $(JOBS) --dist loadfile

## make ways-in        every way to start an upgrade: Keystone, trove-api, clients, schedule; ~20 minutes
ways-in: $(READY)
	@$(BIN)/pytest tests/trove_api tests/clients tests/cloud tests/triggers \
	    -n $(JOBS) --dist loadfile

## make rabbit         event triggers and notifications; needs rabbitmq-server
rabbit: $(READY)
	@$(BIN)/pytest tests/rabbit

## make dashboard      the plugin for Horizon, in a real browser; needs chromium and chromium-driver
dashboard: $(READY)
	@$(BIN)/pytest tests/dashboard -n $(JOBS) --dist worksteal

## make dashboard-pictures  the same, and the pictures of docs/images anew
dashboard-pictures: $(READY)
	@TROVE_UPGRADE_PICTURES=docs/images $(BIN)/pytest tests/dashboard

## make lab            Keystone, Mistral, Trove and a cluster, until Ctrl-C; prints what to export
## make lab-horizon    the same with the dashboard; prints its URL and who may log in
lab: $(READY)
	@$(BIN)/trove-upgrade lab --datastore $(DATASTORE)
lab-horizon: $(READY)
	@$(BIN)/trove-upgrade lab --datastore $(DATASTORE) --horizon

## make docs           write the generated pages of docs/ anew
docs: $(READY)
	@$(BIN)/python -m docs.tools

## make benchmark      figures of this pack and of Trove's own upgrade, in one run
benchmark: $(READY)
	@$(BIN)/python benchmarks/compare.py

## make benchmark-datastores  what clients see of each datastore with real servers; ~20 minutes
benchmark-datastores: $(READY)
	@$(BIN)/python benchmarks/datastores.py

## make clean          remove what make made
clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
