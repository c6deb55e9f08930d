# `make` or `make help` lists what there is. Targets are thin: the work is in Go, integration/*.sh and docker-bake.hcl.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# The recipes compile and run in parallel by themselves; two at once would only fight over the cores.
.NOTPARALLEL:

BIN := .cache/bin
REPORTS := .cache/test
GOTESTSUM := $(BIN)/gotestsum --format pkgname-and-test-fails --hide-summary=skipped
LINTER := $(BIN)/golangci-lint
LINTERS := $(LINTER) $(BIN)/actionlint $(BIN)/manifests

# frontend-image: image name without tag, tag, buildx builder, platforms, and where the compiled binaries go.
REGISTRY ?= jetkit
TAG ?= dev
BUILDER ?=
PLATFORMS ?= linux/$(shell go env GOARCH)
FRONTEND_OUT ?= .cache/frontend
comma := ,

# release: version without a v, the time of all files, and where they go.
VERSION ?= 0.0.0-$(shell git log -1 --date=format:%Y%m%d --format=%cd.%h)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
RELEASE_OUT ?= .cache/release

# Everything is compiled as the frontend is, so that Go compiles what programs, tests and linters share once. The race
# detector needs cgo, so `make unit` compiles on its own.
export CGO_ENABLED := 0
export GOFLAGS := $(shell go env GOFLAGS) -trimpath

# go test arguments, e.g. make unit ARGS='-run TestX -count=1' PKGS=./pkgspec/...
PKGS ?= $(filter-out jetkit/cmd/jetkit jetkit/frontend/library,$(shell go list ./...))
ARGS ?=

.PHONY: help setup build lint vuln fmt unit commands integration library test fuzz compat demo bench bench-turns compare-layers bench-layers matrix frontend-image release clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

setup: ## Install what the tests need (apt) and build the tools into .cache/bin
	@integration/setup.sh

build: ## Compile everything, and the command line tool to .cache/bin/jetkit
	go build ./...
	go build -ldflags '-s -w' -o $(BIN)/jetkit ./cmd/jetkit

