#!/bin/sh
# The wheel seaway-server, which has the program in it, and that of the Python package: packaging/wheel.sh VERSION STAGE DIST
set -eu
version=$1 stage=$2 dist=$3
root=$(cd "$(dirname "$0")/.." && pwd)
python=$root/.build/python/bin/python
source=$stage/wheel
mkdir -p "$source"
cp -R "$root/packaging/wheel/." "$source/"
mkdir -p "$source/src/seaway_server/bin"
install -m 755 "$stage/seaway" "$source/src/seaway_server/bin/seaway"
cp "$root/LICENSE" "$source/LICENSE"
printf '%s\n' "$version" > "$source/VERSION"
platform=$("$python" "$root/packaging/platform_tag.py" "$stage/seaway")
SEAWAY_PLATFORM=$platform "$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --wheel-dir "$dist" "$source"
# The build of a package leaves files beside its sources: not in ours.
cp -R "$root/clients/python" "$stage/python"
rm -rf "$stage/python/build"
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$dist" "$stage/python"
