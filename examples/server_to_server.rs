//! What Apple's sample "CloudKit Catalog: Server-side CloudKit with Node.js" shows, in Rust: set up a server-to-server
//! key, ask who the key is, save a record, and query it back.
//!
//! ```sh
//! cargo run --example server_to_server
//! ```
//!
//! With `CLOUDKIT_CONTAINER` set, the key comes from the environment, as on a server. Without it, the steps are played
//! against an embedded test container: a key is made, its public half is registered, and what comes back is its ID.

use cloudkit_core::auth::{PrivateKey, ServerKey};
use cloudkit_core::{CkRecord, Container, Environment};
use cloudkit_test_container::TestContainer;

/// The record type of Apple's sample.
#[derive(CkRecord, Clone, Debug, PartialEq)]
#[ck(record_type = "Test", index(record_name(queryable)))]
struct Greeting {
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::var_os("CLOUDKIT_CONTAINER").is_some() {
        return greet(&Container::from_env()?).await;
    }

    let server = TestContainer::start_with::<Greeting>().await?;

    // 1. A key pair. On a real server the PEM text is kept in a secret store; `openssl ecparam -name prime256v1 -genkey
    //    -noout` makes one as well.
    let key = PrivateKey::generate()?;
    println!("paste this into CloudKit Console, under Tokens & Keys:\n{}", key.public_key().to_spki_pem());

    // 2. CloudKit Console shows the key's ID once the public key is saved. Here the test container does.
    let key_id = server.register_public_key(Environment::Development, &key.public_key())?;
    println!("the ID of the key is {key_id}");

    // 3. Key and ID together are the credentials.
    let container = Container::builder(server.container_id())
        .environment(Environment::Development)
        .url(server.url())
        .server_key(ServerKey::new(key_id, key))
        .build()?;
    greet(&container).await
}

async fn greet(container: &Container) -> Result<(), Box<dyn std::error::Error>> {
    let caller = container.caller().await?;
    println!("CloudKit knows this key as {}", caller.user_record_name);

    let db = container.public();
    let saved = db.create(Greeting { text: "Hello from Rust".to_owned() }).await?;
    println!("saved {} as {}", saved.text, saved.record_name());
    let created_by = saved.metadata().created.as_ref().and_then(|stamp| stamp.user_record_name.clone());
    println!("created by {}", created_by.map_or_else(|| "nobody".to_owned(), |name| name.to_string()));

    // Queries follow saves after some seconds, lookups at once.
    let found = db.lookup::<Greeting>(saved.record_name()).await?;
    println!("looked up {:?}", found.text);
    for greeting in db.query::<Greeting>().fetch_all().await? {
        println!("queried {:?}", greeting.text);
    }
    db.delete(&found).await?;
    Ok(())
}
