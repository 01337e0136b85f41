//! What the README says about the project is true of it.

use cloudkit_test_container::facts::{ALL, Standing};

const README: &str = include_str!("../../README.md");

#[test]
fn every_fact_that_may_be_wrong_is_a_row() {
    for fact in ALL {
        let row = format!("| {} | {} | {} |", fact.claim, fact.standing, fact.source);
        assert!(README.contains(&row), "the section on fidelity lacks this row:\n{row}");
    }
    let rows = README.lines().filter(|line| {
        ["| documented |", "| observed |", "| disputed |", "| inferred |"]
            .iter()
            .any(|standing| line.contains(standing))
    });
    assert_eq!(rows.count(), ALL.len(), "the section on fidelity has rows that are no facts");
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
    assert!(README.contains(&counts), "the section on fidelity should say: {counts}");
}
