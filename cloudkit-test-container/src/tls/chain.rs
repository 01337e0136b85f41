//! A certificate, the authority that vouches for it, and the files that they are kept in.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use jiff::tz::Offset;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};

/// The certificate of the authority, which programs trust.
pub(super) const CA_FILE: &str = "ca.pem";
const CERTIFICATE_FILE: &str = "certificate.pem";
const KEY_FILE: &str = "private-key.pem";

/// Apple's systems take no certificate that is good for more than 825 days.
const LIFE: Duration = Duration::from_secs(800 * DAY);
/// Kept certificates are made anew when they have less than this left.
const LEAST_LEFT: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 24 * 3600;

/// A certificate with its key, and the authority that has signed it.
pub(super) struct Chain {
    ca: CertificateDer<'static>,
    certificate: CertificateDer<'static>,
    private_key: PrivateKeyDer<'static>,
}

impl Chain {
    /// Makes an authority and its one certificate, for these names and no others.
    pub(super) fn make(names: &[ServerName<'static>], now_ms: i64) -> Result<Self, rcgen::Error> {
        Self::issue(&authority(names, now_ms)?, names, now_ms)
    }

    fn issue(
        ca: &CertifiedIssuer<'static, KeyPair>,
        names: &[ServerName<'static>],
        now_ms: i64,
    ) -> Result<Self, rcgen::Error> {
        let mut params = params("CloudKit test container", now_ms);
        for name in names {
            params.subject_alt_names.push(match name {
                ServerName::IpAddress(address) => SanType::IpAddress((*address).into()),
                name => SanType::DnsName(name.to_str().as_ref().try_into()?),
            });
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        Ok(Self {
            ca: ca.der().clone(),
            certificate: params.signed_by(&key, ca)?.der().clone(),
            private_key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }

    /// What an earlier container has kept. Whatever cannot be read counts as nothing, since it can be made again.
    pub(super) fn read(directory: &Path) -> Option<Self> {
        let file = |name: &str| directory.join(name);
        Some(Self {
            ca: CertificateDer::from_pem_file(file(CA_FILE)).ok()?,
            certificate: CertificateDer::from_pem_file(file(CERTIFICATE_FILE)).ok()?,
            private_key: PrivateKeyDer::from_pem_file(file(KEY_FILE)).ok()?,
        })
    }

    /// Keeps everything in a directory, for its owner only.
    pub(super) fn keep(&self, directory: &Path) -> io::Result<()> {
        std::fs::create_dir_all(directory)?;
        let write = |name: &str, label: &str, der: &[u8]| {
            let path = directory.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(path)?.write_all(pem(label, der).as_bytes())
        };
        write(KEY_FILE, "PRIVATE KEY", self.private_key.secret_der())?;
        write(CERTIFICATE_FILE, "CERTIFICATE", &self.certificate)?;
        write(CA_FILE, "CERTIFICATE", &self.ca)
    }

    /// Whether a client that trusts the authority will accept the certificate for each of these names, and for a while.
    pub(super) fn is_good_for(
        &self,
        names: &[ServerName<'static>],
        provider: &Arc<CryptoProvider>,
        now_ms: i64,
    ) -> bool {
        let mut roots = RootCertStore::empty();
        if roots.add(self.ca.clone()).is_err() {
            return false;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let Ok(verifier) = verifier.build() else { return false };
        let now = Duration::from_millis(u64::try_from(now_ms).unwrap_or(0));
        let later = UnixTime::since_unix_epoch(now + LEAST_LEFT);
        names.iter().all(|name| verifier.verify_server_cert(&self.certificate, &[], name, &[], later).is_ok())
    }

    pub(super) fn ca(&self) -> &CertificateDer<'static> {
        &self.ca
    }

    pub(super) fn ca_pem(&self) -> String {
        pem("CERTIFICATE", &self.ca)
    }

    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub(super) fn private_key(&self) -> PrivateKeyDer<'static> {
        self.private_key.clone_key()
    }
}

/// An authority that can vouch for these names and no others, though its key were stolen.
fn authority(
    names: &[ServerName<'static>],
    now_ms: i64,
) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = params("CloudKit test container authority", now_ms);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let permitted_subtrees = names.iter().map(|name| match name {
        ServerName::IpAddress(address) => {
            let address = IpAddr::from(*address);
            let all_bits = if address.is_ipv4() { 32 } else { 128 };
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, all_bits))
        }
        name => GeneralSubtree::DnsName(name.to_str().into_owned()),
    });
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted_subtrees.collect(),
        excluded_subtrees: Vec::new(),
    });
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

/// What both certificates have in common. OpenSSL takes a certificate for self-signed if it has the authority's name.
fn params(name: &str, now_ms: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let day = |after: Duration| {
        let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
        let date = Offset::UTC.to_datetime(now.saturating_add(after).unwrap_or(now)).date();
        let number = |part: i8| u8::try_from(part).unwrap_or(1);
        rcgen::date_time_ymd(date.year().into(), number(date.month()), number(date.day()))
    };
    // From the day before, for machines whose clocks are behind.
    params.not_before = day(Duration::ZERO) - Duration::from_secs(DAY);
    params.not_after = day(LIFE);
    params
}

fn pem(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let encoded = BASE64.encode(der);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        let _ = writeln!(text, "{line}");
        rest = after;
    }
    let _ = writeln!(text, "-----END {label}-----");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600_000;
    const DAY_MS: i64 = DAY as i64 * 1000;

    fn names(names: &[&str]) -> Vec<ServerName<'static>> {
        names.iter().map(|name| ServerName::try_from((*name).to_owned()).expect("a name")).collect()
    }

