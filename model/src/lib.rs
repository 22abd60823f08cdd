//! The models of captp-gc: worlds of two vats, explored exhaustively.
//!
//! Data flows one way:
//!
//! | module | is |
//! |---|---|
//! | [`world`] | two vats, their applications and collectors, and the channels between them |
//! | [`protocol`] | what is under test, behind one trait; one file a system |
//! | [`property`] | what must hold, judged on a ledger that the protocol does not keep |
//! | [`rule`], [`mutation`] | the rules, and the rules bent one at a time |
//! | [`catalogue`] | everything there is to check |
//! | [`behaviour`] | whether what passed on a wire is a behaviour of a model |
//! | [`traffic`] | what passes on a wire, from a file or a tap, held against sums and behaviours |
//! | [`engine`] | the search, of any Stateright model |
//! | [`check`], [`counterexample`], [`report`], [`compare`] | what a search came to, as data |
//! | [`render`], [`progress`], [`explore`] | what people see of it |
//! | [`cli`], [`command`] | the command line |

pub mod behaviour;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod command;
pub mod compare;
pub mod conform;
pub mod counterexample;
pub mod coverage;
pub mod engine;
pub mod explore;
pub mod mutation;
pub mod names;
pub mod progress;
pub mod property;
pub mod protocol;
pub mod render;
pub mod report;
pub mod rule;
pub mod saved;
pub mod simulate;
pub mod sizes;
pub mod traffic;
pub mod walk;
pub mod world;
