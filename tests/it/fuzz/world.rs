//! The container that is asked: who lives in it, and what they do not tell.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::auth::{CanonicalMessage, RequestDate};
use cloudkit_test_container::{Snapshot, User};
use serde_json::{Value, json};

use super::dice::Dice;
use super::wire::Outgoing;
use crate::conformance::assets::saved as saved_with_file;
use crate::conformance::support::{
    Caller, DEVELOPMENT_KEY_ID, Request, Server, create, escape, one, operation, string, text, typed,
};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Nobody,
    /// Somebody with nothing but the API token.
    ApiToken,
    /// Mallory, who is signed in and has data of her own.
    Mallory,
    /// The holder of the server-to-server key.
    Key,
    /// The holder of the management token.
    Owner,
}

/// What Mallory has at hand.
#[derive(Default)]
pub(super) struct Tools {
    pub(super) zone_token: String,
    pub(super) database_token: String,
    pub(super) meta_token: String,
    pub(super) upload: String,
    pub(super) single_file: Value,
    pub(super) download: String,
    pub(super) push_token: String,
    pub(super) sign_in: String,
    pub(super) root_tag: String,
    pub(super) tag: String,
}

/// A container in which Vera hides what she has, Alice shares some of it, and Mallory is curious.
pub(super) struct World {
    pub(super) server: Server,
    /// Texts that nobody who asks may ever see, and what they are.
    pub(super) secrets: Vec<(String, String)>,
    pub(super) vera: String,
    pub(super) alice: String,
    /// The short GUID of a share that Mallory takes part in, and of one that she does not.
    pub(super) guid: String,
    pub(super) locked_guid: String,
    pub(super) tools: Tools,
    mallory_token: String,
    mallory_user_token: String,
    /// How it all began.
    beginning: Option<Snapshot>,
    /// The lines of the beginning that hold a secret, which nobody who asks can change.
    secret_lines: Vec<(String, String)>,
}

impl World {
    /// Clients have so long for the next part of a request.
    pub(super) async fn start(seed: u64, patience: Duration) -> Self {
        let mut dice = Dice::new(seed);
        let mut hide = |what: &str| (what.to_owned(), format!("s3cret{:016x}", dice.number()));
        let vera = [hide("Vera's address"), hide("Vera's given name"), hide("Vera's family name")];
        let [address, given, family] = vera.clone().map(|(_, text)| text);
        let server = Server::start_with(|builder| {
            let vera =
                User::new("vera").hidden().email(format!("{address}@example.com")).full_name(given, family);
            builder
                .seed(seed)
                .virtual_time()
                .long_poll(Duration::ZERO)
                .patience(patience)
                .address_books(true)
                .asset_limit(100_000)
                .user("mallory")
                .user(vera)
        })
        .await;
        let token = |user: &str| server.container.user(user).unwrap().web_auth_token.clone();
        let mallory_token = token("mallory");
        let mut secrets = vec![
            ("the management token".to_owned(), server.container.management_token().to_owned()),
            ("Vera's web auth token".to_owned(), token("vera")),
            ("Alice's web auth token".to_owned(), token("alice")),
            ("Vera's user token".to_owned(), server.container.issue_user_token("vera").unwrap()),
        ];
        let pem = server.container.private_key_pem();
        secrets.push(("the private key".to_owned(), pem.lines().nth(1).unwrap().to_owned()));
        secrets.extend(vera);
        let mallory_user_token = server.container.issue_user_token("mallory").unwrap();
        let (vera, alice) = (server.user("vera").name().await, server.user("alice").name().await);
        let mut world = Self {
            server,
            secrets,
            vera,
            alice,
            guid: String::new(),
            locked_guid: String::new(),
            tools: Tools::default(),
            mallory_token,
            mallory_user_token,
            beginning: None,
            secret_lines: Vec::new(),
        };
        world.hide_data(&mut hide).await;
        world.share_data(&mut hide).await;
        world.make_own_data().await;
        world.prepare().await;
        let beginning = world.server.container.snapshot().unwrap();
        for (name, content) in beginning.files() {
            let content = String::from_utf8_lossy(&content);
            let hidden =
                content.lines().filter(|line| world.secrets.iter().any(|(_, text)| line.contains(text)));
            world.secret_lines.extend(hidden.map(|line| (name.clone(), line.to_owned())));
        }
        assert!(world.secret_lines.len() > 10, "{:?}", world.secret_lines);
        world.beginning = Some(beginning);
        world
    }

