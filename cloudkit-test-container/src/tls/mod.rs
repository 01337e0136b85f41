//! HTTPS, for clients that cannot be pointed at another host: the machine's hosts file leads Apple's name here, and a
//! certificate for that name answers.

mod chain;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;

use crate::container::StartError;
use chain::Chain;

/// The host of Apple's service.
const APPLE_HOST: &str = "api.apple-cloudkit.com";

/// Where the certificates are, in the directory of the data.
const DIRECTORY: &str = "tls";

/// What it takes to answer in HTTPS.
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    ca: Chain,
    ca_file: Option<PathBuf>,
}

impl Tls {
    /// Takes up the certificates of an earlier container if they are still good for all these names, or makes new ones.
    ///
    /// The authority does not outlive a change of names: its key has signed one certificate and is gone, so that whoever
    /// trusts the authority trusts this container and nothing else.
    pub(crate) fn settle(
        names: &[String],
        address: IpAddr,
        data: Option<&Path>,
        now_ms: i64,
    ) -> Result<Self, StartError> {
        let names = all_names(names, address)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let directory = match data {
            Some(data) => Some(std::path::absolute(data.join(DIRECTORY)).map_err(StartError::data)?),
            None => None,
        };
        let kept = directory
            .as_deref()
            .and_then(Chain::read)
            .filter(|chain| chain.is_good_for(&names, &provider, now_ms))
            .and_then(|chain| Some((config(&chain, &provider).ok()?, chain)));
        let (config, chain) = match kept {
            Some(kept) => kept,
            None => {
                let chain = Chain::make(&names, now_ms).map_err(StartError::data)?;
                if let Some(directory) = &directory {
                    chain.keep(directory).map_err(StartError::data)?;
                }
                (config(&chain, &provider).map_err(StartError::data)?, chain)
            }
        };
        let ca_file = directory.map(|directory| directory.join(chain::CA_FILE));
        Ok(Self { config: Arc::new(config), ca: chain, ca_file })
    }

    /// The certificate of the authority, as DER.
    pub(crate) fn ca_der(&self) -> &[u8] {
        self.ca.ca()
    }

    /// The certificate of the authority, as PEM.
    pub(crate) fn ca_pem(&self) -> String {
        self.ca.ca_pem()
    }

    /// Where the certificate of the authority is kept, if it is.
    pub(crate) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config: _, ca: _, ca_file } = self;
        f.debug_struct("Tls").field("ca_file", ca_file).finish_non_exhaustive()
    }
}

/// Speaks HTTP/2 with whoever offers it, as Apple's hosts do.
fn config(chain: &Chain, provider: &Arc<CryptoProvider>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![chain.certificate().clone()], chain.private_key())?;
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The name of HTTP/2 among the protocols that a client offers.
pub(crate) const ALPN_HTTP2: &[u8] = b"h2";

/// Apple's name, those of this machine, the address that the container listens on, and those that were asked for.
fn all_names(asked_for: &[String], address: IpAddr) -> Result<Vec<ServerName<'static>>, StartError> {
    let mut names = Vec::new();
    let own = [APPLE_HOST, "localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let address = (!address.is_unspecified()).then(|| address.to_string());
    for text in own.into_iter().chain(address).chain(asked_for.iter().cloned()) {
        let name = ServerName::try_from(text.to_ascii_lowercase()).map_err(|_| StartError::TlsName(text))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}
