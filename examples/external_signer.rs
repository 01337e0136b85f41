//! A key that never enters this process: a KMS, an HSM or an agent signs, and answers later.
//!
//! ```sh
//! cargo run --example external_signer
//! ```
//!
//! The device is played by a task that owns the key and answers over a channel, after a while, with the 64 bytes r and s
//! that most key services give. CloudKit wants them as DER in base64; `Signature` sees to that.

use std::sync::Arc;

use cloudkit_core::auth::{
    BoxFuture, CanonicalMessage, PrivateKey, PublicKey, ServerKey, Signature, Signer, SignerError,
};
use cloudkit_core::{CkRecord, Container, Environment};
use cloudkit_test_container::TestContainer;
use tokio::sync::{mpsc, oneshot};

/// A reading of a sensor.
#[derive(CkRecord, Clone, Debug, PartialEq)]
struct Reading {
    #[ck(queryable, sortable)]
    celsius: f64,
}

/// What is asked of the device: the message, and where the answer goes.
type Job = (Vec<u8>, oneshot::Sender<Vec<u8>>);

/// The connection to the device. It knows the public key only.
#[derive(Debug)]
struct Device {
    jobs: mpsc::Sender<Job>,
}

impl Device {
    /// Starts the device, which makes a key of its own and keeps it.
    fn start() -> Result<(Self, PublicKey), Box<dyn std::error::Error>> {
        let key = PrivateKey::generate()?;
        let public_key = key.public_key();
        let (jobs, mut queue) = mpsc::channel::<Job>(8);
        tokio::spawn(async move {
            while let Some((message, answer)) = queue.recv().await {
                if let Ok(signature) = key.sign_bytes(&message) {
                    println!("device: signed {} bytes", message.len());
                    // Whoever asked may be gone by now.
                    let _ = answer.send(signature.to_raw().to_vec());
                }
            }
        });
        Ok((Self { jobs }, public_key))
    }
}

impl Signer for Device {
    fn sign<'a>(&'a self, message: &'a CanonicalMessage) -> BoxFuture<'a, Result<Signature, SignerError>> {
        Box::pin(async move {
            let (answer, reply) = oneshot::channel();
            self.jobs.send((message.to_string().into_bytes(), answer)).await.map_err(SignerError::new)?;
            let raw = reply.await.map_err(SignerError::new)?;
            Signature::from_raw(&raw).map_err(SignerError::new)
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = TestContainer::start_with::<Reading>().await?;
    let (device, public_key) = Device::start()?;
    let key_id = server.register_public_key(Environment::Development, &public_key)?;

    let container = Container::builder(server.container_id())
        .url(server.url())
        .server_key(ServerKey::with_signer(key_id, Arc::new(device)))
        .build()?;
    let db = container.public();

    for celsius in [18.5, 21.25, 30.0] {
        db.create(Reading { celsius }).await?;
    }
    let warm = db
        .query::<Reading>()
        .filter(|r| r.celsius.gt(20.0))
        .sort(|r| r.celsius.ascending())
        .fetch_all()
        .await?;
    let warm: Vec<f64> = warm.iter().map(|reading| reading.celsius).collect();
    println!("warm: {warm:?}");
    assert_eq!(warm, [21.25, 30.0]);
    Ok(())
}
