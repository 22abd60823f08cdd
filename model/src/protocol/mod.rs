//! The protocol under test, behind one trait: what the world asks of it, and what the ledger may
//! look at.
//!
//! A protocol owns the runtime of one vat: its tables for every peer, and decides what is written,
//! counted and given back. The world owns everything else: the application's moves, the collector,
//! the channels, the ends of sessions, and the truth about who holds what. Adding a protocol is one
//! file with an implementation of [`Protocol`], and one line in [`crate::catalogue`].

mod bend;
pub mod capnp;
pub mod capnweb;
pub mod e;
pub mod endo_captp;
pub mod es;
pub mod go_capnp;
pub mod indirect;
pub mod kit;
pub mod netobj;
pub mod ocapn;
pub mod swingset;
pub mod weighted;

pub use bend::{
    Bend, CapnpBend, EBend, EndoBend, EsBend, GoBend, IndirectBend, NetObjBend, OcapnBend,
    SwingSetBend, WebBend, WeightedBend,
};

use crate::names::{Object, VatId};
use crate::world::{
    Body, Content, Effects, Fault, Ghost, Given, Key, Position, Redirected, Ref, Refused, Release,
    What, WireOrder, Work,
};
use captp_gc::protocol::{Admission, Index, SessionId};
use smallvec::SmallVec;
use std::fmt::Debug;
use std::hash::Hash;

/// An entry of an export table, or of a table of answers, as the ledger sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExportView {
    /// What the entry denotes.
    pub what: What,
    /// The exporter's count.
    pub count: u32,
}

/// An entry of an import table, or of a table of questions, as the ledger sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImportView {
    /// The importer's count.
    pub count: u32,
    /// Whether the table takes the proxy for live.
    pub live: bool,
}

/// The runtime of one vat: a small value, ordered throughout, so that equal histories have equal
/// hashes; and what the ledger may see of it.
pub trait View: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// What the messages say.
    type Body: Body;

    /// Every entry that is kept for `peer`, in order of the positions.
    fn exports(&self, peer: VatId) -> impl Iterator<Item = (Position, ExportView)>;

    /// Every import of `peer`'s that is known, in order of the positions.
    fn imports(&self, peer: VatId) -> impl Iterator<Item = (Position, ImportView)>;

    /// The entry that a message of `peer`'s names by this position.
    fn export_at(&self, peer: VatId, at: Position) -> Option<ExportView> {
        self.exports(peer).find(|(position, _)| *position == at).map(|(_, view)| view)
    }

    /// The import at this position of `peer`'s.
    fn import_at(&self, peer: VatId, at: Position) -> Option<ImportView> {
        self.imports(peer).find(|(position, _)| *position == at).map(|(_, view)| view)
    }

    /// Whether the runtime promises that an object has one entry for a peer and no more, so that
    /// the peer has one proxy of it.
    fn names_once(&self) -> bool {
        false
    }

    /// Whether an entry and its count are for all peers together. Then [`exports`](Self::exports)
    /// has it for the first of them only, and [`export_at`](Self::export_at) for each.
    fn counts_for_all(&self) -> bool {
        false
    }

    /// The mentions of `exporter`'s exports that this vat has read, and not handed to the
    /// application yet.
    fn waiting(&self, _exporter: VatId) -> SmallVec<[Ref; 1]> {
        SmallVec::new()
    }

    /// What is kept for somebody who has not asked for it yet.
    fn gifts(&self) -> SmallVec<[What; 1]> {
        SmallVec::new()
    }

    /// The proxies that the runtime itself holds: the collector may not clear them.
    fn roots(&self) -> SmallVec<[Key; 2]> {
        SmallVec::new()
    }

    /// Whether the runtime owes `peer` something for this import beside what the collector has
    /// scheduled: a release that it has queued, a call that waits for its reply.
    fn owes(&self, _peer: VatId, _at: Position) -> bool {
        false
    }

    /// Whether anything is left that is no export and no import.
    fn has_more(&self) -> bool {
        false
    }

    /// Whether the runtime will do something by itself, even if nothing else happens.
    fn is_busy(&self) -> bool {
        false
    }

    /// Whether reading this message of `peer`'s will count its mentions.
    fn will_count(&self, _peer: VatId, _body: &Self::Body) -> bool {
        true
    }

    /// The question that this message of `peer`'s answers by naming its place, and the call that is
    /// meant. What is answered in another way is judged by what is settled.
    fn will_answer(&self, _peer: VatId, body: &Self::Body) -> Option<(Position, Ghost)> {
        body.answered()
    }

    /// What reading this message of `peer`'s will take off the counts.
    fn will_release(&self, _peer: VatId, body: &Self::Body) -> SmallVec<[Release; 1]> {
        body.releases()
    }
}

