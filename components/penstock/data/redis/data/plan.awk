# What to do next with a cluster: from what its nodes say (look.awk) to actions, the first kind that is needed. Nodes
# are ordinals here, others are told by their ids. Variables: mode (form or heal), nodes, revision.
# A cluster of 2P nodes has P primaries with about as many slots each, and a replica of each on another machine; the
# primaries are spread over machines and zones, so that the loss of one leaves a majority.

$1 == "absent" { absent[$2] = $3; missing = missing " " $3 }
$1 == "node" {
	up[++many] = $2
	name[$2] = $3; address[$2] = $4; id[$2] = $5; machine[$2] = $6; zone[$2] = $7; runs[$2] = $8
	role[$2] = $9; link[$2] = $10; keys[$2] = $11; marked[$2] = $12; state[$2] = $13
	follows[$2] = $14
	by_id[$5] = $2
	by_name[$3] = $2
}
$1 == "saw" {
	i = $2; other = $3
	knows[i, other] = 1
	at[i, other] = $4; flags[i, other] = $5; linked[i, other] = $7
	host[other] = $8 == "-" ? host[other] : $8
	anyone[other] = 1
	if ($5 ~ /fail|noaddr/ && $5 !~ /fail\?/) failed[other] = 1
	if ($5 ~ /myself/) { primary_of[i] = $6; own[i] = $9; mine = 1 } else mine = 0
	if (!mine && !(other in held)) held[other] = 0
	if (!mine && $9 > held[other]) held[other] = $9
	for (f = 10; f <= NF; f++) {
		if ($f == "open") { open = i + 1; continue }
		n = split($f, range, "-")
		for (s = range[1] + 0; s <= (n == 2 ? range[2] : range[1]) + 0; s++) {
			covered[s] = 1
			if (mine && s in claimed) contested = name[i] " and " name[claimed[s]]
			if (mine) claimed[s] = i
		}
	}
}
function act(text) { print text; acted = 1 }
function stop_if_acted() { if (acted) exit 0 }
function wait_for(text) { print (mode == "form" ? "wait " text : "done"); exit 0 }
function is_primary(i) { return role[i] == "master" && (own[i] > 0 || chosen[i]) }
# Whether node i reaches node j, under the address that j has now.
function reaches(i, j) {
	return (i, id[j]) in knows && at[i, id[j]] == address[j] && linked[i, id[j]] == "connected" && \
		flags[i, id[j]] !~ /handshake|noaddr/
}

END {
	if (!many) wait_for("no node answers yet.")
	if (missing != "" && mode == "form") wait_for("these nodes do not answer yet:" missing)
	pairs = int(nodes / 2)
	owners()
	if (mode == "heal" && !primaries) { print "done"; exit 0 }
	refuse_what_is_not_ours()
	meet()
	stop_if_acted()
	point_replicas()
	copy_users()
	forget()
	stop_if_acted()
	if (contested) wait_for("the nodes " contested " have not agreed yet who serves some slots.")
	if (open && mode == "heal") { print "done"; exit 0 }
	if (open) { act("fix " (open - 1)); exit 0 }
	choose_primaries()
	give_slots()
	stop_if_acted()
	attach_replicas()
	stop_if_acted()
	if (mode == "form") balance_slots()
	stop_if_acted()
	part_replicas()
	stop_if_acted()
	spread_primaries()
	stop_if_acted()
	if (mode == "form") check()
	print "done"
}

# primaries: how many nodes have slots, also those that do not answer.
function owners(   other) {
	for (other in anyone) {
		slots_of[other] = other in by_id ? own[by_id[other]] : held[other]
		if (slots_of[other] > 0) primaries++
	}
}

function refuse_what_is_not_ours(   n, i, m, j) {
	for (n = 1; n <= many; n++) {
		i = up[n]
		if (!primaries && keys[i] > 0) {
			print "refuse The node " name[i] " has " keys[i] " keys and no slots: no cluster is formed over data. " \
				"Nothing was changed. Save what you need of it, and empty its volume."
			exit 0
		}
		for (m = 1; m < n; m++) {
			j = up[m]
			if (own[i] > 0 && own[j] > 0 && !((i, id[j]) in knows) && !((j, id[i]) in knows)) {
				print "refuse The nodes " name[i] " and " name[j] " both serve slots and do not know one another: " \
					"they are of two clusters. Nothing was changed. Empty the volume of the one that is not needed."
				exit 0
			}
		}
	}
}

