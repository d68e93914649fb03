//! The `nlctl` binary: command line in, exit code out.

#![forbid(unsafe_code)]
#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;

use nlctl::output::Output;
use nlctl::{applet, failure};

fn main() -> ExitCode {
    failure::install_panic_hook();
    let mut out = Output::stdout();
    let result = applet::dispatch(std::env::args_os().collect(), &mut out);
    // What was printed before a failure belongs before its message.
    let result = result.and_then(|code| Ok(out.finish().map(|()| code)?));
    match result {
        Ok(code) => code,
        Err(failure) => {
            let _ = out.finish();
            failure.report()
        }
    }
}
