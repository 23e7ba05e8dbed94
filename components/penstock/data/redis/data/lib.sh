# shellcheck shell=sh
# What the scripts of a Redis cluster share. They read these variables:
#   CONFIG_DIR   redis.conf, settings.conf, own-users.acl, and `nodes`: how many nodes there are
#   SECRETS_DIR  USER-password of each own user and, after a rotation, USER-previous-password
#   TLS_DIR      ca.crt, tls.crt, tls.key
#   DATA_DIR     the node's volume
#   RUN_DIR      what lasts as long as the pod, in memory
#   PORT         the port of clients; the bus is 10000 above it
#   NODE_PREFIX, NODE_DOMAIN   node 2 is reached as PREFIX-2.DOMAIN
#   RESOLVER     a command that prints the address of a name; without one, getent
: "${CONFIG_DIR:=/config}" "${SECRETS_DIR:=/secrets}" "${TLS_DIR:=/tls}" "${DATA_DIR:=/data}" "${RUN_DIR:=/run/redis}"
: "${PORT:=6379}" "${NODE_PREFIX:=redis}" "${NODE_DOMAIN:=redis-nodes}" "${RESOLVER:=}" "${CLI_SECONDS:=5}"

# An own user without rights, on nodes whose list of users is whole.
# shellcheck disable=SC2034 # in probe.sh and form.sh
MARK=users-are-whole

say() { printf '%s\n' "$*" >&2; }

nodes() { cat "$CONFIG_DIR/nodes"; }

node_name() { printf '%s-%s.%s\n' "$NODE_PREFIX" "$1" "$NODE_DOMAIN"; }

# resolve NAME: its address, of the family of this pod's own.
resolve() (
	if [ -n "$RESOLVER" ]; then
		"$RESOLVER" "$1"
		exit
	fi
	case ${POD_IP:-} in *:*) family=ahostsv6 ;; *) family=ahostsv4 ;; esac
	getent "$family" "$1" | awk 'NR == 1 { print $1 } END { exit NR == 0 }'
)

# password USER [previous-]: it, or nothing.
password() { cat "$SECRETS_DIR/$1-${2:-}password" 2>/dev/null; }

_cli() (
	pass=$1 user=$2 address=$3
	shift 3
	REDISCLI_AUTH=$pass timeout "$CLI_SECONDS" redis-cli -e -h "$address" -p "$PORT" --user "$user" --no-auth-warning \
		--tls --cacert "$TLS_DIR/ca.crt" "$@"
)

# password_at USER ADDRESS: the one that this node knows: a node that has not seen the newest knows the one before.
password_at() (
	before=$(password "$1" previous-)
	if [ -n "$before" ] && ! _cli "$(password "$1")" "$1" "$2" ping >/dev/null 2>&1; then
		printf '%s' "$before"
	else
		password "$1"
	fi
)

# cli USER ADDRESS COMMAND...: the reply of one node; fails with the error on standard error.
cli() (
	user=$1 address=$2
	shift 2
	if reply=$(_cli "$(password_at "$user" "$address")" "$user" "$address" "$@" 2>&1); then
		printf '%s\n' "$reply"
	else
		say "$reply"
		exit 1
	fi
)

# batch USER ADDRESS: the replies to the commands on standard input, one a line.
batch() (
	commands=$(cat)
	printf '%s\n' "$commands" | _cli "$(password_at "$1" "$2")" "$1" "$2"
)

# own_users: a line `NAME RULES #HASH...` for each user of our own, as own-users.acl and the Secret have them.
own_users() {
	while read -r name rules; do
		hashes=
		for secret in "$SECRETS_DIR/$name-password" "$SECRETS_DIR/$name-previous-password"; do
			if [ -s "$secret" ]; then
				hashes="$hashes #$(tr -d '\n' <"$secret" | sha256sum | cut -c 1-64)"
			fi
		done
		printf '%s %s%s\n' "$name" "$rules" "$hashes"
	done <"$CONFIG_DIR/own-users.acl"
}

# others_of: of lines `user NAME RULES` on standard input those of users that are not our own.
others_of() {
	awk 'NR == FNR { own[$1] = 1; next } $1 == "user" && !($2 in own)' "$CONFIG_DIR/own-users.acl" -
}

# info ADDRESS FIELD [SECTION]: one field of a section, of that on replication if none is named.
info() { cli admin "$1" info "${3:-replication}" | tr -d '\r' | awk -F: -v field="$2" '$1 == field { print $2 }'; }
