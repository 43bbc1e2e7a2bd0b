#!/bin/sh
# Checks and tests the Python client: format, types, all vectors, the machines, both halves and workers at the broker that
# SEAWAY_BIN names (.build/release/seaway). PYTHON is the interpreter (python3), with msgpack, mypy, pytest, pytest-timeout and pytest-xdist.
# What needs no interface server is tested with Python 3.9 and with the newest one that is found too, installed as by pip.
# SEED=N cuts the vectors again as in another run. Writes to .build alone.
set -u
cd "$(dirname "$0")" || exit 1
root=$(cd ../.. && pwd)
work=$root/.build/python-client
python=$(command -v "${PYTHON:-python3}") || { echo "there is no ${PYTHON:-python3}" >&2; exit 69; }
SEAWAY_BIN=${SEAWAY_BIN:-$root/.build/release/seaway}
SEAWAY_VECTORS=$root/protocol/vectors
SEED=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
export PYTHONPYCACHEPREFIX="$work/pycache" RUFF_CACHE_DIR="$work/ruff" SEAWAY_BIN SEAWAY_VECTORS SEED
unset PYTHONPATH SEAWAY_BROKER
# Hundreds of interpreters are started, and each compiles all that it imports unless one of them has kept it.
unset PYTHONDONTWRITEBYTECODE
mkdir -p "$work"
# Three files at a time, since most tests wait for processes.
side_by_side='-n 3 --dist loadfile'
needed='setuptools>=68 wheel msgpack pytest pytest-timeout pytest-xdist'
passed=0 failed=0 skipped=0

# check WHAT COMMAND...: counts as one test.
check() {
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        printf 'failed: %s\n' "$what"
        failed=$((failed + 1))
    fi
}

skip() {
    printf 'skipped: %s\n' "$1"
    skipped=$((skipped + 1))
}

# The line of a log that sums up.
summary() { grep -E '^[0-9]+ (passed|failed|skipped|errors?|deselected).* in [0-9.]+s' "$work/log" | tail -n 1; }

# How many tests of a kind it counts.
counted() { summary | grep -Eo "[0-9]+ ($1)\b" | awk '{ n += $1 } END { print n + 0 }'; }

# tests WHAT COMMAND...: runs pytest, and adds up what it counts.
tests() {
    printf -- '-- %s\n' "$1"
    shift
    if "$@" -q -p no:cacheprovider >"$work/log" 2>&1; then
        summary
    else
        cat "$work/log"
        [ "$(counted 'failed|errors?')" != 0 ] || failed=$((failed + 1))
    fi
    passed=$((passed + $(counted passed))) failed=$((failed + $(counted 'failed|errors?'))) skipped=$((skipped + $(counted skipped)))
}

# The minor version of an interpreter that can make environments; else fails.
minor() {
    "$1" -c 'import ensurepip, sys, venv; print(sys.version_info[1]); sys.exit(sys.version_info[0] != 3)' 2>/dev/null
}

# Prints an interpreter of version 3.$1.
find_python() {
    for candidate in "python3.$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$1".*/bin/python; do
        if [ "$(minor "$candidate")" = "$1" ]; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    return 1
}

# The newest version but that of $python.
newest() {
    for version in 20 19 18 17 16 15 14 13 12 11 10; do
        [ "$version" != "$ours" ] || return 1
        find_python "$version" >/dev/null && printf '%s\n' "$version" && return
    done
    return 1
}

# with_version MINOR: installs the client as a user does, in an environment of its own, and tests what is installed.
with_version() {
    environment=$work/3.$1
    if [ "$(cat "$environment/.ready" 2>/dev/null)" != "$needed" ]; then
        rm -rf "$environment"
        # shellcheck disable=SC2086 # one word for each package
        if ! { "$(find_python "$1")" -m venv "$environment" &&
            "$environment/bin/python" -m pip install --quiet --disable-pip-version-check $needed &&
            printf '%s\n' "$needed" >"$environment/.ready"; } >"$work/log" 2>&1; then
            cat "$work/log"
            skip "Python 3.$1, since its packages could not be installed"
            return
        fi
    fi
    # A copy, since a build leaves files beside its sources.
    rm -rf "$work/copy"
    mkdir "$work/copy"
    cp -R pyproject.toml README.md src "$work/copy"
    check "pip install with Python 3.$1" "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
        --no-build-isolation --no-deps --force-reinstall "$work/copy"
    # shellcheck disable=SC2086 # one word for each option
    tests "Python 3.$1, installed" "$environment/bin/python" -m pytest $side_by_side -o pythonpath=tests \
        tests/test_vectors.py tests/test_parser.py tests/test_requests.py tests/test_limits.py tests/test_addresses.py \
        tests/test_log.py tests/test_waits.py tests/test_answers.py tests/test_package.py tests/test_messages.py \
        tests/test_core.py tests/test_core_listening.py \
        tests/test_layer.py tests/test_bad_brokers.py tests/test_answering.py tests/test_endings.py \
        tests/test_request_ends.py tests/test_forks.py tests/test_bodies.py tests/test_environ.py tests/test_fleet.py \
        tests/test_fake_broker.py tests/test_testing.py tests/test_consumers.py
}

ours=$(minor "$python") || { echo "$python is no Python 3 that can make environments" >&2; exit 69; }
[ -x "$SEAWAY_BIN" ] || printf '%s is not there: what needs a broker is skipped\n' "$SEAWAY_BIN"

if "$python" -m ruff --version >/dev/null 2>&1; then
    check 'ruff check' "$python" -m ruff check --quiet .
    check 'ruff format' "$python" -m ruff format --quiet --check .
else
    skip 'ruff, which is not installed'
fi
check 'mypy' "$python" -m mypy --cache-dir "$work/mypy" --no-error-summary
# shellcheck disable=SC2086
tests "Python 3.$ours" "$python" -m pytest $side_by_side
tests "Python 3.$ours, with MessagePack in pure Python" env MSGPACK_PUREPYTHON=1 "$python" -m pytest \
    tests/test_answers.py tests/test_messages.py tests/test_vectors.py -k 'message or value or types'
if [ "$ours" != 9 ]; then
    if find_python 9 >/dev/null; then with_version 9; else skip 'Python 3.9, which is not found'; fi
fi
if version=$(newest); then with_version "$version"; else skip "a newer Python than 3.$ours, which is not found"; fi

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
