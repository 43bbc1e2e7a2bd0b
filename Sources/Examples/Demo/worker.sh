#!/bin/sh
# The shell worker of `make demo`: every request of /sh, and a share of /any.
# shellcheck disable=SC2016 # the variable is set where the command runs
export SEAWAY_BROKER="$1"
exec "$(dirname "$0")/../../../clients/shell/seaway.sh" worker http.request.sh http.request.any \
    'echo "hello from Shell, by $SEAWAY_CHANNEL"'
