# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Much of a test is waiting: more workers than cores.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$(( n < 8 ? n + 2 : 10 )))
ROUNDS ?= 10
SEED ?= 1
ON ?= service
DATASTORE ?= redis
# The lab's own tests where lab/ or the pins have changed; DOUBLES= for all, whatever has changed.
DOUBLES = $(shell .ci/lab-changed >&2 || echo '-m "not lab_double"')
# Tests that share a lab are one group, the longest group first.
PYTEST = $(BIN)/pytest -n $(JOBS) --dist loadgroup --durations 25
PLAIN = tests/unit tests/workflows tests/embedded tests/interfaces tests/end_to_end tests/lab
timed = @begun=$$(date +%s); $(1); code=$$?; \
    echo "== $@: $$(( $$(date +%s) - begun )) s"; exit $$code
# make test-release: which release, where its environment is, and what is tested in it.
RELEASE ?= 2026.1
RELEASED = build/release-$(RELEASE)$(if $(filter-out python3,$(PYTHON)),-$(notdir $(PYTHON)))
RELEASE_UPGRADES = \
    tests/end_to_end/test_success.py::test_one_by_one_and_a_second_run_touches_nothing \
    tests/end_to_end/test_faults.py::test_agent_without_an_upgrade_is_no_success_whatever_trove_says \
    'tests/cloud/test_ways_in.py::test_way_in_upgrades_a_real_cluster_under_load[mistral]'
RELEASE_TESTS ?= tests/unit tests/workflows tests/embedded $(RELEASE_UPGRADES)
OUT = build/$@$(if $(filter-out redis,$(DATASTORE)),-$(DATASTORE))

.PHONY: help env demo demo-failure demo-upstream demo-picture test test-release everything unit \
    search workflows system lint datastores ways-in rabbit dashboard dashboard-pictures lab \
    lab-horizon lab-distributed chaos docs benchmark \
    benchmark-datastores benchmark-service clean

help:
	@grep -E '^## ' $(MAKEFILE_LIST) | sed 's/^## //'

## make env            build .venv with exact versions and known files; every other target does it
env: $(READY)

# No file is installed whose digest is not in hashes.txt, nor a package that is not there.
PIP = $(BIN)/pip install --quiet --disable-pip-version-check --no-warn-script-location
TOOLS = $(VENV)/build-tools
$(READY): setup.py hashes.txt build-tools.txt
	@echo "Building $(VENV) (about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes --target $(TOOLS) --upgrade -r build-tools.txt
	@PYTHONPATH=$(TOOLS) $(PIP) --require-hashes --no-build-isolation -r hashes.txt
	@PYTHONPATH=$(TOOLS) $(PIP) --no-build-isolation --no-deps --no-index -e .
	@$(BIN)/pip check --quiet
	@touch $@

## make demo           upgrade a real Valkey cluster under load, in build/demo
## make demo-failure   the same with a version that does not start on the third member
## make demo-upstream  what Trove's own cluster upgrade does with the same cluster and load
##                     DATASTORE=NAME: with another datastore than Valkey (redis)
demo demo-failure demo-upstream: $(READY)
	@$(BIN)/trove-upgrade demo $@ --datastore $(DATASTORE) --out $(OUT)

## make demo-picture   the README's picture: demo-upstream and demo, below each other
demo-picture: demo-upstream demo
	@$(BIN)/python -m trove_upgrade.lab.timeline docs/images/timelines.svg \
	    "Trove's own cluster upgrade=build/demo-upstream/timeline.svg" \
	    "This pack=build/demo/timeline.svg"

## make test           all that needs nothing but Python: decisions to upgrades on real servers
test: lint
	$(call timed,$(PYTEST) $(PLAIN) $(DOUBLES))

## make everything     every test in one run, as .ci/run does; says what it skips and why
everything: lint
	$(call timed,$(PYTEST) tests -rs $(DOUBLES))

## make test-release   the pack beside another release of OpenStack; RELEASE=2025.2, 2026.1 or 2026.2
##                     PYTHON=python3.12: with another Python; RELEASE_TESTS=... for less
test-release: $(RELEASED)/.ready
	$(call timed,$(RELEASED)/venv/bin/pytest -n $(JOBS) --dist loadgroup $(RELEASE_TESTS))

