//! The parts of a record type: fields and grants.

use super::{Name, Parser};
use crate::lexer::{Kind, Token};
use crate::model::{
    DataType, Field, FieldSpans, Grant, GrantSpans, Index, Operation, Operations, Preferred, Primitive,
    RecordType, Role,
};
use crate::name::similar;
use crate::problem::{Code, Problem};
use crate::span::Origin;

const TYPES: &[&str] = &[
    "\"ASSET\"",
    "\"BYTES\"",
    "\"DOUBLE\"",
    "\"ENCRYPTED\"",
    "\"INT64\"",
    "\"LIST\"",
    "\"LOCATION\"",
    "\"NUMBER\"",
    "\"REFERENCE\"",
    "\"STRING\"",
    "\"TIMESTAMP\"",
];
const OPERATIONS: &[&str] = &["\"CREATE\"", "\"READ\"", "\"WRITE\""];
const AFTER_OPERATION: &[&str] = &["\",\"", "\"TO\""];
const AFTER_TYPE: &[&str] = &["\",\"", "\")\"", "\"QUERYABLE\"", "\"SEARCHABLE\"", "\"SORTABLE\""];

/// What the types of other systems are called here.
const FOREIGN_TYPES: &[(&[&str], &str)] = &[
    (&["BOOL", "BOOLEAN"], "a truth value is an `INT64`, 0 or 1"),
    (&["INT", "INTEGER", "LONG", "INT32", "BIGINT", "SMALLINT", "UINT64"], "a whole number is an `INT64`"),
    (&["FLOAT", "REAL", "DECIMAL", "FLOAT64"], "a number with a fraction is a `DOUBLE`"),
    (&["DATE", "DATETIME", "TIME", "DATE_TIME"], "an instant is a `TIMESTAMP`"),
    (&["TEXT", "VARCHAR", "CHAR", "JSON", "UUID", "ENUM"], "text is a `STRING`"),
    (&["DATA", "BLOB", "BINARY", "BYTE"], "a few bytes are `BYTES`, a file is an `ASSET`"),
    (&["FILE", "IMAGE", "ASSETID", "CKASSET"], "a file is an `ASSET`"),
    (&["REF", "RECORD", "CKREFERENCE"], "a pointer to a record is a `REFERENCE`"),
    (&["ARRAY", "SET", "VECTOR"], "a list is written `LIST<STRING>`, with the type of its elements"),
];

