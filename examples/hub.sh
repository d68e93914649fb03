#!/bin/sh
# Two namespaces around this one, which forwards between them and hides one of them from the world outside.
# Run it in a throw-away network: nlctl sandbox examples/hub.sh
#
#   testns1  s1 192.168.20.102 ---- m1 192.168.20.101  here  m2 192.168.10.101 ---- s2 192.168.10.102  testns2
set -eu
. "$(dirname "$0")/steps.sh"

title 'Two namespaces, each joined to this one, which forwards nothing yet.'
run sysctl -w net.ipv4.ip_forward=0
run ip netns add testns1
run ip netns add testns2
run ip link add m1 type veth peer name s1
run ip link add m2 type veth peer name s2
run ip -d link show dev m1
proves 'the details say what kind of link it is' 'promiscuity 0' '    veth ' 'numtxqueues' 'gso_max_size'
run ip link set s1 netns testns1
run ip link set s2 netns testns2

title 'Where the other end is: ethtool tells its number.'
run ip netns exec testns1 ip -o link show dev s1
s1=${output%%:*}
run ethtool -S m1
proves 'the driver names the peer' "peer_ifindex: $s1"

title 'Addresses, all up, and default routes.'
run ip addr add 192.168.20.101/24 dev m1
run ip addr add 192.168.10.101/24 dev m2
run ip netns exec testns1 ip addr add 192.168.20.102/24 dev s1
run ip netns exec testns2 ip addr add 192.168.10.102/24 dev s2
run ip link set m1 up
run ip link set m2 up
run ip netns exec testns1 ip link set s1 up
run ip netns exec testns2 ip link set s2 up
run ip netns exec testns1 ip route add default via 192.168.20.101
run ip netns exec testns2 ip route add default via 192.168.10.101
run ip netns exec testns1 ip route
proves 'testns1 sends everything to us' 'default via 192.168.20.101 dev s1'

title 'Our own addresses answer; what is behind us does so once we forward.'
run ip netns exec testns1 ping -c 1 192.168.10.101
proves 'testns1 reaches our end of the other cable' 'from 192.168.10.101' 'ttl=64'
fails ip netns exec testns1 ping -c 1 -W 1 192.168.10.102
proves 'but not testns2' '100% packet loss'
run sysctl -w net.ipv4.ip_forward=1
proves 'we forward' 'net.ipv4.ip_forward = 1'
run ip netns exec testns1 ping -c 1 192.168.10.102
proves 'now it does' 'from 192.168.10.102' 'ttl=63'

title 'Who is in there?'
start ip netns exec testns1 sleep 60
soon "$started" ip netns pids testns1
proves 'the process that we have started in testns1' "$started"
run ip netns identify "$started"
proves 'and the other way round' testns1

title 'A world outside that knows our address, and nothing of the networks behind us.'
run ip netns add outside
run ip link add uplink type veth peer name eth0 netns outside
run ip addr add 203.0.113.2/24 dev uplink
run ip link set uplink up
run ip -n outside addr add 203.0.113.1/24 dev eth0
run ip -n outside link set eth0 up
run iptables --table nat --append POSTROUTING --source 192.168.20.102/24 --jump MASQUERADE
run iptables --table nat --list
proves 'the address is kept as the network that it is in' MASQUERADE 192.168.20.0/24
denies 'and not as typed' 192.168.20.102
run iptables --table nat --list-rules POSTROUTING
proves 'as the rule itself shows' '-A POSTROUTING -s 192.168.20.0/24 -j MASQUERADE'
run ip netns exec testns1 ping -c 1 203.0.113.1
proves 'testns1, masqueraded, gets an answer' 'from 203.0.113.1' ' 0% packet loss'
fails ip netns exec testns2 ping -c 1 -W 1 203.0.113.1
proves 'testns2, not masqueraded, gets none' '100% packet loss'

summary
