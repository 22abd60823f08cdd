//! OCapN's messages: deliveries, collection messages with lists, and the three of a hand-off.

use crate::names::VatId;
use crate::protocol::kit;
use crate::world::{Body, Ghost, Position, Ref, Release};
use captp_gc::protocol::Index;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::fmt;

/// How a reference stands on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Desc {
    /// `desc:import-object`: one of the sender's exports. That the position was sent before is not
    /// on the wire.
    Import(Index, bool),
    /// `desc:export`: one of the receiver's.
    Export(Index),
    /// `desc:handoff-give`: one of a third vat's, to be withdrawn there.
    Handoff(VatId, Gift),
}

/// A reference as it stands on the wire, and what was meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Wired {
    /// As it stands on the wire.
    pub desc: Desc,
    /// What was meant.
    pub ghost: Ghost,
}

/// The name of a gift at the vat that keeps it: who gives it to whom, and which.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Gift {
    /// Who gives it.
    pub donor: VatId,
    /// To whom.
    pub recipient: VatId,
    /// The how-manieth, from 0.
    pub number: u32,
}

/// A message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OcapnBody {
    /// `op:deliver` to the peer's first object, with arguments; or the answer to a withdrawal.
    Deliver(SmallVec<[Wired; 2]>),
    /// `op:deliver` to an imported object.
    Call(Wired),
    /// `op:gc-exports`: positions and wire deltas.
    GcExports(SmallVec<[kit::Given; 1]>),
    /// `deposit-gift`, to the vat that is to keep it.
    Deposit(Gift, Wired),
    /// `withdraw-gift`, to the vat that keeps it.
    Withdraw(Gift, Ghost),
}

impl OcapnBody {
    /// The references that it carries as descriptors, a call's target first.
    pub fn wired(&self) -> &[Wired] {
        match self {
            Self::Deliver(wired) => wired,
            Self::Call(target) | Self::Deposit(_, target) => std::slice::from_ref(target),
            Self::GcExports(_) | Self::Withdraw(..) => &[],
        }
    }
}

impl Wired {
    fn seen(self) -> Ref {
        match self.desc {
            Desc::Import(index, again) => Ref::mention(Position::export(index), again, self.ghost),
            Desc::Export(index) => Ref::home(Position::export(index), self.ghost),
            Desc::Handoff(host, _) => Ref::gift(host, self.ghost),
        }
    }
}

impl Body for OcapnBody {
    fn refs(&self) -> SmallVec<[Ref; 2]> {
        self.wired().iter().map(|wired| wired.seen()).collect()
    }

    fn releases(&self) -> SmallVec<[Release; 1]> {
        let Self::GcExports(given) = self else { return SmallVec::new() };
        given
            .iter()
            .map(|g| Release { at: Position::export(g.index), delta: g.delta, upto: g.upto })
            .collect()
    }

    fn stamp(&mut self, latest: &dyn Fn(Position) -> u32) {
        if let Self::GcExports(given) = self {
            for g in given {
                g.upto = latest(Position::export(g.index));
            }
        }
    }
}

impl fmt::Display for Wired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.desc {
            Desc::Import(index, _) => write!(f, "desc:import-object {index} {}", self.ghost),
            Desc::Export(index) => write!(f, "desc:export {index} {}", self.ghost),
            Desc::Handoff(host, gift) => {
                write!(f, "desc:handoff-give {gift} at {host} {}", self.ghost)
            }
        }
    }
}

impl fmt::Display for Gift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gift {}{}{}", self.donor.letter(), self.recipient.letter(), self.number)
    }
}

impl fmt::Display for OcapnBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deliver(wired) => {
                let all: Vec<_> = wired.iter().map(ToString::to_string).collect();
                f.write_str(&all.join(", "))
            }
            Self::Call(target) => write!(f, "call {target}"),
            Self::GcExports(given) => {
                let list = |of: fn(&kit::Given) -> u32| {
                    let all: Vec<_> = given.iter().map(|g| of(g).to_string()).collect();
                    all.join(" ")
                };
                write!(f, "op:gc-exports [{}] [{}]", list(|g| g.index.get()), list(|g| g.delta))
            }
            Self::Deposit(gift, target) => write!(f, "deposit-gift {gift} {target}"),
            Self::Withdraw(gift, ghost) => write!(f, "withdraw-gift {gift} {ghost}"),
        }
    }
}

impl fmt::Debug for OcapnBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
