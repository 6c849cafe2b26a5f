//! What a caller can do about a host that stands in the way: the words that errors of jobs and the doctor
//! share. Each is one line; it follows the reason after a semicolon, and [`split`] parts the two again.

/// For user.max_*_namespaces: plenty, and less than what the kernel would choose by itself.
pub(crate) const NAMESPACES: &str = "15000";

/// Against a system call filter.
pub(crate) const FILTER: &str = "allow clone, unshare, setns and mount there: \
    --security-opt seccomp=unconfined or a profile of one's own, and where AppArmor is --security-opt \
    apparmor=unconfined (docker, podman), no RestrictNamespaces= and a SystemCallFilter= with @mount (a \
    unit of systemd)";

/// Where the kernel refuses a fresh /proc to a user namespace, since it would show more than the caller's.
pub(crate) const PROC: &str = "parts of the caller's /proc are covered or read-only, as containers have it, \
    and then the kernel gives no fresh one; start the container with a whole one: --security-opt \
    systempaths=unconfined (docker), --security-opt unmask=ALL (podman)";

/// Where the first of all mounts is refused by something that asks for no capability.
pub(crate) const MOUNT: &str = "a security module refuses mounts, such as AppArmor's profile of containers; \
    --security-opt apparmor=unconfined (docker, podman), or a profile with `mount,`";

/// A reason, and what to do about it where there is something.
pub(crate) fn split(text: &str) -> (String, Option<String>) {
    match text.split_once("; ") {
        Some((reason, remedy)) => (reason.to_owned(), Some(remedy.to_owned())),
        None => (text.to_owned(), None),
    }
}

/// Sets a kernel parameter, now and for ever.
pub(crate) fn sysctl(name: &str, value: &str) -> String {
    format!(
        "as root: sysctl -w {name}={value}, and to keep it the line {name}={value} in \
         /etc/sysctl.d/99-isolate.conf"
    )
}

/// A profile with which AppArmor leaves a program its user namespaces. Of an interpreter it is a profile for
/// all that the interpreter runs.
pub(crate) fn apparmor_profile(program: Option<&str>) -> String {
    // The path goes into a shell's and into AppArmor's syntax.
    let plain = |text: &&str| {
        text.starts_with('/')
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "/._-+".contains(c))
    };
    let Some(program) = program.filter(plain) else {
        return "as root, give the program an AppArmor profile with flags=(unconfined) and the rule \
                `userns,`"
            .to_owned();
    };
    let name = program.rsplit('/').next().unwrap_or_default();
    let file = format!("/etc/apparmor.d/isolate-{name}");
    format!(
        "as root, give {program} an AppArmor profile: printf 'abi <abi/4.0>,\\nprofile isolate-{name} \
         {program} flags=(unconfined) {{\\n  userns,\\n}}\\n' > {file} && apparmor_parser -r {file}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_and_remedy() {
        let both = (
            "it is off".to_owned(),
            Some("do this; then that".to_owned()),
        );
        assert_eq!(split("it is off; do this; then that"), both);
        assert_eq!(split("it is off"), ("it is off".to_owned(), None));
    }

    #[test]
    fn a_path_that_is_no_word_is_not_pasted() {
        for program in [
            None,
            Some("relative"),
            Some("/a b"),
            Some("/a'b"),
            Some("/x (deleted)"),
        ] {
            let told = apparmor_profile(program);
            assert!(told.starts_with("as root, give the program an"), "{told}");
        }
    }
}
