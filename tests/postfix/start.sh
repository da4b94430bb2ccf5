#!/usr/bin/env bash
# Starts a Postfix of its own for tests: on this machine's loopback only, with STARTTLS on one port and TLS from the first
# byte on another, AUTH against a password database of its own, every letter put into one Maildir and none sent on.
#
#   start.sh FOLDER PORT_STARTTLS PORT_TLS CERTIFICATE KEY
#
# FOLDER must be absolute: `postfix -c` does nothing with a relative one. Ends when Postfix listens.
# To stop it: postfix -c FOLDER/etc stop
set -euo pipefail
[ $# = 5 ] || { echo "usage: start.sh FOLDER PORT_STARTTLS PORT_TLS CERTIFICATE KEY" >&2; exit 2; }
folder=$1 port_starttls=$2 port_tls=$3 certificate=$4 key=$5
[ "${folder#/}" != "$folder" ] || { echo "FOLDER must be absolute" >&2; exit 2; }

mkdir -p "$folder"/{etc/sasl,queue,data,mail,tls}
chmod 755 "$folder"
cp "$certificate" "$folder/tls/chain.pem"
install -m 600 "$key" "$folder/tls/key.pem"

# Debian's Postfix looks for SASL settings in CONFIG_DIRECTORY/sasl and nowhere else that we could set.
printf 'secret' | saslpasswd2 -p -c -f "$folder/etc/sasl/passwords" -u claimwatch.test alerts
chgrp postfix "$folder/etc/sasl/passwords"
chmod 640 "$folder/etc/sasl/passwords"
cat > "$folder/etc/sasl/claimwatch.conf" <<SASL
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: $folder/etc/sasl/passwords
mech_list: PLAIN LOGIN
SASL

cat > "$folder/etc/main.cf" <<MAIN
compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/data
command_directory = $(postconf -d -h command_directory)
daemon_directory = $(postconf -d -h daemon_directory)
mail_owner = postfix
setgid_group = postdrop
maillog_file = $folder/log
maillog_file_prefixes = $folder

myhostname = relay.claimwatch.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
in_flow_delay = 0
smtpd_client_event_limit_exceptions = 127.0.0.0/8

# Letters for desk.test go into one Maildir, all others nowhere.
mydestination =
mynetworks =
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = desk.test
virtual_mailbox_base = $folder/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 100
default_transport = error:tests send no mail anywhere

smtpd_tls_chain_files = $folder/tls/key.pem $folder/tls/chain.pem
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_path = claimwatch
smtpd_sasl_local_domain = claimwatch.test
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access inline:{ nouser@desk.test=REJECT, busy@desk.test=DEFER }, permit_sasl_authenticated, reject
MAIN

# Name, type, whether it is private, its program and how many of it; none is confined to a chroot.
service() { printf '%s %s %s - n - %s %s\n' "$1" "$2" "$3" "${5:--}" "$4"; }
{
    printf '127.0.0.1:%s inet n - n - - smtpd\n' "$port_starttls"
    printf '127.0.0.1:%s inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n' "$port_tls"
    service cleanup unix n cleanup 0
    service qmgr unix n qmgr 1
    service tlsmgr unix - tlsmgr 1
    service rewrite unix - trivial-rewrite
    service bounce unix - bounce 0
    service defer unix - bounce 0
    service trace unix - bounce 0
    service verify unix - verify 1
    service flush unix n flush 0
    service proxymap unix - proxymap
    service error unix - error
    service retry unix - error
    # It writes files as another user, so it begins as root.
    printf 'virtual unix - n n - - virtual\n'
    service anvil unix - anvil 1
    service scache unix - scache 1
    service showq unix n showq
    service pickup unix n pickup 1
    service postlog unix-dgram n postlogd 1
} > "$folder/etc/master.cf"

chown nobody:nogroup "$folder/mail"
chown postfix "$folder/data"
postfix -c "$folder/etc" start > "$folder/start.log" 2>&1 || { cat "$folder/start.log" >&2; exit 1; }
for _ in $(seq 200); do
    if (exec 3<> "/dev/tcp/127.0.0.1/$port_starttls" 4<> "/dev/tcp/127.0.0.1/$port_tls") 2> /dev/null; then
        exit 0
    fi
    sleep 0.1
done
cat "$folder/start.log" "$folder/log" >&2
exit 1
