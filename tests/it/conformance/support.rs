//! A container to ask, ways to ask it, and checks on what it says.

use std::fmt;

use cloudkit_core::Environment;
use cloudkit_core::auth::{CanonicalMessage, PrivateKey, RequestDate};
use cloudkit_core::record::{Index, SystemIndexes};
use cloudkit_core::value::{ScalarType, ValueType};
use cloudkit_test_container::{
    FieldDef, Permission, RecordType, Role, Schema, TestContainer, TestContainerBuilder,
};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

pub(crate) const CONTAINER: &str = "iCloud.com.example.Conformance";
pub(crate) const DEVELOPMENT_KEY_ID: &str =
    "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1";
pub(crate) const PRODUCTION_KEY_ID: &str = "9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b";

/// The wire names of the types a field can hold one value of.
pub(crate) const SCALARS: [&str; 8] =
    ["STRING", "INT64", "DOUBLE", "TIMESTAMP", "BYTES", "LOCATION", "REFERENCE", "ASSETID"];

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
        Caller { server: self, who, environment: Environment::Development }
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

/// A request, byte for byte.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path, and the query if there is one, as they stand in the request line.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn new(method: Method, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), headers: HeaderMap::new(), body: None }
    }

    pub(crate) fn post(target: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..Self::new(Method::POST, target) }
    }

    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.headers.insert(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    /// Signed the way it should be.
    pub(crate) fn signed(self, key_id: &str, key: &PrivateKey, unix_seconds: i64) -> Self {
        let date = RequestDate::from_unix_seconds(unix_seconds).unwrap();
        let body = self.body.as_deref().unwrap_or_default();
        let message = CanonicalMessage::new(date, body, self.target.as_str()).to_string();
        self.signed_as(key_id, key, &date.to_string(), &message)
    }

    /// With the signature over whatever text.
    pub(crate) fn signed_as(self, key_id: &str, key: &PrivateKey, date: &str, message: &str) -> Self {
        let signature = key.sign_bytes(message.as_bytes()).unwrap().to_string();
        self.with_signature(key_id, date, signature)
    }

    pub(crate) fn with_signature(
        self,
        key_id: &str,
        date: impl AsRef<[u8]>,
        signature: impl AsRef<[u8]>,
    ) -> Self {
        self.header("X-Apple-CloudKit-Request-KeyID", key_id)
            .header("X-Apple-CloudKit-Request-ISO8601Date", date)
            .header("X-Apple-CloudKit-Request-SignatureV1", signature)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        let shown: String = body.chars().take(600).collect();
        write!(f, "{} {} {shown}", self.method, self.target)
    }
}

enum Who {
    Nobody,
    Key,
    ApiToken,
    User(String),
}

/// Who asks, and where.
pub(crate) struct Caller<'a> {
    server: &'a Server,
    who: Who,
    environment: Environment,
}

