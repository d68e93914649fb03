//! rtnetlink: links, addresses, routes, neighbours, rules, namespace ids
