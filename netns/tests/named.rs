//! Namespaces with names, beside iproute2 where it is installed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use nl_netns::{Error, Namespace, isolate, named};

/// Standard output and standard error of `ip`, or nothing where it is not installed.
fn ip(args: &[&str]) -> Option<(String, String)> {
    match Command::new("ip").args(args).output() {
        Ok(output) => {
            let text = |bytes| String::from_utf8(bytes).unwrap();
            Some((
                text(output.stdout),
                text(output.stderr).trim_end().to_owned(),
            ))
        }
        Err(_) => {
            println!("skipped: no ip to compare with");
            None
        }
    }
}

/// How many mounts there are at `place` on the test's own `/run`; the machine may have some below it, out of sight.
fn mounts_of(place: &str) -> usize {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mut on_our_run = Vec::new();
    let mut count = 0;
    for line in table.lines() {
        let fields: Vec<_> = line.split(' ').collect();
        let [id, parent, _, _, at, ..] = fields.as_slice() else {
            panic!("mountinfo has other fields than proc(5) says: {line}");
        };
        if *at == "/run" {
            on_our_run = vec![*id];
        } else if on_our_run.contains(parent) {
            on_our_run.push(*id);
            count += usize::from(*at == place);
        }
    }
    count
}

#[test]
fn the_first_work_is_done_inside_the_new_network() {
    isolate!(|| {
        let here = Namespace::current().unwrap();
        let (red, inside) = named::create_with("red", || Namespace::current().unwrap()).unwrap();
        assert_eq!(inside, red);
        assert_eq!(Namespace::open("red").unwrap(), red);
        assert_eq!(Namespace::current().unwrap(), here);
        // A name that is taken: nobody works, and it stays.
        let mut worked = false;
        named::create_with("red", || worked = true).unwrap_err();
        assert!(!worked);
        assert_eq!(Namespace::open("red").unwrap(), red);
    });
}

#[test]
fn work_that_panics_leaves_no_name_behind() {
    isolate!(|| {
        let work = || named::create_with("red", || panic!("on purpose"));
        let panic = std::panic::catch_unwind(|| work().map(|_: (_, ())| ()));
        assert!(panic.is_err());
        assert!(named::names().unwrap().is_empty());
        named::create("red").unwrap();
        assert_eq!(named::names().unwrap(), ["red"]);
    });
}

#[test]
fn a_created_name_is_a_new_network() {
    isolate!(|| {
        let here = Namespace::current().unwrap();
        let red = named::create("red").unwrap();
        assert_ne!(red, here);
        assert_eq!(red.name().unwrap(), "red");
        assert_eq!(Namespace::open("red").unwrap(), red);
        assert_eq!(Namespace::of_path("/run/netns/red").unwrap(), red);
        assert_eq!(here, Namespace::current().unwrap());
        assert_eq!(named::names().unwrap(), ["red"]);
        named::delete("red").unwrap();
        assert!(named::names().unwrap().is_empty());
        assert!(!fs::exists("/run/netns/red").unwrap());
        // The handle still holds it.
        assert_eq!(red.run(Namespace::current).unwrap().unwrap(), red);
    });
}

#[test]
fn files_and_mounts_are_those_of_iproute2() {
    isolate!(|| {
        named::create("ours").unwrap();
        assert_eq!(
            fs::metadata("/run/netns").unwrap().permissions().mode() & 0o777,
            0o755
        );
        assert_eq!(
            (mounts_of("/run/netns"), mounts_of("/run/netns/ours")),
            (1, 1)
        );
        let Some((_, errors)) = ip(&["netns", "add", "theirs"]) else {
            return;
        };
        assert_eq!(errors, "");
        assert_eq!(
            (mounts_of("/run/netns"), mounts_of("/run/netns/theirs")),
            (1, 1)
        );
        let [ours, theirs] =
            ["ours", "theirs"].map(|name| fs::metadata(format!("/run/netns/{name}")).unwrap());
        assert_eq!((ours.mode(), ours.dev()), (theirs.mode(), theirs.dev()));
        let listed: String = named::names()
            .unwrap()
            .iter()
            .map(|name| format!("{}\n", name.display()))
            .collect();
        assert_eq!(ip(&["netns", "list"]).unwrap().0, listed);
        // Each side takes away what the other made.
        named::delete("theirs").unwrap();
        assert_eq!(ip(&["netns", "delete", "ours"]).unwrap().1, "");
        assert!(named::names().unwrap().is_empty());
    });
}

/// On a machine with a shared `/run` the directory must not join its peer group.
#[test]
fn a_shared_run_gets_one_mount_per_name() {
    isolate!(|| {
        nix::mount::mount(
            None::<&str>,
            "/run",
            None::<&str>,
            nix::mount::MsFlags::MS_SHARED,
            None::<&str>,
        )
        .unwrap();
        named::create("red").unwrap();
        assert_eq!(
            (mounts_of("/run/netns"), mounts_of("/run/netns/red")),
            (1, 1)
        );
        named::delete("red").unwrap();
        assert_eq!(mounts_of("/run/netns/red"), 0);
    });
}

#[test]
fn parallel_creators_share_one_mount() {
    isolate!(|| {
        std::thread::scope(|scope| {
            for number in 0..16 {
                scope.spawn(move || named::create(format!("ns{number}")).unwrap());
            }
        });
        assert_eq!(mounts_of("/run/netns"), 1);
        assert_eq!(named::names().unwrap().len(), 16);
        named::delete_all().unwrap();
        assert!(named::names().unwrap().is_empty());
        named::delete_all().unwrap();
    });
}

