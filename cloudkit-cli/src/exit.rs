//! How a command ends.

use std::process::ExitCode;

/// The exit code of a command that was carried out. [`Failure`](crate::Failure) is for those that were not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Exit(u8);

impl Exit {
    /// Done, and what was asked for is so.
    pub const OK: Self = Self(0);
    /// Failed, or what was asked for is not so.
    pub const FAILED: Self = Self(1);
    /// The command line, a variable of the environment or a file cannot be used.
    pub const USAGE: Self = Self(2);
    /// Neither so nor not so: nothing could be proved.
    pub const UNPROVEN: Self = Self(3);

    /// A code of the command's own, which its `--help` explains.
    pub const fn new(code: u8) -> Self {
        Self(code)
    }

    /// The number that the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}
