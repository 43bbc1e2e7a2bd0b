#!/bin/sh
# Tests the shell client against the broker that SEAWAY_BIN names. Prints a line for each test, and the sum at the end.
# TEST_SHELL is the shell that runs the client (sh).
# shellcheck disable=SC2016 # many tests are about what must not be expanded
set -uf

case ${SEAWAY_BIN:-} in
/*) ;;
*)
    echo 'SEAWAY_BIN must be the absolute path of a seaway binary' >&2
    exit 64
    ;;
esac
folder=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d "${TMPDIR:-/tmp}/seaway-test.XXXXXXXX")
broker=
trap 'cleanUp' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0
# Files that a careless glob would find.
cd "$work" || exit 1
touch 'a-b' 'axb' 'http.request'

cleanUp() {
    [ -z "$broker" ] || kill "$broker" 2>/dev/null
    rm -rf "$work"
}

# shellcheck source=SCRIPTDIR/testing.sh
. "$folder/testing.sh"

startBroker

for part in sending secure groups working acknowledging body leaving examples; do
    # shellcheck source=/dev/null
    . "$folder/test_$part.sh"
done

kill "$broker"
wait "$broker"
broker=

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
