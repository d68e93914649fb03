//! Kernel values with names: newtypes over numbers, because tomorrow's kernel sends numbers that
//! we do not know.

/// Declares a newtype over a number, with a constant and a name for each known value.
macro_rules! values {
    (
        $(#[$doc:meta])*
        pub struct $Name:ident($int:ty);
        $($(#[$cdoc:meta])* $CONST:ident = $number:expr, $text:expr;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $Name(pub $int);

        impl $Name {
            $($(#[$cdoc])* pub const $CONST: Self = Self($number);)*

            /// The values that have a name, and the name that iproute2 gives them.
            pub const NAMES: &'static [(Self, &'static str)] = &[$((Self::$CONST, $text),)*];

            /// iproute2's name for it, if it has one.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                Self::NAMES.iter().find(|(value, _)| *value == self).map(|(_, name)| *name)
            }

            /// The value of a name; numbers are left to the caller.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::NAMES.iter().find(|(_, known)| *known == name).map(|(value, _)| *value)
            }
        }

        impl std::fmt::Display for $Name {
            /// The name, or the number in decimal.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => std::fmt::Display::fmt(&self.0, f),
                }
            }
        }

        impl std::fmt::Debug for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($Name), self)
            }
        }
    };
}

pub(crate) use values;

values! {
    /// An address family, `AF_*`. Source: linux/socket.h, address_families(7).
    pub struct Family(u8);
    /// Any.
    UNSPEC = 0, "unspec";
    /// IPv4.
    INET = 2, "inet";
    /// Bridge ports and forwarding entries.
    BRIDGE = 7, "bridge";
    /// IPv6.
    INET6 = 10, "inet6";
    /// MPLS labels.
    MPLS = 28, "mpls";
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub const fn of(addr: std::net::IpAddr) -> Self {
        match addr {
            std::net::IpAddr::V4(_) => Self::INET,
            std::net::IpAddr::V6(_) => Self::INET6,
        }
    }
}

/// What a request that makes an object does about one that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Fail with `EEXIST`: the verb `add`.
    #[default]
    Add,
    /// Take its place, or be the first: the verb `replace`.
    Replace,
    /// Take its place; fail with `ENOENT` if there is none: the verb `change`.
    Change,
    /// Stand behind those that are there: the verb `append`.
    Append,
    /// Stand before those that are there: the verb `prepend`.
    Prepend,
    /// Make nothing: fail with `EEXIST` if it is there, with `ENOENT` if not: the verb `test`.
    Test,
}

impl Mode {
    /// The flags of the request's header, `NLM_F_*`.
    #[must_use]
    pub const fn flags(self) -> u16 {
        use nl_core::header::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
        match self {
            Self::Add => NLM_F_CREATE | NLM_F_EXCL,
            Self::Replace => NLM_F_CREATE | NLM_F_REPLACE,
            Self::Change => NLM_F_REPLACE,
            Self::Append => NLM_F_CREATE | NLM_F_APPEND,
            Self::Prepend => NLM_F_CREATE,
            Self::Test => NLM_F_EXCL,
        }
    }
}
