//! Why a system refuses user namespaces, and what to change.

use std::fs;

use nix::errno::Errno;

/// One sentence for the refusal `errno`, or nothing if it has no known connection with a policy.
///
/// `at_once` if the making of the namespace was refused, and not the first use of the privileges in it.
pub(crate) fn why_forbidden(errno: Errno, at_once: bool) -> Option<String> {
    sentence(errno, at_once, |key| {
        fs::read_to_string(format!("/proc/sys/{}", key.replace('.', "/"))).ok()
    })
}

fn sentence(
    errno: Errno,
    at_once: bool,
    sysctl: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    if !matches!(
        errno,
        Errno::EPERM
            | Errno::EACCES
            | Errno::ENOSPC
            | Errno::EUSERS
            | Errno::ENOSYS
            | Errno::EINVAL
    ) {
        return None;
    }
    let is = |key, value: &str| sysctl(key).is_some_and(|text| text.trim() == value);
    let cannot = "user namespaces are not available";
    let apparmor = is("kernel.apparmor_restrict_unprivileged_userns", "1");
    if !(at_once || apparmor) {
        return None;
    }
    let text = if is("user.max_user_namespaces", "0") {
        format!("{cannot}: enable them with `sysctl -w user.max_user_namespaces=15000`")
    } else if is("kernel.unprivileged_userns_clone", "0") && errno == Errno::EPERM {
        format!(
            "{cannot} to ordinary users: enable them with `sysctl -w kernel.unprivileged_userns_clone=1`"
        )
    } else if apparmor && matches!(errno, Errno::EPERM | Errno::EACCES) {
        format!(
            "{cannot} to ordinary users, AppArmor restricts them: enable them with \
             `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or give this program an AppArmor profile \
             that allows `userns`"
        )
    } else {
        match errno {
            Errno::ENOSPC => format!(
                "{cannot}: the limit on namespaces is reached; raise the `user.max_*_namespaces` settings with sysctl, \
                 or end programs that hold some"
            ),
            Errno::EUSERS => {
                format!("{cannot}: they are nested 32 deep already, which is the kernel's limit")
            }
            Errno::ENOSYS => format!("{cannot}: this kernel has none; it needs CONFIG_USER_NS"),
            Errno::EPERM => format!(
                "{cannot}: the kernel said \"operation not permitted\"; in a container, start it with \
                 `--privileged` or `--security-opt seccomp=unconfined`, in a chroot, leave it"
            ),
            _ => return None,
        }
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(errno: Errno, key: &str, value: &str) -> Option<String> {
        sentence(errno, true, |asked| {
            (asked == key).then(|| value.to_owned())
        })
    }

    #[test]
    fn names_the_setting_that_forbids() {
        let text = with(Errno::ENOSPC, "user.max_user_namespaces", "0\n").unwrap();
        assert!(
            text.contains("sysctl -w user.max_user_namespaces=15000"),
            "{text}"
        );
        let text = with(Errno::EPERM, "kernel.unprivileged_userns_clone", "0\n").unwrap();
        assert!(
            text.contains("sysctl -w kernel.unprivileged_userns_clone=1"),
            "{text}"
        );
        let text = with(
            Errno::EACCES,
            "kernel.apparmor_restrict_unprivileged_userns",
            "1\n",
        )
        .unwrap();
        assert!(
            text.contains("apparmor_restrict_unprivileged_userns=0"),
            "{text}"
        );
        let text = with(Errno::EPERM, "user.max_user_namespaces", "100\n").unwrap();
        assert!(text.contains("--privileged"), "{text}");
    }

    #[test]
    fn other_failures_are_left_alone() {
        assert_eq!(with(Errno::ENOENT, "user.max_user_namespaces", "0\n"), None);
        assert_eq!(
            with(Errno::EINVAL, "user.max_user_namespaces", "100\n"),
            None
        );
    }
}