function meet(   n, m, i, j) {
	for (n = 1; n <= many; n++)
		for (m = 1; m < n; m++) {
			i = up[n]; j = up[m]
			if (!reaches(j, i)) act("meet " j " " address[i])
			else if (!reaches(i, j)) act("meet " i " " address[j])
		}
}

# A replica that has lost its primary asks for it where it was, even when it knows by now that the address is another.
function point_replicas(   n, i, p) {
	for (n = 1; n <= many; n++) {
		i = up[n]
		if (role[i] != "slave" || link[i] == "up" || !(primary_of[i] in by_id)) continue
		p = by_id[primary_of[i]]
		if (role[p] == "master" && follows[i] != address[p]) act("replicate " i " " id[p])
	}
}

# A node that came up blank has a new id: the one before it is forgotten once its slots have gone to its replica.
function forget(   other, i) {
	for (other in anyone) {
		if (other in by_id || !failed[other] || !(host[other] in by_name)) continue
		if (slots_of[other] > 0) {
			lost = host[other]
			continue
		}
		for (i in by_name) if (i == host[other]) act("forget " other)
	}
}

function copy_users(   n, from, whole) {
	for (n = 1; n <= many; n++) if (marked[up[n]]) { from = up[n]; whole = 1; break }
	for (n = 1; n <= many; n++) {
		if (marked[up[n]]) continue
		if (whole) act("users " from " " up[n])
		else if (mode == "form") act("mark " up[n])
	}
}

# Of the nodes that are primaries without slots those that are to get some.
function choose_primaries(   need, n, i, best, cost, least) {
	need = pairs - primaries
	if (mode == "heal") return
	while (need-- > 0) {
		count_loads()
		best = -1
		for (n = 1; n <= many; n++) {
			i = up[n]
			if (role[i] != "master" || own[i] > 0 || chosen[i]) continue
			cost = 1000 * load[machine[i]] + zone_load[zone[i]]
			if (best < 0 || cost < least) { best = i; least = cost }
		}
		if (best < 0) { free_a_replica(); return }
		chosen[best] = 1
	}
}

# More primaries are wanted and every other node is a replica: one of a primary that has two is freed.
function free_a_replica(   n, i, count) {
	for (n = 1; n <= many; n++) {
		i = up[n]
		if (role[i] == "slave" && ++count[primary_of[i]] > 1) { act("reset " i); exit 0 }
	}
}

# Slots that nobody has: never those of a node that does not answer.
function give_slots(   s, n, i, free, quota, left, next_slot, first) {
	if (mode == "heal") return
	for (s = 0; s < 16384; s++) if (!(s in covered)) free++
	if (!free) return
	next_slot = 0
	for (n = 1; n <= many; n++) {
		i = up[n]
		if (!is_primary(i)) continue
		quota = int(16384 / pairs) + (++given <= 16384 % pairs)
		left = quota - own[i]
		ranges = ""
		while (left > 0 && next_slot < 16384) {
			while (next_slot < 16384 && next_slot in covered) next_slot++
			if (next_slot >= 16384) break
			first = next_slot
			while (next_slot < 16384 && !(next_slot in covered) && left > 0) { next_slot++; left-- }
			ranges = ranges " " first " " next_slot - 1
		}
		if (ranges != "") act("slots " i ranges)
	}
}

function balance_slots(   n, i, least, most) {
	least = 16384; most = 0
	for (n = 1; n <= many; n++) {
		i = up[n]
		if (!is_primary(i)) continue
		if (own[i] < least) least = own[i]
		if (own[i] > most) most = own[i]
	}
	# redis-cli leaves what differs by 2 % or less.
	if (most - least > 16384 / pairs / 10) act("rebalance " up[1])
}
