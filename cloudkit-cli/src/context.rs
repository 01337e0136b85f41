//! Everything outside of a command: standard input and output, the variables of the environment, the clock.

use std::fmt;
use std::io::{self, IsTerminal as _, Read, Write};
use std::sync::Arc;

use cloudkit_core::Config;
use cloudkit_core::runtime::{Clock, SystemClock};
use serde::Serialize;

use crate::failure::Result;
use crate::output::{Format, Style};
use crate::{Exit, Failure};

type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What a command sees of the world.
pub struct Context {
    /// What the result is to look like; from the command line.
    pub format: Format,
    /// What the variables `CLOUDKIT_…` say.
    pub config: Config,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Standard input.
    pub stdin: Box<dyn Read + Send>,
    /// Standard output: the result, and nothing else.
    pub stdout: Box<dyn Write + Send>,
    /// Standard error: remarks, progress, errors.
    pub stderr: Box<dyn Write + Send>,
    variables: Variables,
    terminals: Terminals,
}

/// Which of the three streams are terminals.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminals {
    /// Standard input: there is somebody to ask.
    pub stdin: bool,
    /// Standard output.
    pub stdout: bool,
    /// Standard error: there is somebody to see progress.
    pub stderr: bool,
}

impl Context {
    /// The streams, variables and clock of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let terminals = Terminals {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
        };
        #[expect(clippy::disallowed_methods, reason = "commands take the variables from the context")]
        let variables = |name: &str| std::env::var(name).ok();
        Self::new(
            variables,
            Box::new(io::stdin()),
            Box::new(io::BufWriter::new(io::stdout())),
            Box::new(io::stderr()),
        )
        .with_terminals(terminals)
    }

    /// These variables and streams, none of them a terminal.
    #[must_use]
    pub fn new(
        variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        stdin: Box<dyn Read + Send>,
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
    ) -> Self {
        Self {
            format: Format::Text,
            config: Config::from_vars(&variables),
            clock: Arc::new(SystemClock::new()),
            stdin,
            stdout,
            stderr,
            variables: Arc::new(variables),
            terminals: Terminals::default(),
        }
    }

    /// Says which streams are terminals.
    #[must_use]
    pub fn with_terminals(mut self, terminals: Terminals) -> Self {
        self.terminals = terminals;
        self
    }

    /// Which streams are terminals.
    #[must_use]
    pub fn terminals(&self) -> Terminals {
        self.terminals
    }

    /// A variable of the environment. One that is empty counts as not set.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|value| !value.is_empty())
    }

    /// How text on standard output may be marked up.
    #[must_use]
    pub fn stdout_style(&self) -> Style {
        Style { colour: self.terminals.stdout && self.allows_colour() }
    }

    /// How text on standard error may be marked up.
    #[must_use]
    pub fn stderr_style(&self) -> Style {
        Style { colour: self.terminals.stderr && self.allows_colour() }
    }

    /// <https://no-color.org>, and terminals that say they can do nothing.
    fn allows_colour(&self) -> bool {
        self.variable("NO_COLOR").is_none() && self.variable("TERM").as_deref() != Some("dumb")
    }

    /// Writes a part of the result to standard output.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn print(&mut self, text: impl fmt::Display) -> Result<()> {
        write!(self.stdout, "{text}").map_err(cannot_write)
    }

    /// Writes one line of JSON to standard output.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn print_json(&mut self, value: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(value).map_err(Failure::from)?;
        line.push(b'\n');
        self.stdout.write_all(&line).map_err(cannot_write)
    }

    /// Writes a remark for people to standard error, one line or several.
    ///
    /// A remark that nobody reads is not worth failing for, so that this cannot fail.
    pub fn say(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.stderr, "{text}");
    }

    /// Writes out what is still in a buffer.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.stdout.flush().map_err(cannot_write)
    }

    /// Prints what the parser of the command line has to say: a help text, the version, or what is wrong.
    pub(crate) fn print_clap(&mut self, error: &clap::Error) -> Exit {
        let text = error.render();
        let (exit, stream, style) = if error.use_stderr() {
            (Exit::USAGE, &mut self.stderr, self.terminals.stderr)
        } else {
            (Exit::OK, &mut self.stdout, self.terminals.stdout)
        };
        let colour = style && (self.variables)("NO_COLOR").is_none_or(|value| value.is_empty());
        let text = if colour { text.ansi().to_string() } else { text.to_string() };
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
        exit
    }
}

fn cannot_write(error: io::Error) -> Failure {
    Failure::from(error).context("cannot write to standard output")
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, config, clock, terminals, .. } = self;
        f.debug_struct("Context")
            .field("format", format)
            .field("config", config)
            .field("clock", clock)
            .field("terminals", terminals)
            .finish_non_exhaustive()
    }
}
