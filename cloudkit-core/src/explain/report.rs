//! An explanation in words: one line for logs, several for people.

use std::fmt;

use super::{BodyBytes, Cause, Explanation, ShownMessage, Strength, Verdict};

/// A line of a report for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportLine {
    /// What it is, for those who set it in colour.
    pub kind: LineKind,
    /// The text, without a line end.
    pub text: String,
}

/// What a line of a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LineKind {
    /// The verdict, when nothing is wrong.
    Good,
    /// The cause that stands out.
    Bad,
    /// A doubt: nothing proved, or a hint.
    Doubt,
    /// An explanation.
    Text,
    /// A text that was or should have been signed.
    Message,
    /// `^^^^` under the part of it that differs.
    Mark,
    /// What to do.
    Fix,
    /// What is excluded, and what was not checked.
    Aside,
    /// Nothing.
    Blank,
}

impl Explanation {
    /// The explanation in one line of printable ASCII, for logs and headers:
    /// `M5 body_hash_hex: your signature is valid for the message with the body hash in hex; CloudKit wants base64 of
    /// the 32 bytes`.
    #[must_use]
    pub fn one_line(&self) -> String {
        let sure: Vec<&Cause> = self.causes.iter().filter(|cause| cause.strength == Strength::Sure).collect();
        let line = match (self.verdict, sure.as_slice()) {
            (Verdict::Valid, _) => {
                let mut line = "valid: the signature is right".to_owned();
                for note in &self.notes {
                    line.push_str(&format!("; {} {}: {}", note.code.row(), note.code, note.detail));
                }
                line
            }
            (_, []) => {
                let mut line = "unproven: the signature fits none of the texts that were tried".to_owned();
                if let Some(hint) = self.causes.first() {
                    line.push_str(&format!("; perhaps {} {}: {}", hint.code.row(), hint.code, hint.detail));
                }
                if let Some(expected) = &self.expected_message {
                    line.push_str(&format!("; the text to sign is {}", expected.text));
                }
                line
            }
            (_, sure) => {
                let names: Vec<String> =
                    sure.iter().map(|cause| format!("{} {}", cause.code.row(), cause.code)).collect();
                let mut details: Vec<String> = in_signed_text(sure).into_iter().collect();
                details.extend(
                    sure.iter().filter(|cause| cause.signed.is_none()).map(|cause| cause.detail.clone()),
                );
                format!("{}: {}", names.join(" + "), details.join("; "))
            }
        };
        ascii(&line)
    }

    /// The explanation for people, line by line.
    #[must_use]
    pub fn report(&self) -> Vec<ReportLine> {
        let mut lines = Lines(Vec::new());
        self.headline(&mut lines);
        for cause in &self.causes {
            lines.blank();
            if cause.strength == Strength::Sure {
                lines.push(LineKind::Text, format!("  {}.", sentence(&cause.detail)));
            } else {
                let perhaps = format!("  Perhaps {} ({}): {}.", cause.code, cause.code.row(), cause.detail);
                lines.push(LineKind::Doubt, perhaps);
            }
            if let Some(caveat) = cause.code.standing().caveat() {
                lines.push(LineKind::Aside, format!("  That CloudKit refuses this is {caveat}."));
            }
            lines.push(LineKind::Fix, format!("  Fix: {}.", cause.fix));
        }
        for note in &self.notes {
            lines.blank();
            lines.push(
                LineKind::Doubt,
                format!("  Note: {} ({}): {}.", note.code, note.code.row(), note.detail),
            );
        }
        if self.signed_message.is_some()
            || (self.verdict != Verdict::Valid && self.expected_message.is_some())
        {
            lines.blank();
            lines.message("signed", self.signed_message.as_ref());
            lines.message("expected", self.expected_message.as_ref());
        }
        lines.blank();
        self.asides(&mut lines);
        lines.0
    }

