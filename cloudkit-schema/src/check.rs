//! The rules that a schema must keep beyond the grammar of the language.

use std::collections::HashSet;

use crate::model::{
    DataType, Field, Grant, Index, MANAGED_PREFIX, Primitive, RecordType, RoleDeclaration, SHARE_FIELDS,
    Schema, SystemField,
};
use crate::name::{self, NameFault, similar};
use crate::problem::{Code, Problem};
use crate::span::Span;

/// The most fields of a record type, system fields not counted: what is deployed in practice and reported as the cap.
pub const MOST_FIELDS: usize = 256;

type Faults = Vec<(Problem, Option<Span>)>;

impl Schema {
    /// Everything that CloudKit would refuse the schema for although it is of the language, and what is probably not
    /// meant.
    ///
    /// A schema that was parsed without error has no errors here. The problems have no [`place`](Problem::place):
    /// [`Document::parse`](crate::Document::parse) gives them with it.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        self.faults().into_iter().map(|(problem, _)| problem).collect()
    }

    /// The problems and where they are.
    pub(crate) fn faults(&self) -> Faults {
        let roles = self.roles.iter().map(|role| role.name.as_str()).collect();
        let mut check = Check { schema: self, roles, faults: Vec::new() };
        check.roles();
        check.one_name_each();
        for record_type in &self.record_types {
            check.record_type(record_type);
        }
        check.faults
    }
}

struct Check<'a> {
    schema: &'a Schema,
    /// The names of the roles that the schema creates.
    roles: HashSet<&'a str>,
    faults: Faults,
}