lint: $(LINTERS) ## Check the code and its formatting, scripts, workflows and Kubernetes manifests
	$(LINTER) run ./...
	shellcheck integration/*.sh cmd/internal/compat/*.sh release/*.sh llb/testinit/program/*.sh llb/chain/apt/run llb/chain/apt/hook .ci/run examples/builder/nvidia-runc examples/ci/*.sh
	$(BIN)/actionlint $(wildcard .github/workflows/*.y*ml)
	$(BIN)/actionlint -config-file examples/ci/github/actionlint.yaml $(filter-out %/actionlint.yaml,$(wildcard examples/ci/github/*.y*ml))
	$(BIN)/manifests $(wildcard examples/kubernetes/*.yaml)

vuln: ## Look for known vulnerabilities (downloads the database from vuln.go.dev)
	cd integration/lint/vuln && go build -o $(CURDIR)/$(BIN)/govulncheck golang.org/x/vuln/cmd/govulncheck
	$(BIN)/govulncheck ./...

fmt: $(LINTER) ## Format the code
	$(LINTER) fmt ./...

unit: $(BIN)/gotestsum ## Run the tests that need nothing but Go, a C compiler (for the race detector) and Python
	@mkdir -p $(REPORTS)
	CGO_ENABLED=1 $(GOTESTSUM) --jsonfile $(REPORTS)/unit.json -- -race $(ARGS) $(PKGS)

# Each starts the program, or compiles the whole library, which the race detector makes slow. The packages behind them are of `make unit`.
commands: $(BIN)/gotestsum ## Run the tests of the command line, scripts of commands and what they print, and of the library
	@mkdir -p $(REPORTS)
	$(GOTESTSUM) --jsonfile $(REPORTS)/commands.json -- $(ARGS) ./cmd/jetkit ./frontend/library

integration: $(BIN)/gotestsum ## Run the tests against a real registry, buildkitd, buildx and docker (root)
	@mkdir -p $(REPORTS)
	$(GOTESTSUM) --jsonfile $(REPORTS)/integration.json -- -tags integration -timeout 30m -parallel 4 $(ARGS) ./integration/...

library: $(BIN)/gotestsum ## Build all of the library that can be tried: large packages, and stand-ins for NVIDIA's repositories and PyPI (root)
	@integration/setup.sh packages
	@integration/setup.sh tools
	@integration/setup.sh bases
	@mkdir -p $(REPORTS)
	$(GOTESTSUM) --jsonfile $(REPORTS)/library.json -- -tags integration,library -timeout 60m -parallel 4 -run 'Library|CUDA|PipIndexes' $(ARGS) ./integration

test: ## Everything: setup, lint, unit, commands, integration; the last line is the sum
	@integration/test.sh

fuzz: ## Run each fuzz target for FUZZTIME, a minute if it is not set
	@integration/fuzz.sh

compat: ## Compare with jetson-containers, fetched into .cache or in JETKIT_TREE; with its resolver's answers in JETKIT_ORACLE
	@cmd/internal/compat/compat.sh

demo: ## Show jetkit at work on a private builder
	@integration/setup.sh packages
	@integration/setup.sh tools
	@go run ./integration/demo

bench: ## Measure jetkit against the ways it replaces
	@integration/setup.sh packages
	@integration/setup.sh tools
	@integration/setup.sh bench
	@go run ./integration/bench

bench-layers: ## Measure layers: packages against chain; ARGS=-help lists the parts
	@integration/setup.sh packages
	@integration/setup.sh tools
	@go run ./integration/bench/layers $(ARGS)

bench-turns: ## Measure what 100 tests need that are ready at once, by how many may run
	@integration/setup.sh packages
	@integration/setup.sh tools
	@go run ./integration/bench/turns

compare-layers: ## Build Debian packages in both forms and compare the images; ARGS='-f light.yaml' takes minutes less
	@integration/setup.sh packages
	@integration/setup.sh tools
	@integration/setup.sh bases
	@go run ./integration/debian $(ARGS)

matrix: ## Build on rootless, locked down and other builders, and each BuildKit; ARGS='-run REGEXP' for some, '-write docs/builders.md' for the page
	@integration/setup.sh packages
	@integration/setup.sh tools
	@integration/setup.sh bases
	@integration/setup.sh matrix
	@go run ./integration/matrix $(ARGS)

frontend-image: ## Build and push the frontend image: REGISTRY=host:port/name TAG=t BUILDER=name
	@for platform in $(subst $(comma), ,$(PLATFORMS)); do \
	  GOOS="$${platform%%/*}" GOARCH="$${platform##*/}" go build -ldflags '-s -w' \
	    -o "$(FRONTEND_OUT)/$${platform//\//_}/jetkit-frontend" ./cmd/frontend; \
	done
	REGISTRY='$(REGISTRY)' TAG='$(TAG)' FRONTEND_OUT='$(FRONTEND_OUT)' docker buildx bake frontend-local --push \
	  $(if $(BUILDER),--builder '$(BUILDER)') --allow 'fs.read=$(FRONTEND_OUT)' --set '*.platform=$(PLATFORMS)'

release: ## Make archives and Debian packages for amd64 and arm64 in .cache/release: VERSION=1.2.3
	release/compile.sh '$(VERSION)' .cache/compiled
	SOURCE_DATE_EPOCH='$(SOURCE_DATE_EPOCH)' release/pack.sh '$(VERSION)' "$$(go env GOARCH)" .cache/compiled '$(RELEASE_OUT)'

clean: ## Remove what make built; the base image and the tools too
	rm -rf .cache

$(BIN)/gotestsum: integration/tools/go.mod
	@integration/setup.sh testing

$(LINTERS) &: integration/lint/go.mod integration/lint/workflows/go.mod integration/tools/go.mod integration/tools/manifests/main.go
	@integration/setup.sh lint
