#!/bin/sh
# Before a node stops it hands its slots to its replica, so that nobody waits for a time-out.
# https://redis.io/docs/latest/commands/cluster-failover/
set -u
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/config}/lib.sh"
: "${HANDOVER_SECONDS:=30}"
here=${POD_IP:-127.0.0.1}

# address_of_replica: that of a replica of this node that is reached and in step.
address_of_replica() {
	me=$(cli admin "$here" cluster myid) || return 1
	cli admin "$here" cluster replicas "$me" | awk '$3 !~ /fail|noaddr/ { sub(/:[0-9]+@.*/, "", $2); print $2 }' |
		while read -r address; do
			if [ "$(info "$address" master_link_status)" = up ]; then
				printf '%s\n' "$address"
				break
			fi
		done
}

until=$(($(date +%s) + HANDOVER_SECONDS))
asked=0
while [ "$(date +%s)" -lt "$until" ]; do
	role=$(info "$here" role)
	if [ "$role" != master ]; then
		# Redis ignores the signal to end while it writes the first file after it got all data.
		if [ "$(info "$here" aof_rewrite_in_progress persistence)" = 1 ]; then
			sleep 0.2
			continue
		fi
		say 'This node is no primary: it may stop.'
		exit 0
	fi
	if ! cli admin "$here" cluster nodes | awk '/myself/ { exit NF < 9 }'; then
		say 'This node has no slots: it may stop.'
		exit 0
	fi
	now=$(date +%s)
	# A handover that has not come about in 5 s (Redis' own limit) is void, and asked for again.
	if [ $((now - asked)) -ge 6 ]; then
		if replica=$(address_of_replica) && [ -n "$replica" ]; then
			say "Its replica $replica is asked to take over."
			cli admin "$replica" cluster failover >/dev/null && asked=$now
		else
			say 'No replica is in step to take over yet.'
		fi
	fi
	sleep 0.2
done
[ "$role" != master ] || say "No replica has taken over within $HANDOVER_SECONDS s: this node stops as a primary, and a \
replica takes over when the others have missed it for 5 s."
