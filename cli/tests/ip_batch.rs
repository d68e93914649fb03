//! `ip -batch`: how far it goes, and what it says, where iproute2 stops and where it goes on.

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs lines as `ip OPTIONS -batch -`; exit code, standard output, standard error.
fn batch(options: &[&str], lines: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nlctl"))
        .arg("ip")
        .args(options)
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // A batch that has failed reads no further.
    let _ = child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(lines.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

const UP: &str = "link add v0 type veth peer name v1\nlink set v0 up\nlink set v1 up\n";

#[test]
fn the_first_refusal_ends_it_and_force_goes_on() {
    nl_netns::isolate!(|| {
        assert_eq!(batch(&[], UP), (Some(0), String::new(), String::new()));
        let lines = "route add 10.1.0.0/24 dev v0 table 9\n\
                     route add 10.1.0.0/24 dev v0 table 9 # again\n\
                     route add 10.1.1.0/24 dev v0 table 9\n";
        let said = "RTNETLINK answers: File exists\nCommand failed -:2\n";
        assert_eq!(batch(&[], lines), (Some(1), String::new(), said.into()));
        let first = "10.1.0.0/24 dev v0 scope link \n";
        assert_eq!(batch(&[], "route show table 9").1, first);
        let said = format!("RTNETLINK answers: File exists\nCommand failed -:1\n{said}");
        assert_eq!(batch(&["-force"], lines), (Some(1), String::new(), said));
        let both = format!("{first}10.1.1.0/24 dev v0 scope link \n");
        assert_eq!(batch(&[], "route show table 9").1, both);
    });
}

#[test]
fn a_word_that_is_no_address_ends_it_even_under_force() {
    nl_netns::isolate!(|| {
        for (line, said) in [
            (
                "route add 10.1.0.0/99 dev lo",
                "Error: any valid prefix is expected rather than \"10.1.0.0/99\".\n",
            ),
            (
                "route add 10.0.0.0/8 via fe80::x",
                "Error: inet address is expected rather than \"fe80::x\".\n",
            ),
        ] {
            let lines = format!("{line}\nlink show lo\n");
            for options in [&[][..], &["-force"]] {
                let want = (Some(1), String::new(), said.to_owned());
                assert_eq!(batch(options, &lines), want, "{options:?}");
            }
        }
    });
}

#[test]
fn a_name_is_looked_up_again_after_links_changed() {
    nl_netns::isolate!(|| {
        let lines = format!(
            "{UP}route add 10.1.0.0/24 dev v0 table 9\nlink set v0 down\nlink set v0 name old\n\
             link set v1 name v0\nlink set old up\nroute add 10.1.1.0/24 dev v0 table 9\nroute show table 9\n"
        );
        let (code, shown, said) = batch(&[], &lines);
        assert_eq!((code, said.as_str()), (Some(0), ""));
        assert_eq!(shown, "10.1.1.0/24 dev v0 scope link \n");
        let lines = "link del v0\nroute add 10.1.2.0/24 dev v0 table 9\n";
        let said = "Cannot find device \"v0\"\nCommand failed -:2\n";
        assert_eq!(batch(&[], lines), (Some(1), String::new(), said.into()));
    });
}
