//! What the pattern of answers means. A pure function of the answers.

use cloudkit_core::Environment;
use cloudkit_core::explain::CauseCode;

use super::check::{Check, Status};
use super::probe::{Findings, Kind, Probe};

/// Clocks that differ by more are worth a word, although CloudKit is said to allow for ten minutes.
const WORTH_A_WORD: i64 = 60;

/// What to tell apart behind a 401 in both environments, which nobody can from outside.
const LOOK_IN_THE_CONSOLE: &str = "compare with CloudKit Console → the container → Tokens & Keys: is this key ID there, in this container and \
     environment, and not revoked? If not, paste the public key there and use the key ID that it gets";

/// Decides. `is_registered_key` says that the user has shown the registered public key, and that it fits.
pub(super) fn decide(findings: &Findings, is_registered_key: bool) -> Vec<Check> {
    let own = Probe::of(findings.environment);
    let other_environment = super::other_environment(findings.environment);
    let other = Probe::of(other_environment);
    let environment = findings.environment;
    let mut checks = Vec::new();
    let mut clock_is_proved = false;

    let words =
        findings.outcomes.get(&own).map_or_else(|| "it was not asked".to_owned(), |own| own.in_words());
    match findings.kind(own) {
        Some(Kind::Accepted) => {
            checks.push(Check::own(
                "credentials",
                Status::Ok,
                format!(
                    "CloudKit accepts the key in {environment}; if another program is refused, its requests differ: \
                     give one to `cloudkit explain`"
                ),
            ));
            match findings.kind(other) {
                Some(Kind::Accepted) => checks.push(Check::cause(
                    CauseCode::KeyOtherEnvironment,
                    Status::Ok,
                    "the key is accepted in both environments",
                )),
                Some(Kind::Refused) => checks.push(
                    Check::cause(
                        CauseCode::KeyOtherEnvironment,
                        Status::Warning,
                        format!("the key is registered in {environment} and not in {other_environment}"),
                    )
                    .with_fix(format!(
                        "before the program goes to {other_environment}, register the public key there too; it gets \
                         another key ID"
                    )),
                ),
                _ => {}
            }
            checks.extend(readings(findings));
        }
        Some(Kind::Refused) => {
            refused(findings, other_environment, is_registered_key, &mut checks, &mut clock_is_proved)
        }
        Some(Kind::Denied) => checks.push(Check::cause(
            CauseCode::RoleMissing,
            Status::Failed,
            format!("the key is accepted in {environment}, and may not read there: {words}"),
        )),
        Some(Kind::SignIn) => {
            if same_without_headers(findings, own) {
                checks.push(lost_headers("the answer is the same as to a request without credentials"));
            }
            checks.push(Check::cause(
                CauseCode::UserSignInRequired,
                Status::Failed,
                format!("CloudKit asks for a user to sign in, so that no signature reached it: {words}"),
            ));
        }
        Some(Kind::Misdirected) => checks.push(Check::cause(
            CauseCode::ConnectionCoalesced,
            Status::Failed,
            "the answer 421 has no body of CloudKit's: the connection belongs to another host",
        )),
        Some(Kind::Throttled) => checks.push(Check::own(
            "throttled",
            Status::Unknown,
            format!("CloudKit takes no more requests for now: {words}"),
        )),
        Some(Kind::NoAnswer) => {
            let fix = match findings.kind(Probe::Direct) {
                None | Some(Kind::NoAnswer) => {
                    "check the network, the proxy and CLOUDKIT_URL; `cloudkit doctor --offline` does without"
                }
                Some(_) => {
                    "without the proxy there is an answer: check HTTPS_PROXY, or leave it out with NO_PROXY"
                }
            };
            checks.push(Check::own("no_answer", Status::Failed, words).with_fix(fix));
        }
        Some(Kind::Other) => checks.push(
            Check::own(
                "unexpected_answer",
                Status::Failed,
                format!("this is no answer to a lookup: {words}"),
            )
            .with_fix(
                "check CLOUDKIT_URL and what answers there; a network may ask for a sign-in of its own",
            ),
        ),
        None => checks.push(Check::own("credentials", Status::Unknown, "no signed request could be sent")),
    }
    if !clock_is_proved {
        checks.push(clock(findings));
    }
    if let Some(why) = &findings.stopped {
        let detail = format!("not all was asked: {why}");
        checks.push(Check::own("probes_stopped", Status::Unknown, detail).with_fix("wait, and run it again"));
    }
    checks
}

