//! What the parts of a line are called, and what must fit together in one.

use crate::line::{End, Ending, Event, Kind, Line, Local, Message, Place};
use std::fmt;

impl Line {
    /// Its number.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Message(line) => line.seq,
            Self::Local(line) => line.seq,
            Self::Tables(line) => line.seq,
            Self::End(line) => line.seq,
        }
    }

    /// Gives it a number.
    pub const fn set_seq(&mut self, number: u64) {
        match self {
            Self::Message(line) => line.seq = number,
            Self::Local(line) => line.seq = number,
            Self::Tables(line) => line.seq = number,
            Self::End(line) => line.seq = number,
        }
    }

    /// The connection that it is about; `None` for the last line.
    #[must_use]
    pub const fn session(&self) -> Option<u32> {
        match self {
            Self::Message(line) => Some(line.session),
            Self::Local(line) => Some(line.session),
            Self::Tables(line) => Some(line.session),
            Self::End(_) => None,
        }
    }
}

impl Default for Message {
    fn default() -> Self {
        Self {
            seq: 0,
            session: 1,
            from: End::A,
            kind: Kind::Other,
            question: None,
            target: None,
            refs: Vec::new(),
            releases: Vec::new(),
            promise: None,
            release_params: false,
            release_results: false,
            no_finish: false,
            text: String::new(),
        }
    }
}

impl Message {
    /// What does not fit together in it, as a sentence.
    ///
    /// # Errors
    /// Its kind needs a field that is missing, or has no use for one that is there.
    pub fn check(&self) -> Result<(), String> {
        let kind = self.kind;
        let needs = |field| Err(format!("`{field}` is missing, and a `{}` needs it", kind.name()));
        match kind {
            Kind::Bootstrap | Kind::Return | Kind::Finish if self.question.is_none() => {
                return needs("question");
            }
            Kind::Resolve if self.promise.is_none() => return needs("promise"),
            _ => {}
        }
        let only = [
            ("target", Kind::Call, self.target.is_some()),
            ("releases", Kind::Release, !self.releases.is_empty()),
            ("promise", Kind::Resolve, self.promise.is_some()),
            ("release_params", Kind::Return, self.release_params),
            ("no_finish", Kind::Return, self.no_finish),
            ("release_results", Kind::Finish, self.release_results),
        ];
        match only.into_iter().find(|&(_, of, there)| there && of != kind) {
            None => Ok(()),
            Some((field, of, _)) => Err(format!(
                "`{field}` belongs to a `{}`, and this is a `{}`",
                of.name(),
                kind.name()
            )),
        }
    }
}

impl Local {
    /// What does not fit together in it, as a sentence.
    ///
    /// # Errors
    /// A `read` names something, or another event does not name one import or question.
    pub fn check(&self) -> Result<(), String> {
        let named = usize::from(self.import.is_some()) + usize::from(self.question.is_some());
        match (self.event, named) {
            (Event::Read, 0) => Ok(()),
            (Event::Read, _) => Err("`read` is about the next message: no `import`".to_owned()),
            (_, 1) => Ok(()),
            (event, _) => Err(format!("`{}` needs either `import` or `question`", event.name())),
        }
    }
}

impl End {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// As it is written.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }

    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "VatA",
            Self::B => "VatB",
        })
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Bootstrap,
        Self::Call,
        Self::Return,
        Self::Finish,
        Self::Release,
        Self::Resolve,
        Self::Unimplemented,
        Self::Over,
        Self::Other,
    ];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::Call => "call",
            Self::Return => "return",
            Self::Finish => "finish",
            Self::Release => "release",
            Self::Resolve => "resolve",
            Self::Unimplemented => "unimplemented",
            Self::Over => "over",
            Self::Other => "other",
        }
    }
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Drop, Self::Clear, Self::Notify];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Drop => "drop",
            Self::Clear => "clear",
            Self::Notify => "notify",
        }
    }
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cut, Self::Quiescent, Self::Dropped];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Quiescent => "quiescent",
            Self::Dropped => "dropped",
        }
    }
}

impl Place {
    /// The usual kind of place.
    #[must_use]
    pub const fn new(index: u32) -> Self {
        Self { index, space: String::new() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.space, self.index)
    }
}
