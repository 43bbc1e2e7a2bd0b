#!/bin/sh
# Makes manual pages and completions of what the program says of itself: packaging/documents.sh PROGRAM FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$1 folder=$2
mkdir -p "$folder/man" "$folder/bash" "$folder/zsh" "$folder/fish"
"$program" --experimental-dump-help > "$folder/help.json"
"$here/../.build/python/bin/python" "$here/manual.py" "$folder/help.json" "$("$program" --version | sed -n "1s,\([^,]*\).*,\1,p")" "$folder/man"
rm "$folder/help.json"
# It is read by a shell that runs already, and no program.
"$program" --generate-completion-script bash | sed '1{/^#!/d;}' > "$folder/bash/seaway"
"$program" --generate-completion-script zsh > "$folder/zsh/_seaway"
"$program" --generate-completion-script fish > "$folder/fish/seaway.fish"
