//! `examples/nat.rs`, in the test's own network instead of a sandbox.

#[path = "../../examples/nat.rs"]
#[allow(
    dead_code,
    reason = "the example starts itself again, the test has a network already"
)]
mod nat;

#[test]
fn the_private_host_is_reached_through_nat_alone() {
    nl_netns::isolate!(|| nat::walk_through().expect("every step of the example"));
}
