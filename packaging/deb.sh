#!/bin/sh
# A package for Debian and what descends from it: packaging/deb.sh VERSION STAGE DIST
set -eu
version=$1 stage=$2 dist=$3
root=$(cd "$(dirname "$0")/.." && pwd)
source=$stage/deb/seaway-$version
mkdir -p "$source/units"
cp -R "$root/packaging/debian" "$source/debian"
cp -R "$root/packaging/etc" "$source/etc"
install -m 755 "$stage/seaway" "$source/seaway"
mkdir -p "$source/texts"
# Under another name: what is called CHANGELOG debhelper takes for one in Debian's form.
cp "$root/CHANGELOG.md" "$source/texts/RELEASES.md"
cp "$root/README.md" "$root/SECURITY.md" "$source/texts/"
cp -R "$stage/documents/man" "$source/man"
mkdir -p "$source/completions"
cp -R "$stage/documents/bash" "$stage/documents/zsh" "$stage/documents/fish" "$source/completions/"
cp "$root/docker/systemd/seaway.sysusers" "$source/debian/seaway.sysusers"
cp -R "$root/docker/systemd/seaway-.service.d" "$source/units/"
for unit in "$root"/docker/systemd/*.service "$root"/docker/systemd/*.socket; do
    sed 's|/usr/local/bin/seaway|/usr/bin/seaway|' "$unit" > "$source/units/$(basename "$unit")"
done
# The time of the commit, so that the same commit makes the same package.
when=$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)
cat > "$source/debian/changelog" <<END
seaway ($version) unstable; urgency=medium

  * Release $version: RELEASES.md.gz beside this file tells what is new.

 -- Seaway maintainers <maintainers@seaway.invalid>  $(LC_ALL=C date -u -d "@$when" '+%a, %d %b %Y %H:%M:%S +0000')
END
(cd "$source" && SOURCE_DATE_EPOCH=$when dpkg-buildpackage --build=binary --no-sign > ../build.log 2>&1) ||
    { tail -n 30 "$stage/deb/build.log" >&2; exit 1; }
cp "$stage"/deb/seaway_*.deb "$dist/"
