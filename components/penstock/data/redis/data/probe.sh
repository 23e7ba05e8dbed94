#!/bin/sh
# probe.sh live|ready: whether this node answers at all; whether clients should be sent to it.
set -u
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/config}/lib.sh"
here=${POD_IP:-127.0.0.1}

if [ "$1" = live ]; then
	# A node that loads its file or waits for its primary says so: it lives.
	case $(cli probe "$here" ping 2>&1) in *PONG* | *LOADING* | *MASTERDOWN*) exit 0 ;; *) exit 1 ;; esac
fi
replies=$(printf 'cluster info\ninfo replication\nacl users\n' | batch probe "$here" | tr -d '\r') || exit 1
expect() { printf '%s\n' "$replies" | grep -qx "$1"; }
expect cluster_state:ok || { say 'Too few primaries of the cluster are reached.'; exit 1; }
expect "$MARK" || { say 'The users of tenants are not here yet.'; exit 1; }
expect role:slave || exit 0
expect master_link_status:up || { say 'Its primary is not reached, or it has not caught up.'; exit 1; }
