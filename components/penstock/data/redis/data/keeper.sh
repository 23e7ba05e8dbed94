#!/bin/sh
# Runs beside each node, as long as it runs. What has changed in the Secret or the certificates it gives to its node,
# which need not restart; and the first node that answers repairs what form.sh can (see there).
set -u
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/config}/lib.sh"
: "${KEEPER_SECONDS:=5}" "${POD_NAME:?}" "${POD_IP:?}"
# The first process of a container gets no signal that it does not ask for.
trap 'exit 0' TERM INT

# give_secrets: the users of our own and the certificates, as the files have them now.
give_secrets() {
	{
		own_users | sed 's/^\([^ ]*\) /acl setuser \1 reset /'
		printf 'acl save\n'
		printf 'config set masterauth %s\n' "$(password replica)"
		printf 'config set tls-cert-file %s tls-key-file %s tls-ca-cert-file %s\n' \
			"$TLS_DIR/tls.crt" "$TLS_DIR/tls.key" "$TLS_DIR/ca.crt"
	} | batch admin "$POD_IP" >"$RUN_DIR/given" && ! grep -qv '^OK$' "$RUN_DIR/given"
}

given=
while :; do
	files=$(cat "$SECRETS_DIR"/*-password "$TLS_DIR"/* "$CONFIG_DIR/own-users.acl" | sha256sum)
	if [ "$files" != "$given" ] && give_secrets; then
		say 'The node has the passwords and certificates of now.'
		given=$files
	fi
	sh "$CONFIG_DIR/form.sh" heal || say 'The cluster could not be repaired; see above. This is tried again.'
	sleep "$KEEPER_SECONDS" &
	wait $!
done