impl Caller<'_> {
    pub(crate) fn production(mut self) -> Self {
        self.environment = Environment::Production;
        self
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.post_bytes(path, body.to_string()).await
    }

    pub(crate) async fn post_bytes(&self, path: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.send(Request::post(self.target(path), body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(self.target(path))).await
    }

    /// Where `public/records/query` and the like are.
    pub(crate) fn target(&self, path: &str) -> String {
        format!("{}/{path}", self.server.prefix(self.environment))
    }

    /// Sends a request with the caller's credentials added.
    pub(crate) async fn send(&self, request: Request) -> Reply {
        self.server.send(self.authorised(request)).await
    }

    pub(crate) fn authorised(&self, mut request: Request) -> Request {
        let key_id = match self.environment {
            Environment::Development => DEVELOPMENT_KEY_ID,
            Environment::Production => PRODUCTION_KEY_ID,
        };
        let container = &self.server.container;
        let parameters = match &self.who {
            Who::Nobody => return request,
            Who::Key => return request.signed(key_id, &self.server.key, self.server.now()),
            Who::ApiToken => format!("ckAPIToken={}", container.api_token_for(self.environment)),
            Who::User(name) => {
                let token = container.issue_web_auth_token_for(name, self.environment).unwrap();
                format!(
                    "ckAPIToken={}&ckWebAuthToken={}",
                    container.api_token_for(self.environment),
                    escape(&token)
                )
            }
        };
        request.target.push(if request.target.contains('?') { '&' } else { '?' });
        request.target.push_str(&parameters);
        request
    }

    pub(crate) async fn modify(&self, database: &str, operations: Value) -> Reply {
        self.post(&format!("{database}/records/modify"), json!({ "operations": operations })).await
    }

    /// Makes and registers a push token, and returns the address where its notifications are fetched.
    pub(crate) async fn register_for_notifications(&self) -> String {
        let device = self.target("tokens").replacen("/database/", "/device/", 1);
        let body =
            json!({ "apnsEnvironment": "development", "clientId": "3f1c8a0e-2d5b-4a9e-8f60-4b7f0f4f2d11" });
        let made = self.send(Request::post(format!("{device}/create"), body.to_string())).await;
        let token = text(&made.ok().body["apnsToken"]);
        let body = json!({ "apnsEnvironment": "development", "apnsToken": token });
        let registered = self.send(Request::post(format!("{device}/register"), body.to_string())).await;
        assert_eq!(registered.ok().body["apnsToken"], token, "{registered:?}");
        text(&made.body["webcourierURL"]).to_owned()
    }

    /// Runs one operation of `subscriptions/modify` and returns its entry in the reply.
    pub(crate) async fn subscription(
        &self,
        database: &str,
        operation_type: &str,
        subscription: Value,
    ) -> Value {
        let body = json!({ "operations": [
            { "operationType": operation_type, "subscription": subscription },
        ] });
        let reply = self.post(&format!("{database}/subscriptions/modify"), body).await;
        let [entry] = reply.list("subscriptions") else { panic!("{reply:?}") };
        entry.clone()
    }

    /// Makes a subscription, and returns it as the reply has it.
    pub(crate) async fn subscribe(&self, database: &str, subscription: Value) -> Value {
        let entry = self.subscription(database, "create", subscription).await;
        assert!(entry.get("serverErrorCode").is_none(), "{entry}");
        entry
    }

    /// Saves and deletes in a custom zone of the caller's private database.
    pub(crate) async fn modify_in(&self, zone: &str, operations: Value) -> Reply {
        let body = json!({ "operations": operations, "zoneID": { "zoneName": zone } });
        self.post("private/records/modify", body).await
    }

    /// Makes a custom zone in the caller's private database, and returns its dictionary.
    pub(crate) async fn create_zone(&self, zone: &str) -> Value {
        let reply = self.modify_zones(json!([zone_operation("create", zone)])).await;
        let entry = reply.list("zones")[0].clone();
        assert!(entry.get("serverErrorCode").is_none(), "{reply:?}");
        entry
    }

    pub(crate) async fn modify_zones(&self, operations: Value) -> Reply {
        self.post("private/zones/modify", json!({ "operations": operations })).await
    }

    /// Saves a record, and returns it as the reply has it.
    pub(crate) async fn create(&self, database: &str, record_type: &str, name: &str, fields: Value) -> Value {
        let reply = self.modify(database, json!([create(record_type, name, fields)])).await;
        reply.record(0).clone()
    }

    /// Saves many records.
    pub(crate) async fn create_all(&self, database: &str, operations: Vec<Value>) {
        for batch in operations.chunks(200) {
            let reply = self.modify(database, batch.into()).await;
            assert_eq!(reply.records().len(), batch.len());
            for at in 0..batch.len() {
                reply.record(at);
            }
        }
    }

    pub(crate) async fn lookup(&self, database: &str, names: &[&str]) -> Reply {
        let records: Vec<Value> = names.iter().map(|name| json!({ "recordName": name })).collect();
        self.post(&format!("{database}/records/lookup"), json!({ "records": records })).await
    }

    pub(crate) async fn query(&self, database: &str, query: Value) -> Reply {
        self.post(&format!("{database}/records/query"), json!({ "query": query })).await
    }

    /// The caller's own user record name.
    pub(crate) async fn name(&self) -> String {
        let reply = self.get("public/users/caller").await;
        text(&reply.ok().body["userRecordName"]).to_owned()
    }
}

/// What came back, read by nobody.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Raw {
    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What came back.
pub(crate) struct Reply {
    what: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    fn read(what: String, status: u16, headers: HeaderMap, bytes: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(bytes).unwrap_or_else(|error| {
            panic!("{status} to {what}: not JSON ({error}): {:?}", String::from_utf8_lossy(bytes))
        });
        let reply = Self { what, status, headers, body };
        assert!(reply.body.is_object(), "not an object: {reply:?}");
        assert!(reply.header("content-type").starts_with("application/json"), "content type: {reply:?}");
        if status != 200 {
            assert!(reply.body["serverErrorCode"].is_string(), "no serverErrorCode: {reply:?}");
            assert!(reply.body["reason"].is_string(), "no reason: {reply:?}");
            assert_eq!(reply.body["uuid"], reply.header("x-apple-request-uuid"), "uuid: {reply:?}");
            assert_eq!(reply.header("x-apple-request-uuid").len(), 36, "uuid: {reply:?}");
        }
        reply
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn ok(&self) -> &Self {
        assert_eq!(self.status, 200, "{self:?}");
        assert!(self.body.get("serverErrorCode").is_none(), "{self:?}");
        self
    }

    /// The whole request failed, with a reason that has this in it.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str, reason: &str) -> &Self {
        assert_eq!((self.status, text(&self.body["serverErrorCode"])), (status, code), "{self:?}");
        assert!(text(&self.body["reason"]).contains(reason), "no {reason:?} in the reason of {self:?}");
        self
    }

