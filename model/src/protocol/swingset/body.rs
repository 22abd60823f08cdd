//! What the frames of comms vats say.

use crate::world::{Body, Ghost, Position, Ref, Release};
use captp_gc::protocol::Index;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::fmt;

/// A reference as it stands on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Named {
    /// Whether it is the receiver's, and goes home.
    pub home: bool,
    /// The exporter's index.
    pub index: Index,
    /// Whether the entry was there before.
    pub again: bool,
    /// What was meant.
    pub ghost: Ghost,
}

/// What is said beside the numbers of the frame.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Text {
    /// To the peer's first object, with arguments.
    Deliver(SmallVec<[Named; 2]>),
    /// A call through a proxy.
    Call(Named),
    /// `gc:dropExport`: the importer cannot reach it any more.
    Drop {
        /// The receiver's export.
        index: Index,
        /// Ghost: all proxies up to this number are gone.
        upto: u32,
    },
    /// `gc:retireExport`: the importer could not even recognise it any more.
    Retire {
        /// The receiver's export.
        index: Index,
        /// Ghost: all proxies up to this number are gone.
        upto: u32,
    },
}

/// A frame: `seq:ack:…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// Its number.
    pub seq: u32,
    /// The number of the last frame that its sender had read.
    pub ack: u32,
    /// What it says.
    pub text: Text,
}

impl Named {
    fn seen(&self) -> Ref {
        let at = Position::export(self.index);
        if self.home { Ref::home(at, self.ghost) } else { Ref::mention(at, self.again, self.ghost) }
    }
}

impl Frame {
    /// The references that it carries.
    pub fn named(&self) -> SmallVec<[Named; 2]> {
        match &self.text {
            Text::Deliver(named) => named.clone(),
            Text::Call(target) => smallvec![*target],
            Text::Drop { .. } | Text::Retire { .. } => SmallVec::new(),
        }
    }
}

impl Body for Frame {
    fn refs(&self) -> SmallVec<[Ref; 2]> {
        self.named().iter().map(Named::seen).collect()
    }

    fn releases(&self) -> SmallVec<[Release; 1]> {
        match self.text {
            Text::Drop { index, upto } | Text::Retire { index, upto } => {
                smallvec![Release { at: Position::export(index), delta: 1, upto }]
            }
            _ => SmallVec::new(),
        }
    }

    fn stamp(&mut self, latest: &dyn Fn(Position) -> u32) {
        if let Text::Drop { index, upto } | Text::Retire { index, upto } = &mut self.text {
            *upto = latest(Position::export(*index));
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.home { '+' } else { '-' };
        write!(f, "ro{sign}{} {}", self.index, self.ghost)
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.seq, self.ack)?;
        match &self.text {
            Text::Deliver(named) => {
                let all: Vec<_> = named.iter().map(ToString::to_string).collect();
                f.write_str(&all.join(", "))
            }
            Text::Call(target) => write!(f, "call {target}"),
            Text::Drop { index, .. } => write!(f, "dropExport ro+{index}"),
            Text::Retire { index, .. } => write!(f, "retireExport ro+{index}"),
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
