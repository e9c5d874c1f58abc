# What a fresh machine needs: Python 3.11 or later, and make; for `make spark` Java. All else goes into .venv and .venv-spark,
# which `make clean` removes.
# Another Python: make demo PYTHON=python3.12

PYTHON ?= python3
PY := .venv/bin/python
BANGFU := .venv/bin/bangfu
CATALOGUES := engine/messages/catalogues

.DEFAULT_GOAL := help
.NOTPARALLEL: # one .venv: never two pips in it
.PHONY: help demo test campaign mutate campaign-columns spark java bench lint messages clean

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

demo: .venv/.project ## Decide the example households of 2023, and explain one decision
	@echo '$$ bangfu evaluate examples/households-2023.csv --year 2023'
	@$(BANGFU) evaluate examples/households-2023.csv --year 2023
	@echo
	@echo '$$ bangfu explain examples/household-2023.yaml --year 2023'
	@$(BANGFU) explain examples/household-2023.yaml --year 2023

test: .venv/.dev ## Run the tests
	@$(PY) -m pytest

campaign: .venv/.dev ## Hold 20,000 generated households against the independent reference
	@$(PY) tests/campaign_2023.py --count 20000 --seed 1 --processes 2

campaign-columns: .venv/.dev ## Hold columns against the exact algebra; COUNT=1000000 takes as many households
	@$(PY) tests/campaign_columns.py --count $(or $(COUNT),100000) --seed 1 --processes 2

spark: java .venv-spark/.spark ## Run the Spark example on two local cores beside bangfu evaluate; needs Java, and a gigabyte
	@.venv-spark/bin/python tests/campaign_spark.py --count $(or $(COUNT),5000) --seed 1

java: # looked for before a gigabyte is installed
	@test -n "$(JAVA_HOME)" -a -x "$(JAVA_HOME)/bin/java" || command -v java > /dev/null || { echo 'Spark needs Java 17 or 21, and none is here:' \
		'install one (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME.' >&2; exit 1; }

bench: .venv/.dev ## Measure speed beside the scheme written by hand, in memory and from file to file, and what is right
	@$(PY) -m benchmarks.run
	@$(PY) -m benchmarks.files

mutate: .venv/.dev ## Edit the policy of 2023 everywhere, and see that its cases notice
	@$(BANGFU) mutate 2023

lint: .venv/.dev ## Check style, layout and types
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy

messages: .venv/.dev ## Bring the catalogues of messages up to date
	@$(PY) -m babel.messages.frontend -q extract -F babel.cfg -k say --add-location file --sort-output --no-wrap \
		--project bangfu -o $(CATALOGUES)/bangfu.pot .
	@$(PY) -m babel.messages.frontend -q update -D bangfu -i $(CATALOGUES)/bangfu.pot -d $(CATALOGUES) --no-wrap \
		--ignore-obsolete --ignore-pot-creation-date
	@$(PY) -m babel.messages.frontend -q compile -D bangfu -d $(CATALOGUES)

clean: ## Remove .venv, caches and what builds leave
	@rm -rf .venv .venv-spark build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +

# The project with Excel and columns, the same with the tools of its developers, and, apart from both, with Spark.
# A stamp newer than pyproject.toml: nothing to do.
.venv/.project: EXTRA := batch,excel
.venv/.dev: EXTRA := dev
.venv-spark/.spark: EXTRA := spark
.venv/.project .venv/.dev .venv-spark/.spark: pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or later is needed. Say which: make PYTHON=python3.12' >&2; exit 1; }
	@echo 'Installing bangfu[$(EXTRA)] into $(@D) ...'
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check -e '.[$(EXTRA)]'
	@touch $(@D)/.project $@
