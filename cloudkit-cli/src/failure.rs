//! Why a command was not carried out, and how that is told.

use std::error::Error;
use std::fmt;
use std::io;

use crate::{Context, Exit};

/// What kept a command from being carried out: a chain of causes, an exit code, and what to do about it.
///
/// Every error becomes one with `?`; [`context`](Self::context) says what was being done.
pub struct Failure {
    /// What was being done, the outermost last.
    doing: Vec<String>,
    error: Box<dyn Error + Send + Sync>,
    help: Option<String>,
    exit: Exit,
}

/// The result of a step of a command.
pub type Result<T = Exit, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// The command line, a variable or a file cannot be used: exit code 2.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(message).with_exit(Exit::USAGE)
    }

    /// It failed: exit code 1.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        let error: Box<dyn Error + Send + Sync> = message.into().into();
        Self { doing: Vec::new(), error, help: None, exit: Exit::FAILED }
    }

    /// Says what was being done when this happened.
    #[must_use]
    pub fn context(mut self, doing: impl Into<String>) -> Self {
        self.doing.push(doing.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Ends the process with another code than 1.
    #[must_use]
    pub fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The code that the process ends with.
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// Each cause once, the outermost first.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = self.doing.iter().rev().cloned().collect();
        let mut next: Option<&dyn Error> = Some(&*self.error);
        while let Some(error) = next {
            let text = error.to_string();
            // A transparent error has the text of its source.
            if causes.last() != Some(&text) {
                causes.push(text);
            }
            next = error.source();
        }
        causes
    }

    /// The error at the end of the chain, if it is one of this type.
    #[must_use]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.error.downcast_ref()
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Prints it to standard error and returns the exit code.
    ///
    /// Nobody reads any more when the other end of a pipe is closed, as in `cloudkit … | head`: that is the end and no
    /// failure.
    pub fn report(self, context: &mut Context) -> Exit {
        if self.is_broken_pipe() {
            return Exit::OK;
        }
        let [first, rest @ ..] = &*self.causes() else { return self.exit };
        let mut text = format!("{} {first}\n", context.stderr_style().error("error:"));
        for cause in rest {
            text += &format!("  because: {}\n", cause.replace('\n', "\n  "));
        }
        if let Some(help) = &self.help {
            text += &format!("\n{}\n", help.trim_end());
        }
        // There is nowhere left to say that this did not work.
        let _ = context.stderr.write_all(text.as_bytes());
        let _ = context.stderr.flush();
        self.exit
    }

    fn is_broken_pipe(&self) -> bool {
        let mut next: Option<&(dyn Error + 'static)> = Some(&*self.error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<io::Error>()
                && error.kind() == io::ErrorKind::BrokenPipe
            {
                return true;
            }
            next = error.source();
        }
        false
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let error: Box<dyn Error + Send + Sync> = error.into();
        let mut failure = Self { doing: Vec::new(), error, help: None, exit: Exit::FAILED };
        if let Some(error) = failure.error.downcast_ref::<cloudkit_core::Error>() {
            failure.help = error.help().map(|help| help.into_owned());
        }
        if failure.error.is::<cloudkit_core::config::ConfigError>()
            || failure.error.is::<cloudkit_core::auth::CredentialsError>()
            || failure.error.is::<cloudkit_core::auth::KeyError>()
        {
            failure.exit = Exit::USAGE;
        }
        failure
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("causes", &self.causes()).field("exit", &self.exit).finish()
    }
}
