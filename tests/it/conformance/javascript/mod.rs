//! Statements 102 to 105: whole sessions of programs that send what Apple's JavaScript sends.
//!
//! The library itself is licensed for Apple's service only, so this is a small program of our own: its query strings,
//! its content type, its bodies and what it needs of the replies are those that the protocol documents.

mod node;
mod records;
mod session;
mod sharing;

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Raw, Request, Server, escape, text};

const ORIGIN: &str = "https://app.example.com";

/// The two generations, which differ in the parameter of the token and in the call that asks who the user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Generation {
    Of2016,
    Of2024,
}

/// A page in a browser that has loaded the library.
struct Page<'s> {
    server: &'s Server,
    generation: Generation,
    /// The token that it holds; it is replaced only where there was one.
    token: Option<String>,
}

/// A reply as the page sees it.
struct Seen {
    status: u16,
    body: Value,
}

impl<'s> Page<'s> {
    fn new(server: &'s Server, generation: Generation) -> Self {
        Self { server, generation, token: None }
    }

    /// A page on which somebody has signed in already.
    fn of(server: &'s Server, user: &str) -> Self {
        let token = server.container.issue_web_auth_token(user).unwrap();
        Self { token: Some(token), ..Self::new(server, Generation::Of2024) }
    }

    /// The query string, in the library's order.
    fn parameters(&self) -> String {
        let api_token = self.server.container.api_token();
        let token = self.token.as_deref().map(escape);
        match self.generation {
            Generation::Of2016 => {
                // Signed out it says so with a word.
                let token = token.as_deref().unwrap_or("null");
                format!(
                    "ckjsBuildVersion=17DProjectDev77&ckjsVersion=1.2.0&ckSession={token}&ckAPIToken={api_token}"
                )
            }
            Generation::Of2024 => {
                let token = token.map(|token| format!("&ckWebAuthToken={token}")).unwrap_or_default();
                format!(
                    "ckjsBuildVersion=1811ProjectDev27&ckjsVersion=2.4.0&clientId=735f8b19-3218-4493-80e4-7ab0b39041ac\
                     {token}&ckAPIToken={api_token}"
                )
            }
        }
    }

    /// A call below the environment: POST where there is a payload, else GET, and never a preflight.
    async fn send(&mut self, module: &str, path: &str, payload: Option<Value>) -> Seen {
        let target = self.server.nobody().target(path).replacen("/database/", &format!("/{module}/"), 1);
        let target = format!("{target}?{}", self.parameters());
        let request = match payload {
            Some(payload) => Request::post(target, payload.to_string()).header("content-type", "text/plain"),
            None => Request::get(target),
        };
        let reply = self.server.send(request.header("origin", ORIGIN)).await;
        assert!(["*", ORIGIN].contains(&reply.header("access-control-allow-origin")), "{reply:?}");
        // A script sees only the headers that are exposed.
        let exposed = reply.header("access-control-expose-headers").to_ascii_lowercase();
        let visible = |name: &str| {
            let is_exposed = exposed.split(',').any(|exposed| exposed.trim() == name);
            Some(reply.header(name)).filter(|value| is_exposed && !value.is_empty()).map(str::to_owned)
        };
        let new = match self.generation {
            Generation::Of2016 => visible("x-apple-cloudkit-session"),
            Generation::Of2024 => {
                visible("x-apple-cloudkit-web-auth-token").or_else(|| visible("x-apple-cloudkit-session"))
            }
        };
        if self.token.is_some() && new.is_some() {
            self.token = new;
        }
        Seen { status: reply.status, body: reply.body }
    }

    async fn get(&mut self, path: &str) -> Seen {
        self.send("database", path, None).await
    }

    async fn post(&mut self, path: &str, payload: Value) -> Seen {
        self.send("database", path, Some(payload)).await
    }

    /// Saves, deletes and the like: the one item that comes back.
    async fn modify(&mut self, database: &str, operation: Value, options: Value) -> Value {
        let mut payload = json!({ "operations": [operation] });
        payload.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let seen = self.post(&format!("{database}/records/modify"), payload).await;
        let [record] = seen.list("records") else { panic!("{:?}", seen.body) };
        assert!(record.get("serverErrorCode").is_none(), "{record}");
        record.clone()
    }

    /// Something outside of the API, which gets no credentials.
    async fn fetch(&self, method: Method, url: &str, body: &[u8]) -> Raw {
        let raw = self.server.fetch(method, url, &[("origin", ORIGIN)], body).await;
        assert!(["*", ORIGIN].contains(&raw.header("access-control-allow-origin")), "{raw:?}");
        raw
    }
}

impl Seen {
    /// The array that a reply must have, even an empty one: without it the library rejects the call.
    #[track_caller]
    fn list(&self, name: &str) -> &[Value] {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body[name].as_array().unwrap_or_else(|| panic!("no {name}: {}", self.body))
    }

    #[track_caller]
    fn code(&self) -> &str {
        assert!(self.status >= 300, "{} {}", self.status, self.body);
        text(&self.body["serverErrorCode"])
    }
}
