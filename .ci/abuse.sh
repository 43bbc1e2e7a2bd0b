#!/bin/sh
# Attacks on the built program, each with its bounds, and what the innocent notice of them: .ci/abuse.sh [--built] [OPTION …]
#
# Options: .ci/abuse.sh --help. --built takes the program as it is built; with --peers the others are installed, as for
# `make bench`. The figures count on two cores that nobody else uses.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
if [ "${1:-}" = --built ]; then
    shift
else
    case " $* " in
    *" --help "* | *" -h "* | *" --list "*) ;;
    *" --peers "*)
        .ci/setup.sh bench >&2
        install_peers >&2 || say "They could not be installed: they are left out." >&2
        ;;
    esac
    .ci/setup.sh test >&2
    [ -n "${SEAWAY_BIN:-}" ] || build_release seaway >&2
fi
exec .build/python/bin/python Tests/System/abuse.py "$@"