#[test]
fn errors_are_the_sentences_of_iproute2() {
    isolate!(|| {
        named::create("taken").unwrap();
        fs::write("/run/netns/plain", "").unwrap();
        let pairs: [(String, &[&str]); 9] = [
            (
                named::create("taken").unwrap_err().to_string(),
                &["netns", "add", "taken"],
            ),
            (
                named::create("a/b").unwrap_err().to_string(),
                &["netns", "add", "a/b"],
            ),
            (
                named::create("..").unwrap_err().to_string(),
                &["netns", "add", ".."],
            ),
            (
                named::create("").unwrap_err().to_string(),
                &["netns", "add", ""],
            ),
            (
                named::delete("nope").unwrap_err().to_string(),
                &["netns", "delete", "nope"],
            ),
            (
                named::pids("nope").unwrap_err().to_string(),
                &["netns", "pids", "nope"],
            ),
            (
                Namespace::open("nope").unwrap_err().to_string(),
                &["netns", "exec", "nope", "true"],
            ),
            (
                named::attach("b", 4_194_304).unwrap_err().to_string(),
                &["netns", "attach", "b", "4194304"],
            ),
            (
                named::identify(4_194_304).unwrap_err().to_string(),
                &["netns", "identify", "4194304"],
            ),
        ];
        for (ours, args) in pairs {
            let Some((_, theirs)) = ip(args) else { break };
            assert_eq!(ours, theirs, "ip {args:?}");
        }
        let gone = Namespace::open("plain").unwrap_err();
        assert!(matches!(gone, Error::NotANamespace { .. }));
        assert!(
            gone.to_string()
                .starts_with("setting the network namespace \"plain\" failed: Invalid argument")
        );
        // What failed left nothing.
        assert!(!fs::exists("/run/netns/b").unwrap());
        named::delete("plain").unwrap();
    });
}

#[test]
fn other_types_of_namespace_are_refused() {
    isolate!(|| {
        assert!(matches!(
            Namespace::of_path("/proc/self/ns/mnt"),
            Err(Error::NotANamespace { .. })
        ));
        assert!(matches!(
            Namespace::of_path("/proc/self/status"),
            Err(Error::NotANamespace { .. })
        ));
    });
}

#[test]
fn a_process_is_found_by_name_and_the_name_by_process() {
    isolate!(|| {
        let red = named::create("red").unwrap();
        let mut command = red.command("sleep").unwrap();
        let mut sleeper = command.arg("100").spawn().unwrap();
        assert_eq!(named::pids("red").unwrap(), [sleeper.id()]);
        assert_eq!(red.pids().unwrap(), [sleeper.id()]);
        assert_eq!(named::identify(sleeper.id()).unwrap(), ["red"]);
        assert_eq!(named::identify(std::process::id()).unwrap().len(), 0);
        assert_eq!(Namespace::of_pid(sleeper.id()).unwrap(), red);

        // The process keeps it alive after its name has gone, and can be given another.
        named::delete("red").unwrap();
        assert_eq!(named::attach("blue", sleeper.id()).unwrap(), red);
        assert_eq!(named::identify(sleeper.id()).unwrap(), ["blue"]);
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
        assert!(named::pids("blue").unwrap().is_empty());
    });
}

#[test]
fn a_program_inside_sees_its_own_sys_and_ends_with_its_own_status() {
    isolate!(|| {
        let red = named::create("red").unwrap();
        let script = "readlink /proc/self/ns/net; ls /sys/class/net; exit 7";
        let output = red
            .command("sh")
            .unwrap()
            .args(["-c", script])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(7));
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("net:[{}]\nlo\n", red.id().ino)
        );

        let missing = red
            .command("/no/such/program")
            .unwrap()
            .status()
            .unwrap_err();
        assert_eq!(
            missing.to_string(),
            "exec of \"/no/such/program\" failed: No such file or directory"
        );
        assert!(matches!(missing, Error::Exec { .. }));
    });
}

#[test]
fn files_of_etc_netns_cover_those_of_etc() {
    isolate!(|| {
        nix::mount::mount(
            Some("tmpfs"),
            "/etc",
            Some("tmpfs"),
            nix::mount::MsFlags::empty(),
            None::<&str>,
        )
        .unwrap();
        fs::create_dir_all("/etc/netns/red").unwrap();
        fs::write("/etc/netns/red/resolv.conf", "inside").unwrap();
        fs::write("/etc/resolv.conf", "outside").unwrap();
        let red = named::create("red").unwrap();
        let seen = red
            .command("/bin/cat")
            .unwrap()
            .arg("/etc/resolv.conf")
            .output()
            .unwrap();
        assert_eq!(seen.stdout, b"inside");
        assert_eq!(fs::read("/etc/resolv.conf").unwrap(), b"outside");
    });
}

#[test]
fn exec_turns_the_process_into_the_program() {
    isolate!(|| {
        let red = named::create("red").unwrap();
        let mut process = Command::new("/proc/self/exe");
        process.args(["--exact", "the_process_to_turn", "--ignored", "--nocapture"]);
        process
            .env_remove("NL_NETNS_ISOLATED")
            .env("NL_NETNS_TURN", "red");
        let output = process.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(&format!("net:[{}]", red.id().ino)), "{text}");
        // The harness did not get to report.
        assert!(!text.contains("test result"), "{text}");
        assert_eq!(output.status.code(), Some(3));
    });
}

#[test]
#[ignore = "the process that exec_turns_the_process_into_the_program starts"]
fn the_process_to_turn() {
    let Ok(name) = std::env::var("NL_NETNS_TURN") else {
        return;
    };
    let mut command = Namespace::open(name).unwrap().command("sh").unwrap();
    panic!(
        "{}",
        command
            .args(["-c", "readlink /proc/self/ns/net; exit 3"])
            .exec()
    );
}
