//! What a run has found: a table for people, and a document that can be sent in.

use cloudkit_test_container::facts::{self, Fact};
use serde::Serialize;

use super::case::{Body, Case, Signing, Who};
use super::cases::UNSEEN;
use super::runner::{expectation, request};
use crate::Context;
use crate::failure::Result;

/// Of a body so many characters are printed; some are made to be too large.
const LONGEST_BODY: usize = 1000;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The service answers what is expected.
    Same,
    /// It answers something else.
    Difference,
    /// Of several readings, the one that was observed is told.
    Observed,
    /// There are no credentials for it.
    Skipped,
    /// There was no answer, or what is needed first did not succeed.
    Unanswered,
}

/// What a run has found. It holds no tokens, no key and not the name of the container, so that it can be sent in.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of the command.
    pub version: &'static str,
    /// The host that was asked.
    pub host: String,
    /// What each case has found, in their order.
    pub cases: Vec<CaseReport>,
    /// The facts that no case sees.
    pub unseen: Vec<Unseen>,
}

/// A fact that no case sees.
#[derive(Clone, Debug, Serialize)]
pub struct Unseen {
    /// The row of the table of facts.
    pub fact: FactRow,
    /// Why there is no case.
    pub reason: &'static str,
}

/// What one case has found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseReport {
    /// The number of the case.
    pub id: &'static str,
    /// What it claims, or asks.
    pub statement: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// The rows of the table of facts that it settles.
    pub facts: Vec<FactRow>,
    /// The rows of the catalogue of authentication failures that it settles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<&'static str>,
    /// Where the answer differs from what is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// Which readings were observed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Observed>,
    /// Why there is nothing to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What could not be deleted afterwards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_over: Vec<String>,
}

/// A row of the table of facts.
#[derive(Clone, Debug, Serialize)]
pub struct FactRow {
    /// Its name.
    pub id: &'static str,
    /// What is believed.
    pub claim: &'static str,
    /// How sure it is.
    pub standing: String,
}

/// What was expected, and what came.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// The request.
    pub request: String,
    /// The answer that is expected.
    pub expected: String,
    /// The answer that came.
    pub observed: String,
}

/// Which of several readings an answer shows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// The request.
    pub request: String,
    /// The reading.
    pub reading: String,
    /// Whether the test container follows the same reading.
    pub as_container: bool,
    /// The answer in a few words.
    pub answer: String,
}

/// A case as `--list` prints it.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    id: &'static str,
    statement: &'static str,
    probe: bool,
    facts: Vec<FactRow>,
    rows: Vec<&'static str>,
    steps: Vec<ListedStep>,
}

#[derive(Debug, Serialize)]
struct ListedStep {
    who: Who,
    request: String,
    /// How it is signed, where a key asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing: Option<Signing>,
    /// The body; `~` and `$` stand for names of the run and for parts of earlier answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Empty where it only has to succeed.
    expected: String,
}

fn fact_row(fact: &Fact<()>) -> FactRow {
    FactRow { id: fact.id, claim: fact.claim, standing: fact.standing.to_string() }
}

fn fact_rows(case: &Case) -> Vec<FactRow> {
    facts::ALL.iter().filter(|fact| case.facts.contains(&fact.id)).map(fact_row).collect()
}

impl Unseen {
    /// All of them.
    pub(super) fn all() -> Vec<Self> {
        let of = |(id, reason): &(&str, &'static str)| {
            let fact = facts::ALL.iter().find(|fact| fact.id == *id)?;
            Some(Self { fact: fact_row(fact), reason })
        };
        UNSEEN.iter().filter_map(of).collect()
    }
}

impl Listed {
    pub(super) fn new(case: &Case) -> Self {
        let steps = case
            .steps
            .iter()
            .map(|step| ListedStep {
                who: step.who,
                request: request(step),
                signing: (step.who == Who::Key).then_some(step.signing),
                body: match &step.body {
                    Body::None => None,
                    Body::Json(body) => Some(body.to_string().chars().take(LONGEST_BODY).collect()),
                    Body::Raw(body) => Some((*body).to_owned()),
                    Body::Bytes(length) => Some(format!("{length} bytes")),
                },
                expected: expectation(step),
            })
            .collect();
        Self {
            id: case.id,
            statement: case.statement,
            probe: case.is_probe(),
            facts: fact_rows(case),
            rows: case.rows.clone(),
            steps,
        }
    }

    pub(super) fn print(&self, context: &mut Context) -> Result<()> {
        let settles: Vec<&str> =
            self.facts.iter().map(|fact| fact.id).chain(self.rows.iter().copied()).collect();
        let settles = if settles.is_empty() { String::new() } else { format!(" [{}]", settles.join(", ")) };
        context.print(format_args!("{:7} {}{settles}\n", self.id, self.statement))
    }
}

impl CaseReport {
    pub(super) fn new(case: &Case, verdict: Verdict) -> Self {
        Self {
            id: case.id,
            statement: case.statement,
            verdict,
            facts: fact_rows(case),
            rows: case.rows.clone(),
            difference: None,
            observed: Vec::new(),
            reason: None,
            left_over: Vec::new(),
        }
    }

    pub(super) fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }
}

impl Report {
    /// How many cases ended like this.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases.iter().filter(|case| case.verdict == verdict).count()
    }

    /// Whether no case differs from what is expected, and none is without an answer.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.count(Verdict::Difference) == 0 && self.count(Verdict::Unanswered) == 0
    }

    pub(super) fn print(&self, context: &mut Context) -> Result<()> {
        let style = context.stdout_style();
        for case in &self.cases {
            let CaseReport { id, statement, difference, observed, reason, left_over, .. } = case;
            if let Some(Difference { request, expected, observed }) = difference {
                context.print(format_args!(
                    "{} {statement}\n  sent      {request}\n  expected  {expected}\n  observed  {observed}\n",
                    style.error(id)
                ))?;
            }
            if !observed.is_empty() {
                context.print(format_args!("{} {statement}\n", style.strong(id)))?;
            }
            for Observed { reading, as_container, answer, .. } in observed {
                let mark = if *as_container { "" } else { ", unlike the test container" };
                context.print(format_args!("  observed  {reading}{mark} ({answer})\n"))?;
            }
            if let Some(reason) = reason {
                let mark = if case.verdict == Verdict::Skipped { "skipped" } else { "no answer" };
                context.print(format_args!("{} {statement}\n  {mark}: {reason}\n", style.warning(id)))?;
            }
            for left_over in left_over {
                context.print(format_args!("  not deleted: {left_over}\n"))?;
            }
        }
        context.print(format_args!(
            "\n{} cases: {} as expected, {} different, {} observed, {} skipped, {} without an answer.\n",
            self.cases.len(),
            self.count(Verdict::Same),
            self.count(Verdict::Difference),
            self.count(Verdict::Observed),
            self.count(Verdict::Skipped),
            self.count(Verdict::Unanswered),
        ))?;
        context.print(format_args!(
            "{} facts have no case that sees them; --format json says why.\n",
            self.unseen.len()
        ))
    }
}
