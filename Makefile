# Each target sets up what it needs; nothing but Python (3.11 or newer) and make is assumed.
#
#   make run      open the till; with no screen, play the demo and leave its pictures
#   make test     every test that is neither slow nor live
#   make check    what CI runs: style, types, floors, all tests but the live ones, coverage
#   make pictures renew docs/pictures and look at every screen: build/pictures/index.html
#   make prove    take out every guard of money, kill the till at every failpoint ten times, and
#                 cut the power a thousand times: each has to be noticed, or to be survived
#   make simulate live through days at the counter in virtual time (DAYS=100000 for a night)
#   make soak     a million ticks and a thousand sales, with what each left behind (ARGS="--hours 8"
#                 goes on selling)
#   make bench    speeds and memory, beside an empty window (ARGS="--quick": two minutes)
#   make texts    bring resources/locale up to date with the texts in the source (NEW=fr adds
#                 a language)
#   make lock     renew requirements.lock from pyproject.toml (UPGRADE=1 takes newer versions)
#   make package  make dist/scantill, which needs no Python; measure it and prove it
#   make clean    remove all that was made here, the virtual environment too
#
# ARGS is passed on: make run ARGS="--help", make test ARGS="-k settle -x".

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
DAYS ?= 1000

# Money is judged in these; a branch of them that no test takes fails `make check`.
FULLY_COVERED := app/domain/*,app/settle*.py,app/checkout*.py,app/sessions.py,app/session_answers.py
FULLY_COVERED := $(FULLY_COVERED),app/asking.py,app/turns.py,app/deadlines.py,app/silence.py
FULLY_COVERED := $(FULLY_COVERED),app/refund*.py,app/resolutions.py,app/routing.py,app/breaker.py
FULLY_COVERED := $(FULLY_COVERED),app/charging.py,app/ways.py
FULLY_COVERED := $(FULLY_COVERED),app/subscription*.py,app/plans.py,app/card*.py
FULLY_COVERED := $(FULLY_COVERED),app/reconcile*.py,app/watch/*,app/webhooks/*

# Images of computers forbid Python's compiled files; each of the processes that tests start, and
# there are hundreds, would compile the till anew.
export PYTHONDONTWRITEBYTECODE :=

# Two at a time: more would share the processor with the tills that the tests start.
PYTEST := QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest --numprocesses 2
# What the system lacks is said before the first download, so perhaps by the system's own Python.
SYSTEM_CHECK = python=$$([ -x $(BIN)/python ] && echo $(BIN)/python || packaging/find-python) && \
    "$$python" packaging/system_check.py

TEXTS := build/scantill.pot
PICTURES := build/pictures

LOCKER := uv==0.13.8
LOCK_VENV := build/lock-venv

.PHONY: run test check pictures prove simulate bench soak texts lock package clean
.PHONY: system-for-run system-for-tests system-for-bench system-for-package
.PHONY: set-up lint fast-tests slow-tests coverage
# Prerequisites are made one after the other, from left to right.
.NOTPARALLEL:
.DEFAULT_GOAL := run

run: system-for-run set-up
	@if [ "$$(uname)" != Linux ] || [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]; then \
	    exec $(BIN)/scantill $(ARGS); \
	else \
	    echo "There is no screen here: playing the demo without one."; \
	    QT_QPA_PLATFORM=offscreen exec $(BIN)/scantill demo --out demo-pictures $(ARGS); \
	fi

test: system-for-tests set-up
	@$(PYTEST) $(ARGS)

check: system-for-tests set-up lint fast-tests slow-tests coverage

# Each part says what it found in its last line; the first that finds something ends the run.
prove: system-for-tests set-up
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.prove
	@$(BIN)/python -m tests.integration.till.kills --times 10
	@$(BIN)/python -m tests.power --images 1000 --seed 1

simulate: system-for-tests set-up
	@$(BIN)/python -m tests.simulation --days $(DAYS) --jobs 2 $(ARGS)

soak: system-for-tests set-up
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.soak $(ARGS)

bench: system-for-bench set-up
	@$(BIN)/python -m bench $(ARGS)

lint: set-up
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy packaging/system_check.py packaging/make_package.py packaging/contents.py \
	    packaging/notices.py
	$(BIN)/lint-imports

# What no branch of money may go without is tested here; the rest goes twice as fast unmeasured.
MEASURED := tests/unit tests/integration/till

fast-tests: set-up
	$(PYTEST) $(MEASURED) --cov --cov-report=
	$(PYTEST) $(addprefix --ignore=,$(MEASURED))

# One by one to whoever is free, as some take minutes; those of one group to the same worker.
# Status 5: those marked slow are all live, too.
slow-tests: set-up
	@if grep -rqE 'mark\.slow\b' --include='*.py' tests; then \
	    $(PYTEST) --dist loadgroup -m "slow and not live" || [ $$? -eq 5 ]; \
	else \
	    echo "No test is marked slow."; \
	fi

coverage: set-up
	$(BIN)/coverage report --include='$(FULLY_COVERED)' --fail-under=100

system-for-run:
	@$(SYSTEM_CHECK) run

system-for-tests:
	@$(SYSTEM_CHECK) $(if $(CI),ci,test)

system-for-bench:
	@$(SYSTEM_CHECK) bench

set-up: $(VENV)/.set-up

$(VENV)/.set-up: requirements.lock pyproject.toml
	@packaging/set-up $(VENV)

# The sheet is written before the run fails for what was found wrong in a picture.
pictures: system-for-tests set-up
	@$(PYTEST) --numprocesses 0 -m "" tests/ui/gallery --pictures $(PICTURES) $(ARGS); status=$$?; \
	    echo "Every screen is in $(PICTURES)/index.html"; exit $$status
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.e2e.first_sale docs
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.e2e.doc_pictures docs

# What marks a text stands in ui/i18n.py, and Message in app/errors.py.
texts: set-up
	@mkdir -p $(dir $(TEXTS))
	@$(BIN)/pybabel --quiet extract --output-file $(TEXTS) --no-wrap --add-location file \
	    --keywords "_n Message" --add-comments Translators: --project Scantill \
	    --copyright-holder "Scantill contributors" app ui
	@[ -z "$(NEW)" ] || $(BIN)/pybabel --quiet init --input-file $(TEXTS) --no-wrap \
	    --output-dir resources/locale --domain scantill --locale $(NEW)
	@$(BIN)/pybabel update --input-file $(TEXTS) --output-dir resources/locale --domain scantill \
	    --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

package: system-for-package set-up
	@$(BIN)/python packaging/make_package.py $(ARGS)

system-for-package:
	@$(SYSTEM_CHECK) package

# Names, versions and hashes only: where packages come from is each computer's own setting.
lock:
	@[ -x $(LOCK_VENV)/bin/uv ] || { \
	    python=$$(packaging/find-python) && \
	    "$$python" -m venv $(LOCK_VENV) && \
	    $(LOCK_VENV)/bin/python -m pip --quiet --disable-pip-version-check install $(LOCKER); }
	@$(LOCK_VENV)/bin/uv pip compile --quiet pyproject.toml --group dev \
	    --universal --python-version 3.11 --generate-hashes --only-binary :all: --no-header --no-annotate \
	    $(if $(UPGRADE),--upgrade) --output-file requirements.lock
	@if grep -nE '://|^ *-[^-]|^--|^[^ ]*@' requirements.lock; then \
	    echo "requirements.lock holds more than names, versions and hashes." >&2; exit 1; fi
	@echo "requirements.lock pins $$(grep -c '==' requirements.lock) packages."

clean:
	rm -rf $(VENV) build dist demo-pictures htmlcov .coverage .coverage.* \
	    .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find app bench ui tests packaging -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
