# What one node says, in sections that begin with a line `=NAME`, as lines for plan.awk:
#   node ORDINAL NAME ADDRESS ID MACHINE ZONE REVISION ROLE LINK KEYS MARKED STATE FOLLOWS
#   saw ORDINAL ID ADDRESS FLAGS PRIMARY LINK HOSTNAME SLOTS [OPEN|RANGE...]
# CLUSTER NODES: https://redis.io/docs/latest/commands/cluster-nodes/
function or_dash(text) { return text == "" ? "-" : text }
/^=/ { section = substr($0, 2); next }
section == "id" { id = $1 }
section == "where" && $0 != "syslog-ident" { split($0, where, "/") }
section == "users" && $0 == mark { marked = 1 }
section == "replication" {
	value = substr($0, index($0, ":") + 1)
	if (/^role:/) role = value
	if (/^master_link_status:/) link = value
	if (/^master_host:/) follows = value
}
section == "keys" { keys = $1 }
section == "state" && /^cluster_state:/ { state = substr($0, 15) }
section == "known" {
	parts = split($2, at, ",")
	where_at = at[1]
	sub(/:[0-9]+@[0-9]+$/, "", where_at)
	slots = 0
	ranges = ""
	for (i = 9; i <= NF; i++) {
		if ($i ~ /^\[/) { ranges = ranges " open"; continue }
		bounds = split($i, range, "-")
		slots += (bounds == 2 ? range[2] : range[1]) - range[1] + 1
		ranges = ranges " " $i
	}
	seen[++count] = $1 " " or_dash(where_at) " " $3 " " $4 " " $8 " " or_dash(parts > 1 ? at[2] : "") " " slots ranges
}
END {
	print "node", ordinal, name, address, id, or_dash(where[1]), or_dash(where[2]), or_dash(where[3]),
		role, or_dash(link), keys, marked + 0, state, or_dash(follows)
	for (i = 1; i <= count; i++) print "saw", ordinal, seen[i]
}