/// Whether a type starts with this word, or is meant to.
pub(super) fn starts_type(word: &str) -> bool {
    primitive(word).is_some() || ["LIST", "ENCRYPTED"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn primitive(word: &str) -> Option<Primitive> {
    let known = Primitive::ALL.into_iter().chain([Primitive::Number(None)]);
    known.into_iter().find(|primitive| primitive.as_str().eq_ignore_ascii_case(word))
}

fn index(word: &str) -> Option<(usize, Index)> {
    Index::ALL.into_iter().enumerate().find(|(_, index)| index.as_str().eq_ignore_ascii_case(word))
}

impl Parser<'_> {
    /// Reads one field or grant, and as far as `,`, `)` or what else follows it.
    pub(super) fn member(&mut self, record_type: &mut RecordType) {
        // `grant STRING` is a field whose name lacks its quotes.
        let is_field = self.word_of(self.peek_at(1)).is_some_and(starts_type);
        if self.is_word("GRANT") && !is_field {
            match self.grant() {
                Some(grant) => record_type.grants.push(grant),
                None => self.skip_member(),
            }
            return;
        }
        if self.is_stray_option() {
            return;
        }
        match self.field() {
            Some(field) => record_type.fields.push(field),
            None => self.skip_member(),
        }
    }

    /// Reports options that a comma has cut off from their field, and passes over them.
    fn is_stray_option(&mut self) -> bool {
        let token = self.peek();
        let is_option = self.word_of(token).is_some_and(|word| index(word).is_some());
        let after = self.peek_at(1);
        let ends = matches!(after.kind, Kind::Comma | Kind::Close)
            || self.word_of(after).is_some_and(|word| index(word).is_some());
        if !is_option || !ends {
            return false;
        }
        let problem = Problem::new(
            Code::UnexpectedToken,
            format!("{} is an option of a field, and a comma cuts it off", self.shown(token)),
        )
        .help("remove the comma before it");
        self.refuse(token, problem, &["\"GRANT\"", "<IDENTIFIER>"]);
        while self.word_of(self.peek()).is_some_and(|word| index(word).is_some()) {
            self.bump();
        }
        true
    }

    fn field(&mut self) -> Option<Field> {
        let Name { text, span: name } = self.name("the name of a field")?;
        let first = self.peek().span;
        let data_type = self.data_type()?;
        let type_span = first.to(self.end());
        let mut field = Field::new(text, data_type);
        let mut options = [None; 3];
        while let Some(word) = self.word_of(self.peek()) {
            let token = self.peek();
            if let Some((place, index)) = index(word) {
                self.bump();
                if options[place].is_some() {
                    let problem = Problem::new(
                        Code::DuplicateOption,
                        format!("`{}` of field `{}` is given twice", index, field.name),
                    )
                    .help("give it once");
                    self.report(token.span, problem);
                } else {
                    options[place] = Some(token.span);
                    field.indexes = field.indexes.with(index);
                }
            } else if self.at_member() || self.at_statement() {
                break;
            } else {
                self.unknown_option(token, &field.name);
                self.bump();
            }
        }
        let span = name.to(self.end());
        field.origin = Origin::at(FieldSpans { field: span, name, data_type: type_span, options });
        Some(field)
    }

    fn unknown_option(&mut self, token: Token, field: &str) {
        let word = token.span.text(self.text);
        let problem = Problem::new(
            Code::UnknownOption,
            format!("{} of field `{field}` is not an option", self.shown(token)),
        );
        let help = match similar(word, Index::ALL.map(Index::as_str)) {
            Some(option) => format!("did you mean `{option}`?"),
            None => match word.to_ascii_uppercase().as_str() {
                "INDEX" | "INDEXED" | "INDEXABLE" => {
                    "write `QUERYABLE` for filters, `SORTABLE` for sorts and ranges".to_owned()
                }
                "ENCRYPTED" => "`ENCRYPTED` stands before the type".to_owned(),
                "NOT" | "NULL" | "REQUIRED" | "OPTIONAL" | "UNIQUE" | "DEFAULT" | "PRIMARY" | "KEY" => {
                    "the language has no required, unique or default fields; remove it".to_owned()
                }
                _ => "options are `QUERYABLE`, `SORTABLE` and `SEARCHABLE`".to_owned(),
            },
        };
        self.refuse(token, problem.help(help), AFTER_TYPE);
    }

    fn data_type(&mut self) -> Option<DataType> {
        let outside = self.eat_word("ENCRYPTED");
        if !self.is_word("LIST") {
            let data_type = DataType::of(self.primitive()?);
            return Some(if outside.is_some() { data_type.encrypted() } else { data_type });
        }
        let list = self.bump();
        if self.eat(Kind::Less).is_none() {
            self.unexpected("`<` after `LIST`", &["\"<\""]);
            return None;
        }
        let inside = self.eat_word("ENCRYPTED");
        if self.is_word("LIST") {
            return self.nested_list();
        }
        let primitive = self.primitive()?;
        if self.eat(Kind::Greater).is_none() {
            self.unexpected(&format!("`>` after `LIST<{primitive}`"), &["\">\""]);
            return None;
        }
        if let Some(encrypted) = outside {
            let problem = Problem::new(
                Code::EncryptedOutsideList,
                "`ENCRYPTED` stands before the type of the elements, not before `LIST`",
            )
            .help(format!("write `LIST<ENCRYPTED {primitive}>`"));
            let expected = Some((list, ENCRYPTABLE));
            self.faults.push(super::Fault { problem, span: Some(encrypted.span), expected });
        }
        let data_type = DataType::of(primitive).list();
        Some(if outside.or(inside).is_some() { data_type.encrypted() } else { data_type })
    }

    fn nested_list(&mut self) -> Option<DataType> {
        let problem = Problem::new(Code::NestedList, "a list cannot hold lists")
            .help("keep the lists in a `STRING` or `BYTES` in a form of your own, or in records that refer to this one");
        let token = self.peek();
        self.refuse(token, problem, TYPES);
        None
    }

    fn primitive(&mut self) -> Option<Primitive> {
        let token = self.peek();
        let Some(word) = self.word_of(token) else {
            self.unexpected("a type", TYPES);
            return None;
        };
        match primitive(word) {
            Some(Primitive::Number(_)) => {
                self.bump();
                self.number()
            }
            Some(primitive) => {
                self.bump();
                Some(primitive)
            }
            None => {
                self.unknown_type(token, word);
                None
            }
        }
    }

    fn unknown_type(&mut self, token: Token, word: &str) {
        let problem = Problem::new(Code::UnknownType, format!("{} is not a type", self.shown(token)));
        let upper = word.to_ascii_uppercase();
        let names = TYPES.iter().map(|name| name.trim_matches('"'));
        let help = if let Some((_, help)) =
            FOREIGN_TYPES.iter().find(|(names, _)| names.contains(&upper.as_str()))
        {
            (*help).to_owned()
        } else if let Some(element) = upper.strip_suffix("_LIST").and_then(primitive) {
            format!("write `LIST<{element}>`")
        } else if let Some(name) = similar(word, names) {
            format!("did you mean `{name}`?")
        } else if index(word).is_some() {
            "options stand after the type".to_owned()
        } else {
            "types are `STRING`, `INT64`, `DOUBLE`, `TIMESTAMP`, `BYTES`, `LOCATION`, `REFERENCE`, `ASSET`, and `LIST<…>` of these".to_owned()
        };
        self.refuse(token, problem.help(help), TYPES);
    }

    fn number(&mut self) -> Option<Primitive> {
        if self.eat_word("PREFERRED").is_none() {
            return Some(Primitive::Number(None));
        }
        if self.eat_word("AS").is_none() {
            self.unexpected("`AS` after `PREFERRED`", &["\"AS\""]);
            return None;
        }
        if self.eat_word("INT64").is_some() {
            return Some(Primitive::Number(Some(Preferred::Int64)));
        }
        if self.eat_word("DOUBLE").is_some() {
            return Some(Primitive::Number(Some(Preferred::Double)));
        }
        self.unexpected("`INT64` or `DOUBLE` after `PREFERRED AS`", &["\"DOUBLE\"", "\"INT64\""]);
        None
    }

    fn grant(&mut self) -> Option<Grant> {
        let start = self.bump().span;
        let mut operations = Operations::default();
        loop {
            let token = self.peek();
            let word = self.word_of(token);
            let operation = Operation::ALL
                .into_iter()
                .find(|it| word.is_some_and(|word| word.eq_ignore_ascii_case(it.as_str())));
            match operation {
                Some(operation) => {
                    self.bump();
                    if operations.has(operation) {
                        let problem = Problem::new(
                            Code::RepeatedOperation,
                            format!("`{operation}` is granted twice in one grant"),
                        );
                        self.report(token.span, problem.help("name it once"));
                    }
                    operations = operations.with(operation);
                }
                None if self.is_word("TO") => self.no_operation(token, operations),
                None if word.is_some() && self.is_grant_going_on() => self.unknown_operation(),
                None => {
                    self.unexpected("`READ`, `CREATE` or `WRITE`", OPERATIONS);
                    return None;
                }
            }
            if self.eat_word("TO").is_some() {
                break;
            }
            if self.eat(Kind::Comma).is_some() {
                continue;
            }
            let next = self.peek();
            let is_operation = self.word_of(next).is_some_and(|word| {
                Operation::ALL.iter().any(|operation| operation.as_str().eq_ignore_ascii_case(word))
            });
            if !is_operation {
                self.unexpected("`,` or `TO` after the operation", AFTER_OPERATION);
                return None;
            }
            let problem =
                Problem::new(Code::MissingComma, format!("a comma is missing before {}", self.shown(next)))
                    .help("put a comma between operations");
            self.refuse(next, problem, AFTER_OPERATION);
        }
        let Name { text, span: role } = self.name("the name of a role")?;
        let origin = Origin::at(GrantSpans { grant: start.to(role), role });
        Some(Grant { operations, role: Role::named(&text), origin })
    }

    /// `TO` where an operation should be.
    fn no_operation(&mut self, to: Token, operations: Operations) {
        let problem = if operations.is_empty() {
            Problem::new(Code::UnexpectedToken, "the grant names no operation")
                .help("write `READ`, `CREATE`, `WRITE`, or several with commas, after `GRANT`")
        } else {
            Problem::new(Code::TrailingComma, "the last operation of a grant has no comma after it")
                .help("remove the comma before `TO`")
        };
        self.refuse(to, problem, OPERATIONS);
    }

    /// Whether a comma or `TO` follows, so that the next word is meant to be an operation.
    fn is_grant_going_on(&self) -> bool {
        self.peek_at(1).kind == Kind::Comma || self.is_word_at(1, "TO")
    }

    fn unknown_operation(&mut self) {
        let token = self.bump();
        let word = token.span.text(self.text).to_ascii_uppercase();
        let problem =
            Problem::new(Code::UnknownOperation, format!("{} is not an operation", self.shown(token)));
        let help = match word.as_str() {
            "DELETE" | "UPDATE" | "MODIFY" | "SAVE" => "changing and deleting are `WRITE`".to_owned(),
            "QUERY" | "FETCH" | "SELECT" | "LOOKUP" => "looking up and querying are `READ`".to_owned(),
            "INSERT" | "ADD" => "making new records is `CREATE`".to_owned(),
            "ALL" => "name all three: `READ, CREATE, WRITE`".to_owned(),
            word => match similar(word, Operation::ALL.map(Operation::as_str)) {
                Some(operation) => format!("did you mean `{operation}`?"),
                None => "operations are `READ`, `CREATE` and `WRITE`".to_owned(),
            },
        };
        self.refuse(token, problem.help(help), OPERATIONS);
    }
}

const ENCRYPTABLE: &[&str] =
    &["\"BYTES\"", "\"DOUBLE\"", "\"INT64\"", "\"LOCATION\"", "\"STRING\"", "\"TIMESTAMP\""];
