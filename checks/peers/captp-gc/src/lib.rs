//! Two vats with the tables of [`captp_gc::table`], to be told what to do: a peer like any other.
//!
//! The vats use the crate as an application would, through its public interface and nothing else.
//! What the crate leaves to its user is here: objects, an ordered channel in each direction that
//! holds its messages back, questions and answers, and a collector that runs when it is told to.
//!
//! **Two ways in.** The binary speaks the adapter protocol (`docs/adapter.md`) on its standard
//! streams. A program can have a [`Pair`] and let it [obey](Pair::obey).
//!
//! **The wire** is `lines`, the messages of a wire trace ([`captp_wire::line`]), and holds against
//! the system `e-captp`:
//!
//! * a `send` is a `call` without a target: the first objects are reached without an entry;
//! * a `call` with a `question` carries its arguments, and last the mention of the *redirector*,
//!   the export to which its result is sent;
//! * a `return` carries its result, if there is one, and then that redirector, going home;
//! * a promise is mentioned at an index of its own each time, and a `resolve` goes to each of them;
//! * a `finish` is E's `GCAnswerOp`, a `release` a `GCExportOp`; neither is ever implied by another
//!   message;
//! * every mention says whether it comes `again`: `false` is `NewFarDesc`, `true` `ImportDesc`.
//!
//! **The collector.** A dropped proxy is kept as garbage until its `collect`, which drops the last
//! handle: this is where the tables learn of it, and owe a notification. `finalise` serves it. The
//! tables serve all that is owed in one drain, so what a drain yields for *other* proxies is kept
//! back until their own `finalise`, or until their index is mentioned again. What the vat's runtime
//! holds itself (redirectors, and the questions of probes) is no business of the collector: a
//! redirector's last handle goes when its call is returned, and its notification is owed under the
//! name of the question; those of a probe are served at once.

mod calls;
mod garbage;
mod letter;
mod object;
mod pair;
mod promises;
mod reading;
mod speaking;
mod vat;

pub use pair::Pair;
