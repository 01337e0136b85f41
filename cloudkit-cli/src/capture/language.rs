//! The programming language of the program that sent a request, as far as the request shows it.

use std::fmt;

use cloudkit_core::explain::Capture;
use serde::Serialize;

/// A programming language, told by the name that its HTTP library gives itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript in Node, Deno, Bun or a worker.
    JavaScript,
    /// Go.
    Go,
    /// Java or Kotlin.
    Java,
    /// Swift.
    Swift,
    /// PHP.
    Php,
    /// Ruby.
    Ruby,
    /// C# or another language of .NET.
    DotNet,
    /// Dart.
    Dart,
    /// Rust.
    Rust,
    /// A shell with curl and openssl.
    Shell,
}

/// What stands in a `User-Agent` in small letters, and what that tells. The first that fits counts.
const NAMES: &[(&str, Language)] = &[
    ("python", Language::Python),
    ("aiohttp", Language::Python),
    ("httpx", Language::Python),
    ("node", Language::JavaScript),
    ("undici", Language::JavaScript),
    ("axios", Language::JavaScript),
    ("got (", Language::JavaScript),
    ("deno/", Language::JavaScript),
    ("bun/", Language::JavaScript),
    ("mozilla/", Language::JavaScript),
    ("go-http-client", Language::Go),
    ("go-resty", Language::Go),
    ("okhttp", Language::Java),
    ("java", Language::Java),
    ("apache-httpclient", Language::Java),
    ("ktor", Language::Java),
    ("dalvik", Language::Java),
    ("cfnetwork", Language::Swift),
    ("swift", Language::Swift),
    ("alamofire", Language::Swift),
    ("async-http-client", Language::Swift),
    ("guzzlehttp", Language::Php),
    ("php", Language::Php),
    ("symfony", Language::Php),
    ("ruby", Language::Ruby),
    ("faraday", Language::Ruby),
    (".net", Language::DotNet),
    ("restsharp", Language::DotNet),
    ("powershell", Language::DotNet),
    ("dart", Language::Dart),
    ("reqwest", Language::Rust),
    ("hyper/", Language::Rust),
    ("curl/", Language::Shell),
    ("wget/", Language::Shell),
];

impl Language {
    /// The language that a request shows.
    #[must_use]
    pub fn of(capture: &Capture) -> Option<Self> {
        let mut headers = capture.headers.iter();
        let agent = headers.find(|(name, _)| name.trim().eq_ignore_ascii_case("user-agent"))?;
        let agent = agent.1.to_ascii_lowercase();
        NAMES.iter().find(|(name, _)| agent.contains(name)).map(|&(_, language)| language)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::Swift => "Swift",
            Self::Php => "PHP",
            Self::Ruby => "Ruby",
            Self::DotNet => "C#",
            Self::Dart => "Dart",
            Self::Rust => "Rust",
            Self::Shell => "a shell",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_common_libraries_are_known() {
        let check = |agent: &str, language| {
            let capture = Capture::new("POST", "/").header("User-Agent", agent);
            assert_eq!(Language::of(&capture), language, "{agent}");
        };
        check("python-requests/2.32.3", Some(Language::Python));
        check("Python/3.12 aiohttp/3.9.5", Some(Language::Python));
        check("node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", Some(Language::JavaScript));
        check("undici", Some(Language::JavaScript));
        check("Go-http-client/2.0", Some(Language::Go));
        check("okhttp/4.12.0", Some(Language::Java));
        check("Java-http-client/17.0.10", Some(Language::Java));
        check("Apache-HttpClient/4.5.14 (Java/17)", Some(Language::Java));
        check("Server/1 CFNetwork/1494.0.7 Darwin/23.4.0", Some(Language::Swift));
        check("GuzzleHttp/7", Some(Language::Php));
        check("Ruby", Some(Language::Ruby));
        check("curl/8.5.0", Some(Language::Shell));
        check("Dart/3.4 (dart:io)", Some(Language::Dart));
        check("MyServer/1.0", None);
    }
}
