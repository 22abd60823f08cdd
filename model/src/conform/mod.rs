//! Conformance: somebody else's implementation, driven through schedules that are read off a model.
//!
//! An [`adapter`] runs two vats of it and holds back what they write. A [`schedule`] is a walk of
//! the model's, as a list of requests; [`campaign`] performs them all and judges what it sees.

mod accounts;
pub mod adapter;
pub mod bound;
mod broken;
pub mod campaign;
pub mod cycle;
pub mod drive;
mod ending;
pub mod graph;
pub mod group;
pub mod hostile;
mod lead;
mod oracle;
mod part;
pub mod peers;
pub mod perform;
pub mod picture;
pub mod refine;
pub mod run;
mod said;
pub mod saved;
pub mod schedule;
mod seen;
mod shrink;
mod translate;
pub mod verdict;
mod watch;
mod worlds;
