//! Places in tables, and the names of proxies.

use crate::names::VatId;
use captp_gc::protocol::{Incarnation, Index, SessionId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One of the two tables that a vat keeps for a peer. To the peer they are its imports and its
/// questions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    /// What the vat has exported.
    Exports,
    /// What the vat was asked.
    Answers,
}

/// A place in a table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Position {
    /// Which table.
    pub table: Table,
    /// Where in it.
    pub index: Index,
}

impl Position {
    /// A place in the table of exports.
    pub const fn export(index: Index) -> Self {
        Self { table: Table::Exports, index }
    }

    /// A place in the table of answers.
    pub const fn answer(index: Index) -> Self {
        Self { table: Table::Answers, index }
    }

    /// Its name at the importer.
    pub const fn import(self) -> Imported {
        Imported(self)
    }
}

/// A place as the importer calls it.
#[derive(Clone, Copy, Debug)]
pub struct Imported(Position);

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.table {
            Table::Exports => write!(f, "imports[{}]", self.0.index),
            Table::Answers => write!(f, "questions[{}]", self.0.index),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.table {
            Table::Exports => write!(f, "exports[{}]", self.index),
            Table::Answers => write!(f, "answers[{}]", self.index),
        }
    }
}

/// Which proxy it is, as the protocol names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Key {
    /// Whose export or answer it stands for.
    pub peer: VatId,
    /// Where.
    pub at: Position,
    /// In which session.
    pub session: SessionId,
    /// Which of those that stood there one after the other.
    pub incarnation: Incarnation,
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        let (peer, session) = (key.peer.letter(), key.session.get());
        let table = match key.at.table {
            Table::Exports => "exports",
            Table::Answers => "answers",
        };
        let (index, incarnation) = (key.at.index.get(), key.incarnation.get());
        format!("{peer}/{table}/{index}/{session}/{incarnation}")
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let unknown = || format!("'{word}' names no proxy");
        let [peer, table, index, session, incarnation] = word.split('/').collect::<Vec<_>>()[..]
        else {
            return Err(unknown());
        };
        let peer = VatId::ALL.into_iter().find(|id| id.letter() == peer).ok_or_else(unknown)?;
        let table = match table {
            "exports" => Table::Exports,
            "answers" => Table::Answers,
            _ => return Err(unknown()),
        };
        let number = |text: &str| text.parse::<u32>().map_err(|_| unknown());
        let incarnation = incarnation.parse::<u64>().map_err(|_| unknown())?;
        Ok(Self {
            peer,
            at: Position { table, index: Index::new(number(index)?) },
            session: SessionId::new(number(session)?),
            incarnation: Incarnation::new(incarnation),
        })
    }
}

impl Key {
    /// The place, as a vat calls it: with its peer if that is not plain from the letters A and B.
    pub fn place(self, at: VatId) -> String {
        let place = self.at.import();
        if at == VatId::C || self.peer == VatId::C {
            format!("{place} from {}", self.peer)
        } else {
            place.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_proxy_is_read_as_it_is_written() {
        let key = Key {
            peer: VatId::C,
            at: Position::answer(Index::new(3)),
            session: SessionId::new(2),
            incarnation: Incarnation::new(5),
        };
        assert_eq!(String::from(key), "C/answers/3/2/5");
        assert_eq!("C/answers/3/2/5".parse(), Ok(key));
        for word in ["", "C/answers/3/2", "D/answers/3/2/5", "C/queries/3/2/5", "C/answers/-3/2/5"]
        {
            assert!(word.parse::<Key>().unwrap_err().contains("names no proxy"), "{word}");
        }
    }
}
