#!/bin/sh
# form.sh form|heal: looks at all nodes, lets plan.awk say what to do next, does it, and looks again, until nothing is
# left. Each step can be taken twice or be missed, so that it may be killed at any time and run again; on a cluster
# that is whole it does nothing.
#   form   forms a cluster of all nodes, or makes one of more nodes of it; ends when each node is as it should be.
#   heal   what a cluster that is formed needs at run time: nodes with new addresses or blank volumes come back in,
#          users are copied to them, primaries spread over machines again. Only the first node that answers does it.
set -u
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/config}/lib.sh"
mode=${1:-form}
: "${FORM_SECONDS:=600}" "${REVISION:=-}" "${POD_NAME:=}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' TERM INT

# look N: what one node says, as lines for plan.awk: `node` with itself, `saw` with each node that it knows.
look() (
	name=$(node_name "$1")
	address=$(resolve "$name" 2>/dev/null) || { echo "absent $1 $name" && exit; }
	batch admin "$address" >"$work/said.$1" 2>/dev/null <<-'ASK'
		echo =id
		cluster myid
		echo =where
		config get syslog-ident
		echo =users
		acl users
		echo =replication
		info replication
		echo =keys
		dbsize
		echo =state
		cluster info
		echo =known
		cluster nodes
		echo =end
	ASK
	grep -qx '=end' "$work/said.$1" || { echo "absent $1 $name" && exit; }
	tr -d '\r' <"$work/said.$1" | awk -v ordinal="$1" -v name="$name" -v address="$address" -v mark="$MARK" \
		-f "$CONFIG_DIR/look.awk"
)

look_at_all() {
	count=$(nodes) || return 1
	ordinal=0
	while [ "$ordinal" -lt "$count" ]; do
		look "$ordinal" >"$work/look.$ordinal" &
		ordinal=$((ordinal + 1))
		# A few at a time: each is a process that speaks TLS.
		[ $((ordinal % 8)) -ne 0 ] || wait
	done
	wait
	sort -n -k 2,2 -s "$work"/look.* >"$work/seen"
}

address_of() { awk -v i="$1" '$1 == "node" && $2 == i { print $4 }' "$work/seen"; }

# copy_users FROM TO: those of tenants that TO lacks or has otherwise.
copy_users() {
	cli admin "$(address_of "$1")" acl list | others_of | grep -v "^user $MARK " |
		sed 's/^user \([^ ]*\) /acl setuser \1 reset /' >"$work/users"
	if [ -s "$work/users" ]; then
		batch admin "$(address_of "$2")" <"$work/users" | grep -v '^OK$' && return 1
	fi
	mark_users "$2"
}

mark_users() {
	cli admin "$(address_of "$1")" acl setuser "$MARK" off >/dev/null && cli admin "$(address_of "$1")" acl save >/dev/null
}

# cluster COMMAND ADDRESS...: one of redis-cli's own commands on a whole cluster, which may take long.
cluster() (
	# shellcheck disable=SC2034 # read in _cli
	CLI_SECONDS=$FORM_SECONDS
	_cli "$(password_at admin "${2%:*}")" admin "${2%:*}" --cluster "$@" </dev/null >"$work/cluster" 2>&1 || {
		cat "$work/cluster" >&2
		exit 1
	}
)

# act ACTION ARGUMENTS: one line of the plan.
act() {
	action=$1
	shift
	case $action in
	meet) cli admin "$(address_of "$1")" cluster meet "$2" "$PORT" ;;
	forget)
		awk '$1 == "node" { print $4 }' "$work/seen" | while read -r address; do
			cli admin "$address" cluster forget "$1" 2>/dev/null
		done
		;;
	users) copy_users "$1" "$2" ;;
	mark) mark_users "$1" ;;
	slots)
		to=$(address_of "$1")
		shift
		cli admin "$to" cluster addslotsrange "$@"
		;;
	replicate) cli admin "$(address_of "$1")" cluster replicate "$2" ;;
	reset) cli admin "$(address_of "$1")" cluster reset soft ;;
	failover) cli admin "$(address_of "$1")" cluster failover ;;
	fix) cluster fix "$(address_of "$1"):$PORT" ;;
	rebalance) cluster rebalance "$(address_of "$1"):$PORT" --cluster-use-empty-masters ;;
	esac >/dev/null
}

# first_that_answers: whether no node before this one does.
first_that_answers() {
	ordinal=${POD_NAME##*-}
	while [ "$ordinal" -gt 0 ]; do
		ordinal=$((ordinal - 1))
		if address=$(resolve "$(node_name "$ordinal")" 2>/dev/null) && CLI_SECONDS=2 cli probe "$address" ping >/dev/null 2>&1; then
			return 1
		fi
	done
}

if [ "$mode" = heal ]; then
	first_that_answers || exit 0
	: "${HEAL_SECONDS:=60}"
	FORM_SECONDS=$HEAL_SECONDS
fi
until=$(($(date +%s) + FORM_SECONDS))
told=
while :; do
	look_at_all || exit 1
	awk -v mode="$mode" -v nodes="$(nodes)" -v revision="$REVISION" -f "$CONFIG_DIR/plan.awk" \
		-f "$CONFIG_DIR/spread.awk" "$work/seen" >"$work/plan" || exit 1
	while read -r action rest; do
		case $action in
		done)
			[ "$mode" = heal ] || say 'The cluster is whole.'
			exit 0
			;;
		refuse)
			say "$rest"
			exit 1
			;;
		wait)
			[ "$rest" = "$told" ] || say "Waiting: $rest"
			told=$rest
			;;
		*)
			say "$action $rest"
			# shellcheck disable=SC2086
			act "$action" $rest || say "This failed, and is tried again: $action $rest"
			;;
		esac
	done <"$work/plan"
	if [ "$(date +%s)" -ge "$until" ]; then
		say "Not done within $FORM_SECONDS s. ${told:-See above.}"
		exit 1
	fi
	sleep 0.5
done
