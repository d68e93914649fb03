//! Netlink: wire format, sockets, requests, dumps, batches, errors
