//! The form of the output: text or JSON, with colour or without.

use std::fmt;

use anstyle::{AnsiColor, Style as Ansi};

/// For whom the result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text for people.
    #[default]
    Text,
    /// JSON for programs.
    Json,
}

/// Marks up text for a terminal, or leaves it plain.
///
/// The words carry the meaning without it, because there is none in files and pipes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether there is colour.
    pub colour: bool,
}

impl Style {
    /// Something wrong.
    #[must_use]
    pub fn error<'a>(&self, text: &'a str) -> Styled<'a> {
        self.styled(text, AnsiColor::Red.on_default().bold())
    }

    /// Something right.
    #[must_use]
    pub fn good<'a>(&self, text: &'a str) -> Styled<'a> {
        self.styled(text, AnsiColor::Green.on_default().bold())
    }

    /// Something doubtful.
    #[must_use]
    pub fn warning<'a>(&self, text: &'a str) -> Styled<'a> {
        self.styled(text, AnsiColor::Yellow.on_default().bold())
    }

    /// A heading, or the part that matters.
    #[must_use]
    pub fn strong<'a>(&self, text: &'a str) -> Styled<'a> {
        self.styled(text, Ansi::new().bold())
    }

    /// What matters less.
    #[must_use]
    pub fn faint<'a>(&self, text: &'a str) -> Styled<'a> {
        self.styled(text, Ansi::new().dimmed())
    }

    fn styled<'a>(&self, text: &'a str, style: Ansi) -> Styled<'a> {
        Styled { text, style: if self.colour { style } else { Ansi::new() } }
    }
}

/// A text with its colour.
#[derive(Clone, Copy, Debug)]
pub struct Styled<'a> {
    text: &'a str,
    style: Ansi,
}

impl fmt::Display for Styled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.style.render(), self.text, self.style.render_reset())
    }
}
