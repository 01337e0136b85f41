//! A user at work with every service of the container: records, files, notifications and the management API.

use cloudkit_test_container::TestContainer;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{builder, http};

/// A container in which Alice has an `Author` with a photo, a zone with a record, and a subscription.
pub(super) struct Stage {
    pub(super) server: TestContainer,
    pub(super) http: reqwest::Client,
}

/// What came back, or nothing if the connection closed.
#[derive(Debug, PartialEq)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    /// Nothing if it broke off.
    pub(super) body: Option<String>,
}

impl Got {
    pub(super) async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let mut headers: Vec<_> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        headers.sort();
        let body = response.bytes().await.ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Self { status, headers, body }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(self.body.as_deref().unwrap())
            .unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::on(
            builder()
                .jit(true)
                .open_indexes(true)
                .long_poll(std::time::Duration::ZERO)
                .start()
                .await
                .unwrap(),
        )
        .await
    }

    /// Prepares a container. Nothing here may meet what is planned.
    pub(super) async fn on(server: TestContainer) -> Self {
        let stage = Self { server, http: http() };
        let zone = json!({ "operationType": "create", "zone": { "zoneID": { "zoneName": "books" } } });
        stage.alice("private/zones/modify", json!({ "operations": [zone] })).await.json();
        stage
    }

    pub(super) async fn send(
        &self,
        http: &reqwest::Client,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> reqwest::Result<Got> {
        let mut request = http.request(method, url).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(Got::read(request.send().await?).await)
    }

    /// Asks the web services as Alice; a path that starts with `device/` is one of the device module.
    pub(super) async fn alice(&self, path: &str, body: Value) -> Got {
        self.send(&self.http, Method::POST, &self.address(path), &[], body.to_string().as_bytes())
            .await
            .unwrap()
    }

    pub(super) fn address(&self, path: &str) -> String {
        let (module, path) = match path.strip_prefix("device/") {
            Some(path) => ("device", path),
            None => ("database", path),
        };
        let encode = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        format!(
            "{}/{module}/1/{}/development/{path}?ckAPIToken={}&ckWebAuthToken={}",
            self.server.url(),
            self.server.container_id(),
            self.server.api_token(),
            encode(&self.server.user("alice").unwrap().web_auth_token)
        )
    }

    pub(super) async fn save(&self, name: &str) -> Got {
        self.alice("public/records/modify", super::save(&[name])).await
    }

    /// The address at which a file can be uploaded.
    pub(super) async fn upload_address(&self, record: &str) -> String {
        let tokens = json!([{ "recordType": "Author", "recordName": record, "fieldName": "photo" }]);
        let reply = self.alice("public/assets/upload", json!({ "tokens": tokens })).await.json();
        reply["tokens"][0]["url"].as_str().unwrap().to_owned()
    }

    pub(super) async fn upload(&self, address: &str) -> reqwest::Result<Got> {
        self.send(&self.http, Method::POST, address, &[], b"a photo").await
    }

    /// The address of the photo of a new record.
    pub(super) async fn download_address(&self, record: &str) -> String {
        let uploaded = self.upload(&self.upload_address(record).await).await.unwrap().json();
        let photo = json!({ "value": uploaded["singleFile"], "type": "ASSETID" });
        let saved = json!({ "recordName": record, "recordType": "Author", "fields": { "photo": photo } });
        let operation = json!({ "operationType": "create", "record": saved });
        let reply = self.alice("public/records/modify", json!({ "operations": [operation] })).await.json();
        let address = &reply["records"][0]["fields"]["photo"]["value"]["downloadURL"];
        address.as_str().unwrap_or_else(|| panic!("{reply}")).replace("${f}", "photo")
    }

    pub(super) async fn get(&self, address: &str) -> reqwest::Result<Got> {
        self.send(&self.http, Method::GET, address, &[], b"").await
    }

    /// The address of a long poll for which a notification waits.
    pub(super) async fn courier(&self) -> String {
        let push = json!({ "apnsEnvironment": "development" });
        let made = self.alice("device/tokens/create", push.clone()).await.json();
        let mut register = push;
        register["apnsToken"] = made["apnsToken"].clone();
        self.alice("device/tokens/register", register).await.json();
        let zone = json!({ "zoneName": "books" });
        let subscription = json!({ "subscriptionID": "s", "subscriptionType": "zone", "zoneID": zone });
        let operation = json!({ "operationType": "create", "subscription": subscription });
        self.alice("private/subscriptions/modify", json!({ "operations": [operation] })).await.json();
        let mut save = super::save(&["in-books"]);
        save["zoneID"] = zone;
        self.alice("private/records/modify", save).await.json();
        made["webcourierURL"].as_str().unwrap().to_owned()
    }

    /// An operation of the management API on a zone of Alice's private database.
    pub(super) async fn manage(&self, method: Method, path: &str, body: Value) -> reqwest::Result<Got> {
        let token = self.server.issue_user_token("alice").unwrap();
        self.manage_with(("x-apple-cloudkit-user-token", &token), method, path, body).await
    }

    pub(super) async fn manage_with(
        &self,
        token: (&str, &str),
        method: Method,
        path: &str,
        body: Value,
    ) -> reqwest::Result<Got> {
        let url = format!(
            "{}/v1/database/containers/{}/environments/DEVELOPMENT/databases/{path}",
            self.server.url(),
            self.server.container_id()
        );
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = [token, ("content-type", "application/json")];
        self.send(&self.http, method, &url, &headers, body.as_bytes()).await
    }

    /// Makes a record over the management API.
    pub(super) async fn manage_record(&self, name: &str) -> reqwest::Result<Got> {
        let body = json!({ "recordName": name, "recordType": "Author", "fields": {} });
        self.manage(Method::POST, "PRIVATE/zones/books/records", body).await
    }

    /// Whether a record is in Alice's zone.
    pub(super) async fn has(&self, name: &str) -> bool {
        let body = json!({ "records": [{ "recordName": name }], "zoneID": { "zoneName": "books" } });
        self.alice("private/records/lookup", body).await.json()["records"][0].get("serverErrorCode").is_none()
    }
}
