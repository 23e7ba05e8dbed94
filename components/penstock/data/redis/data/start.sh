#!/bin/sh
# Starts a node. Its address may be another than last time: it announces the one that it has now, and its name.
# Our own users are as the Secret has them; tenants' users stay as the node has saved them.
set -eu
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/config}/lib.sh"
: "${POD_NAME:?}" "${POD_IP:?}" "${MACHINE:=-}" "${ZONE:=-}" "${REVISION:=-}"
umask 077

saved=$DATA_DIR/users.acl
[ -e "$saved" ] || : >"$saved"
{
	own_users | sed 's/^/user /'
	others_of <"$saved"
} >"$saved.new"
mv "$saved.new" "$saved"

# The identity in logs is a text that others can ask for: where this node runs, and what it was started with.
cat >"$RUN_DIR/node.conf" <<CONF
include $CONFIG_DIR/redis.conf
include $CONFIG_DIR/settings.conf
bind ${BIND:-* -::*}
tls-port $PORT
dir $DATA_DIR
aclfile $saved
tls-cert-file $TLS_DIR/tls.crt
tls-key-file $TLS_DIR/tls.key
tls-ca-cert-file $TLS_DIR/ca.crt
masteruser replica
masterauth $(password replica)
cluster-announce-ip $POD_IP
cluster-announce-hostname $POD_NAME.$NODE_DOMAIN
syslog-ident ${MACHINE:--}/${ZONE:--}/${REVISION:--}
CONF
exec redis-server "$RUN_DIR/node.conf"
