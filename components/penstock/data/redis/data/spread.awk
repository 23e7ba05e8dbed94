# Who is whose replica and where primaries are, as functions for plan.awk.

# load[m] and zone_load[z]: how many primaries are on machine m, in zone z.
function count_loads(   n, i) {
	split("", load)
	split("", zone_load)
	for (n = 1; n <= many; n++) {
		i = up[n]
		if (is_primary(i)) { load[machine[i]]++; zone_load[zone[i]]++ }
	}
}

# Nodes without slots become replicas: of primaries that have none, on other machines, in other zones where possible.
function attach_replicas(   n, m, k, i, loose, targets, of, count, best, swap, better) {
	split("", replicas)
	for (n = 1; n <= many; n++) if (role[up[n]] == "slave") replicas[primary_of[up[n]]]++
	if (mode == "heal" && primaries < pairs) return
	loose = 0
	for (n = 1; n <= many; n++) {
		i = up[n]
		if (role[i] != "master" || own[i] > 0 || chosen[i]) continue
		best = -1
		for (m = 1; m <= many; m++) {
			k = up[m]
			if (is_primary(k) && (best < 0 || replicas[id[k]] < replicas[id[best]])) best = k
		}
		if (best < 0) return
		replicas[id[best]]++
		waiting[++loose] = i
		of[loose] = best
	}
	do {
		better = 0
		for (n = 1; n <= loose; n++)
			for (m = 1; m < n; m++) {
				if (beside(waiting[n], of[n]) + beside(waiting[m], of[m]) <= \
					beside(waiting[n], of[m]) + beside(waiting[m], of[n])) continue
				swap = of[n]; of[n] = of[m]; of[m] = swap
				better = 1
			}
	} while (better)
	for (n = 1; n <= loose; n++) act("replicate " waiting[n] " " id[of[n]])
}

# How badly two nodes go together as a primary and its replica.
function beside(i, k) { return 100 * (machine[i] == machine[k]) + (zone[i] == zone[k]) }

# A replica on its primary's machine changes places with another one. Both have to be in step for it.
function part_replicas(   n, m, r, s, p, q) {
	if (missing != "") return
	for (n = 1; n <= many; n++) if (role[up[n]] == "slave" && link[up[n]] != "up") return
	for (n = 1; n <= many; n++) {
		r = up[n]
		if (role[r] != "slave" || !(primary_of[r] in by_id)) continue
		p = by_id[primary_of[r]]
		if (machine[r] != machine[p] || machine[r] == "-") continue
		for (m = 1; m <= many; m++) {
			s = up[m]
			if (role[s] != "slave" || !(primary_of[s] in by_id) || primary_of[s] == id[p]) continue
			q = by_id[primary_of[s]]
			if (machine[s] == machine[p] || machine[r] == machine[q]) continue
			act("replicate " r " " id[q])
			act("replicate " s " " id[p])
			return
		}
		apart = name[r] " is on the machine of its primary " name[p]
	}
}

# Where a machine (or else a zone) has two primaries more than that of one's replica has, that replica takes over. One
# at a time: the next look tells whether another is needed.
function spread_primaries(   n, r, p) {
	count_loads()
	for (n = 1; n <= many; n++) {
		r = up[n]
		if (role[r] != "slave" || link[r] != "up" || !(primary_of[r] in by_id)) continue
		p = by_id[primary_of[r]]
		if (load[machine[p]] - load[machine[r]] >= 2) { act("failover " r); return }
	}
	for (n = 1; n <= many; n++) {
		r = up[n]
		if (role[r] != "slave" || link[r] != "up" || !(primary_of[r] in by_id)) continue
		p = by_id[primary_of[r]]
		if (zone_load[zone[p]] - zone_load[zone[r]] >= 2 && !load[machine[r]]) { act("failover " r); return }
	}
}

function check(   n, i, m) {
	if (lost) wait_for("the slots of " lost " have no node: it came up blank, and no replica has taken over.")
	for (n = 1; n <= many; n++) {
		i = up[n]
		if (runs[i] != revision) wait_for("the node " name[i] " has yet to be restarted with what was asked for.")
		if (state[i] != "ok") wait_for("the node " name[i] " does not see the cluster as whole yet.")
		if (role[i] == "slave" && link[i] != "up") wait_for("the replica " name[i] " has not caught up yet.")
		if (is_primary(i) && !replicas[id[i]]) wait_for("the primary " name[i] " has no replica yet.")
	}
	if (apart) wait_for("the replica " apart ", and there is no other to change places with.")
	for (m in load)
		if (m != "-" && load[m] > int((pairs - 1) / 2))
			wait_for("the machine " m " has " load[m] " of " pairs " primaries: its loss would take the majority.")
}