    /// The request, or the one item in it, is a BAD_REQUEST. For mistakes of which it is not known whether they
    /// condemn the item or the request.
    #[track_caller]
    pub(crate) fn refused_somewhere(&self) {
        if self.status == 200 {
            self.failed(0, "BAD_REQUEST", "");
        } else {
            self.refused(400, "BAD_REQUEST", "");
        }
    }

    #[track_caller]
    pub(crate) fn records(&self) -> &[Value] {
        self.ok().items()
    }

    /// The array under this name of a reply that is not an error.
    #[track_caller]
    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.ok().body[name].as_array().unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    /// The items, of an error too.
    #[track_caller]
    pub(crate) fn items(&self) -> &[Value] {
        self.body["records"].as_array().unwrap_or_else(|| panic!("no records: {self:?}"))
    }

    /// An item that is not an error.
    #[track_caller]
    pub(crate) fn record(&self, at: usize) -> &Value {
        let record = self.records().get(at).unwrap_or_else(|| panic!("no item {at}: {self:?}"));
        assert!(record.get("serverErrorCode").is_none(), "item {at} failed: {self:?}");
        record
    }

    /// An item that is an error, with a reason that has this in it.
    #[track_caller]
    pub(crate) fn failed(&self, at: usize, code: &str, reason: &str) -> &Value {
        let item = self.items().get(at).unwrap_or_else(|| panic!("no item {at}: {self:?}"));
        assert_eq!(text(&item["serverErrorCode"]), code, "item {at} of {self:?}");
        let found = text(&item["reason"]);
        assert!(found.contains(reason), "no {reason:?} in {found:?}, the reason of item {at} of {self:?}");
        item
    }

    /// The names of the records, in the order of the reply.
    #[track_caller]
    pub(crate) fn names(&self) -> Vec<String> {
        (0..self.records().len()).map(|at| text(&self.record(at)["recordName"]).to_owned()).collect()
    }

    /// The names of the records in alphabetical order.
    #[track_caller]
    pub(crate) fn sorted_names(&self) -> Vec<String> {
        let mut names = self.names();
        names.sort();
        names
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, status, body, .. } = self;
        let body: String = body.to_string().chars().take(2000).collect();
        write!(f, "{status} {body}\n  answering {what}\n")?;
        match self.header("x-cloudkit-explain") {
            "" => Ok(()),
            explained => writeln!(f, "  explained: {explained}"),
        }
    }
}

/// A string, or nothing.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether everything that `expected` says is so in `found`, which may say more.
#[track_caller]
pub(crate) fn check_contains(found: &Value, expected: &Value) {
    fn contains(found: &Value, expected: &Value) -> bool {
        match (found, expected) {
            (Value::Object(found), Value::Object(expected)) => expected
                .iter()
                .all(|(key, expected)| found.get(key).is_some_and(|found| contains(found, expected))),
            (Value::Array(found), Value::Array(expected)) => {
                found.len() == expected.len()
                    && found.iter().zip(expected).all(|(found, expected)| contains(found, expected))
            }
            (Value::Number(found), Value::Number(expected)) => {
                found == expected
                    || (found.is_f64() || expected.is_f64()) && found.as_f64() == expected.as_f64()
            }
            _ => found == expected,
        }
    }
    assert!(contains(found, expected), "{found} does not hold {expected}");
}

pub(crate) fn operation(operation_type: &str, record: Value) -> Value {
    json!({ "operationType": operation_type, "record": record })
}

pub(crate) fn create(record_type: &str, name: &str, fields: Value) -> Value {
    operation("create", json!({ "recordType": record_type, "recordName": name, "fields": fields }))
}

/// An operation of `zones/modify`.
pub(crate) fn zone_operation(operation_type: &str, zone: &str) -> Value {
    json!({ "operationType": operation_type, "zone": { "zoneID": { "zoneName": zone } } })
}

/// Checks that an item is an error, with a reason that has this in it.
#[track_caller]
pub(crate) fn check_failed(item: &Value, code: &str, reason: &str) {
    assert_eq!(text(&item["serverErrorCode"]), code, "{item}");
    assert!(text(&item["reason"]).contains(reason), "no {reason:?} in the reason of {item}");
}

