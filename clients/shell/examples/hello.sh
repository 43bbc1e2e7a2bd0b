#!/bin/sh
# Says hello to each HTTP request on the channels given as arguments: hello.sh http.request.sh http.request.any
# shellcheck disable=SC2016 # what stands in single quotes is for the worker's own sh
exec "$(dirname "$0")/../seaway.sh" worker "${@:-http.request}" 'echo "hello from sh, by $SEAWAY_CHANNEL"'
