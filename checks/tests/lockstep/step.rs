//! What can be done to two sessions that share their objects, and what can be seen of it.

use crate::reference::{Side, State};
use captp_gc::protocol::{Descriptor, GcExportOp, Index, Limits, Misuse, WireCount};
use captp_gc::table::Refused;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// Small, so that every limit is hit.
pub(crate) const LIMITS: Limits = Limits {
    exports_max: 3,
    imports_max: 67,
    mentions_max: WireCount::new(3),
    references_per_message_max: 3,
};

/// Objects that the application has at one time: more than can be exported. The last has no cell.
pub(crate) const POOL: usize = 5;

/// The indices that a peer names: neighbours, another page of any size, and beyond the limit.
const INDICES: [u32; 7] = [0, 1, 2, 64, 66, 67, u32::MAX];

/// Who an object is.
pub(crate) type Id = u32;

/// One step, of one of the two sessions.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Which.
    pub(crate) at: usize,
    /// What.
    pub(crate) action: Action,
}

/// What is done.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// A message with these references is described and counted.
    Write(Vec<Named>),
    /// The message in the making is on its way.
    Sent,
    /// The message in the making did not go out.
    Unwrite,
    /// A mention is taken back of an object that is not exported.
    UnexportStranger(usize),
    /// A message is read.
    Read(Vec<Descriptor>),
    /// One mention is read by `Session::import`, which takes mentions only.
    Import(Descriptor),
    /// A `GCExportOp` is read, by the session or by a reader that has looked the export up.
    GcExport { index: Index, delta: u32, by_reader: bool },
    /// A call to an export is read.
    Lookup(Index),
    /// The proxy gets one handle more.
    Clone(Index),
    /// The proxy has one handle less.
    Drop(Index),
    /// A proxy is sent home through its own session, or through the other.
    SendHome { index: Index, through_other: bool },
    /// A proxy of a session that is over is cloned, sent home, and both handles dropped.
    DropBroken,
    /// The notifications are served.
    Drain,
    /// The session ends.
    Close,
    /// The next session begins. If the one before is open, its handle is just dropped.
    Reopen,
    /// The application forgets an object, and has a new one in its place.
    Renew(usize),
}

/// A reference to write.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named {
    /// One of the application's objects.
    Object(usize),
    /// The proxy at this index.
    Proxy(Index),
}

/// What a step returned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Seen {
    /// Nothing is returned.
    Nothing,
    /// How the references are written.
    Written(Result<Vec<Descriptor>, Misuse>),
    /// The objects whose entries went.
    TakenBack(Vec<Id>),
    /// The peer gave back what it was never sent; so the session was closed.
    GivenBackBefore,
    /// What was received, up to what was refused.
    Read(Vec<Got>, Option<Refused>),
    /// A mention was read.
    Imported(Result<(), Refused>),
    /// The object whose entry went.
    Evicted(Result<Option<Id>, Refused>),
    /// The object that is called.
    Found(Result<Id, Refused>),
    /// How a proxy is written, or why something is not written.
    Described(Result<Descriptor, Misuse>),
    /// What is given back, in the order of the indices.
    Drained(Vec<GcExportOp>),
    /// The objects that were exported to the end.
    Closed(Vec<Id>),
}

/// One reference received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Got {
    /// A proxy.
    Proxy { index: Index, installed: bool },
    /// An object that came home.
    Home(Id),
}

impl Seen {
    /// The names of what can be refused, to count what a run has met.
    pub(crate) fn refusal(&self) -> Option<String> {
        let said = match self {
            Self::Written(Err(misuse)) | Self::Described(Err(misuse)) => {
                format!("Misuse::{misuse:?}")
            }
            Self::Read(_, Some(refused))
            | Self::Imported(Err(refused))
            | Self::Evicted(Err(refused))
            | Self::Found(Err(refused)) => match refused {
                Refused::Violation(violation) => format!("Violation::{violation:?}"),
                Refused::Closed => "Refused::Closed".into(),
            },
            Self::GivenBackBefore => "GivenBackBefore".into(),
            _ => return None,
        };
        said.split(' ').next().map(Into::into)
    }
}

/// What may come next: three of four messages are those of a correct peer.
pub(crate) fn next(state: &State) -> BoxedStrategy<Step> {
    Union::new_weighted(vec![(2, at(state, 0)), (1, at(state, 1))]).boxed()
}

fn at(state: &State, at: usize) -> BoxedStrategy<Step> {
    actions(state, &state.sides[at]).prop_map(move |action| Step { at, action }).boxed()
}

