//! Where the request goes: host, path, method, and what is done to its body on the way.

use super::Findings;
use crate::Environment;
use crate::explain::{Capture, CauseCode, Evidence};

/// What the path says.
#[derive(Clone, Debug, Default)]
pub(in crate::explain) struct Route {
    pub(in crate::explain) environment: Option<Environment>,
    /// What follows the database, such as `records/query`.
    endpoint: Option<String>,
}

impl Route {
    /// Whether the endpoint reads its input from the body.
    pub(in crate::explain) fn needs_body(&self) -> bool {
        self.endpoint.as_deref().is_some_and(|endpoint| method_of(endpoint) == Some("POST"))
    }
}

/// The method that an endpoint is called with; `None` if there are two, or if it is not known.
fn method_of(endpoint: &str) -> Option<&'static str> {
    match endpoint {
        "zones/list" | "subscriptions/list" | "users/caller" | "users/current" => Some("GET"),
        "users/discover" => None,
        other => {
            let family = other.split_once('/')?.0;
            let is_known = matches!(
                family,
                "records" | "zones" | "subscriptions" | "users" | "assets" | "tokens" | "changes"
            );
            is_known.then_some("POST")
        }
    }
}

/// Checks where a signed request goes.
pub(in crate::explain) fn routing(
    capture: &Capture,
    evidence: &Evidence,
    is_signed: bool,
    findings: &mut Findings,
) -> Route {
    host(capture, findings);
    let mut route = Route::default();
    let path = capture.path();
    let is_device = path.starts_with("/device/1/");
    let Some(rest) = path.strip_prefix("/database/1/").or_else(|| path.strip_prefix("/device/1/")) else {
        return route;
    };
    // Escapes in the path are taken for what they stand for.
    let mut segments = rest
        .splitn(if is_device { 3 } else { 4 }, '/')
        .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8_lossy());

    if let Some(container) = segments.next() {
        check_container(&container, evidence, findings);
    }
    if let Some(environment) = segments.next() {
        match environment.parse::<Environment>() {
            Ok(environment) => {
                route.environment = Some(environment);
                findings
                    .exclude(CauseCode::EnvironmentMalformed, "the path names the environment in lower case");
            }
            Err(_) => findings.sure(
                CauseCode::EnvironmentMalformed,
                format!(
                    "the path names the environment {}; it is development or production, in lower case",
                    shown(&environment)
                ),
            ),
        }
    }
    // Whoever sends the token of another service means to act as a server too.
    let is_server = is_signed || capture.values("authorization").next().is_some();
    if !is_device {
        match segments.next().as_deref() {
            Some(database @ ("private" | "shared")) if is_server => findings.sure(
                CauseCode::DatabaseNotPublic,
                format!(
                    "the {database} database cannot be used with a server-to-server key; only the public one can"
                ),
            ),
            Some("public") if is_signed => {
                findings.exclude(CauseCode::DatabaseNotPublic, "the public database");
            }
            _ => {}
        }
    }
    if let Some(endpoint) = segments.next() {
        let endpoint = endpoint.trim_end_matches('/');
        check_endpoint(endpoint, capture, is_signed, findings);
        route.endpoint = Some(endpoint.to_owned());
    }
    route
}

fn host(capture: &Capture, findings: &mut Findings) {
    let Some(host) = &capture.host else { return };
    let name = host.rsplit_once('@').map_or(host.as_str(), |(_, host)| host);
    let name = name.split_once(':').map_or(name, |(name, _)| name).to_ascii_lowercase();
    const OTHERS: [&str; 4] = ["icloud.com", "icloud-content.com", "apple.com", "apple-cloudkit.com"];
    if name == "api.apple-cloudkit.com" {
        findings.exclude(CauseCode::WrongHost, "the host of CloudKit Web Services");
    } else if OTHERS.iter().any(|other| name == *other || name.ends_with(&format!(".{other}"))) {
        findings.sure(
            CauseCode::WrongHost,
            format!("the request goes to {}; signed requests go to api.apple-cloudkit.com", shown(&name)),
        );
    }
}

fn check_container(container: &str, evidence: &Evidence, findings: &mut Findings) {
    let served = evidence.container.as_deref();
    if served.is_some_and(|served| served == container) {
        return;
    }
    let why = match served {
        Some(served) if served.eq_ignore_ascii_case(container) => "container IDs are case-sensitive",
        _ if !container.starts_with("iCloud.") && !container.starts_with("com.apple.") => {
            "container IDs begin with iCloud."
        }
        Some(_) => "no such container is here",
        None => {
            findings.exclude(CauseCode::ContainerIdMalformed, "the container ID begins with iCloud.");
            return;
        }
    };
    let served = served.map(|served| format!(", this one is {}", shown(served))).unwrap_or_default();
    findings.sure(
        CauseCode::ContainerIdMalformed,
        format!("the path names the container {}{served}; {why}", shown(container)),
    );
}

fn check_endpoint(endpoint: &str, capture: &Capture, is_signed: bool, findings: &mut Findings) {
    if is_signed {
        match endpoint {
            "users/discover" => findings.sure(
                CauseCode::UserEndpoint,
                "users/discover cannot be used with a server-to-server key; it needs a user",
            ),
            "users/lookup/email"
            | "users/lookup/id"
            | "users/lookup/contacts"
            | "tokens/create"
            | "tokens/register"
            | "records/resolve"
            | "records/accept" => findings.note(
                CauseCode::UserEndpoint,
                format!("whether a server-to-server key reaches {endpoint} is disputed"),
            ),
            _ => {}
        }
    }
    let method = capture.method.as_str();
    let Some(expected) = method_of(endpoint) else { return };
    if method != expected && !method.is_empty() {
        let detail = format!("{} is sent to {}, which wants {expected}", shown(method), shown(endpoint));
        match capture.reply.as_ref().map(|reply| reply.status) {
            Some(400 | 404 | 405) => findings.strong(CauseCode::MethodMismatch, detail),
            _ => findings.hint(CauseCode::MethodMismatch, detail),
        }
    }
}

/// A part of a request, fit for a sentence: in ASCII, and not too long.
fn shown(text: &str) -> String {
    crate::explain::report::ascii(&text.chars().take(120).collect::<String>())
}
