//! Who asks, with what credentials.

use cloudkit_core::Environment;
use serde_json::{Value, json};

use super::{
    DEVELOPMENT_KEY_ID, PRODUCTION_KEY_ID, Reply, Request, Server, create, escape, text, zone_operation,
};

pub(super) enum Who {
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

impl<'a> Caller<'a> {
    pub(super) fn new(server: &'a Server, who: Who) -> Self {
        Self { server, who, environment: Environment::Development }
    }

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
