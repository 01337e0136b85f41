//! Paths: which operation a request asks for, and of what.

use cloudkit_core::{Environment, ServerErrorCode};
use percent_encoding::percent_decode_str;

use super::error::Refusal;
use crate::api::Scope;

/// What the management API can do. The names are those of Apple's JavaScript client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    GetTeams,
    GetContainers,
    ExportSchema,
    ValidateSchema,
    ImportSchema,
    ResetToProduction,
    ResetConfigToProduction,
    CreateRecord,
    GetRecord,
    UpdateRecord,
    DeleteRecord,
    LookupRecords,
    QueryRecords,
    QueryRecordChanges,
    DeleteRecordsByQuery,
    GetZones,
    GetZone,
    CreateZone,
    DeleteZone,
    CreateAssetUploadUrl,
    ResolveRecord,
    AcceptRecord,
    GetSessionUser,
}

impl Operation {
    /// The name by which rules of faults know it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::GetTeams => "management/getTeams",
            Self::GetContainers => "management/getContainers",
            Self::ExportSchema => "management/exportSchema",
            Self::ValidateSchema => "management/validateSchema",
            Self::ImportSchema => "management/importSchema",
            Self::ResetToProduction => "management/resetToProduction",
            Self::ResetConfigToProduction => "management/resetConfigToProduction",
            Self::CreateRecord => "management/createRecord",
            Self::GetRecord => "management/getRecord",
            Self::UpdateRecord => "management/updateRecord",
            Self::DeleteRecord => "management/deleteRecord",
            Self::LookupRecords => "management/lookupRecords",
            Self::QueryRecords => "management/queryRecords",
            Self::QueryRecordChanges => "management/queryRecordChanges",
            Self::DeleteRecordsByQuery => "management/deleteRecordsByQuery",
            Self::GetZones => "management/getZones",
            Self::GetZone => "management/getZone",
            Self::CreateZone => "management/createZone",
            Self::DeleteZone => "management/deleteZone",
            Self::CreateAssetUploadUrl => "management/createAssetUploadUrl",
            Self::ResolveRecord => "management/resolveRecord",
            Self::AcceptRecord => "management/acceptRecord",
            Self::GetSessionUser => "management/getSessionUser",
        }
    }
}

/// All operations.
pub(super) fn operations() -> impl Iterator<Item = Operation> {
    ROUTES.iter().map(|(operation, ..)| *operation)
}

/// An operation, with what its path names. What the path does not have is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) team: String,
    pub(super) container: String,
    pub(super) environment: Environment,
    pub(super) scope: Scope,
    pub(super) zone: String,
    /// The name of a record, or the short GUID of a share.
    pub(super) name: String,
}

/// Every operation with its method and path. `{E}` is the environment and `{D}` the database, both in any case.
pub(super) const ROUTES: [(Operation, &str, &str); 23] = {
    use Operation::*;
    [
        (GetTeams, "GET", "users/current/teams"),
        (GetContainers, "GET", "teams/{team}/containers"),
        (
            ExportSchema,
            "GET",
            "v1/database/teams/{team}/containers/{container}/environments/{E}/schema/export",
        ),
        (
            ValidateSchema,
            "POST",
            "v1/database/teams/{team}/containers/{container}/environments/{E}/schema/validate",
        ),
        (ImportSchema, "PUT", "v1/database/teams/{team}/containers/{container}/environments/{E}/schema"),
        (ResetToProduction, "POST", "v1/database/teams/{team}/containers/{container}/environments/{E}/reset"),
        (
            ResetConfigToProduction,
            "POST",
            "v1/database/teams/{team}/containers/{container}/containerConfig/reset",
        ),
        (
            CreateRecord,
            "POST",
            "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}/records",
        ),
        (
            LookupRecords,
            "POST",
            "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}/records/lookup",
        ),
        (
            GetRecord,
            "GET",
            "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}/records/{name}",
        ),
        (
            UpdateRecord,
            "PUT",
            "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}/records/{name}",
        ),
        (
            DeleteRecord,
            "DELETE",
            "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}/records/{name}",
        ),
        (
            QueryRecords,
            "POST",
            "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}/query",
        ),
        (
            QueryRecordChanges,
            "POST",
            "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}/changes",
        ),
        (
            DeleteRecordsByQuery,
            "POST",
            "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}/deletionQuery",
        ),
        (GetZones, "GET", "v1/database/containers/{container}/environments/{E}/databases/{D}/zones"),
        (CreateZone, "POST", "v1/database/containers/{container}/environments/{E}/databases/{D}/zones"),
        (GetZone, "GET", "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}"),
        (
            DeleteZone,
            "DELETE",
            "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}",
        ),
        (
            CreateAssetUploadUrl,
            "POST",
            "v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}/assetUploadUrls",
        ),
        (
            ResolveRecord,
            "POST",
            "v1/database/containers/{container}/environments/{E}/sharedRecords/{name}/resolve",
        ),
        (
            AcceptRecord,
            "POST",
            "v1/database/containers/{container}/environments/{E}/sharedRecords/{name}/accept",
        ),
        (GetSessionUser, "GET", "v1/database/containers/{container}/environments/{E}/session/user"),
    ]
};

