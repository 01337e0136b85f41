//! What the README and docs/fidelity.md say about the project is true of it.

use cloudkit_test_container::facts::{ALL, Standing};

const README: &str = include_str!("../../README.md");
const FIDELITY: &str = include_str!("../../docs/fidelity.md");

#[test]
fn every_fact_that_may_be_wrong_is_a_row() {
    for fact in ALL {
        let row = format!("| {} | {} | {} |", fact.claim, fact.standing, fact.source);
        assert!(FIDELITY.lines().any(|line| line == row), "docs/fidelity.md lacks this row:\n{row}");
    }
    let rows = FIDELITY.lines().filter(|line| {
        ["| documented |", "| observed |", "| disputed |", "| inferred |"]
            .iter()
            .any(|standing| line.contains(standing))
    });
    assert_eq!(rows.count(), ALL.len(), "docs/fidelity.md has rows that are no facts");
}

#[test]
fn the_counts_of_facts_are_right() {
    let count = |standing| ALL.iter().filter(|fact| fact.standing == standing).count();
    let counts = format!(
        "{} documented, {} observed, {} disputed, {} inferred",
        count(Standing::Documented),
        count(Standing::Observed),
        count(Standing::Disputed),
        count(Standing::Inferred)
    );
    for text in [README, FIDELITY] {
        assert!(text.contains(&counts), "README.md and docs/fidelity.md should say: {counts}");
    }
}
