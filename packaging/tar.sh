#!/bin/sh
# The program with its pages, completions and units as an archive: packaging/tar.sh VERSION STAGE DIST
set -eu
version=$1 stage=$2 dist=$3
root=$(cd "$(dirname "$0")/.." && pwd)
name=seaway-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
folder=$stage/tar/$name
mkdir -p "$folder/bin" "$folder/share/man/man1" "$folder/share/bash-completion/completions" \
    "$folder/share/zsh/site-functions" "$folder/share/fish/vendor_completions.d" "$folder/share/doc/seaway"
install -m 755 "$stage/seaway" "$folder/bin/seaway"
cp "$stage/documents/man/"*.1 "$folder/share/man/man1/"
cp "$stage/documents/bash/seaway" "$folder/share/bash-completion/completions/seaway"
cp "$stage/documents/zsh/_seaway" "$folder/share/zsh/site-functions/_seaway"
cp "$stage/documents/fish/seaway.fish" "$folder/share/fish/vendor_completions.d/seaway.fish"
cp "$root/LICENSE" "$root/README.md" "$root/CHANGELOG.md" "$root/SECURITY.md" "$folder/share/doc/seaway/"
cp -R "$root/docker/systemd" "$folder/share/doc/seaway/systemd"
cp "$root/packaging/etc/seaway/seaway.yaml" "$folder/share/doc/seaway/seaway.yaml"
# The same bytes for the same commit: names in order, no owner, one time.
when=$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)
case $(tar --version 2>/dev/null) in
*GNU*) same="--sort=name --owner=0 --group=0 --numeric-owner --mtime=@$when" ;;
*) same= ;;
esac
# shellcheck disable=SC2086
tar -C "$stage/tar" $same -cf - "$name" | gzip -9n > "$dist/$name.tar.gz"