/// When proxies die.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Collection {
    /// A collector clears weak references at some later time, and serves notifications at another.
    #[default]
    PostMortem,
    /// The last drop runs a destructor, in the same step.
    Immediate,
    /// The last drop makes the proxy unusable at once, and another thread tells the table later.
    Threaded,
}

/// What a protocol's messages say.
pub type BodyOf<P> = <<P as Protocol>::Tables as View>::Body;
/// What comes of its transitions.
pub type EffectsOf<P> = Effects<BodyOf<P>>;

/// A protocol of distributed acyclic garbage collection.
///
/// All functions are pure but for the tables and the effects they are given, and deterministic. A
/// transition that is [`Refused`] has changed nothing, or the world will see that it has.
pub trait Protocol: Clone + Debug + Send + Sync + 'static {
    /// The runtime of one vat.
    type Tables: View;

    /// The protocol, with one rule bent or none.
    fn bent(bend: Option<Bend>) -> Self;

    /// The runtime of vat `id`, one of `vats`, before its first step.
    fn open(&self, id: VatId, vats: u8) -> Self::Tables;

    /// The order that the channels keep.
    fn wire_order(&self) -> WireOrder {
        WireOrder::Fifo
    }

    /// When proxies die.
    fn collection(&self) -> Collection {
        Collection::PostMortem
    }

    /// Describes one outgoing message, which is then in the making.
    ///
    /// # Errors
    /// The vat's own application asked for something impossible; then nothing was counted.
    fn write(
        &self,
        tables: &mut Self::Tables,
        to: VatId,
        content: &Content,
        effects: &mut EffectsOf<Self>,
    ) -> Result<BodyOf<Self>, Refused>;

    /// The message in the making is on the wire.
    ///
    /// # Errors
    /// There is none.
    fn sent(
        &self,
        _tables: &mut Self::Tables,
        _to: VatId,
        _body: &BodyOf<Self>,
    ) -> Result<(), Refused> {
        Ok(())
    }

    /// The message in the making cannot be sent.
    ///
    /// # Errors
    /// There is none, or this protocol does not say what happens then.
    fn unwrite(
        &self,
        _tables: &mut Self::Tables,
        _to: VatId,
        _body: &BodyOf<Self>,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        Err(Refused)
    }

    /// Whether a promise that the application only waits for is garbage to the runtime: only to a
    /// wrong one.
    fn forgets_waits(&self) -> bool {
        false
    }

    /// What to do with a message of session `theirs`, in session `ours`.
    fn admit(&self, ours: SessionId, theirs: SessionId) -> Admission {
        ours.admit(theirs)
    }

    /// Reads a message.
    ///
    /// # Errors
    /// The peer broke the protocol; then nothing was changed.
    fn read(
        &self,
        tables: &mut Self::Tables,
        from: VatId,
        body: &BodyOf<Self>,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused>;

    /// Begins to read a message that is interrupted before its end. Protocols that read in one go
    /// have nothing to do before the end.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn begin_read(
        &self,
        _tables: &mut Self::Tables,
        _from: VatId,
        _body: &BodyOf<Self>,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        Ok(())
    }

    /// Reads the rest of a message that was interrupted.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn end_read(
        &self,
        tables: &mut Self::Tables,
        from: VatId,
        body: &BodyOf<Self>,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        self.read(tables, from, body, effects)
    }

    /// The application resolves one of its promises, to one of its own objects or to a proxy.
    ///
    /// # Errors
    /// The protocol has no promises.
    fn resolve(
        &self,
        _tables: &mut Self::Tables,
        _promise: Object,
        _to: Given,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        Err(Refused)
    }

    /// Whether this call of `by`'s may be answered by another, made back to `by`.
    fn may_redirect(&self, _tables: &Self::Tables, _by: VatId, _answer: Index) -> bool {
        false
    }

    /// A call of `to`'s is answered by another, made back to `to`.
    ///
    /// # Errors
    /// The protocol has no such calls, or the vat's own application asked for something impossible.
    fn redirect(
        &self,
        _tables: &mut Self::Tables,
        _to: VatId,
        _redirected: Redirected,
        _effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused> {
        Err(Refused)
    }

    /// The weak reference to `proxy` is cleared. Returns whether a notification is owed.
    fn clear(&self, tables: &mut Self::Tables, proxy: Key) -> bool;

    /// Serves the notification that is owed for `proxy`.
    fn notify(&self, tables: &mut Self::Tables, proxy: Key, effects: &mut EffectsOf<Self>);

    /// The import at this place is released, and nothing of it is owed: what is kept to tell its
    /// proxies apart may go. Traces are longer than walks, and would grow without end.
    fn forget(&self, _tables: &mut Self::Tables, _peer: VatId, _at: Index) {}

    /// What the runtime may do by itself.
    fn work(&self, _tables: &Self::Tables) -> SmallVec<[Work; 2]> {
        SmallVec::new()
    }

    /// Does it.
    fn do_work(&self, _tables: &mut Self::Tables, _work: Work, _effects: &mut EffectsOf<Self>) {}

    /// Whether this message may be lost, where messages are.
    fn may_lose(&self, _body: &BodyOf<Self>) -> bool {
        true
    }

    /// A message to `to` was lost, and this vat, its sender, learns that something went wrong.
    fn lost(
        &self,
        _tables: &mut Self::Tables,
        _to: VatId,
        _body: &BodyOf<Self>,
        _effects: &mut EffectsOf<Self>,
    ) {
    }

    /// Whether a vat may be one that does not implement this message.
    fn may_refuse(&self, _body: &BodyOf<Self>) -> bool {
        false
    }

    /// Says so to its sender, instead of reading it.
    fn refuse(
        &self,
        _tables: &mut Self::Tables,
        _from: VatId,
        _body: &BodyOf<Self>,
        _effects: &mut EffectsOf<Self>,
    ) {
    }

    /// The ways in which a faulty vat may break the protocol; `proxies` are the imports of `to`'s
    /// that it has proxies for.
    fn faults(&self, _tables: &Self::Tables, _proxies: &[Index]) -> SmallVec<[Fault; 8]> {
        SmallVec::new()
    }

    /// What it sends then. The ghosts of what means nothing are `ghost`.
    ///
    /// # Panics
    /// The protocol has no such fault.
    fn faulty(&self, fault: Fault, _ghost: Ghost) -> BodyOf<Self> {
        unreachable!("no protocol offers a fault that it does not know: {fault}")
    }

    /// Whether the mentions among the parameters of a call may be given back with its result.
    fn returns_parameters(&self) -> bool {
        false
    }

    /// Where a wire trace has the peer's first object, if it has a place of its own.
    fn first_object(&self) -> Option<Index> {
        None
    }

    /// The session with `peer` ends, and `next` begins.
    ///
    /// # Errors
    /// `next` is not later than the session that ends.
    fn close(
        &self,
        tables: &mut Self::Tables,
        peer: VatId,
        next: SessionId,
        effects: &mut EffectsOf<Self>,
    ) -> Result<(), Refused>;
}
