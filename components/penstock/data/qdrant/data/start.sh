#!/bin/bash
# Starts Qdrant as a node of its cluster. How it joins was found out before (admin/join.py); its own address is told at
# each start, and arguments that its state makes void are void to Qdrant, too.
set -eu
# Every segment of every collection holds files open.
ulimit -n "$(ulimit -Hn)"
bootstrap=$(cat "$BOOTSTRAP")
if [ -n "$bootstrap" ]; then
  exec ./entrypoint.sh --uri "$PEER_URI" --bootstrap "$bootstrap"
fi
exec ./entrypoint.sh --uri "$PEER_URI"
