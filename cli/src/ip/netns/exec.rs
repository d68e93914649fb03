//! `ip netns exec`: a program in a namespace, or in all of them.

use std::io::Write;

use nl_netns::named;

use super::{failed, namespace, valid_name};
use crate::failure::{Failure, say};
use crate::ip::Ip;
use crate::words::Words;

pub(super) fn exec(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    if ip.options.all {
        return exec_in_all(ip, words).map_err(Failure::leaving_undone);
    }
    let name = valid_name(&mut words)?;
    let program = program(&mut words)?;
    let in_batch = ip.options.batch.is_some();
    let entered = namespace(name).and_then(|namespace| {
        let command = namespace.command(program);
        command.map_err(|error| failed(255, &error))
    });
    // A batch goes on, as behind a program that fails.
    let mut command = entered.map_err(|failure| match in_batch {
        true => Failure::new(1, failure.text()),
        false => failure,
    })?;
    command.args(words.rest());
    ip.finish()?;
    if !in_batch {
        let error = command.exec();
        return Err(start_failed(&error));
    }
    // A batch goes on behind the program.
    let status = command.status().map_err(|error| start_failed(&error))?;
    match status.success() {
        true => Ok(()),
        // Not with the program's code: 255 would end the batch.
        false => Err(Failure::silent(1)),
    }
}

/// Runs the program in one namespace after the other; how it ends does not count.
fn exec_in_all(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let program = program(&mut words)?;
    for name in named::names().map_err(|error| failed(1, &error))? {
        writeln!(ip.out, "\nnetns: {}", name.display())?;
        ip.finish()?;
        let ended = namespace(&name.to_string_lossy()).and_then(|namespace| {
            let mut command = namespace
                .command(program)
                .map_err(|error| failed(255, &error))?;
            command
                .args(words.rest())
                .status()
                .map_err(|error| start_failed(&error))
        });
        if let Err(failure) = ended {
            say(failure);
        }
    }
    Ok(())
}

fn program<'a>(words: &mut Words<'a>) -> Result<&'a str, Failure> {
    words
        .next()
        .ok_or_else(|| Failure::new(1, "No command specified"))
}

/// A program that is not there is 1, a namespace that cannot be entered 255.
fn start_failed(error: &nl_netns::Error) -> Failure {
    match error {
        nl_netns::Error::Exec { .. } => failed(1, error),
        _ => failed(255, error),
    }
}
