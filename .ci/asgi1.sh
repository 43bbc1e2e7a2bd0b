#!/bin/sh
# The channel layer for Channels 1 and Daphne 1: asgiref's own tests, then both of them, as they were, at a Seaway.
# Needs a Python 3.6 (python3.6, or one of pyenv) and Go; a machine without passes, and says what it left out. The software of
# 2017 comes from PyPI into .build/asgi1, and the client as people install it there: as a wheel. The last line counts.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

find_old_python() {
    for python in python3.6 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.6.*/bin/python; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 6))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    return 1
}

skip() {
    say "skipped: ASGI 1, since $1"
    say "0 passed, 0 failed, 1 skipped"
    exit 0
}

old=$(find_old_python) || skip "there is no Python 3.6"
[ -x .build/release/seaway ] || build_release seaway
home=$PWD/.build/asgi1
packages="asgiref==1.1.2 channels==1.1.8 daphne==1.4.2 Django==1.11.29 Twisted==17.9.0 autobahn==17.10.1 attrs<20
zope.interface<5 msgpack>=1,<1.1 six"
mkdir -p .build/test
if [ "$(cat "$home/ready" 2>/dev/null)" != "$packages" ]; then
    say "Installing the software of 2017 in .build/asgi1"
    rm -rf "$home"
    # shellcheck disable=SC2086 # one word for each package
    if ! { "$old" -m venv "$home" &&
        "$home/bin/python" -m pip install --quiet --disable-pip-version-check -U 'pip<22' 'setuptools<58' wheel &&
        "$home/bin/python" -m pip install --quiet --disable-pip-version-check $packages; } >.build/test/asgi1-pip.log 2>&1; then
        tail -n 5 .build/test/asgi1-pip.log
        skip "its packages could not be installed"
    fi
    printf '%s' "$packages" >"$home/ready"
fi

# A copy, since a build leaves files beside its sources.
rm -rf "$home/copy" "$home/wheels"
mkdir "$home/copy"
cp -R clients/python/pyproject.toml clients/python/README.md clients/python/src "$home/copy"
.build/python/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$home/wheels" "$home/copy"
"$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$home"/wheels/*.whl

log=.build/test/asgi1-broker.log
.build/release/seaway broker --listen 127.0.0.1:0 --log-level info >"$log" 2>&1 &
broker=$!
trap 'kill $broker 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
tries=0
until address=$(sed -n 's/.* address=\([^ ]*\) .*listening.*/\1/p' "$log" | head -n 1) && [ -n "$address" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then
        say "the broker did not start, see $log" >&2
        exit 2
    fi
    sleep 0.1
done

code=0
SEAWAY_BROKER=$address "$home/bin/python" Tests/ASGI1/suite.py >.build/test/asgi1-suite.log 2>&1 || code=1
cat .build/test/asgi1-suite.log
ASGI1_HOME=$home .build/python/bin/python -m pytest -q -p no:cacheprovider Tests/ASGI1 "$@" \
    >.build/test/asgi1-both.log 2>&1 || code=1
cat .build/test/asgi1-both.log

# What both have counted, in one line.
count() {
    {
        tail -n 1 .build/test/asgi1-suite.log
        tail -n 1 .build/test/asgi1-both.log
    } | grep -Eo "[0-9]+ ($1)\b" | awk '{ n += $1 } END { print n + 0 }'
}
say "$(count passed) passed, $(count 'failed|errors?') failed, $(count skipped) skipped"
exit "$code"