fn actions(state: &State, side: &Side) -> Union<BoxedStrategy<Action>> {
    let any_index = || select(&INDICES).prop_map(Index::new);
    let held: Vec<Index> = side.held.keys().copied().collect();
    let strangers: Vec<usize> = (0..POOL).filter(|slot| state.is_stranger(side, *slot)).collect();
    let releases = releases(side);
    let mut menu = vec![
        (6, vec(descriptor(side), 1..=3).prop_map(Action::Read).boxed()),
        (1, descriptor(side).prop_map(Action::Import).boxed()),
        (1, release((0..5_u32).prop_map(Index::new), 0..6_u32)),
        (2, (0..4_u32).prop_map(|index| Action::Lookup(Index::new(index))).boxed()),
        (1, any_index().prop_map(Action::Lookup).boxed()),
        (3, Just(Action::Drain).boxed()),
        (1, (0..POOL).prop_map(Action::Renew).boxed()),
    ];
    if side.making.is_none() {
        menu.push((8, vec(named(side, held.clone()), 1..=3).prop_map(Action::Write).boxed()));
    } else {
        menu.push((8, Just(Action::Sent).boxed()));
        menu.push((4, Just(Action::Unwrite).boxed()));
    }
    if side.is_over {
        menu.push((12, Just(Action::Reopen).boxed()));
        menu.push((3, Just(Action::Close).boxed()));
    } else {
        menu.push((1, select(vec![Action::Close, Action::Close, Action::Reopen]).boxed()));
    }
    if !strangers.is_empty() {
        menu.push((1, select(strangers).prop_map(Action::UnexportStranger).boxed()));
    }
    if !releases.is_empty() {
        let right = select(releases).prop_flat_map(|(i, d)| release(Just(i), Just(d)));
        menu.push((5, right.boxed()));
    }
    if !held.is_empty() {
        menu.push((2, select(held.clone()).prop_map(Action::Clone).boxed()));
        menu.push((8, select(held.clone()).prop_map(Action::Drop).boxed()));
        let home = (select(held), prop::bool::weighted(0.3));
        let home =
            home.prop_map(|(index, through_other)| Action::SendHome { index, through_other });
        menu.push((1, home.boxed()));
    }
    if !side.broken.is_empty() {
        menu.push((3, Just(Action::DropBroken).boxed()));
    }
    Union::new_weighted(menu)
}

fn named(side: &Side, held: Vec<Index>) -> BoxedStrategy<Named> {
    let object = (0..POOL).prop_map(Named::Object);
    if held.is_empty() || side.is_over {
        return object.boxed();
    }
    prop_oneof![5 => object, 1 => select(held).prop_map(Named::Proxy)].boxed()
}

fn descriptor(side: &Side) -> BoxedStrategy<Descriptor> {
    let right: Vec<Descriptor> =
        INDICES[..5].iter().map(|i| side.mention(Index::new(*i))).collect();
    let kind = select(vec![Descriptor::NewFarDesc, Descriptor::ImportDesc, Descriptor::ExportDesc]);
    let any = (kind, select(&INDICES)).prop_map(|(kind, index)| kind(Index::new(index)));
    let home = (0..4_u32).prop_map(|index| Descriptor::ExportDesc(Index::new(index)));
    prop_oneof![7 => select(right), 1 => home, 2 => any].boxed()
}

fn release(
    index: impl Strategy<Value = Index> + 'static,
    delta: impl Strategy<Value = u32> + 'static,
) -> BoxedStrategy<Action> {
    let release = (index, delta, any::<bool>());
    release
        .prop_map(|(index, delta, by_reader)| Action::GcExport { index, delta, by_reader })
        .boxed()
}

/// Every `GCExportOp` that gives back no more than is outstanding.
fn releases(side: &Side) -> Vec<(Index, u32)> {
    let exports = side.tables.exports().iter();
    exports.flat_map(|(index, _, count)| (1..=count.get()).map(move |d| (index, d))).collect()
}

/// Whether shrinking has left the step with what it needs.
pub(crate) fn is_possible(state: &State, Step { at, action }: &Step) -> bool {
    let side = &state.sides[*at];
    match action {
        Action::Write(references) => {
            side.making.is_none()
                && references.iter().all(|reference| match reference {
                    Named::Object(_) => true,
                    Named::Proxy(index) => side.held.contains_key(index),
                })
        }
        Action::Sent | Action::Unwrite => side.making.is_some(),
        Action::UnexportStranger(slot) => state.is_stranger(side, *slot),
        Action::Clone(index) | Action::Drop(index) | Action::SendHome { index, .. } => {
            side.held.contains_key(index)
        }
        Action::DropBroken => !side.broken.is_empty(),
        _ => true,
    }
}
