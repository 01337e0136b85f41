//! Who a user is.

use serde::{Deserialize, Deserializer};

use crate::client::Call;
use crate::container::Container;
use crate::error::Result;
use crate::record::RecordName;

/// Who a user is: the name of their record, and what they allowed the app to know.
///
/// Apple: [Types and Dictionaries, User Identity Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html)
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserIdentity {
    /// The name of the user's record: `_` and 32 hexadecimal digits. A server-to-server key has one as well.
    pub user_record_name: RecordName,
    /// The parts of the user's name, if they allowed it.
    #[serde(default)]
    pub name_components: Option<NameComponents>,
}

/// The parts of a person's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is what it is called")]
pub struct NameComponents {
    pub name_prefix: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub nickname: Option<String>,
    pub name_suffix: Option<String>,
    pub middle_name: Option<String>,
    pub phonetic_representation: Option<String>,
}

/// Apple's reference says that the answer is `{"users": [identity]}`; Apple's JavaScript takes the answer itself for the
/// identity. Both are read.
struct CallerReply(UserIdentity);

impl<'de> Deserialize<'de> for CallerReply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            user_record_name: Option<RecordName>,
            name_components: Option<NameComponents>,
            #[serde(default)]
            users: Vec<UserIdentity>,
        }
        let Wire { user_record_name, name_components, users } = Wire::deserialize(deserializer)?;
        let identity = match user_record_name {
            Some(user_record_name) => Some(UserIdentity { user_record_name, name_components }),
            None => users.into_iter().next(),
        };
        identity.map(CallerReply).ok_or_else(|| serde::de::Error::missing_field("userRecordName"))
    }
}

impl<C> Container<C> {
    /// Who the caller is: the user who signed in, or the identity that CloudKit gave to the server-to-server key.
    ///
    /// # Errors
    ///
    /// With an API token alone, [`ServerErrorCode::AuthenticationRequired`](crate::ServerErrorCode): nobody signed in.
    ///
    /// Apple: [Fetching Current User (users/caller)](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/GetCurrentUser.html)
    pub async fn caller(&self) -> Result<UserIdentity> {
        let call =
            Call { operation: "users/caller", database: "public", record_type: None, may_repeat: true };
        let CallerReply(identity) = self.client.call(call, bytes::Bytes::new()).await?.read()?;
        Ok(identity)
    }
}
