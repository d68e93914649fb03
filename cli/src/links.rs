//! `nlctl applets DIR`: a directory of links under whose names nlctl stands in for the tools.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use crate::applet::{APPLETS, Invocation};
use crate::failure::{Failure, strerror};
use crate::output::Output;

pub(crate) fn run(invocation: &Invocation, _: &mut Output) -> Result<ExitCode, Failure> {
    let [dir] = invocation.args.as_slice() else {
        return Err(Failure::new(2, "Usage: nlctl applets DIR"));
    };
    if dir.as_encoded_bytes().starts_with(b"-") {
        return Err(Failure::new(2, "Usage: nlctl applets DIR"));
    }
    let dir = Path::new(dir);
    let mut program = env::current_exe().map_err(|error| failure("the running program", &error))?;
    if !program.exists() {
        // Deleted, or in a directory that is not seen from here: a sandbox hides /run.
        program = dir.join("nlctl");
        fs::create_dir_all(dir)
            .and_then(|()| fs::copy("/proc/self/exe", &program))
            .map_err(|error| failure(program.display(), &error))?;
    }
    write(dir, &program)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes `dir` and in it a link to `program` per tool. Nothing is changed if any of the names is taken by something else.
fn write(dir: &Path, program: &Path) -> Result<(), Failure> {
    fs::create_dir_all(dir).map_err(|error| failure(dir.display(), &error))?;
    let mut missing = Vec::new();
    for link in links(dir) {
        match fs::read_link(&link) {
            Ok(target) if target == program => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(link),
            Ok(_) | Err(_) => {
                return Err(Failure::new(
                    1,
                    format!(
                        "nlctl: {} exists and is not a link to {}, nothing was changed",
                        link.display(),
                        program.display()
                    ),
                ));
            }
        }
    }
    for link in missing {
        std::os::unix::fs::symlink(program, &link)
            .map_err(|error| failure(link.display(), &error))?;
    }
    Ok(())
}

fn links(dir: &Path) -> impl Iterator<Item = PathBuf> {
    APPLETS
        .iter()
        .filter(|applet| applet.stands_in)
        .map(|applet| dir.join(applet.name))
}

fn failure(what: impl std::fmt::Display, error: &io::Error) -> Failure {
    Failure::new(1, format!("nlctl: {what}: {}", strerror(error)))
}
