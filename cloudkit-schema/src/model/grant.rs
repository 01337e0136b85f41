use std::fmt;

use super::GrantSpans;
use crate::span::Origin;

/// `GRANT … TO …`: what a role may do with the records of a type, in the public database.
///
/// Grants add up; there is none that takes away.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Grant {
    /// What is allowed.
    pub operations: Operations,
    /// To whom.
    pub role: Role,
    /// Where it was read.
    pub origin: Origin<GrantSpans>,
}

/// Who is allowed something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// `"_world"`: anyone, signed in or not.
    World,
    /// `"_icloud"`: any user who is signed in.
    ICloud,
    /// `"_creator"`: the user who created the record.
    Creator,
    /// A role that the schema creates, with this name. Which users have it is set in the CloudKit Console.
    Custom(String),
}

/// What can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Look up and query.
    Read,
    /// Make new records.
    Create,
    /// Change and delete.
    Write,
}

/// A set of [`Operation`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operations {
    /// `READ`
    pub read: bool,
    /// `CREATE`
    pub create: bool,
    /// `WRITE`
    pub write: bool,
}

impl Grant {
    /// A grant of these operations.
    #[must_use]
    pub fn new(operations: impl IntoIterator<Item = Operation>, role: Role) -> Self {
        Self { operations: operations.into_iter().collect(), role, origin: Origin::default() }
    }
}

impl Role {
    /// The role of this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "_world" => Self::World,
            "_icloud" => Self::ICloud,
            "_creator" => Self::Creator,
            _ => Self::Custom(name.to_owned()),
        }
    }

    /// The name, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::World => "_world",
            Self::ICloud => "_icloud",
            Self::Creator => "_creator",
            Self::Custom(name) => name,
        }
    }
}

/// By name, as exports order them.
impl Ord for Role {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Role {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Operation {
    /// Every operation, in the order in which exports print them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Create, Self::Write];

    /// The word of the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Create => "CREATE",
            Self::Write => "WRITE",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Operations {
    /// Whether this one is among them.
    #[must_use]
    pub const fn has(self, operation: Operation) -> bool {
        match operation {
            Operation::Read => self.read,
            Operation::Create => self.create,
            Operation::Write => self.write,
        }
    }

    /// The same and this one.
    #[must_use]
    pub const fn with(mut self, operation: Operation) -> Self {
        match operation {
            Operation::Read => self.read = true,
            Operation::Create => self.create = true,
            Operation::Write => self.write = true,
        }
        self
    }

    /// Those of either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            create: self.create || other.create,
            write: self.write || other.write,
        }
    }

    /// Those that are there, in the order in which exports print them.
    pub fn iter(self) -> impl Iterator<Item = Operation> {
        Operation::ALL.into_iter().filter(move |operation| self.has(*operation))
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.read && !self.create && !self.write
    }
}

impl FromIterator<Operation> for Operations {
    fn from_iter<I: IntoIterator<Item = Operation>>(operations: I) -> Self {
        operations.into_iter().fold(Self::default(), Self::with)
    }
}

/// The words of the language, such as `READ, WRITE`.
impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, operation) in self.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { ", " })?;
            f.write_str(operation.as_str())?;
        }
        Ok(())
    }
}
