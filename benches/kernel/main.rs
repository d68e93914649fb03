//! Bulk work on the running kernel: this stack, a raw floor, `ip`, and other libraries, side by side.
//!
//! Each contestant does a case in a process and a network namespace of its own; the rounds are interleaved
//! (A B C … A B C …), so that what else the machine does hits all alike. What counts are the ratios to the first
//! contestant of a case, the floor.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a benchmark that cannot run must stop; its data is its own"
)]

mod arguments;
mod case;
mod codec;
mod contestant;
mod data;
mod network;
mod plot;
mod program;
mod report;
mod round;
mod sample;
mod target;

use std::process::ExitCode;

use nlctl_benches::sys::Counting;

/// What goes wrong here is only told.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments::Arguments::read(&words) {
        Ok(arguments::Arguments::Help) => {
            println!("{}", arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(arguments::Arguments::List) => {
            case::list();
            return ExitCode::SUCCESS;
        }
        Ok(arguments::Arguments::One(one)) => round::take_part(&one),
        Ok(arguments::Arguments::Report) => report::write().map(drop),
        Ok(arguments::Arguments::All(options)) => round::all(&options),
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
