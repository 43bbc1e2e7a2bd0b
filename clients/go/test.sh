#!/bin/sh
# Checks and tests the Go client: format, vet, all vectors, a scripted broker, short fuzz runs, and a real broker when
# SEAWAY_BIN names the seaway binary. FUZZ_SECONDS sets how long each fuzz run takes (5).
set -eu
cd "$(dirname "$0")"
export GOPROXY=off GOFLAGS=

unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
    printf 'not gofmt: %s\n' "$unformatted" >&2
    exit 1
fi
go vet ./...
case ${SEAWAY_BIN:-} in
'') echo 'SEAWAY_BIN is not set: the tests against a real broker are skipped' >&2 ;;
/*) ;;
*) echo 'SEAWAY_BIN must be an absolute path' >&2; exit 64 ;;
esac
# The race detector needs cgo and a C compiler.
race=
if [ "$(go env CGO_ENABLED)" = 1 ] && command -v "$(go env CC)" >/dev/null; then race=-race; fi
go test -v -count=1 ${race:+"$race"} ./...
for fuzz in FuzzParser FuzzDecodeMessage; do
    go test -run '^$' -fuzz "$fuzz" -fuzztime "${FUZZ_SECONDS:-5}s" .
done