/// What is learnt with a key that is accepted, about what sources disagree on.
fn readings(findings: &Findings) -> Vec<Check> {
    let mut checks = Vec::new();
    match findings.kind(Probe::WithQuery) {
        Some(Kind::Accepted) => checks.push(Check::cause(
            CauseCode::QuerySentNotSigned,
            Status::Ok,
            "a query that is sent and signed is accepted",
        )),
        Some(Kind::Refused) => checks.push(
            Check::cause(
                CauseCode::QuerySentNotSigned,
                Status::Warning,
                "the same request is refused with a query, although the query is signed",
            )
            .with_fix("send no query with a signature"),
        ),
        _ => {}
    }
    let accepted = |probe| findings.kind(probe).map(|kind| kind == Kind::Accepted);
    let readings = match (accepted(Probe::EmptyBodyHashed), accepted(Probe::EmptyBodyLeftOut)) {
        (Some(true), Some(true)) => "with the hash of nothing and with nothing in its place",
        (Some(true), Some(false)) => {
            "with the hash of nothing in the signed text, and not with nothing there"
        }
        (Some(false), Some(true)) => "with nothing in place of the hash, and not with the hash of nothing",
        _ => return checks,
    };
    let detail = format!("a request without a body is accepted {readings}");
    checks.push(Check::cause(CauseCode::EmptyBodyHashForm, Status::Ok, detail));
    checks
}

/// The key's own environment answers 401.
fn refused(
    findings: &Findings,
    other_environment: Environment,
    is_registered_key: bool,
    checks: &mut Vec<Check>,
    clock_is_proved: &mut bool,
) {
    let environment = findings.environment;
    let own = Probe::of(environment);
    let mut is_explained = false;
    let works_elsewhere = [Probe::of(other_environment), Probe::ServerTimeElsewhere];
    if works_elsewhere.iter().any(|&probe| findings.kind(probe) == Some(Kind::Accepted)) {
        is_explained = true;
        checks.push(
            Check::cause(
                CauseCode::KeyOtherEnvironment,
                Status::Failed,
                format!("the same key is accepted in {other_environment} and refused in {environment}"),
            )
            .with_fix(format!(
                "register the public key in {environment} too and use the key ID that it gets there, or set \
                 CLOUDKIT_ENVIRONMENT to {other_environment}"
            )),
        );
    }
    let by_the_servers_time = [Probe::ServerTime, Probe::ServerTimeElsewhere];
    if by_the_servers_time.iter().any(|&probe| findings.kind(probe) == Some(Kind::Accepted)) {
        is_explained = true;
        *clock_is_proved = true;
        let detail = format!(
            "signed with the server's time the request is accepted, with this machine's it is not: {}",
            skew_in_words(findings.skew)
        );
        checks.push(Check::cause(CauseCode::ClockSkew, Status::Failed, detail));
    }
    if findings.kind(Probe::Direct) == Some(Kind::Accepted) {
        is_explained = true;
        checks.push(
            lost_headers("the request is accepted without the proxy, and refused through it")
                .with_fix("let the proxy pass the three X-Apple-CloudKit-Request headers and the path as they are, or leave it out with NO_PROXY"),
        );
    } else if same_without_headers(findings, own) {
        is_explained = true;
        checks.push(lost_headers(
            "a signed request gets the same answer as one without credentials, that no credentials came with it",
        ));
    }
    if is_explained {
        return;
    }
    let in_both = match findings.kind(Probe::of(other_environment)) {
        Some(Kind::Refused) => "in both environments",
        _ => "",
    };
    let picture =
        format!("401 {in_both} with a signature that is right: one of those that look alike from outside");
    let picture = picture.replace("  ", " ");
    for code in [CauseCode::KeyNotRegistered, CauseCode::KeyOtherContainer, CauseCode::KeyRevoked] {
        checks.push(
            Check::cause(code, Status::Failed, format!("{}: {picture}", code.title()))
                .with_fix(LOOK_IN_THE_CONSOLE),
        );
    }
    if !is_registered_key {
        checks.push(
            Check::cause(
                CauseCode::KeyIdMismatch,
                Status::Unknown,
                "whether the key ID belongs to this private key is not known",
            )
            .with_fix("copy the public key from the Console into a file and give it with --public-key"),
        );
    }
    checks.push(
        Check::cause(
            CauseCode::AccountOrService,
            Status::Unknown,
            "the developer account cannot be seen from here",
        )
        .with_fix(CauseCode::AccountOrService.fix()),
    );
}

