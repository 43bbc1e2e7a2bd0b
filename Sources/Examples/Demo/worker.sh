#!/bin/sh
# The shell worker of `make demo`: says hello to GET /sh, and puts into the group what is posted there; /any with the others.
#
#   worker.sh BROKER
here=$(dirname "$(readlink -f "$0")")
export SEAWAY_BROKER="$1"
export SEAWAY_SHELL="$here/../../../clients/shell"
exec "$SEAWAY_SHELL/seaway.sh" worker http.request.sh http.request.any "sh '$here/answer.sh'"
