//! Names of parameters: dots on the command line, directories below /proc/sys.

/// One parameter's name, in both spellings.
///
/// Either separator may divide a name on the command line, and the first one in it decides which it is; the other then
/// stands for the dot inside a component: `net/ipv4/conf/eth0.1/forwarding` is `net.ipv4.conf.eth0/1.forwarding`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    path: String,
}

impl Key {
    /// Reads a name from the command line or a file. Nothing if it is empty or would leave /proc/sys.
    pub fn parse(name: &str) -> Option<Self> {
        let path = match name.find(['.', '/']) {
            Some(at) if name.get(at..).is_some_and(|rest| rest.starts_with('.')) => swap(name),
            _ => name.to_owned(),
        };
        Self::from_path(&path)
    }

    /// A name by its path below /proc/sys. Repeated, leading and trailing slashes do not count.
    pub fn from_path(path: &str) -> Option<Self> {
        let components: Vec<&str> = path
            .split('/')
            .filter(|component| !component.is_empty())
            .collect();
        if components.is_empty()
            || components
                .iter()
                .any(|component| matches!(*component, "." | ".."))
        {
            return None;
        }
        Some(Self {
            path: components.join("/"),
        })
    }

    /// The path below /proc/sys.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The name as sysctl shows it: components divided by dots.
    pub fn dotted(&self) -> String {
        swap(&self.path)
    }

    /// Whether the kernel keeps it only for old programs; listings leave it out.
    pub fn is_deprecated(&self) -> bool {
        matches!(
            self.path.rsplit('/').next(),
            Some("base_reachable_time" | "retrans_time")
        )
    }
}

fn swap(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            '.' => '/',
            '/' => '.',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn first_separator_decides() {
        for (name, path, dotted) in [
            (
                "net.ipv4.ip_forward",
                "net/ipv4/ip_forward",
                "net.ipv4.ip_forward",
            ),
            (
                "net/ipv4/ip_forward",
                "net/ipv4/ip_forward",
                "net.ipv4.ip_forward",
            ),
            (
                "net/ipv4/conf/eth0.1/tag",
                "net/ipv4/conf/eth0.1/tag",
                "net.ipv4.conf.eth0/1.tag",
            ),
            (
                "net.ipv4.conf.eth0/1.tag",
                "net/ipv4/conf/eth0.1/tag",
                "net.ipv4.conf.eth0/1.tag",
            ),
            ("net.ipv4.conf.", "net/ipv4/conf", "net.ipv4.conf"),
        ] {
            let key = Key::parse(name).unwrap();
            assert_eq!((key.path(), key.dotted().as_str()), (path, dotted));
        }
    }

    #[test]
    fn nothing_leads_out_of_proc_sys() {
        for name in [
            "",
            "/",
            ".",
            "../../etc/passwd",
            "net/../../version",
            "..",
            "net.//.x",
        ] {
            assert_eq!(Key::parse(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn the_shown_name_is_the_same_key(name in "[a-z./]{0,12}") {
            let key = Key::parse(&name);
            // A dot inside the first component has no spelling of its own; there is none in the kernel.
            let plain = |key: &Key| key.path().split_once('/').is_some_and(|(first, _)| !first.contains('.'));
            if let Some(key) = key.filter(plain) {
                prop_assert_eq!(Key::parse(&key.dotted()), Some(key));
            }
        }
    }
}
