# What a checkout can do. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first Python that is new enough; where there is none, `.ci/venv` says so.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && exit; \
	done; echo python3)

# Users run newstap from .venv: the runtime lock and the project. Tests and tools live outside the checkout, so that
# nothing finds our packages by lying beside them: the development lock and the wheel.
VENV := .venv
OUTSIDE ?= $(or $(XDG_CACHE_HOME),$(if $(HOME),$(HOME)/.cache,/tmp))/newstap/$(shell pwd | cksum | cut -d ' ' -f 1)
DEV := $(OUTSIDE)/venv
BENCH := $(OUTSIDE)/bench
FUZZ := $(OUTSIDE)/fuzz
AUDIT := $(OUTSIDE)/audit
BIN := $(DEV)/bin

# In `tests` alone on the path lies the difference between testing the checkout and testing the wheel.
AGAINST_WHEEL = NEWSTAP_TEST_WHEEL=1 PYTHONSAFEPATH=1 PYTHONPATH="$(OUTSIDE)/path"
PYTEST = mkdir -p "$(OUTSIDE)/path" "$(OUTSIDE)/work" && ln -sfn "$(CURDIR)/tests" "$(OUTSIDE)/path/tests" && \
	cd "$(OUTSIDE)/work" && $(AGAINST_WHEEL) $(1) "$(BIN)/python" -m tests.broker run -- \
	"$(BIN)/python" -m pytest --config-file "$(CURDIR)/pyproject.toml" --rootdir "$(CURDIR)" $(2) $(ARGS)

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.project  ## the demo: a sample archive, what came out of it and where (also to NEWSTAP_KAFKA_BOOTSTRAP)
	@$(VENV)/bin/newstap demo

# Most of what tests take is waiting: two at a time cost little of each other's time, more would make machines of two
# cores late. A file stays in one process, for what its tests share.
.PHONY: test
test: lint types imports $(DEV)/.project  ## all that CI runs: checks, then tests of the wheel with a real Kafka; ARGS="-k name"
	@$(call PYTEST,,--numprocesses 2 --dist loadfile "$(CURDIR)/tests")

.PHONY: torture
torture: $(DEV)/.project  ## the long form of the fault tests, and the table of what each fault costs
	@$(call PYTEST,NEWSTAP_LONG=1,-m torture "$(CURDIR)/tests")

.PHONY: fuzz
fuzz: $(FUZZ)/.lock  ## parsers and decoders: edited inputs, then coverage-guided ones; ARGS="--seconds 60 --target url"
	@PYTHONPATH="$(CURDIR)" NEWSTAP_LONG=1 "$(FUZZ)/bin/python" -m pytest --quiet -p no:cacheprovider "$(CURDIR)/tests/fuzz"
	@PYTHONPATH="$(CURDIR)" "$(FUZZ)/bin/python" -m tests.fuzz --work "$(OUTSIDE)/fuzzed" $(ARGS)

.PHONY: hostile
hostile: $(DEV)/.project  ## a kit of hostile inputs through the real commands: a table of what became of each; ARGS="KIT"
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P benchmarks/hostile.py $(ARGS)

.PHONY: lint
lint: $(DEV)/.lock  ## ruff: rules and format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

.PHONY: types
types: $(DEV)/.lock  ## mypy --strict over the three packages
	@$(BIN)/mypy --no-error-summary

.PHONY: imports
imports: $(DEV)/.lock  ## import-linter: ingest → sinks → processors, one home per library
	@$(BIN)/lint-imports --no-logo

.PHONY: fmt
fmt: $(DEV)/.lock  ## put everything into the project's format
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

.PHONY: kafka
kafka: $(VENV)/.lock  ## a Kafka broker for development, until Ctrl-C
	@$(VENV)/bin/python -m tests.broker serve

.PHONY: bench-extraction
bench-extraction: $(BENCH)/.project  ## accuracy and speed on the labelled pages, beside other extractors, pass by pass
	@$(BENCH)/bin/python benchmarks/extraction.py $(ARGS)

.PHONY: soak-extraction
soak-extraction: $(DEV)/.project  ## memory of a worker over 20,000 pages
	@$(BIN)/python benchmarks/soak.py $(ARGS)

.PHONY: bench-profiles
bench-profiles: $(DEV)/.project  ## learned boilerplate on invented sites: precision, recall, cost
	@$(BIN)/python benchmarks/profiles.py $(ARGS)

.PHONY: bench-alarms
bench-alarms: $(DEV)/.project  ## alarms of silence by model beside fixed timeouts, on simulated histories of feeds
	@$(BIN)/python benchmarks/alarms.py $(ARGS)

