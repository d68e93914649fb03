#!/bin/sh
# The tour: a client, two routers in a chain and an internet, each a namespace; the second router masquerades.
# Run it in a throw-away network: nlctl sandbox examples/tour.sh
#
#        client             router01               router02              internet
#   eth0 ------------- lan0   wan0 ------------ lan0   wan0 ------------- eth0  lo
#   192.168.0.1  192.168.0.254  172.16.0.1  172.16.0.2  203.0.113.2  203.0.113.1  8.8.8.8
set -eu
. "$(dirname "$0")/steps.sh"

title '1. Four namespaces.'
for name in client router01 router02 internet; do
    run ip netns add $name
    run ip -n $name link set lo up
    # The kernel's defaults; many systems preset others.
    run ip netns exec $name sysctl -w net.ipv4.ip_forward=0 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
done
run ip netns list
proves 'four networks, and not one of them joined to anything' client router01 router02 internet

title '2. Three veth pairs, each end made where it belongs.'
run ip -n client link add eth0 type veth peer name lan0 netns router01
run ip -n router01 link add wan0 type veth peer name lan0 netns router02
run ip -n router02 link add wan0 type veth peer name eth0 netns internet
run ip -n router01 link show type veth
proves 'router01 has an end of two of them' 'lan0@if' 'link-netns client' 'wan0@if' 'link-netns router02'

title '3. Addresses, and all up.'
address() {
    run ip -n "$1" addr add "$2" dev "$3"
    run ip -n "$1" link set "$3" up
}
address client 192.168.0.1/24 eth0
address router01 192.168.0.254/24 lan0
address router01 172.16.0.1/24 wan0
address router02 172.16.0.2/24 lan0
address router02 203.0.113.2/24 wan0
address internet 203.0.113.1/24 eth0
run ip -n internet addr add 8.8.8.8/32 dev lo
run ip netns exec client ping -c 1 192.168.0.254
proves 'the client reaches its neighbour' 'from 192.168.0.254' 'ttl=64'
fails ip netns exec client ping -c 1 8.8.8.8
proves 'but has no way to 8.8.8.8' 'Network is unreachable'

title '4. Routes: out by default, and from router02 back to the client.'
run ip -n client route add default via 192.168.0.254
run ip -n router01 route add default via 172.16.0.2
run ip -n router02 route add default via 203.0.113.1
run ip -n router02 route add 192.168.0.0/24 via 172.16.0.1
run ip -n client route get 8.8.8.8
proves 'the client knows where to send it' '8.8.8.8 via 192.168.0.254 dev eth0 src 192.168.0.1'
run ip -n internet route
denies 'the internet knows nothing of the client, and will not' 192.168 172.16 default
fails ip netns exec client ping -c 1 -W 0.5 203.0.113.2
proves 'router01 does not forward yet' '100% packet loss'

title '5. Forwarding.'
run ip netns exec router01 sysctl -w net.ipv4.ip_forward=1
run ip netns exec router02 sysctl -w net.ipv4.ip_forward=1
run ip netns exec client ping -c 3 -i 0.2 203.0.113.2
proves 'the client reaches the far end of router02, through router01' 'ttl=63' '3 received, 0% packet loss'
run ip netns exec internet iptables -A INPUT -s 192.168.0.1
run ip netns exec internet iptables -A INPUT -s 203.0.113.2
fails ip netns exec client ping -c 1 -W 0.5 8.8.8.8
proves 'the internet has no way to answer' '100% packet loss'

title '6. NAT: router02 lends the client its address, and lets in only answers.'
run ip netns exec router02 iptables -t nat -A POSTROUTING -s 192.168.0.0/24 -o wan0 -j MASQUERADE
run ip netns exec router02 iptables -P FORWARD DROP
run ip netns exec router02 iptables -A FORWARD -s 192.168.0.0/24 -o wan0 -j ACCEPT
run ip netns exec router02 iptables -A FORWARD -d 192.168.0.0/24 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
run ip netns exec client ping -c 3 -i 0.2 8.8.8.8
proves 'the client reaches 8.8.8.8, two routers away' '64 bytes from 8.8.8.8: icmp_seq=3 ttl=62' \
    '3 packets transmitted, 3 received, 0% packet loss'
run ip netns exec internet iptables -L INPUT -v -n
seen() { printf '%s\n' "$output" | awk -v source="$1" '$0 ~ " " source " " { print $1 }'; }
claim 'the internet has seen 3 packets from router02'"'"'s address' "$(seen 203.0.113.2)" = 3
claim 'and from the client'"'"'s only the one from before NAT' "$(seen 192.168.0.1)" = 1
run ip -n internet route add 192.168.0.0/24 via 203.0.113.2
fails ip netns exec internet ping -c 1 -W 0.5 192.168.0.1
proves 'nobody reaches the client from outside, even with a route' '100% packet loss'

title '7. Gone at once.'
run ip --all netns delete
run ip netns list
claim 'no namespace is left' -z "$output"

summary