impl Check<'_> {
    fn report(&mut self, span: Option<Span>, problem: Problem) {
        self.faults.push((problem, span));
    }

    fn roles(&mut self) {
        let mut seen: HashSet<&str> = HashSet::new();
        for role in &self.schema.roles {
            let RoleDeclaration { name, origin } = role;
            let span = origin.get().map(|spans| spans.name);
            if ["_world", "_icloud", "_creator"].contains(&name.as_str()) {
                let problem = Problem::new(
                    Code::SystemName,
                    format!("role `{name}` is built in and cannot be created"),
                )
                .help("remove the statement; grants can name the role without it");
                self.report(span, problem);
            } else if let Err(fault) = name::check(name) {
                self.name("role", name, fault, span);
            } else if !seen.insert(name) {
                let problem = Problem::new(Code::DuplicateRole, format!("role `{name}` is created twice"))
                    .help("create it once");
                self.report(span, problem);
            }
        }
    }

    fn one_name_each(&mut self) {
        let mut seen: HashSet<&str> = HashSet::with_capacity(self.schema.record_types.len());
        for record_type in &self.schema.record_types {
            if !seen.insert(&record_type.name) {
                let problem = Problem::new(
                    Code::DuplicateRecordType,
                    format!("two record types are named `{}`", record_type.name),
                )
                .help("join their fields in one, or rename one of them");
                self.report(record_type.origin.get().map(|spans| spans.name), problem);
            }
        }
    }

    fn record_type(&mut self, record_type: &RecordType) {
        let name = &record_type.name;
        let span = record_type.origin.get().map(|spans| spans.name);
        if let Err(fault) = name::check(name)
            && !is_managed_name(name, fault)
        {
            self.name("record type", name, fault, span);
        }
        let mut seen: HashSet<&str> = HashSet::with_capacity(record_type.fields.len());
        for field in &record_type.fields {
            if !seen.insert(&field.name) {
                let problem = Problem::new(
                    Code::DuplicateField,
                    format!("two fields of `{name}` are named `{}`", field.name),
                )
                .help("remove one of them, or give it another name");
                self.report(field.origin.get().map(|spans| spans.name), problem);
            }
            self.field(record_type, field);
        }
        if let Some(field) = record_type.user_fields().nth(MOST_FIELDS) {
            let count = record_type.user_fields().count();
            let problem = Problem::new(
                Code::TooManyFields,
                format!("`{name}` has {count} fields, and a record type can have {MOST_FIELDS}"),
            )
            .help("move some of them to a record type of their own, with a reference between the two");
            self.report(field.origin.get().map(|spans| spans.name), problem);
        }
        for grant in &record_type.grants {
            self.grant(record_type, grant);
        }
        if record_type.grants.is_empty() {
            let problem = Problem::new(
                Code::NoGrants,
                format!("`{name}` has no grants, so nobody can use it in the public database"),
            )
            .help("the usual ones are `GRANT WRITE TO \"_creator\"`, `GRANT CREATE TO \"_icloud\"` and `GRANT READ TO \"_world\"`; private databases need none");
            self.report(span, problem);
        }
    }

    fn field(&mut self, record_type: &RecordType, field: &Field) {
        let Field { name, data_type, indexes, origin } = field;
        let spans = origin.get();
        let given = field.system().map(SystemField::data_type).or_else(|| managed_field(record_type, name));
        match (given, name::check(name)) {
            (Some(given), _) if given != *data_type => {
                let problem = Problem::new(
                    Code::SystemFieldType,
                    format!("`{name}` is {}, and CloudKit gives it as {given}", data_type),
                )
                .help(format!("write `\"{name}\" {given}`"));
                return self.report(spans.map(|spans| spans.data_type), problem);
            }
            (None, Err(fault)) if !(record_type.is_managed() && is_managed_name(name, fault)) => {
                self.name("field", name, fault, spans.map(|spans| spans.name));
            }
            _ => {}
        }
        if data_type.encrypted && !data_type.primitive.can_be_encrypted() {
            let primitive = data_type.primitive;
            let problem = Problem::new(
                Code::EncryptedType,
                format!("`{name}` of `{}` is {primitive}, which cannot be ENCRYPTED", record_type.name),
            )
            .help(match primitive {
                Primitive::Asset => "leave `ENCRYPTED` out: assets are encrypted anyway",
                Primitive::Reference => "leave `ENCRYPTED` out: CloudKit must read references to follow them",
                _ => "settle the number's kind: `ENCRYPTED INT64` or `ENCRYPTED DOUBLE`",
            });
            return self.report(spans.map(|spans| spans.data_type), problem);
        }
        for (place, index) in Index::ALL.into_iter().enumerate().filter(|(_, index)| indexes.has(*index)) {
            let span = spans.and_then(|spans| spans.options[place]);
            self.index(record_type, field, index, span);
        }
        if matches!(data_type.primitive, Primitive::Number(_)) {
            let problem = Problem::new(
                Code::NumberType,
                format!("`{name}` of `{}` is NUMBER, a number whose kind is not settled", record_type.name),
            )
            .help("write `INT64` or `DOUBLE` for a new field");
            self.report(spans.map(|spans| spans.data_type), problem);
        }
    }

    fn index(&mut self, record_type: &RecordType, field: &Field, index: Index, span: Option<Span>) {
        let Field { name, data_type, .. } = field;
        let record_type = &record_type.name;
        let problem = if data_type.encrypted {
            Problem::new(
                Code::EncryptedIndex,
                format!("`{name}` of `{record_type}` is {data_type}, which cannot be {index}"),
            )
            .help("CloudKit keeps no index of what it cannot read: leave one of the two out")
        } else if !index.fits(*data_type) {
            Problem::new(
                Code::IndexType,
                format!("`{name}` of `{record_type}` is {data_type}, which cannot be {index}"),
            )
            .help(possible_indexes(*data_type))
        } else if index == Index::Sortable
            && data_type.primitive == Primitive::Reference
            && field.system() != Some(SystemField::RecordId)
        {
            Problem::new(
                Code::SortableReference,
                format!(
                    "`{name}` of `{record_type}` is REFERENCE SORTABLE, and references have no useful order"
                ),
            )
            .help("leave `SORTABLE` out; CloudKit may refuse it")
        } else {
            return;
        };
        self.report(span, problem);
    }

    fn grant(&mut self, record_type: &RecordType, grant: &Grant) {
        let spans = grant.origin.get();
        let role = grant.role.as_str();
        if let crate::model::Role::Custom(name) = &grant.role
            && !self.roles.contains(name.as_str())
        {
            let built_in = ["_creator", "_icloud", "_world"];
            // Of a schema with more roles than people write, not all are compared.
            let known = self.schema.roles.iter().take(100).map(|role| role.name.as_str()).chain(built_in);
            let help = match similar(name, known).or(similar(&format!("_{name}"), built_in)) {
                Some(role) => format!("did you mean `{}`?", name::quoted(role)),
                None if name::check(name).is_ok() => {
                    format!("create it before the record types: `CREATE ROLE {};`", name::quoted(name))
                }
                None => "built in are `\"_world\"`, `\"_icloud\"` and `\"_creator\"`".to_owned(),
            };
            let problem = Problem::new(
                Code::UnknownRole,
                format!("`{}` grants to role `{role}`, which does not exist", record_type.name),
            );
            self.report(spans.map(|spans| spans.role), problem.help(help));
        }
        // The parser has reported a grant that was read without operations.
        if grant.operations.is_empty() && spans.is_none() {
            let problem = Problem::new(
                Code::EmptyGrant,
                format!("a grant of `{}` to role `{role}` names no operation", record_type.name),
            )
            .help("give it `READ`, `CREATE` or `WRITE`, or leave it out");
            self.report(None, problem);
        }
    }

    fn name(&mut self, what: &str, name: &str, fault: NameFault, span: Option<Span>) {
        let (code, help) = match fault {
            NameFault::Underscore => {
                let system = SystemField::ALL.map(SystemField::as_str);
                let help = match similar(name, system) {
                    Some(field) if what == "field" => format!("did you mean `\"{field}\"`?"),
                    _ => "give it a name that starts with a letter".to_owned(),
                };
                (Code::SystemName, help)
            }
            NameFault::FullStop => (Code::SystemName, "use `_` instead of the full stop".to_owned()),
            _ => (Code::InvalidName, "give it a name of letters, digits and `_`".to_owned()),
        };
        let shown: String = name.chars().take(64).map(name::shown).collect();
        self.report(
            span,
            Problem::new(code, format!("`{shown}` cannot be the name of a {what}: {fault}")).help(help),
        );
    }
}

fn is_managed_name(name: &str, fault: NameFault) -> bool {
    fault == NameFault::FullStop && name.starts_with(MANAGED_PREFIX)
}

/// The type of a field that CloudKit manages, such as those of `cloudkit.share`.
fn managed_field(record_type: &RecordType, name: &str) -> Option<DataType> {
    let fields = SHARE_FIELDS.iter().filter(|_| record_type.name == crate::model::SHARE);
    fields.into_iter().find(|(field, _)| *field == name).map(|(_, data_type)| *data_type)
}

fn possible_indexes(data_type: DataType) -> String {
    let possible: Vec<&str> =
        Index::ALL.into_iter().filter(|index| index.fits(data_type)).map(Index::as_str).collect();
    match possible.as_slice() {
        [] => format!("fields of type {data_type} have no index"),
        possible => format!("fields of type {data_type} can be {}", possible.join(" and ")),
    }
}