.PHONY: bench-topics
bench-topics: $(DEV)/.project  ## speed of the tagger, beside a bare scan for the same phrases
	@$(BIN)/python benchmarks/topics.py $(ARGS)

.PHONY: bench-stories
bench-stories: $(BENCH)/.project  ## copies, stories and revisions: cost beside MinHash, memory of the window
	@$(BENCH)/bin/python benchmarks/stories.py $(ARGS)

.PHONY: bench-replay
bench-replay: $(DEV)/.project  ## pages a second and memory, beside a bare trafilatura loop
	@$(BIN)/python benchmarks/replay.py $(ARGS)

.PHONY: bench-archive
bench-archive: $(DEV)/.project  ## writing, reading and replaying archives, beside warcio, FastWARC and extraction alone; memory
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P benchmarks/archive.py $(ARGS)

.PHONY: bench-feeds
bench-feeds: $(DEV)/.project  ## what a poll costs beside a bare request, with 10,000 feeds (8 minutes)
	@PYTHONPATH="$(CURDIR)" $(BIN)/python benchmarks/feeds.py $(ARGS)

.PHONY: bench-fleet
bench-fleet: $(DEV)/.project  ## what sharing out feeds costs a poll, and how long 10,000 feeds take to be taken over
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P benchmarks/fleet.py $(ARGS)

.PHONY: soak
soak: $(DEV)/.project  ## two hours of the whole service in compressed time: nothing grows, the books hold; ARGS="--minutes 20"
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P -m benchmarks.soak_service $(ARGS)

.PHONY: bench-dashboard
bench-dashboard: $(DEV)/.project  ## what 500 slow connections and a scraper in a loop cost the ingestion
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P benchmarks/dashboard.py $(ARGS)

.PHONY: soak-feeds
soak-feeds: $(DEV)/.project  ## an hour of the service over a broken newsroom: nothing grows, good feeds keep their times; ARGS="--minutes 15"
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P -m benchmarks.soak_feeds $(ARGS)

.PHONY: bench-kafka
bench-kafka: $(DEV)/.project  ## records a second into Kafka, beside a bare producer; what a second worker adds; what link takes; how soon a reader sees news
	@PYTHONPATH="$(CURDIR)" $(BIN)/python -P benchmarks/kafka.py $(ARGS)

# setuptools comes along as the project's build requirement: the build then needs no download that is not pinned.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-options --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --build-deps-for wheel $(ARGS)

.PHONY: lock
lock: $(DEV)/.lock  ## resolve the dependencies again; ARGS=--upgrade for newer versions
	@$(COMPILE) --output-file requirements.lock pyproject.toml
	@$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	@rm -rf newstap.egg-info

.PHONY: audit-dependencies
audit-dependencies: $(AUDIT)/.lock  ## the locks against our own list of advisories, and against the public ones where they can be asked
	@PYTHONPATH="$(CURDIR)" "$(AUDIT)/bin/python" -m tests.supply

.PHONY: clean
clean:  ## remove what make made: environments and caches (not var/, not the broker)
	@rm -rf $(VENV) "$(OUTSIDE)" build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps. An environment is made anew when its lock changes, and gets a new wheel when any source does.
$(VENV)/.lock: requirements.lock
	@.ci/venv "$(PYTHON)" $(@D) $<
	@touch $@

$(DEV)/.lock: requirements-dev.lock
	@mkdir -p $(@D)
	@.ci/venv "$(PYTHON)" $(@D) $<
	@touch $@

$(BENCH)/.lock: requirements.lock pyproject.toml
	@mkdir -p $(@D)
	@.ci/venv "$(PYTHON)" $(@D) $<
	@.ci/peers $(@D) bench
	@touch $@

$(FUZZ)/.lock $(AUDIT)/.lock: requirements-dev.lock pyproject.toml
	@mkdir -p $(@D)
	@.ci/venv "$(PYTHON)" $(@D) $<
	@.ci/peers $(@D) $(notdir $(@D))
	@touch $@

$(VENV)/.project $(DEV)/.project $(BENCH)/.project: %/.project: %/.lock $(OUTSIDE)/sources
	@.ci/install $*
	@touch $@

# The names and checksums of all that goes into the wheel: written only when they differ, so that a deleted file counts.
$(OUTSIDE)/sources: FORCE
	@mkdir -p $(@D)
	@find pyproject.toml README.md ingest processors sinks -name __pycache__ -prune -o -type f -exec cksum {} + \
		| LC_ALL=C sort > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

.PHONY: FORCE
FORCE:
