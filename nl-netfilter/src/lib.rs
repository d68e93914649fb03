//! nfnetlink: nftables tables, chains, rules, sets and expressions
