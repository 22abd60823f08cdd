//! What `@endo/captp` calls its messages. `+` is the sender's own slot, `-` the receiver's.

use crate::protocol::kit::{Desc, Finish, Given, Returned, Words};
use crate::world::{Position, Table};

/// What `@endo/captp` calls its messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CtpWords;

impl Words for CtpWords {
    const ONCE_PER_MESSAGE: bool = true;

    fn desc(desc: &Desc) -> String {
        match desc {
            Desc::Mention { index, .. } => format!("o+{index}"),
            Desc::Home(Position { table: Table::Exports, index }) => format!("o-{index}"),
            Desc::Home(Position { table: Table::Answers, index }) => format!("q-{index}"),
        }
    }

    fn release(given: &[Given]) -> String {
        let drop = |g: &Given| format!("CTP_DROP(o-{}, {})", g.index, g.delta);
        given.iter().map(drop).collect::<Vec<_>>().join(", ")
    }

    fn returned(returned: &Returned, result: &str) -> String {
        format!("CTP_RETURN(q-{}) {result}", returned.question)
    }

    fn finish(finish: &Finish) -> String {
        format!("CTP_DROP(q-{})", finish.answer)
    }
}
