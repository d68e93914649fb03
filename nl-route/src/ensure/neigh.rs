//! [`Ensure`] for neighbours, proxy entries and forwarding entries.

use nl_core::{Connection, Errno, Error};

use super::{Ensure, Ensured, found, gone, other, send_if};
use crate::Route;
use crate::neigh::{
    DelNeigh, GetNeigh, GetNeighs, Neigh, NeighFlags, NeighState, NeighView, NewNeigh,
};
use crate::value::{Family, Mode};

/// States that the kernel goes through by itself, while it knows the address.
const MOVING: NeighState = NeighState::REACHABLE
    .union(NeighState::STALE)
    .union(NeighState::DELAY)
    .union(NeighState::PROBE);

/// Flags that tell where an entry is, or what to do now; not how it is.
const PLACE: NeighFlags = NeighFlags::SELF
    .union(NeighFlags::MASTER)
    .union(NeighFlags::PROXY)
    .union(NeighFlags::USE);

/// Flags that a replacement would take away.
const KEPT: NeighFlags = NeighFlags::ROUTER
    .union(NeighFlags::EXT_LEARNED)
    .union(NeighFlags::STICKY)
    .union(NeighFlags::MANAGED);

/// Makes the entry, or replaces it if something differs. Of reachable, stale, delay and probe any is as good as another:
/// the kernel goes from one to the next.
impl Ensure for NewNeigh {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let Some(there) = self.find(rt)? else {
            // A bridge may have it at another port, from where it moves.
            let moves = self.family == Family::BRIDGE && !self.flags.contains(NeighFlags::SELF);
            let mode = if moves { Mode::Replace } else { Mode::Add };
            return send_if(rt, true, &self.clone().mode(mode));
        };
        let view = there.view();
        if self.flags.contains(NeighFlags::PROXY) {
            // They have no state and no link-layer address.
            let differs = other(self.protocol, view.protocol());
            return send_if(rt, differs, &self.clone().mode(Mode::Replace));
        }
        let flags = self.flags.difference(PLACE);
        let differs = !self.is_state(view.state())
            || other(self.lladdr.as_deref(), view.lladdr())
            || !view.flags().contains(flags)
            || other(self.protocol, view.protocol())
            || other(self.nh_id, view.nh_id());
        let over = Self {
            mode: Mode::Replace,
            lladdr: self.lladdr.clone().or(view.lladdr().map(<[u8]>::to_vec)),
            protocol: self.protocol.or(view.protocol()),
            flags: self.flags | (view.flags() & KEPT),
            ..self.clone()
        };
        send_if(rt, differs, &over)
    }
}

/// Deletes the entry if it is there; one that could not be resolved is none.
impl Ensure for DelNeigh {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let is_bridge = self.0.family == Family::BRIDGE;
        let is_proxy = self.0.flags.contains(NeighFlags::PROXY);
        let there = self.0.find(rt)?.is_some_and(|there| {
            let state = there.view().state();
            let is_dead = state.is_empty() || state == NeighState::FAILED;
            is_bridge || is_proxy || !is_dead
        });
        gone(rt, there, self)
    }
}

impl NewNeigh {
    /// The entry that is meant.
    fn find(&self, rt: &mut Connection<Route>) -> Result<Option<Neigh>, Error> {
        if self.family == Family::BRIDGE {
            let all = rt.collect(&GetNeighs::fdb().ifindex(self.ifindex))?;
            return Ok(all.into_iter().find(|entry| self.is_of(&entry.view())));
        }
        let Some(dst) = self.dst else {
            return Ok(None);
        };
        let get = GetNeigh {
            ifindex: self.ifindex,
            dst,
            proxy: self.flags.contains(NeighFlags::PROXY),
        };
        found(rt.get(&get), Errno::ENOENT)
    }

    /// Whether this forwarding entry is meant: the kernel has each once.
    fn is_of(&self, view: &NeighView<'_>) -> bool {
        // Without a place it is the bridge's.
        let is_own = self.flags.contains(NeighFlags::SELF);
        let is_listed_own = view.flags().contains(NeighFlags::SELF);
        view.ifindex() == self.ifindex
            && view.lladdr() == self.lladdr.as_deref()
            && is_own == is_listed_own
            && view.vlan().unwrap_or(0) == self.vlan.unwrap_or(0)
            && !other(self.dst, view.dst())
            && !other(self.vni, view.vni())
            && !other(self.port, view.port())
            && !other(self.src_vni, view.src_vni())
            && !other(self.link, view.link())
    }

    fn is_state(&self, there: NeighState) -> bool {
        // A device's own entry is permanent alone.
        let wanted = match self.family {
            Family::BRIDGE => self.state & (NeighState::PERMANENT | there),
            _ => self.state,
        };
        wanted == there || (MOVING.contains(wanted) && MOVING.contains(there) && !there.is_empty())
    }
}