    fn is_good(chain: &Chain, name: &str, now_ms: i64) -> bool {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        chain.is_good_for(&names(&[name]), &provider, now_ms)
    }

    #[test]
    fn a_certificate_is_good_for_its_names_and_time() {
        let own = ["api.apple-cloudkit.com", "localhost", "127.0.0.1", "::1"];
        let chain = Chain::make(&names(&own), NOW).expect("made");
        for name in own {
            assert!(is_good(&chain, name, NOW), "{name}");
            assert!(is_good(&chain, name, NOW + 769 * DAY_MS), "{name}");
            assert!(!is_good(&chain, name, NOW + 771 * DAY_MS), "{name} has less than a month left");
        }
        for other in ["apple-cloudkit.com", "example.com", "127.0.0.2", "::2"] {
            assert!(!is_good(&chain, other, NOW), "{other}");
        }
    }

    #[test]
    fn the_authority_cannot_vouch_for_other_names() {
        let ca = authority(&names(&["localhost", "127.0.0.1"]), NOW).expect("made");
        let honest = Chain::issue(&ca, &names(&["localhost", "127.0.0.1"]), NOW).expect("made");
        assert!(is_good(&honest, "localhost", NOW) && is_good(&honest, "127.0.0.1", NOW));
        for other in ["bank.example", "10.0.0.1"] {
            let stolen = Chain::issue(&ca, &names(&[other]), NOW).expect("made");
            assert!(!is_good(&stolen, other, NOW), "{other}");
        }
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let directory = std::env::temp_dir().join(format!("cloudkit-tls-{}", std::process::id()));
        let chain = Chain::make(&names(&["localhost"]), NOW).expect("made");
        chain.keep(&directory).expect("kept");
        chain.keep(&directory).expect("kept over an earlier one");
        let again = Chain::read(&directory).expect("read");
        assert_eq!(again.ca, chain.ca);
        assert_eq!(again.certificate, chain.certificate);
        assert_eq!(again.private_key, chain.private_key);
        std::fs::write(directory.join(KEY_FILE), "-----BEGIN PRIVATE KEY-----").expect("written");
        assert!(Chain::read(&directory).is_none());
        std::fs::remove_dir_all(&directory).expect("removed");
        assert!(Chain::read(&directory).is_none());
    }
}
