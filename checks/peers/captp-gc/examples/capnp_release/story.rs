//! What happens in this example.

use crate::ours::{Argument, Ours, Results};
use crate::peer::{FORGET, GIVE, KEEP, MAKE, POKE, Peer};
use crate::pipe::Pipe;
use crate::shared::{self, Mint, Outcome, ensure, say};
use captp_gc::table::{Proxy, Received};
use std::sync::Arc;

/// Both ends.
struct Both {
    ours: Ours,
    peer: Peer,
}

/// Tells it.
///
/// # Errors
/// Something was refused, or something is left.
pub(crate) fn tell() -> Outcome<()> {
    let (to_peer, from_peer) = (Pipe::default(), Pipe::default());
    let peer = Peer::new(to_peer.clone(), from_peer.clone())?;
    let mut both = Both { ours: Ours::new(to_peer.clone(), from_peer), peer };

    say("We ask for the peer's first object.");
    let question = both.ours.bootstrap();
    let keeper = proxy(both.wait(question)?)?;

    say("We give it an object of ours, three times; it keeps each.");
    let mint = Mint::new();
    for _ in 0..3 {
        both.call(&keeper, KEEP, Some(Argument::Own(&mint)))?;
    }
    both.expect_exports(3)?;

    say("It gives it back: our own object comes home, and nothing is counted.");
    match both.call(&keeper, GIVE, None)?.pop() {
        Some(Received::Home(home)) if Arc::ptr_eq(&home, &mint) => {}
        other => return Err(format!("not our object: {other:?}").into()),
    }
    both.expect_exports(3)?;

    say("It calls it.");
    both.call(&keeper, POKE, None)?;
    ensure(both.ours.called == 1, "our object was not called")?;

    say("It gives us an object of its own, three times: one proxy. We drop two handles.");
    let thing = proxy(both.call(&keeper, MAKE, None)?)?;
    for _ in 0..2 {
        let again = proxy(both.call(&keeper, MAKE, None)?)?;
        ensure(again == thing, "one object, two proxies")?;
    }
    both.ours.release();
    ensure(both.mentions_of(&thing) == 3, "three mentions were expected")?;

    say("We give that back to it, and it keeps it: it goes home, and is not counted.");
    both.call(&keeper, KEEP, Some(Argument::Theirs(&thing)))?;
    ensure(both.mentions_of(&thing) == 3, "three mentions were expected")?;

    say("We drop the last handle while another mention is on its way. Ours crosses theirs.");
    let question = both.ours.call(&keeper, MAKE, None)?;
    both.peer.run();
    drop(thing);
    both.ours.release();
    let thing = proxy(both.wait(question)?)?;
    both.peer.run();
    ensure(both.mentions_of(&thing) == 1, "one mention was expected")?;

    say("What came is alive: we can call it.");
    both.call(&thing, KEEP, Some(Argument::Own(&mint)))?;
    both.expect_exports(4)?;

    say("It forgets all that it keeps; what we hold of it still lives, and keeps our object. (It");
    println!("has one import of it, and gives the four mentions back together.)");
    both.call(&keeper, FORGET, None)?;
    both.expect_exports(4)?;
    ensure(both.peer.gone.get() == 0, "the peer has dropped what we hold")?;

    say("We drop that: it is gone at the peer, and lets go of our object.");
    drop(thing);
    both.settle()?;
    ensure(both.peer.gone.get() == 1, "the peer keeps what we have dropped")?;
    both.expect_exports(0)?;

    say("We drop the peer's first object, and close.");
    drop(keeper);
    both.settle()?;
    println!("ours: {}", both.ours.session.stats());
    ensure(both.ours.is_empty(), "something is left in our tables")?;
    ensure(Arc::strong_count(&mint) == 1, "our object is still kept")?;
    to_peer.close();
    both.peer.run();
    println!("peer: {} of its 2 objects are gone", both.peer.gone.get());
    ensure(both.peer.gone.get() == 2, "something is left at the peer")
}

impl Both {
    /// Lets the peer run, and reads, until a question is answered.
    fn wait(&mut self, question: u32) -> Outcome<Results> {
        for _ in 0..8 {
            self.peer.run();
            let mut answered = self.ours.read()?;
            if let Some(results) = answered.remove(&question) {
                return Ok(results);
            }
        }
        Err(format!("question {question} is not answered").into())
    }

    fn call(
        &mut self,
        target: &Proxy,
        method: u16,
        argument: Option<Argument<'_>>,
    ) -> Outcome<Results> {
        let question = self.ours.call(target, method, argument)?;
        self.wait(question)
    }

    /// Sends what is owed, and lets both ends read what there is.
    fn settle(&mut self) -> Outcome<()> {
        self.ours.release();
        for _ in 0..2 {
            self.peer.run();
            self.ours.read()?;
        }
        Ok(())
    }

    fn expect_exports(&mut self, expected: u32) -> Outcome<()> {
        self.settle()?;
        shared::expect_exports(&self.ours.session, expected)
    }

    fn mentions_of(&self, proxy: &Proxy) -> u32 {
        shared::mentions_of(&self.ours.session, proxy)
    }
}

fn proxy(mut results: Results) -> Outcome<Proxy> {
    match results.pop() {
        Some(Received::Proxy { proxy, .. }) => Ok(proxy),
        other => Err(format!("a proxy was expected, not {other:?}").into()),
    }
}
