#!/bin/sh
# Sets up what is missing, then runs every test in every language.
#
#   .ci/test.sh [STEP …]      only these steps; --help lists them
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
rm -f .build/test/summary.txt
.ci/setup.sh test
exec .build/python/bin/python .ci/test_steps.py "$@"
