//! The `cloudkit` command. What it does is in the library of this package.

use std::process::ExitCode;

fn main() -> ExitCode {
    cloudkit_cli::main(std::env::args_os(), cloudkit_cli::Context::of_process())
}
