//! Linux namespaces as values: create, enter, run, list; rootless sandboxes
