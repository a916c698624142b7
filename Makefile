# Every command of the project. `make` alone lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo local-cloud preview-offline guardrails verify invoke doctor adopt destroy test soak mutants lint format settings locks bench bench-setup denials fields fidelity conformance clean

PYTHON ?= python3
# Where it is set, each start of Python would compile the providers' large SDKs again.
unexport PYTHONDONTWRITEBYTECODE

VENV   := .venv
RUN    := $(VENV)/bin/python
READY  := $(VENV)/ready
UV     := $(VENV)/bin/uv
KEYLESS := $(RUN) -m keyless_tools

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: $(READY) ## install everything into .venv and a cache folder; the other commands do it by themselves

# What else is locked, each beside what it is for.
LOCKS := packages/federation-emulator/src/federation_emulator/servers/locks/local-aws \
         packages/federation-emulator/src/federation_emulator/servers/locks/local-bigquery \
         packages/federation-emulator/tests/conformance/python/oldest \
         packages/keyless-tools/src/keyless_tools/guardrails/pack/requirements tools/bootstrap

$(READY): uv.lock pyproject.toml $(LOCKS:=.txt) tools/set_up.py $(wildcard packages/*/pyproject.toml) \
          $(wildcard packages/pulumi-offline/src/pulumi_offline/engine/go/*/go.mod)
	@$(PYTHON) tools/set_up.py

demo: $(READY) ## the whole chain on this machine: deploy, call the function, be refused, tear down; V=1: all of it
	@$(KEYLESS) demo $(if $(V),-v)

local-cloud: $(READY) ## the local cloud in the foreground, with the export lines to use it
	@$(KEYLESS) local-cloud

preview-offline guardrails: STACKS ?= dev prod
preview-offline: $(READY) ## what each of STACKS would become, without a cloud; BASE=folder: what changes since that version
	@$(KEYLESS) preview $(STACKS) --folder build/preview $(if $(BASE),--base $(BASE))

guardrails: preview-offline ## refuse what no stack may do, in those previews
	@$(KEYLESS) guardrails $(STACKS:%=build/preview/%.json)

verify: $(READY) ## STACK=name: probe a deployed stack's functions until the chain works, then invoke them with verifyEvent
	@$(KEYLESS) verify $(STACK)

invoke: $(READY) ## STACK=name, EVENT=file, READER=name: invoke a deployed function once, and print its log and result
	@$(KEYLESS) invoke $(STACK) $(EVENT) $(if $(READER),--reader $(READER))

doctor: $(READY) ## STACK=name: check each link of the deployed chain, name the first failed one and its fix; changes nothing
	@$(KEYLESS) doctor $(STACK)

adopt: $(READY) ## STACK=name: say how what was made by hand would be taken into the stack; changes nothing
	@$(KEYLESS) adopt $(STACK)

destroy: $(READY) ## STACK=name: say what goes with the stack, ask for its name again, and destroy it
	@$(KEYLESS) destroy $(STACK)

# Three on two cores: they wait for the engine and for servers a fifth of the time.
WORKERS ?= 3
test: $(READY) ## every test
	@$(RUN) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

soak: export KEYLESS_ROUNDS ?= 20
soak: export KEYLESS_KILLS ?= 10
soak: export KEYLESS_STATEMENTS ?= 50000
soak: export KEYLESS_FUZZ_REQUESTS ?= 10000
soak: $(READY) ## what takes too long for each change: twenty rounds, ten kills, whole lifecycles, 50,000 statements, 60 mutants; an hour
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "soak or not soak" tests/replacing tests/robustness tests/template \
	  $(addprefix packages/keyless-tools/tests/,delivery doctor living) $(addprefix packages/pulumi-offline/tests/,official_tools plugins) \
	  $(addprefix packages/federation-emulator/tests/,differential fuzz) \
	  $(patsubst %,tests/e2e/test_%.py,bootstrap_life chain demo engine installed_component new_apis options typescript_program yaml_program)
	@$(RUN) -m tools.mutants

mutants: $(READY) ## break one thing at a time in trust, rules and guardrails, and report what no test notices; COUNT=60
	@$(RUN) -m tools.mutants $(if $(COUNT),--count $(COUNT))

lint: $(READY) ## ruff, mypy --strict, import contracts, actionlint and zizmor; prints the lines of each package
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy --cache-dir "$$($(RUN) -m keyless_bigquery.cache)/mypy"
	@$(VENV)/bin/lint-imports --no-logo
	@$(RUN) -m tools.lint_workflows
	@$(RUN) -m tools.lines

format: $(READY) ## let ruff lay out the code
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

settings: $(READY) ## write what follows from the declared settings: Pulumi.yaml, the table of options
	@$(RUN) -m keyless_bigquery.settings Pulumi.yaml docs/options.md
	@$(RUN) -m keyless_bigquery.settings --of bootstrap.settings bootstrap/Pulumi.yaml

bench: $(READY) ## measure, print and write docs/benchmarks; ONLY="cold-start size": only these sections
	@$(RUN) -m benchmarks $(ONLY)

bench-setup: $(READY) ## the same for set-up from nothing, with every cache empty; minutes
	@$(RUN) -m benchmarks set-up

LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --custom-compile-command 'make locks'
locks: $(READY) ## pin every dependency again, with hashes
	$(UV) lock
	$(UV) export --quiet --frozen --no-dev --extra pulumi --package keyless-bigquery --no-emit-workspace --no-header \
	  -o requirements.txt
	$(UV) export --quiet --frozen --no-dev --extra server --package federation-emulator --no-emit-workspace --no-header \
	  -o packages/federation-emulator/src/federation_emulator/servers/locks/server.txt
	for name in $(LOCKS); do $(LOCK) $$name.in -o $$name.txt || exit; done
	$(KEYLESS) lock lambda_src template/lambda_src
	for name in benchmarks/candidates/naive benchmarks/candidates/pandas benchmarks/candidates/floor \
	  benchmarks/candidates/raw examples/container; do \
	  $(LOCK) $$name/requirements.in -o $$name/requirements.txt -c lambda_src/requirements.txt || exit; done

conformance: $(READY) ## Google's clients in Python, Node, Go and Java against a local Google; writes their table; WITHOUT="Java Node": not these
	@KEYLESS_CONFORMANCE=1 KEYLESS_WITHOUT="$(WITHOUT)" $(RUN) -m pytest -m "conformance or not conformance" \
	  packages/federation-emulator/tests/conformance

denials: $(READY) ## write docs/denials.md from the denial tests
	@PYTHONPATH=packages/federation-emulator $(RUN) -m tests.denials

fields: $(READY) ## write the table of BigQuery's fields into SUPPORT.md
	@PYTHONPATH=packages/federation-emulator $(RUN) -m tests.fields

fidelity: $(READY) ## send every recorded answer's case to the local Google, print what differs, and write FIDELITY.md
	@PYTHONPATH=packages/federation-emulator $(RUN) -m tests.fidelity $(ARGS)

clean: ## remove what was made in this folder; the cache stays
	rm -rf $(VENV) .local build .mypy_cache .ruff_cache .pytest_cache
