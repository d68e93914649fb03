#!/bin/sh
# A private network behind NAT: a namespace with 10.0.0.2 reaches an "internet" that knows nothing of 10.0.0.0/24.
# Run it in a throw-away network: nlctl sandbox examples/nat.sh
set -eu
. "$(dirname "$0")/steps.sh"

title 'The surroundings: an uplink, and on its far side a namespace that stands for the internet.'
run ip link set dev lo up
run ip netns add internet
run ip netns exec internet sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
proves 'it takes packets from anybody, with a way back or without (many systems preset otherwise)' 'all.rp_filter = 0'
run ip link add uplink type veth peer name eth0 netns internet
run ip addr add 203.0.113.2/24 dev uplink
run ip link set dev uplink up
run ip -n internet addr add 203.0.113.1/24 dev eth0
run ip -n internet addr add 8.8.8.8/32 dev lo
run ip -n internet link set dev lo up
run ip -n internet link set dev eth0 up
run ip route add default via 203.0.113.1
run ping -c 1 8.8.8.8
proves 'we reach 8.8.8.8' 'from 8.8.8.8' ' 0% packet loss'
run ip -n internet route
denies 'the internet has no route to 10.0.0.0/24, and no default' 10.0.0 default

title 'A namespace, and a veth pair to join it to us.'
run ip netns add example-ns1
run ip link add example-veth1A type veth peer example-veth1B
run ip link list
proves 'each end shows the other, and that it is down' \
    'example-veth1A@example-veth1B: <BROADCAST,MULTICAST,M-DOWN>' \
    'example-veth1B@example-veth1A: <BROADCAST,MULTICAST,M-DOWN>'
run ip link set dev example-veth1B netns example-ns1
run ip link show dev example-veth1A
proves 'the end that stays shows where the other is' 'example-veth1A@if' 'link-netns example-ns1'

title 'Our end up, with an address: no carrier, as the other end is down.'
run ip link set dev example-veth1A up
run ip addr add 10.0.0.1/24 dev example-veth1A
run ip addr show dev example-veth1A
proves 'there is no carrier' '<NO-CARRIER,BROADCAST,MULTICAST,UP' 'inet 10.0.0.1/24'
case $output in
*'state LOWERLAYERDOWN'*) proves 'the lower layer is down' 'state LOWERLAYERDOWN' ;;
*) proves 'the link is down (older kernels: LOWERLAYERDOWN)' 'state DOWN' ;;
esac

title 'The other end up, with an address.'
run ip netns exec example-ns1 ip link set dev example-veth1B up
run ip netns exec example-ns1 ip addr add 10.0.0.2/24 dev example-veth1B
soon 'inet6 fe80:' ip addr show dev example-veth1A
proves 'now there is carrier, and an IPv6 link-local address' '<BROADCAST,MULTICAST,UP,LOWER_UP>' 'state UP' \
    'scope link'
run ip netns exec example-ns1 ping -c 1 10.0.0.1
proves 'the namespace reaches us' 'from 10.0.0.1' ' 0% packet loss'
fails ip netns exec example-ns1 ping -c 1 8.8.8.8
proves 'but nothing beyond' 'Network is unreachable'

title 'A default route and forwarding take packets out, but no answer comes back.'
run ip netns exec example-ns1 ip route add default via 10.0.0.1
run sysctl -w net.ipv4.ip_forward=1
proves 'we forward' 'net.ipv4.ip_forward = 1'
run ip netns exec internet iptables -A INPUT -s 10.0.0.2
run ip netns exec internet iptables -A INPUT -s 203.0.113.2
fails ip netns exec example-ns1 ping -c 1 -W 1 8.8.8.8
proves 'no answer' '1 packets transmitted, 0 received, 100% packet loss'
run ip netns exec internet iptables -L INPUT -v -n
seen() { printf '%s\n' "$output" | awk -v source="$1" '$0 ~ " " source " " { print $1 }'; }
claim 'one packet has come to the internet from 10.0.0.2, to which it has no way' "$(seen 10.0.0.2)" = 1
claim 'none from 203.0.113.2' "$(seen 203.0.113.2)" = 0

title 'Masquerading gives them an address that the internet can answer.'
run iptables --table nat --append POSTROUTING --source 10.0.0.0/24 --out-interface uplink --jump MASQUERADE
run ip netns exec example-ns1 ping -c 1 8.8.8.8
proves 'the answer comes back' 'from 8.8.8.8' 'ttl=63' ' 0% packet loss'
run ip netns exec internet iptables -L INPUT -v -n
claim 'the internet has seen that packet come from 203.0.113.2' "$(seen 203.0.113.2)" = 1
claim 'and no further one from 10.0.0.2' "$(seen 10.0.0.2)" = 1

title 'A router that forwards nothing by default needs a rule for each direction.'
run iptables --policy FORWARD DROP
fails ip netns exec example-ns1 ping -c 1 -W 1 8.8.8.8
proves 'with neither rule there is no answer' '100% packet loss'
run iptables --table filter --append FORWARD --source 10.0.0.0/24 --jump ACCEPT
fails ip netns exec example-ns1 ping -c 1 -W 1 8.8.8.8
proves 'with the rule for the way out there is none' '100% packet loss'
run ip netns exec internet iptables -L INPUT -v -n
claim 'though the packet got there' "$(seen 203.0.113.2)" = 2
run iptables --table filter --append FORWARD --destination 10.0.0.0/24 --match conntrack \
    --ctstate ESTABLISHED,RELATED --jump ACCEPT
run ip netns exec example-ns1 ping -c 1 8.8.8.8
proves 'with both there is' 'from 8.8.8.8' ' 0% packet loss'
run iptables --table filter --delete FORWARD --source 10.0.0.0/24 --jump ACCEPT
fails ip netns exec example-ns1 ping -c 1 -W 1 8.8.8.8
proves 'with the rule for the way back alone there is none again' '100% packet loss'
run ip netns exec internet iptables -L INPUT -v -n
claim 'as the packet never got there' "$(seen 203.0.113.2)" = 3

title 'What has been set up.'
run iptables --table nat --list --numeric
proves 'the rule is listed' 'MASQUERADE' '10.0.0.0/24'
run iptables --list-rules FORWARD
proves 'and so are the policy and the rule that is left' '-P FORWARD DROP' \
    '-A FORWARD -d 10.0.0.0/24 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'

summary
