#!/bin/sh
# What namespaces a process is in, and what a user namespace makes of its user.
# Run it in a throw-away network: nlctl sandbox examples/namespaces.sh
set -eu
. "$(dirname "$0")/steps.sh"

title 'Each process is in one namespace of each type; /proc says which.'
run readlink /proc/self/ns/net
proves 'it is a number' 'net:['
network=${output#*[}
network=${network%]}
run lsns -p $$
proves 'lsns lists the same number' "$network net "
proves 'and the other types' ' cgroup ' ' ipc ' ' mnt ' ' pid ' ' user ' ' uts '
run lsns
proves 'it also lists all that we may see' "$network net "
run lsns -t net
proves 'or one type' "$network net "
denies 'and no other' ' mnt ' ' user '

title 'A named network namespace is one of these with a file that keeps it.'
run ip netns add netns1
start ip netns exec netns1 sleep 60
soon "$started" ip netns pids netns1
run ip netns identify "$started"
claim 'the process is in netns1' "$output" = netns1
run readlink "/proc/$started/ns/net"
denies 'which is another network than ours' "[$network]"
theirs=${output#*[}
run lsns -t net
proves 'lsns lists both' "$network net " "${theirs%]} net "
run ip netns identify $$
denies 'ours has no name' netns1

title 'In a new user namespace nobody is anybody, until a map says who is who.'
run unshare -U id -u
claim 'without a map we are the overflow user' "$output" = "$(cat /proc/sys/kernel/overflowuid)"
run unshare -U -r id
proves 'with a map of ourselves to root, root' 'uid=0(root) gid=0(root)'
start unshare -U -r sleep 60
soon sleep cat "/proc/$started/comm"
run cat "/proc/$started/uid_map"
proves 'its user 0 is our user, and there is but this one' "$(printf '%10s %10s %10s' 0 "$(id -u)" 1)"
run readlink "/proc/$started/ns/user"
theirs=$output
run readlink /proc/self/ns/user
claim 'its user namespace is not ours' "$theirs" != "$output"
run cat /proc/self/uid_map

title 'To be root in there is to be oneself out here.'
directory=$(mktemp -d)
trap '[ -z "$background" ] || kill $background 2>/dev/null || :; rm -rf "$directory"' EXIT
file=$directory/made-by-root
run unshare -U -r touch "$file"
run unshare -U -r stat -c 'owner %u' "$file"
claim 'seen from inside the file belongs to root' "$output" = 'owner 0'
run stat -c 'owner %u' "$file"
claim 'seen from here it is ours' "$output" = "owner $(id -u)"
run unshare -U stat -c 'owner %u' "$file"
claim 'seen from where nobody is mapped it is nobody'"'"'s' "$output" = "owner $(cat /proc/sys/kernel/overflowuid)"

title 'And root in there has power over what belongs to the namespace, no more.'
run unshare -U -r -n ip link add veth0 type veth peer name veth1
fails unshare -U -r ip link add veth0 type veth peer name veth1
proves 'our network is not among it' 'Operation not permitted'

summary
