//! The parts of the server, by where their paths begin, and all that they answer.

use super::{admin, console, courier, files, sign_in};
use crate::api::Endpoint;
use crate::management;

/// A part of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Admin,
    Console,
    SignIn,
    Management,
    Files,
    LongPoll,
    /// Apple's web services. Paths that lead nowhere are theirs too, so that they are refused in their words.
    WebServices,
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Admin,
        Self::Console,
        Self::SignIn,
        Self::Management,
        Self::Files,
        Self::LongPoll,
        Self::WebServices,
    ];

    /// The part that a request is for.
    pub(super) fn of(method: &str, target: &str) -> Self {
        let serves = |part: &Self| match part {
            Self::Admin => admin::serves(target),
            Self::Console => console::serves(target),
            Self::SignIn => method == "GET" && target.starts_with(sign_in::PREFIX),
            Self::Management => management::serves(target),
            Self::Files => files::serves(target),
            Self::LongPoll => courier::token(method, target).is_some(),
            Self::WebServices => true,
        };
        Self::ALL.into_iter().find(serves).unwrap_or(Self::WebServices)
    }

    /// What the part answers: methods, and patterns of paths.
    fn endpoints(self) -> Vec<(&'static str, String)> {
        let fixed = |endpoints: &[(&'static str, &str)]| {
            endpoints.iter().map(|(method, path)| (*method, (*path).to_owned())).collect()
        };
        match self {
            Self::Admin => admin::endpoints(),
            Self::Console => fixed(&[("GET", "/console"), ("GET", "/console/{file}")]),
            Self::SignIn => fixed(&[("GET", "/auth/{environment}")]),
            Self::Management => management::endpoints(),
            Self::Files => fixed(&[("POST", "/assets/upload"), ("GET", "/assets/download/{file}/{name}")]),
            Self::LongPoll => fixed(&[("GET", courier::PATH)]),
            Self::WebServices => Endpoint::patterns(),
        }
    }
}

/// All that a container answers, as methods and patterns of paths such as
/// `/database/1/{container}/{environment}/{database}/records/query`: for tests that want to leave nothing out.
///
/// It is what requests are routed by. Preflights (`OPTIONS`) are answered under every path.
#[must_use]
pub fn endpoints() -> Vec<(&'static str, String)> {
    Part::ALL.into_iter().flat_map(Part::endpoints).collect()
}