fn lost_headers(detail: &str) -> Check {
    Check::cause(CauseCode::HeaderLostInTransit, Status::Failed, detail)
}

/// Whether a signed call gets the answer of one without credentials, and that answer is not the one that every bad
/// signature gets.
fn same_without_headers(findings: &Findings, own: Probe) -> bool {
    let (Some(own), Some(without)) =
        (findings.outcomes.get(&own), findings.outcomes.get(&Probe::WithoutHeaders))
    else {
        return false;
    };
    let answer =
        |outcome: &super::probe::Outcome| (outcome.status, outcome.code.clone(), outcome.reason.clone());
    let is_of_any_signature =
        own.reason.as_deref().is_none_or(|reason| reason.eq_ignore_ascii_case("authentication failed"));
    answer(own) == answer(without) && !is_of_any_signature
}

fn clock(findings: &Findings) -> Check {
    let code = CauseCode::ClockSkew;
    match findings.skew {
        None => Check::cause(code, Status::Unknown, "no answer told the time of the server"),
        Some(skew) if skew.abs() > WORTH_A_WORD => {
            Check::cause(code, Status::Warning, skew_in_words(Some(skew)))
        }
        Some(_) => Check::cause(code, Status::Ok, "the clock of this machine agrees with the server's"),
    }
}