    /// What Vera keeps to herself, in every kind of place.
    async fn hide_data(&mut self, hide: &mut impl FnMut(&str) -> (String, String)) {
        let mut secret = |what: &str| {
            let (what, text) = hide(what);
            self.secrets.push((what, text.clone()));
            text
        };
        let fields = |text: &str| {
            json!({ "note": string(text), "owner": string(text), "tags": typed("STRING_LIST", json!([text])),
                "photo": typed("BYTES", BASE64.encode(text)) })
        };
        let vera = self.server.user("vera");
        let bytes = secret("a field of Vera's");
        vera.create("private", "Account", "a-1", fields(&bytes)).await;
        let sealed = json!({ "string": { "value": secret("an encrypted field of Vera's"), "type": "STRING", "isEncrypted": true } });
        vera.create("private", "Secret", "a-2", sealed).await;
        let file = secret("a file of Vera's");
        let record = saved_with_file(&self.server, &vera, "private", "e-1", file.as_bytes()).await;
        let url = text(&record["fields"]["assetid"]["value"]["downloadURL"]).to_owned();
        for zone in ["family".to_owned(), secret("the name of a zone of Vera's")] {
            vera.create_zone(&zone).await;
            let (name, content) = (secret("the name of a record in a zone"), secret("a field in a zone"));
            let operations =
                json!([create("Account", &name, json!({})), create("Account", "a-1", fields(&content)),]);
            vera.modify_in(&zone, operations).await.record(1);
        }
        vera.create(
            "public",
            "Diary",
            "d-1",
            one("text", string(&secret("a diary that its creator alone reads"))),
        )
        .await;
        let subscription = json!({ "subscriptionID": "sub-1", "subscriptionType": "query", "firesOn": ["create"],
            "query": { "recordType": "Account" }, "notificationInfo": { "alertBody": secret("an alert of Vera's") } });
        vera.subscribe("private", subscription).await;
        let courier = vera.register_for_notifications().await;
        let tokens = vera.post("private/changes/database", json!({})).await;
        let upload = vera
            .post(
                "private/assets/upload",
                json!({ "tokens": [{ "recordName": "e-2", "fieldName": "assetid" }] }),
            )
            .await;
        let upload = text(&upload.ok().body["tokens"][0]["url"]).to_owned();
        let token_of = |url: &str| {
            let token = url
                .split(['?', '&'])
                .find_map(|pair| pair.strip_prefix("token=").or(pair.strip_prefix("tok=")));
            token.unwrap().to_owned()
        };
        let key = self.server.key().production();
        key.create("public", "Account", "a-1", fields(&secret("a field in production"))).await;
        self.secrets.extend([
            ("bytes of Vera's".to_owned(), BASE64.encode(bytes)),
            ("the address of a file of Vera's".to_owned(), token_of(&url)),
            ("a push token of Vera's".to_owned(), token_of(&courier)),
            ("the address for an upload of Vera's".to_owned(), token_of(&upload)),
            ("a sync token of Vera's".to_owned(), text(&tokens.ok().body["syncToken"]).to_owned()),
        ]);
    }

    /// What Alice shares with Mallory, what lies beside it, and what she shares with Bob.
    async fn share_data(&mut self, hide: &mut impl FnMut(&str) -> (String, String)) {
        let mut secret = |what: &str| {
            let (what, text) = hide(what);
            self.secrets.push((what, text.clone()));
            text
        };
        let alice = self.server.user("alice");
        alice.create_zone("books").await;
        let note = one("note", string(&secret("a field in a zone that Alice does not share")));
        alice.modify_in("books", json!([create("Account", "a-1", note)])).await.record(0);
        alice.create_zone("library").await;
        let root = |name: &str, fields: Value| {
            let mut root = create("Account", name, fields);
            root["record"]["createShortGUID"] = json!(true);
            root
        };
        let mut child = create("Account", "child", one("owner", string("Ines")));
        child["record"]["parent"] = json!({ "recordName": "root" });
        let beside = one("note", string(&secret("a record beside what Alice shares")));
        let (unnamed, grave) =
            (secret("the name of a record beside"), secret("the name of a deleted record beside"));
        let locked = one("note", string(&secret("a record that Alice shares with Bob only")));
        let operations = json!([
            root("root", json!({})),
            child,
            create("Account", "beside", beside),
            create("Account", &unnamed, json!({})),
            create("Account", &grave, json!({})),
            root("locked-root", locked),
        ]);
        let made = alice.modify_in("library", operations).await;
        let deleted = operation("forceDelete", json!({ "recordName": grave }));
        alice.modify_in("library", json!([deleted])).await.record(0);
        let share = |root: usize, name: &str, email: &str, title: &str| {
            operation(
                "create",
                json!({ "recordType": "cloudkit.share", "recordName": name, "publicPermission": "NONE",
                "forRecord": { "recordName": made.record(root)["recordName"],
                    "recordChangeTag": made.record(root)["recordChangeTag"] },
                "participants": [{ "userIdentity": { "lookupInfo": { "emailAddress": email } },
                    "permission": "READ_ONLY", "type": "USER", "acceptanceStatus": "INVITED" }],
                "fields": { "cloudkit.title": string(title) } }),
            )
        };
        let title = secret("the title of a share with Bob only");
        let shares = json!([
            share(0, "share", "mallory@example.com", "Books"),
            share(5, "locked", "bob@example.com", &title)
        ]);
        let shares = alice.modify_in("library", shares).await;
        let guid = |at: usize| text(&shares.record(at)["shortGUID"]).to_owned();
        (self.guid, self.locked_guid) = (guid(0), guid(1));
    }