$(RELEASED)/.ready: tests/releases/$(RELEASE).txt setup.py constraints.txt
	@echo "Building $(RELEASED)/venv (minutes)"
	@mkdir -p $(@D)
	@awk -F== '!seen[tolower($$1)]++' $(filter %.txt,$^) >$(@D)/constraints.txt
	@$(PYTHON) -m venv $(@D)/venv
	@$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-warn-script-location \
	    -c $(@D)/constraints.txt -e '.[test]'
	@touch $@

## make lint           ruff, mypy, and whether every test can be loaded
lint: $(READY)
	@mkdir -p build/typed && ln -sfn ../.. build/typed/trove_upgrade
	$(call timed,$(BIN)/ruff check . && $(BIN)/mypy && \
	    $(BIN)/pytest tests --collect-only --quiet --quiet)

## make unit           decisions and drivers, in seconds
unit: $(READY)
	$(call timed,$(PYTEST) tests/unit)

## make search         the properties again, over examples that nobody has seen; ROUNDS=N
search: $(READY)
	@for round in $$(seq $(ROUNDS)); do \
	    $(BIN)/pytest tests/unit -m hypothesis --hypothesis-profile search -n $(JOBS) || exit 1; done

## make workflows      definitions, call sites, golden diagrams
workflows: $(READY)
	$(call timed,$(PYTEST) tests/workflows)

## make system         lab, engine, interfaces, end to end, on real servers
system: $(READY)
	$(call timed,$(PYTEST) tests/embedded tests/interfaces tests/end_to_end tests/lab $(DOUBLES))

## make datastores     each datastore beside Valkey, on its own servers; fetches what it needs
datastores: $(READY)
	$(call timed,$(PYTEST) tests/datastores $(DOUBLES))

## make ways-in        every way to start an upgrade: Keystone, trove-api, clients, schedule
ways-in: $(READY)
	$(call timed,$(PYTEST) tests/trove_api tests/clients tests/cloud tests/triggers $(DOUBLES))

## make rabbit         event triggers and notifications; needs rabbitmq-server
rabbit: $(READY)
	$(call timed,$(PYTEST) tests/rabbit)

## make dashboard      the plugin for Horizon, in a real browser; needs chromium and chromium-driver
dashboard: $(READY)
	$(call timed,$(PYTEST) tests/dashboard)

## make dashboard-pictures  the same, and the pictures of docs/images anew
dashboard-pictures: $(READY)
	@TROVE_UPGRADE_PICTURES=docs/images $(BIN)/pytest tests/dashboard

## make lab            Keystone, Mistral, Trove and a cluster, until Ctrl-C; prints what to export
## make lab-horizon    the same with the dashboard; prints its URL and who may log in
## make lab-distributed  the same with a Mistral of many processes; needs rabbitmq-server
lab: $(READY)
	@$(BIN)/trove-upgrade lab --datastore $(DATASTORE)
lab-horizon: $(READY)
	@$(BIN)/trove-upgrade lab --datastore $(DATASTORE) --horizon
lab-distributed: $(READY)
	@$(BIN)/trove-upgrade lab --datastore $(DATASTORE) --mistral distributed

## make docs           write the generated pages of docs/ anew, and the site of all in build/docs
docs: $(READY)
	@$(BIN)/python -m docs.tools
	@$(BIN)/python -m sphinx -q -W --keep-going -c docs . build/docs

## make chaos          faults in the middle of upgrades, by seed; goes on with the log of docs/chaos
##                     ON=simulated: on the embedded engine; ROUNDS=N SEED=S
chaos: $(READY)
	@$(BIN)/python -m tests.chaos --on $(ON) --rounds $(ROUNDS) --seed $(SEED)

## make benchmark      figures of this pack and of Trove's own upgrade, in one run
benchmark: $(READY)
	@$(BIN)/python benchmarks/compare.py

## make benchmark-datastores  what clients see of each datastore with real servers; ~20 minutes
benchmark-datastores: $(READY)
	@$(BIN)/python benchmarks/datastores.py

## make benchmark-service  many upgrades at once on a Mistral service; needs rabbitmq-server
benchmark-service: $(READY)
	@$(BIN)/python benchmarks/throughput.py

## make clean          remove what make made
clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