fn skew_in_words(skew: Option<i64>) -> String {
    match skew {
        Some(skew) if skew < 0 => format!("the clock of this machine is {} s fast", -skew),
        Some(skew) => format!("the clock of this machine is {skew} s slow"),
        None => "the clock of this machine is wrong".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::probe::Outcome;

    fn findings(answers: &[(Probe, Kind, &str)]) -> Findings {
        let mut findings = Findings::new(Environment::Production);
        for &(probe, kind, reason) in answers {
            let status = match kind {
                Kind::Accepted => 200,
                Kind::Refused => 401,
                Kind::Denied => 403,
                Kind::Throttled => 429,
                Kind::SignIn | Kind::Misdirected => 421,
                Kind::Other | Kind::NoAnswer => 500,
            };
            let outcome = Outcome {
                kind,
                status: Some(status),
                code: None,
                reason: Some(reason.to_owned()),
                uuid: None,
                error: None,
            };
            findings.outcomes.insert(probe, outcome);
        }
        findings.skew = Some(0);
        findings
    }

    #[track_caller]
    fn check(answers: &[(Probe, Kind, &str)], failed: &[&str]) {
        let checks = decide(&findings(answers), false);
        let found: Vec<&str> =
            checks.iter().filter(|check| check.status == Status::Failed).map(|check| check.code).collect();
        assert_eq!(found, failed, "{checks:#?}");
    }

    const BAD: &str = "Authentication failed";

    #[test]
    fn each_pattern_has_its_verdict() {
        use Kind::*;
        use Probe::*;
        check(&[(Production, Refused, BAD), (Development, Accepted, "")], &["key_other_environment"]);
        check(&[(Production, Accepted, ""), (Development, Refused, BAD)], &[]);
        let alike = ["key_not_registered", "key_other_container", "key_revoked"];
        check(
            &[(Production, Refused, BAD), (Development, Refused, BAD), (WithoutHeaders, Refused, BAD)],
            &alike,
        );
        check(&[(Production, Refused, BAD), (Development, Refused, BAD), (ServerTime, Refused, BAD)], &alike);
        check(
            &[(Production, Refused, BAD), (Development, Refused, BAD), (ServerTime, Accepted, "")],
            &["clock_skew"],
        );
        check(&[(Production, Refused, BAD), (Direct, Accepted, "")], &["header_lost_in_transit"]);
        let none = "no auth method found";
        check(&[(Production, Refused, none), (WithoutHeaders, Refused, none)], &["header_lost_in_transit"]);
        check(&[(Production, Denied, "")], &["role_missing"]);
        let hashed = [(Production, Accepted, ""), (WithQuery, Refused, BAD), (EmptyBodyHashed, Accepted, "")];
        check(&[&hashed[..], &[(EmptyBodyLeftOut, Refused, BAD)]].concat(), &[]);
        check(&[(Production, SignIn, "x")], &["user_sign_in_required"]);
        check(
            &[(Production, SignIn, "x"), (WithoutHeaders, SignIn, "x")],
            &["header_lost_in_transit", "user_sign_in_required"],
        );
        check(&[(Production, Misdirected, "")], &["connection_coalesced"]);
        check(&[(Production, Throttled, "")], &[]);
        check(&[(Production, NoAnswer, "")], &["no_answer"]);
        check(&[(Production, Other, "")], &["unexpected_answer"]);
        check(&[], &[]);
    }

    #[test]
    fn what_sources_disagree_on_is_learnt_with_a_key_that_is_accepted() {
        use Kind::*;
        use Probe::*;
        for (query, hashed, left_out, expected) in [
            (Accepted, Accepted, Accepted, ["is accepted", "and with nothing in its place"]),
            (Refused, Accepted, Refused, ["is refused with a query", "and not with nothing there"]),
            (Refused, Refused, Accepted, ["is refused with a query", "and not with the hash of nothing"]),
        ] {
            let answers = [
                (Production, Accepted, ""),
                (WithQuery, query, BAD),
                (EmptyBodyHashed, hashed, BAD),
                (EmptyBodyLeftOut, left_out, BAD),
            ];
            let checks = decide(&findings(&answers), false);
            let detail = |code: &str| {
                checks.iter().find(|check| check.code == code).map(|check| check.detail.as_str())
            };
            let found = [detail("query_sent_not_signed"), detail("empty_body_hash_form")];
            for (found, expected) in found.into_iter().zip(expected) {
                assert!(found.is_some_and(|found| found.contains(expected)), "{found:?} has not {expected}");
            }
        }
        assert_eq!(readings(&findings(&[(Production, Accepted, "")])).len(), 0);
    }

    #[test]
    fn two_faults_are_both_told() {
        use Kind::*;
        use Probe::*;
        let answers = [(Production, Refused, BAD), (Development, Refused, BAD), (ServerTime, Refused, BAD)];
        let answers = [&answers[..], &[(ServerTimeElsewhere, Accepted, "")]].concat();
        check(&answers, &["key_other_environment", "clock_skew"]);
    }

    #[test]
    fn a_clock_that_is_off_but_good_enough_is_told() {
        let mut findings = findings(&[(Probe::Production, Kind::Accepted, "")]);
        findings.skew = Some(-90);
        let checks = decide(&findings, false);
        let clock = checks.iter().find(|check| check.code == "clock_skew").expect("a check");
        assert_eq!(clock.status, Status::Warning);
        assert!(clock.detail.contains("90 s fast"), "{}", clock.detail);
    }
}