    /// What everybody may see, and what Mallory has.
    async fn make_own_data(&self) {
        let mallory = self.server.user("mallory");
        // A database comes into being when it is first asked for, be it in vain.
        for database in ["private", "shared"] {
            mallory.get(&format!("{database}/zones/list")).await.ok();
            self.server.user("mallory").production().get(&format!("{database}/zones/list")).await.ok();
        }
        let accepted =
            mallory.post("public/records/accept", json!({ "shortGUIDs": [{ "value": self.guid }] })).await;
        assert_eq!(accepted.ok().body["results"][0]["participantStatus"], "ACCEPTED", "{accepted:?}");
        for name in ["a-1", "a-2"] {
            self.server.key().create("public", "Account", name, one("owner", string("Ines"))).await;
        }
        mallory.create("private", "Account", "a-1", one("owner", string("Mallory"))).await;
        mallory.create_zone("books").await;
        let mut root = create("Account", "root", json!({}));
        root["record"]["createShortGUID"] = json!(true);
        mallory.modify_in("books", json!([root, create("Account", "a-1", json!({}))])).await.record(1);
    }

    /// Gives Mallory fresh tokens and addresses.
    async fn prepare(&mut self) {
        let mallory = self.server.user("mallory");
        let zone = json!({ "zones": [{ "zoneID": { "zoneName": "books" } }] });
        let zones = mallory.post("private/changes/zone", zone).await;
        let database = mallory.post("private/changes/database", json!({})).await;
        let meta = mallory.post("private/zones/changes", json!({})).await;
        let upload = |name: &'static str| json!({ "tokens": [{ "recordName": name, "recordType": "Everything", "fieldName": "assetid" }] });
        let address = mallory.post("private/assets/upload", upload("e-2")).await;
        let address = self.path(text(&address.ok().body["tokens"][0]["url"]));
        let record = match mallory.lookup("private", &["e-1"]).await.ok().body["records"][0].clone() {
            record if record.get("serverErrorCode").is_none() => record,
            _ => saved_with_file(&self.server, &mallory, "private", "e-1", b"a file").await,
        };
        let url = format!("{}{address}", self.server.container.url());
        let sent = self.server.fetch(reqwest::Method::POST, &url, &[], b"another file").await;
        let courier = mallory.register_for_notifications().await;
        let sign_in = self.server.token().get("private/users/caller").await;
        let books = json!({ "records": [{ "recordName": "root" }, { "recordName": "a-1" }],
            "zoneID": { "zoneName": "books" } });
        let books = mallory.post("private/records/lookup", books).await;
        let download = text(&record["fields"]["assetid"]["value"]["downloadURL"]).replace("${f}", "f");
        self.tools = Tools {
            zone_token: text(&zones.ok().body["zones"][0]["syncToken"]).to_owned(),
            database_token: text(&database.ok().body["syncToken"]).to_owned(),
            meta_token: text(&meta.ok().body["metaSyncToken"]).to_owned(),
            upload: address,
            single_file: sent.json()["singleFile"].clone(),
            download: self.path(&download),
            push_token: courier.split(['=', '&']).nth(1).unwrap().to_owned(),
            sign_in: self.path(text(&sign_in.body["redirectURL"])),
            root_tag: text(&books.record(0)["recordChangeTag"]).to_owned(),
            tag: text(&books.record(1)["recordChangeTag"]).to_owned(),
        };
    }

    fn path(&self, url: &str) -> String {
        url.strip_prefix(self.server.container.url()).unwrap().to_owned()
    }

    /// Names that a curious person may have heard of.
    pub(super) fn known_names(&self) -> Vec<String> {
        let Tools { zone_token, database_token, meta_token, push_token, root_tag, tag, .. } = &self.tools;
        [&self.vera, &self.alice, &self.guid, &self.locked_guid]
            .into_iter()
            .chain([zone_token, database_token, meta_token, push_token, root_tag, tag])
            .cloned()
            .collect()
    }

