//! Clients of the container, ready to call.

use cloudkit_core::auth::{ApiToken, KeyId, PublicKey, WebAuthToken};
use cloudkit_core::container::{ApiTokenOnly, ContainerBuilder, NoCredentials, ServerToServer, SignedInUser};
use cloudkit_core::transport::{HttpOptions, HttpTransport};
use cloudkit_core::{Container, Environment};

use crate::{ContainerError, TestContainer};

impl TestContainer {
    /// A client with the key that the container has made.
    #[must_use]
    pub fn client(&self) -> Container<ServerToServer> {
        self.client_builder()
            .server_key(self.server_key(self.environment()))
            .build()
            .expect("the container's own ID, address and key are good")
    }

    /// A client with the API token alone: nobody is signed in.
    #[must_use]
    pub fn client_with_api_token(&self) -> Container<ApiTokenOnly> {
        self.client_builder()
            .api_token(self.own_api_token())
            .build()
            .expect("the container's own ID, address and token are good")
    }

    /// A client that acts for the user of this name.
    ///
    /// # Errors
    ///
    /// [`ContainerError::UnknownUser`] when the builder was not told of such a user.
    pub fn client_as(&self, user: &str) -> Result<Container<SignedInUser>, ContainerError> {
        let token = self.issue_web_auth_token(user)?;
        let token = WebAuthToken::new(token).expect("the container issues well-formed tokens");
        Ok(self
            .client_builder()
            .api_token(self.own_api_token())
            .web_auth_token(token)
            .build()
            .expect("the container's own ID, address and tokens are good"))
    }

    /// The builder of a client of this container, for one with a key, clock or transport of your own.
    ///
    /// In [virtual time](crate::TestContainerBuilder::virtual_time) the client has the container's clock, and over
    /// [HTTPS](crate::TestContainerBuilder::tls) a transport that trusts the container.
    pub fn client_builder(&self) -> ContainerBuilder<NoCredentials> {
        let builder = Container::builder(self.container_id()).environment(self.environment()).url(self.url());
        let builder = if self.clock().is_virtual() { builder.clock(self.clock().clone()) } else { builder };
        match self.state().tls() {
            None => builder,
            Some(tls) => builder.transport(HttpTransport::new(HttpOptions {
                ca_certificates: vec![tls.ca_der().to_vec()],
                use_proxy: false,
                ..HttpOptions::default()
            })),
        }
    }

    /// Registers a public key and gives it an ID, as CloudKit Console does.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Store`] if the record of the key's user cannot be kept.
    pub fn register_public_key(
        &self,
        environment: Environment,
        key: &PublicKey,
    ) -> Result<KeyId, ContainerError> {
        let key_id = KeyId::new(self.new_key_id()).expect("64 hexadecimal digits are a key ID");
        self.register_key(key_id.as_str(), *key, environment)?;
        Ok(key_id)
    }

    fn own_api_token(&self) -> ApiToken {
        ApiToken::new(self.api_token()).expect("64 hexadecimal digits are an API token")
    }
}
