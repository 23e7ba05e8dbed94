#!/bin/sh
# Makes the user of a tenant the same on every node: succeeds when all have it and have saved it; tries for
# TENANT_SECONDS. Reads TENANT, its name; RULES, what it may do; HASHES, the SHA-256 of one or two passwords, in
# hexadecimal.
set -u
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/config}/lib.sh"
: "${TENANT:?}" "${TENANT_SECONDS:=300}" "${RULES:=}" "${HASHES:=}"
trap 'exit 1' TERM INT

if [ -z "$HASHES" ] || [ -z "$RULES" ]; then
	say 'A user needs HASHES and RULES.'
	exit 1
fi
hashed=
for hash in $HASHES; do hashed="$hashed #$hash"; done

give() {
	# shellcheck disable=SC2086
	cli admin "$1" acl setuser "$TENANT" reset on $hashed $RULES >/dev/null && cli admin "$1" acl save >/dev/null
}

until=$(($(date +%s) + TENANT_SECONDS))
count=$(nodes) || exit 1
ordinal=0
while [ "$ordinal" -lt "$count" ]; do
	name=$(node_name "$ordinal")
	if address=$(resolve "$name" 2>/dev/null) && give "$address"; then
		ordinal=$((ordinal + 1))
		continue
	fi
	if [ "$(date +%s)" -ge "$until" ]; then
		say "The node $name could not be reached within $TENANT_SECONDS s. Nothing is lost: run this again."
		exit 1
	fi
	sleep 0.5
done
say "The user $TENANT is on every node."