/// A field value with its type.
pub(crate) fn typed(type_name: &str, value: impl Into<Value>) -> Value {
    json!({ "value": value.into(), "type": type_name })
}

pub(crate) fn string(value: &str) -> Value {
    typed("STRING", value)
}

pub(crate) fn int64(value: i64) -> Value {
    typed("INT64", value)
}

pub(crate) fn filter(field: &str, comparator: &str, value: Value) -> Value {
    json!({ "fieldName": field, "comparator": comparator, "fieldValue": value })
}

/// The one field of `Everything` that has this type.
pub(crate) fn field_of(type_name: &str) -> String {
    type_name.to_ascii_lowercase()
}

/// Percent-encodes everything that is not unreserved.
pub(crate) fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// An object with one member.
pub(crate) fn one(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

/// The record types of the tests.
fn schema() -> Schema {
    let any = Index { queryable: true, sortable: true, searchable: false };
    let equality = Index { queryable: true, sortable: false, searchable: false };
    let system = SystemIndexes {
        record_name: equality,
        created_at: any,
        modified_at: any,
        created_by: equality,
        modified_by: equality,
    };
    let field = |name: &str, scalar| FieldDef::new(name, ValueType::one(scalar));
    let list = |name: &str, scalar| FieldDef::new(name, ValueType::list_of(scalar));

    let account = RecordType::new("Account")
        .field(field("owner", ScalarType::String).queryable().sortable().searchable())
        .field(field("cents", ScalarType::Int64).queryable().sortable())
        .field(field("rate", ScalarType::Double).queryable().sortable())
        .field(field("opened", ScalarType::Timestamp).queryable().sortable())
        .field(field("place", ScalarType::Location).queryable().sortable())
        .field(field("friend", ScalarType::Reference).queryable())
        .field(field("photo", ScalarType::Bytes))
        .field(field("note", ScalarType::String))
        .field(list("tags", ScalarType::String).queryable())
        .system_indexes(system)
        .default_grants();

    // Every type and its list form, each with every index it can have.
    let mut everything = RecordType::new("Everything").system_indexes(system).default_grants();
    for scalar in ScalarType::ALL {
        let (one, many) = (ValueType::one(scalar), ValueType::list_of(scalar));
        let (mut one, mut many) =
            (FieldDef::new(field_of(one.as_str()), one), FieldDef::new(field_of(many.as_str()), many));
        if scalar != ScalarType::Asset {
            one = one.queryable();
            many = many.queryable();
        }
        if !matches!(scalar, ScalarType::Asset | ScalarType::Reference) {
            one = one.sortable();
        }
        if scalar == ScalarType::String {
            one = one.searchable();
            many = many.searchable();
        }
        everything = everything.field(one).field(many);
    }

    // One field of each encryptable type, and a plain one.
    let mut secret = RecordType::new("Secret")
        .field(field("label", ScalarType::String).queryable())
        .system_indexes(system)
        .default_grants();
    for (name, scalar) in ENCRYPTABLE {
        secret = secret.field(field(name, scalar).encrypted());
    }

    let node = RecordType::new("Node")
        .field(field("label", ScalarType::String).queryable())
        .field(field("up", ScalarType::Reference).queryable())
        .field(list("others", ScalarType::Reference))
        .system_indexes(system)
        .default_grants();

    // Some indexes, and none on record names.
    let sparse = RecordType::new("Sparse")
        .field(field("name", ScalarType::String).queryable())
        .field(field("code", ScalarType::String).sortable())
        .field(field("text", ScalarType::String))
        .default_grants();
    // No index at all.
    let bare = RecordType::new("Bare").field(field("text", ScalarType::String)).default_grants();

    // The world reads, and nobody writes.
    let locked = RecordType::new("Locked")
        .field(field("text", ScalarType::String).queryable())
        .record_name_queryable()
        .grant(Permission::Read, Role::World);
    // Only who made it reads it.
    let diary = RecordType::new("Diary")
        .field(field("text", ScalarType::String).queryable())
        .record_name_queryable()
        .grant(Permission::Create, Role::ICloud)
        .grant(Permission::Read, Role::Creator)
        .grant(Permission::Write, Role::Creator);

    [account, everything, secret, node, sparse, bare, locked, diary]
        .into_iter()
        .fold(Schema::new(), Schema::record_type)
}

/// The encrypted fields of `Secret`.
pub(crate) const ENCRYPTABLE: [(&str, ScalarType); 6] = [
    ("string", ScalarType::String),
    ("int64", ScalarType::Int64),
    ("double", ScalarType::Double),
    ("timestamp", ScalarType::Timestamp),
    ("bytes", ScalarType::Bytes),
    ("location", ScalarType::Location),
];
