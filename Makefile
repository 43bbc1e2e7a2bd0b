# `make` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help build demo demo-durable test bench lint fuzz abuse soak conformance packages docs clean

HTTP = 127.0.0.1:8000
LISTEN = 127.0.0.1:7411
ROUNDS = 20000

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

build: ## The release build: .build/release/seaway
	@.ci/build.sh

demo: ## Broker, interface server and four workers; HTTP=127.0.0.1:8000 LISTEN=127.0.0.1:7411
	@Sources/Examples/Demo/demo.sh --http $(HTTP) --listen $(LISTEN)

demo-durable: ## Three NATS servers, two brokers, workers, and what to kill; ARGS=--help
	@Sources/Examples/Demo/durable.sh $(ARGS)

test: ## Everything, in every language; sets up what is missing
	@.ci/test.sh $(ARGS)

bench: ## The figures of the README, beside NATS and Redis; ARGS=--quick
	@.ci/bench.sh $(ARGS)

lint: ## Formats and lints alone
	@.ci/lint.sh

fuzz: ## Random and spoilt bytes against a whole broker and interface server; ROUNDS=20000
	@.ci/fuzz.sh $(ROUNDS)

abuse: ## Attacks, each with its bounds, and what the innocent notice of them; ARGS="--short --peers"
	@.ci/abuse.sh $(ARGS)

soak: ## Brokers, workers and NATS servers that die, hang and come back, under load; ARGS="SECONDS SEED --durable"
	@.ci/soak.sh $(ARGS)

conformance: ## WebSockets against the Autobahn suite, and inside TLS (needs a Python 2.7); ARGS=quick|all|CASES
	@.ci/conformance.sh $(ARGS)
	@.ci/conformance.sh --tls quick

packages: ## What others install: a wheel, a .deb and an archive in dist/; ARGS="wheel deb tar"
	@.ci/packages.sh $(ARGS)

docs: ## The guide and the reference of the libraries, .build/docs/site; ARGS=--guide for the guide alone
	@.ci/docs.sh $(ARGS)

clean: ## Removes everything that was built
	rm -rf .build dist
