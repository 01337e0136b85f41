//! A container that runs.

use cloudkit_core::Environment;
use cloudkit_core::auth::PrivateKey;
use cloudkit_test_container::{TestContainer, TestContainerBuilder};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::caller::Who;
use super::schema::schema;
use super::{CONTAINER, Caller, DEVELOPMENT_KEY_ID, PRODUCTION_KEY_ID, Raw, Reply, Request};

/// A container that runs, and one HTTP client for it.
pub(crate) struct Server {
    pub(crate) container: TestContainer,
    pub(crate) key: PrivateKey,
    http: reqwest::Client,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    /// A container with the schema below, users `alice` and `bob`, and a server key in either environment.
    pub(crate) async fn start_with(
        configure: impl FnOnce(TestContainerBuilder) -> TestContainerBuilder,
    ) -> Self {
        Self::start_named(CONTAINER, configure).await
    }

    pub(crate) async fn start_named(
        container: &str,
        configure: impl FnOnce(TestContainerBuilder) -> TestContainerBuilder,
    ) -> Self {
        let key = PrivateKey::generate().unwrap();
        let builder = TestContainer::builder(container)
            .schema(schema())
            .user("alice")
            .user("bob")
            .key(DEVELOPMENT_KEY_ID, key.public_key(), &[Environment::Development])
            .key(PRODUCTION_KEY_ID, key.public_key(), &[Environment::Production]);
        let container = configure(builder).start().await.unwrap();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { container, key, http }
    }

    /// Somebody with the server key of the environment.
    pub(crate) fn key(&self) -> Caller<'_> {
        self.caller(Who::Key)
    }

    /// Somebody with nothing but the API token.
    pub(crate) fn token(&self) -> Caller<'_> {
        self.caller(Who::ApiToken)
    }

    /// A user who signed in.
    pub(crate) fn user(&self, name: &str) -> Caller<'_> {
        self.caller(Who::User(name.to_owned()))
    }

    /// Somebody without any credentials.
    pub(crate) fn nobody(&self) -> Caller<'_> {
        self.caller(Who::Nobody)
    }

    fn caller(&self, who: Who) -> Caller<'_> {
        Caller::new(self, who)
    }

    /// Seconds since 1970 on the clock of the container.
    pub(crate) fn now(&self) -> i64 {
        self.container.clock().now_ms().div_euclid(1000)
    }

    /// The start of every path in an environment.
    pub(crate) fn prefix(&self, environment: Environment) -> String {
        format!("/database/1/{}/{environment}", self.container.container_id())
    }

    /// Sends exactly this. Whatever comes back has to be a JSON object, and an error has to name itself.
    pub(crate) async fn send(&self, request: Request) -> Reply {
        let what = request.to_string();
        let url = format!("{}{}", self.container.url().trim_end_matches('/'), request.target);
        let mut built = self.http.request(request.method, url).headers(request.headers);
        if let Some(body) = request.body {
            built = built.body(body);
        }
        let response = built.send().await.unwrap_or_else(|error| panic!("no answer to {what}: {error:?}"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes =
            response.bytes().await.unwrap_or_else(|error| panic!("half an answer to {what}: {error:?}"));
        Reply::read(what, status, headers, &bytes)
    }

    /// Waits for a notification at the address that `tokens/create` has given; nothing if none came in time.
    pub(crate) async fn poll(&self, courier_url: &str) -> Option<Value> {
        let response = self.http.get(courier_url).send().await.unwrap();
        let status = response.status().as_u16();
        assert!(response.headers().contains_key("access-control-allow-origin"), "{response:?}");
        let text = response.text().await.unwrap();
        match status {
            200 => Some(serde_json::from_str(&text).unwrap()),
            204 => {
                assert_eq!(text, "");
                None
            }
            _ => panic!("{status} {text}"),
        }
    }

    /// Sends a request to an address of the container that is no part of the API, as a program without credentials.
    /// Whatever comes back is returned as it is.
    pub(crate) async fn fetch(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Raw {
        assert!(url.starts_with(self.container.url()), "{url}");
        let mut request = self.http.request(method, url).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("no answer from {url}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Raw { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    /// Sends a preflight, the one request whose answer may have no body.
    pub(crate) async fn preflight(&self, target: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap) {
        let url = format!("{}{target}", self.container.url().trim_end_matches('/'));
        let mut request = self.http.request(Method::OPTIONS, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.headers().clone())
    }
}
