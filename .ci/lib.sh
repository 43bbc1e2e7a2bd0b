# shellcheck shell=sh
# What the scripts share; sourced from the top of the project.

# Tools that set-up puts beside the build are found before those of the system.
PATH="$PWD/.build/python/bin:$PWD/.build/tools/bin:$PATH"
export PATH

say() { printf '%s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

# The one way to build for use, so that no command rebuilds what another has built.
build_release() {
    for product in "$@"; do
        swift build -c release -Xswiftc -enforce-exclusivity=unchecked --product "$product"
    done
}