    /// Adds what proves who asks, in the way of the part of the server that the pattern belongs to.
    pub(super) fn authorise(&self, request: &mut Outgoing, who: Who, pattern: &str) {
        let container = &self.server.container;
        if pattern.starts_with("/admin/") {
            if who == Who::Owner {
                request.header("Authorization", format!("Bearer {}", container.management_token()));
            }
            return;
        }
        let api_token = container.api_token();
        let is_management = ["/v1/", "/teams/", "/users/"].iter().any(|start| pattern.starts_with(start));
        if is_management {
            match who {
                Who::Nobody => {}
                Who::ApiToken => request.header("X-Apple-CloudKit-API-Token", api_token),
                Who::Mallory => {
                    request.header("X-Apple-CloudKit-User-Token", self.mallory_user_token.as_str());
                }
                Who::Key => {
                    request.header("X-Apple-CloudKit-API-Token", api_token);
                    request.header("X-Apple-CloudKit-Web-Auth-Token", self.mallory_token.as_str());
                }
                Who::Owner => {
                    request.header("X-Apple-CloudKit-Management-Token", container.management_token());
                }
            }
            return;
        }
        if !pattern.starts_with("/database/") && !pattern.starts_with("/device/") {
            return;
        }
        let tokens = match who {
            Who::Key => return self.sign(request),
            Who::ApiToken => format!("ckAPIToken={api_token}"),
            Who::Mallory => format!("ckAPIToken={api_token}&ckWebAuthToken={}", escape(&self.mallory_token)),
            Who::Nobody | Who::Owner => return,
        };
        request.target.push(if request.target.contains('?') { '&' } else { '?' });
        request.target.push_str(&tokens);
    }

    fn sign(&self, request: &mut Outgoing) {
        let date = RequestDate::from_unix_seconds(self.server.now()).unwrap();
        let message = CanonicalMessage::new(date, &request.body, request.target.as_str()).to_string();
        let signature = self.server.key.sign_bytes(message.as_bytes()).unwrap().to_string();
        request.header("X-Apple-CloudKit-Request-KeyID", DEVELOPMENT_KEY_ID);
        request.header("X-Apple-CloudKit-Request-ISO8601Date", date.to_string());
        request.header("X-Apple-CloudKit-Request-SignatureV1", signature);
    }

    /// The container still does what it is for, and what is hidden is as it was.
    pub(super) async fn check(&self) {
        let after = self.server.container.snapshot().unwrap();
        let files = after.files();
        for (name, line) in &self.secret_lines {
            let content = files.get(name).map(|content| String::from_utf8_lossy(content)).unwrap_or_default();
            assert!(content.lines().any(|found| found == line), "{name} has no longer {line}");
        }
        let vera = self.server.user("vera");
        let body = json!({ "records": [{ "recordName": "a-1" }] });
        assert_eq!(vera.post("private/records/lookup", body).await.names(), ["a-1"]);
        check_saves(&vera).await;

        // Everything that it holds can be written down and taken up again, with the same answers from new indexes.
        let before = self.answers().await;
        let snapshot = self.server.container.snapshot().unwrap();
        self.server.container.restore(&snapshot).unwrap();
        assert!(self.server.container.snapshot().unwrap() == snapshot, "a restored snapshot is another");
        assert_eq!(before, self.answers().await);
    }

    /// What queries find.
    async fn answers(&self) -> Vec<Vec<String>> {
        let mut answers = Vec::new();
        for (caller, database) in [(self.server.key(), "public"), (self.server.user("mallory"), "private")] {
            for record_type in ["Account", "Everything", "Node", "Secret"] {
                let by_time = json!([{ "systemFieldName": "createdTimestamp" }]);
                let found =
                    caller.query(database, json!({ "recordType": record_type, "sortBy": by_time })).await;
                answers.push(found.sorted_names());
            }
        }
        answers
    }

    /// Puts everything back to how it began.
    pub(super) async fn begin_again(&mut self) {
        self.server.container.restore(self.beginning.as_ref().unwrap()).unwrap();
        self.server.container.forget_faults();
        self.prepare().await;
    }
}

/// A right save succeeds, and reads back.
async fn check_saves(caller: &Caller<'_>) {
    let fields = json!({ "owner": string("after all"), "cents": typed("INT64", 1) });
    let save = operation(
        "forceReplace",
        json!({ "recordType": "Account", "recordName": "after-all", "fields": fields }),
    );
    caller.modify("private", json!([save])).await.record(0);
    let found = caller.lookup("private", &["after-all"]).await;
    assert_eq!(found.record(0)["fields"]["owner"]["value"], "after all");
    let gone = operation("forceDelete", json!({ "recordName": "after-all" }));
    let deleted = caller.send(Request::post(
        caller.target("private/records/modify"),
        json!({ "operations": [gone] }).to_string(),
    ));
    assert_eq!(deleted.await.record(0)["deleted"], true);
}
