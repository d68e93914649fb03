#!/bin/sh
# Two routers in a chain: ns01 - router01 - router02 - ns02, each a namespace, and a ping from end to end.
# Run it in a throw-away network: nlctl sandbox examples/router-chain.sh
#
#        ns01             router01              router02             ns02
#   ns01-veth1 ---- gw01-veth1   gw01-veth2 ---- gw02-veth1   gw02-veth2 ---- ns02-veth1
#   192.168.0.1  192.168.0.254   172.16.0.1  172.16.0.2   10.0.0.254   10.0.0.1
set -eu
. "$(dirname "$0")/steps.sh"

title 'Four namespaces.'
run ip netns add ns01
run ip netns add router01
run ip netns add router02
run ip netns add ns02
run ip netns list
proves 'all four are there' ns01 router01 router02 ns02

title 'Three cables.'
run ip link add ns01-veth1 type veth peer name gw01-veth1
run ip link add gw01-veth2 type veth peer name gw02-veth1
run ip link add gw02-veth2 type veth peer name ns02-veth1

title 'Six ends, each to its place.'
run ip link set ns01-veth1 netns ns01
run ip link set gw01-veth1 netns router01
run ip link set gw01-veth2 netns router01
run ip link set gw02-veth1 netns router02
run ip link set gw02-veth2 netns router02
run ip link set ns02-veth1 netns ns02
run ip link list
denies 'none is left here' veth

title 'All up.'
run ip netns exec ns01 ip link set ns01-veth1 up
run ip netns exec router01 ip link set gw01-veth1 up
run ip netns exec router01 ip link set gw01-veth2 up
run ip netns exec router02 ip link set gw02-veth1 up
run ip netns exec router02 ip link set gw02-veth2 up
run ip netns exec ns02 ip link set ns02-veth1 up

title 'An address each.'
run ip netns exec ns01 ip address add 192.168.0.1/24 dev ns01-veth1
run ip netns exec router01 ip address add 192.168.0.254/24 dev gw01-veth1
run ip netns exec router01 ip address add 172.16.0.1/24 dev gw01-veth2
run ip netns exec router02 ip address add 172.16.0.2/24 dev gw02-veth1
run ip netns exec router02 ip address add 10.0.0.254/24 dev gw02-veth2
run ip netns exec ns02 ip address add 10.0.0.1/24 dev ns02-veth1
run ip netns exec ns01 ping -c 1 192.168.0.254
proves 'neighbours reach each other' 'from 192.168.0.254' ' 0% packet loss'
fails ip netns exec ns01 ping -c 1 10.0.0.1
proves 'ns01 knows no way to 10.0.0.1' 'Network is unreachable'

title 'Routes: a default one at both ends, and in each router one to the network behind the other.'
run ip netns exec ns01 ip route add default via 192.168.0.254
run ip netns exec ns02 ip route add default via 10.0.0.254
run ip netns exec router01 ip route add 10.0.0.0/24 via 172.16.0.2
run ip netns exec router02 ip route add 192.168.0.0/24 via 172.16.0.1
run ip netns exec router01 ip route
proves 'router01 knows all three networks' '10.0.0.0/24 via 172.16.0.2 dev gw01-veth2' \
    '172.16.0.0/24 dev gw01-veth2 proto kernel scope link src 172.16.0.1' \
    '192.168.0.0/24 dev gw01-veth1 proto kernel scope link src 192.168.0.254'

title 'Routers forward only if told to.'
run ip netns exec router01 sysctl -w net.ipv4.ip_forward=0
run ip netns exec router01 sysctl net.ipv4.ip_forward
proves 'router01 does not yet' 'net.ipv4.ip_forward = 0'
fails ip netns exec ns01 ping -c 1 -W 1 10.0.0.1
proves 'so there is no answer' '100% packet loss'
run ip netns exec router01 sysctl -w net.ipv4.ip_forward=1
run ip netns exec router02 sysctl -w net.ipv4.ip_forward=1

title 'From end to end.'
run ip netns exec ns01 ping -c 3 10.0.0.1 -I 192.168.0.1
proves 'three answers, each with a ttl of 62: two routers have taken one off each' \
    'PING 10.0.0.1 (10.0.0.1) from 192.168.0.1' '64 bytes from 10.0.0.1: icmp_seq=3 ttl=62' \
    '3 packets transmitted, 3 received, 0% packet loss'

title 'All gone at once.'
run ip --all netns delete
run ip netns list
claim 'no namespace is left' -z "$output"

summary