    fn headline(&self, lines: &mut Lines) {
        let named = |cause: &Cause| format!("{} ({})", cause.code, cause.code.row());
        match self.verdict {
            Verdict::Valid => lines.push(LineKind::Good, "\u{2713} valid: the signature is right".to_owned()),
            Verdict::Invalid => {
                let sure: Vec<String> =
                    self.causes.iter().filter(|cause| cause.strength == Strength::Sure).map(named).collect();
                let worth = if self.proven { "proved" } else { "sure" };
                lines.push(LineKind::Bad, format!("\u{2717} {} \u{2013} {worth}", sure.join(" + ")));
            }
            Verdict::Unproven => {
                lines.push(
                    LineKind::Doubt,
                    "? unproven: the signature fits none of the texts that were tried".to_owned(),
                );
            }
        }
    }

    fn asides(&self, lines: &mut Lines) {
        if let Some(advice) = &self.advice {
            lines.push(LineKind::Fix, format!("  {}.", sentence(advice)));
        }
        if let Some(key) = &self.key {
            let short = key.fingerprint.get(..16).unwrap_or(&key.fingerprint);
            let name = match &key.name {
                Some(name) => format!("{} (fingerprint {short}...)", ascii(name)),
                None => format!("{short}..., which the signatures were made with"),
            };
            lines.push(LineKind::Aside, format!("  Verified with public key {name}."));
        }
        if !self.excluded.is_empty() {
            let excluded: Vec<String> =
                self.excluded.iter().map(|one| format!("{} ({})", one.code, one.because)).collect();
            lines.push(LineKind::Aside, format!("  Excluded: {}.", excluded.join(", ")));
        }
        if !self.not_checked.is_empty() {
            let codes: Vec<&str> = self.not_checked.iter().map(|code| code.as_str()).collect();
            lines.push(LineKind::Aside, format!("  Not checked without network: {}.", codes.join(", ")));
        }
        let body = match self.body_bytes {
            BodyBytes::Exact => "",
            BodyBytes::Text => "; the body was captured as text, so its bytes are not certain",
            BodyBytes::Missing => "; the body was not captured",
        };
        lines.push(LineKind::Aside, format!("  Texts tried: {}{body}.", self.candidates_tried));
    }
}

/// One sentence about all mistakes in the text that was found.
fn in_signed_text(causes: &[&Cause]) -> Option<String> {
    let found: Vec<(&str, &str)> = causes
        .iter()
        .filter_map(|cause| cause.signed.as_deref().map(|signed| (signed, cause.code.rule())))
        .collect();
    let ((last, last_rule), others) = found.split_last()?;
    let mut rules: Vec<&str> = Vec::new();
    for (_, rule) in others.iter().chain([&(*last, *last_rule)]) {
        if !rules.contains(rule) {
            rules.push(rule);
        }
    }
    let signed: Vec<&str> = others.iter().map(|(signed, _)| *signed).collect();
    let and = if signed.is_empty() { String::new() } else { format!("{} and ", signed.join(", ")) };
    Some(format!(
        "your signature is valid for the message with {and}{last}; CloudKit wants {}",
        rules.join("; ")
    ))
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.report() {
            writeln!(f, "{}", line.text)?;
        }
        Ok(())
    }
}

struct Lines(Vec<ReportLine>);

impl Lines {
    fn push(&mut self, kind: LineKind, text: String) {
        self.0.push(ReportLine { kind, text });
    }

    fn blank(&mut self) {
        self.push(LineKind::Blank, String::new());
    }

    fn message(&mut self, name: &str, message: Option<&ShownMessage>) {
        const INDENT: usize = 12;
        let Some(ShownMessage { text, marks }) = message else { return };
        self.push(LineKind::Message, format!("  {name:<10}{text}"));
        if marks.is_empty() {
            return;
        }
        let mut line = String::new();
        let mut labels = Vec::new();
        for mark in marks {
            let start = INDENT + mark.range.start;
            line.extend(std::iter::repeat_n(' ', start.saturating_sub(line.len())));
            line.extend(std::iter::repeat_n('^', mark.range.len().max(1)));
            labels.push(mark.label.as_str());
        }
        line.push(' ');
        line.push_str(&labels.join("; "));
        self.push(LineKind::Mark, line);
    }
}

/// With a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// With everything but printable ASCII escaped.
pub(super) fn ascii(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, ' '..='~') { line.push(c) } else { line.extend(c.escape_default()) }
    }
    line
}
