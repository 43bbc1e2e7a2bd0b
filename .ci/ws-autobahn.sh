#!/bin/sh
# Runs the Autobahn test suite against a WebSocket server that sends every message back.
#
#   .ci/ws-autobahn.sh URL [quick|all|CASES]
#   .ci/ws-autobahn.sh --set-up
#
# URL      such as ws://127.0.0.1:8000/; messages of 16 MiB must be allowed there
# quick    framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, and the short cases of compression: some minutes
# all      these, large messages (9.*) and all of compression (12.*, 13.*): up to an hour
# CASES    Autobahn's own patterns, such as 1.*,7.3.2
#
# Every case must pass strictly: NON-STRICT and UNIMPLEMENTED count as failed. The suite is Python 2 and is set up in
# .build/autobahn with PYTHON27, or a python2.7 in PATH or of pyenv. Exits 0: all passed, 1: some failed, 2: could not
# run, 69: no Python 2.7.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

url=${1:-}
cases=${2:-quick}
home=$PWD/.build/autobahn
python=$home/venv/bin/python
version=25.10.1

if [ -z "$url" ]; then
    say "usage: .ci/ws-autobahn.sh URL|--set-up [quick|all|CASES]" >&2
    exit 64
fi

is_python27() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' >/dev/null 2>&1; }

find_python27() {
    for candidate in "${PYTHON27:-}" python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7*/bin/python; do
        if [ -n "$candidate" ] && is_python27 "$candidate"; then
            say "$candidate"
            return
        fi
    done
    return 1
}

pip() { "$python" -m pip install --quiet --no-python-version-warning "$@" >>"$home/setup.log" 2>&1; }

cannot_install() {
    say "Autobahn could not be installed: $1 failed, see .build/autobahn/setup.log" >&2
    exit 2
}

set_up() {
    if [ -e "$home/.$version" ]; then return; fi
    if ! python27=$(find_python27); then
        say "The Autobahn suite needs a Python 2.7: name one in PYTHON27, or run: pyenv install 2.7.18" >&2
        exit 69
    fi
    say "Installing Autobahn in .build/autobahn"
    rm -rf "$home"
    mkdir -p "$home"
    "$python27" -m pip install --quiet --no-deps --target "$home/boot" virtualenv==16.7.12 >"$home/setup.log" 2>&1 ||
        cannot_install virtualenv
    "$python27" "$home/boot/virtualenv.py" --quiet --no-download "$home/venv" >>"$home/setup.log" 2>&1 ||
        cannot_install virtualenv
    # The last releases for Python 2 of what the suite stands on.
    pip setuptools==44.0.0 txaio==2.1.0 incremental==16.10.1 cryptography==3.3.2 pyOpenSSL==19.1.0 Twisted==19.10.0 \
        zope.interface==4.6.0 jinja2==2.11.3 markupsafe==1.1.1 Werkzeug==1.0.1 klein==17.10.0 service_identity==18.1.0 \
        unittest2==1.1.0 six==1.16.0 autobahn==0.10.9 || cannot_install "what Autobahn needs"
    # Masks and UTF-8 in C. Without it the run takes an hour.
    pip wsaccel==0.6.2 || say "wsaccel could not be installed (no C compiler?): the run will be slow" >&2
    pip --no-deps "autobahntestsuite==$version" || cannot_install autobahntestsuite
    rm -rf "${home:?}/boot"
    touch "$home/.$version"
}

set_up
if [ "$url" = --set-up ]; then exit; fi
reports=$home/reports/${url%%:*}
rm -rf "$reports"
mkdir -p "$reports"
"$python" .ci/ws_autobahn.py plan "$reports" "$url" "$cases"
if ! (cd "$reports" && "$home/venv/bin/wstest" -m fuzzingclient -s spec.json >wstest.log 2>&1); then
    say "wstest did not finish, see $reports/wstest.log" >&2
fi
exec "$python" .ci/ws_autobahn.py report "$reports"
