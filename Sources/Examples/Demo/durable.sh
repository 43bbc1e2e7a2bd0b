#!/bin/sh
# Three NATS servers, two brokers in front of them, and workers, until Ctrl-C: messages that survive what is killed.
set -eu
cd "$(dirname "$0")/../../.."
. .ci/lib.sh

.ci/setup.sh demo
say "Building. The first time this takes some minutes."
build_release seaway seaway-demo-worker
mkdir -p .build/demo
(cd Sources/Examples/Demo/durable/go && GOPROXY=off go build -o ../../../../../.build/demo/go-jobs .)
PYTHONPATH=clients/python/src exec .build/python/bin/python Sources/Examples/Demo/durable/site.py "$@"
