#!/bin/sh
# First steps with network namespaces: make one, look into it, join it to this one with a veth pair, take it down.
# Run it in a throw-away network: nlctl sandbox examples/first-steps.sh
set -eu
. "$(dirname "$0")/steps.sh"

title 'A new network namespace has one link, and that is down.'
run ip netns add netns1
run ip netns list
proves 'the namespace has a name' netns1
run ip netns exec netns1 ip link list
proves 'lo is there and down' '1: lo: <LOOPBACK>' 'state DOWN'
denies 'nothing else is' link/ether

title 'Even 127.0.0.1 is out of reach until lo is up.'
fails ip netns exec netns1 ping -c 1 127.0.0.1
proves 'there is no way to 127.0.0.1' 'Network is unreachable'
run ip netns exec netns1 ip link set dev lo up
run ip netns exec netns1 ping -c 1 127.0.0.1
proves 'with lo up there is' '1 packets transmitted, 1 received, 0% packet loss'

title 'A veth pair is a cable; each end can be in a namespace of its own.'
run ip link add veth0 type veth peer name veth1
run ip link list
proves 'both ends are here, each named with the other' 'veth0@veth1' 'veth1@veth0'
run ip link set veth1 netns netns1
run ip link list
denies 'veth1 has left' veth1
run ip netns exec netns1 ip link list
proves 'it has arrived' 'veth1@if'

title 'With addresses, and both ends up, each side reaches the other.'
run ip netns exec netns1 ip addr add 10.1.1.1/24 dev veth1
run ip netns exec netns1 ip link set dev veth1 up
run ip addr add 10.1.1.2/24 dev veth0
run ip link set dev veth0 up
run ping -c 1 10.1.1.1
proves 'from here to netns1' 'from 10.1.1.1' ' 0% packet loss'
run ip netns exec netns1 ping -c 1 10.1.1.2
proves 'from netns1 to here' 'from 10.1.1.2' ' 0% packet loss'

title 'Routes and firewall rules belong to the namespace.'
run ip link set dev lo up
run ip route add 192.0.2.0/24 via 10.1.1.1
run iptables -A INPUT -s 198.51.100.7 -j DROP
run ip netns exec netns1 ip route
proves 'netns1 knows the way to its neighbour' '10.1.1.0/24 dev veth1 proto kernel scope link src 10.1.1.1'
denies 'and nothing of our other route' 192.0.2.0
run ip netns exec netns1 iptables -L
proves 'it has the three chains' 'Chain INPUT (policy ACCEPT)' 'Chain FORWARD (policy ACCEPT)' \
    'Chain OUTPUT (policy ACCEPT)'
denies 'and nothing of our rule' DROP
run iptables -L INPUT
proves 'which is here' DROP 198.51.100.7

title 'A link can also be handed to a namespace without a name, by a process in it.'
start unshare -n sleep 60
nameless=$started
await_other_network() {
    tries=0
    while [ "$(readlink "/proc/$1/ns/net")" = "$(readlink /proc/self/ns/net)" ] && [ $tries -lt 50 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}
await_other_network "$nameless"
run ip link add veth2 type veth peer name veth3
run ip link set veth3 netns "$nameless"
run ip link list
proves 'veth2 has stayed' 'veth2@if'
denies 'veth3 has gone' veth3
end "$nameless"

title 'Deleting a namespace takes its name away; what runs in it keeps it alive.'
start ip netns exec netns1 sleep 60
sleeper=$started
soon "$sleeper" ip netns pids netns1
proves 'the process is in netns1' "$sleeper"
run ip netns delete netns1
run ip netns list
denies 'the name is gone' netns1
run ping -c 1 10.1.1.1
proves 'the namespace still answers' 'from 10.1.1.1' ' 0% packet loss'
end "$sleeper"
soon 'does not exist' ip link show dev veth0
proves 'with its last process the namespace goes, with it veth1, with that veth0' 'Device "veth0" does not exist.'

summary