/// Finds the operation that a request asks for.
pub(super) fn route(method: &str, target: &str) -> Result<Route, Refusal> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let mut segments = Vec::new();
    for segment in path.trim_start_matches('/').split('/') {
        // Each segment is decoded once, after splitting: a record name may hold an encoded slash.
        let decoded = percent_decode_str(segment).decode_utf8();
        segments.push(decoded.map_err(|_| Refusal::bad_request("the path is not UTF-8"))?.into_owned());
    }
    let mut methods = Vec::new();
    for (operation, its_method, pattern) in ROUTES {
        let Some(found) = matches(operation, pattern, &segments) else { continue };
        if its_method == method {
            return found;
        }
        methods.push(its_method);
    }
    if methods.is_empty() {
        return Err(Refusal::not_found("could not find handler for endpoint"));
    }
    let mut refusal = Refusal::new(405, &ServerErrorCode::BadRequest, "method not allowed");
    refusal.allow = Some(match methods.as_slice() {
        ["GET", "PUT", "DELETE"] => "GET, PUT, DELETE, OPTIONS",
        ["GET", "DELETE"] => "GET, DELETE, OPTIONS",
        ["GET", "POST"] => "GET, POST, OPTIONS",
        ["PUT", ..] => "PUT, OPTIONS",
        ["GET", ..] => "GET, OPTIONS",
        _ => "POST, OPTIONS",
    });
    Err(refusal)
}

/// The route, if the path has the shape of the pattern.
fn matches(operation: Operation, pattern: &str, segments: &[String]) -> Option<Result<Route, Refusal>> {
    let mut route = Route {
        operation,
        team: String::new(),
        container: String::new(),
        environment: Environment::Development,
        scope: Scope::Public,
        zone: String::new(),
        name: String::new(),
    };
    let mut wrong = None;
    let patterns: Vec<&str> = pattern.split('/').collect();
    if patterns.len() != segments.len() {
        return None;
    }
    for (pattern, segment) in patterns.into_iter().zip(segments) {
        match pattern {
            "{team}" => route.team.clone_from(segment),
            "{container}" => route.container.clone_from(segment),
            "{zone}" => route.zone.clone_from(segment),
            "{name}" => route.name.clone_from(segment),
            // Apple's client writes the environment in upper case and passes the database on as it was written.
            "{E}" => match segment.to_ascii_lowercase().parse() {
                Ok(environment) => route.environment = environment,
                Err(_) => wrong = Some(format!("unknown environment '{}'", shown(segment))),
            },
            "{D}" => match Scope::from_path(&segment.to_ascii_lowercase()) {
                Some(scope) => route.scope = scope,
                None => wrong = Some(format!("unknown database type '{}'", shown(segment))),
            },
            _ if pattern == segment => {}
            _ => return None,
        }
    }
    Some(match wrong {
        None => Ok(route),
        Some(reason) => Err(Refusal::bad_request(reason)),
    })
}

fn shown(segment: &str) -> String {
    segment.chars().take(40).collect()
}

/// The value of a parameter of the query string, in which a plus sign is a space.
pub(super) fn parameter(target: &str, name: &str) -> Option<String> {
    let (_, query) = target.split_once('?')?;
    let (_, value) =
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(given, _)| *given == name)?;
    Some(percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "/v1/database/containers/iCloud.com.example.News/environments";

    #[test]
    fn every_operation_has_a_path_of_its_own() {
        for (at, (operation, method, pattern)) in ROUTES.iter().enumerate() {
            let path = pattern.replace("{E}", "DEVELOPMENT").replace("{D}", "PUBLIC").replace(['{', '}'], "");
            let found = route(method, &format!("/{path}")).map(|route| route.operation);
            assert_eq!(found.ok(), Some(*operation), "{path}");
            let same = ROUTES[..at].iter().filter(|other| (other.1, other.2) == (*method, *pattern));
            assert_eq!(same.count(), 0, "{path}");
        }
    }

    #[test]
    fn names_are_decoded_once_and_after_splitting() {
        let target = format!("{BASE}/DEVELOPMENT/databases/PUBLIC/zones/_defaultZone/records/a%20b%2Fc%2520");
        assert_eq!(route("GET", &target).map(|route| route.name).ok().as_deref(), Some("a b/c%20"));
    }

    #[test]
    fn environment_and_database_come_in_any_case() {
        for (environment, database) in [("PRODUCTION", "private"), ("production", "PRIVATE")] {
            let target = format!("{BASE}/{environment}/databases/{database}/zones");
            let found = route("GET", &target).expect("a route");
            assert_eq!((found.environment, found.scope), (Environment::Production, Scope::Private));
        }
        let unknown = route("GET", &format!("{BASE}/staging/databases/public/zones")).expect_err("staging");
        assert_eq!((unknown.status, unknown.reason.as_str()), (400, "unknown environment 'staging'"));
    }

    #[test]
    fn a_known_path_says_which_methods_it_has() {
        let target = format!("{BASE}/DEVELOPMENT/databases/PUBLIC/zones/z/records/r");
        let refusal = route("POST", &target).expect_err("no such method");
        assert_eq!((refusal.status, refusal.allow), (405, Some("GET, PUT, DELETE, OPTIONS")));
        assert_eq!(route("GET", "/v1/database/nowhere").expect_err("no such path").status, 404);
    }

    #[test]
    fn parameters_are_form_encoded() {
        let target = "/x?requestedFields=s%2Ci&q=a+b&empty=";
        assert_eq!(parameter(target, "requestedFields").as_deref(), Some("s,i"));
        assert_eq!(parameter(target, "q").as_deref(), Some("a b"));
        assert_eq!(parameter(target, "empty").as_deref(), Some(""));
        assert_eq!(parameter(target, "absent"), None);
    }
}
