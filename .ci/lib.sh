# What the scripts in this folder share. Sourced from the top of the project, by sh.

# Tools that set-up puts beside the build, found before those of the system.
PATH="$PWD/.build/python/bin:$PWD/.build/tools/bin:$PATH"
# A fresh machine may have Go, but no home for its caches.
export PATH GOFLAGS="${GOFLAGS:--buildvcs=false}"

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
