# shellcheck shell=sh
# What the scripts share; sourced from the top of the project.

# Tools that set-up puts beside the build are found before those of the system.
PATH="$PWD/.build/python/bin:$PWD/.build/tools/bin:$PATH"
export PATH

say() { printf '%s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

# SwiftPM for use: the one way, so that no command rebuilds what another has built.
swift_for_use() {
    action=$1
    shift
    # `seaway --version` says it; where there is no repository whoever builds may.
    commit=${SEAWAY_COMMIT:-$(git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null || :)}
    # Where lines of code are takes a fifth of the compiler's time; whoever debugs wants it: SEAWAY_DEBUG_INFO=dwarf.
    SEAWAY_COMMIT=$commit swift "$action" -c release -Xswiftc -enforce-exclusivity=unchecked \
        -debug-info-format "${SEAWAY_DEBUG_INFO:-none}" "$@"
}

build_release() {
    for product in "$@"; do
        swift_for_use build --product "$product"
    done
}

# Daphne, uvicorn and their like have an environment of their own, since they bring a
# framework with them. Measuring goes on without.
install_peers() {
    wanted=Benchmarks/peers/requirements.txt
    stamp=.build/peers/.requirements
    if cmp -s "$wanted" "$stamp"; then return; fi
    say "Installing Daphne, uvicorn, gunicorn and others in .build/peers"
    .build/python/bin/python -m venv .build/peers &&
        .build/peers/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted" &&
        cp "$wanted" "$stamp"
}
