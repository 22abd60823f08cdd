//! What happens in this example.

use crate::ours::{Ended, Ours};
use crate::shared::{Mint, Outcome, ensure, expect_exports, mentions_of, say};
use captp_gc::protocol::Violation;
use captp_gc::table::{Proxy, Received, Refused};
use serde_json::{Value, json};
use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// The number of our first export: away from the peer's, which begin at 1. The released 4.5.1
/// counts a call of its export `o+1` as a mention of its import `o-1`.
const APART: u32 = 1001;
/// How often the peer is asked to collect before it counts as a leak.
const ROUNDS: u32 = 20;

/// How it ended.
pub(crate) enum End {
    /// Well.
    Well,
    /// There is no such peer here, and why.
    NoPeer(String),
}

/// Tells it. `modules` is where `@endo/captp` is installed.
///
/// # Errors
/// Something was refused, or something is left.
pub(crate) fn tell(modules: &str, collide: bool) -> Outcome<End> {
    let node = Command::new("node")
        .args(["--expose-gc", "--input-type=module", "-e", include_str!("peer.mjs"), modules])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let child = match node {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(End::NoPeer("there is no node here".to_owned()));
        }
        child => child?,
    };
    let mut ours = Ours::new(child, if collide { 1 } else { APART });

    say("We ask for the peer's first object.");
    let keeper = match ours.bootstrap() {
        Err(error) if error.downcast_ref::<Ended>().is_some_and(|e| e.0.code() == Some(3)) => {
            return Ok(End::NoPeer(format!("@endo/captp is not installed in {modules}")));
        }
        keeper => keeper?,
    };

    say("We give it an object of ours, three times; it keeps each.");
    let mint = Mint::new();
    for _ in 0..3 {
        call(&mut ours, &keeper, "keep", Some(&mint), &[])?;
    }
    expect_exports(&ours.session, 3)?;
    if collide {
        return miscount(&mut ours, &keeper);
    }
    borrow_and_forget(&mut ours, &keeper, &mint)?;

    say("We drop the peer's first object, and close.");
    drop(keeper);
    ours.release()?;
    println!("ours: {}; {} answers", ours.session.stats(), ours.open_answers());
    ensure(ours.is_empty() && ours.open_answers() == 0, "something is left in our tables")?;
    ensure(Arc::strong_count(&mint) == 1, "our object is still kept")?;
    let status = ours.end()?;
    ensure(status.success(), &format!("the peer ended badly: {status}"))?;
    Ok(End::Well)
}

fn borrow_and_forget(ours: &mut Ours, keeper: &Proxy, mint: &Arc<Mint>) -> Outcome<()> {
    say("It brings it home, and nothing is counted; but who takes it is mentioned.");
    let taker = Mint::new();
    call(ours, keeper, "bringHome", Some(&taker), &[])?;
    match ours.taken.pop() {
        Some(Received::Home(home)) if Arc::ptr_eq(&home, mint) => {}
        other => return Err(format!("not our object: {other:?}").into()),
    }
    expect_exports(&ours.session, 4)?;

    say("It lends us Bob, three times: one proxy, three mentions.");
    call(ours, keeper, "lend", Some(&taker), &[json!(3)])?;
    let bob = borrowed(ours)?;
    ensure(mentions_of(&ours.session, &bob) == 3, "three mentions were expected")?;

    say("We drop it while another mention is on its way. Ours crosses theirs.");
    let question = ours.call(keeper, "lend", Some(&taker), &[json!(1)])?;
    ours.wait_for_call()?;
    drop(bob);
    ours.release()?;
    ours.wait(&question)?;
    let bob = borrowed(ours)?;
    ensure(mentions_of(&ours.session, &bob) == 1, "one mention was expected")?;

    say("What came is alive: we can call it.");
    let name = call(ours, &bob, "name", None, &[])?;
    ensure(name == json!("Bob"), "it is not Bob")?;

    say("It forgets all. What it gives back of ours goes; Bob stays, because we hold him.");
    call(ours, keeper, "forget", None, &[])?;
    let mut rounds = 0;
    while ours.session.stats().exports > 0 || ours.open_answers() > 0 {
        rounds += 1;
        ensure(rounds <= ROUNDS, "the peer keeps something of ours")?;
        let alive = call(ours, keeper, "collect", None, &[])?;
        ensure(alive == json!(true), "Bob is gone, and we hold him")?;
    }
    expect_exports(&ours.session, 0)?;

    say("We drop Bob: he is gone at the peer.");
    drop(bob);
    ours.release()?;
    for _ in 0..ROUNDS {
        if call(ours, keeper, "collect", None, &[])? == json!(false) {
            return Ok(());
        }
    }
    Err("the peer keeps what we have given back".into())
}

/// The peer has counted our calls of `o-1` as mentions of our `o+1`.
fn miscount(ours: &mut Ours, keeper: &Proxy) -> Outcome<End> {
    say("It forgets, and gives back more than it got. Our tables refuse that.");
    let collect = |ours: &mut Ours| {
        call(ours, keeper, "forget", None, &[])?;
        (0..ROUNDS).try_for_each(|_| call(ours, keeper, "collect", None, &[]).map(drop))
    };
    match collect(ours) {
        Err(error) => {
            let refused = error.downcast_ref();
            let Some(Refused::Violation(Violation::OverRelease { .. })) = refused else {
                return Err(error);
            };
            println!("refused: {error}");
            drop(ours.session.close());
            Ok(End::Well)
        }
        Ok(()) => Err("the peer has counted right: it is not 4.5.1".into()),
    }
}

/// Calls, waits, and returns the result's plain data.
fn call(
    ours: &mut Ours,
    target: &Proxy,
    method: &str,
    object: Option<&Arc<Mint>>,
    more: &[Value],
) -> Outcome<Value> {
    let question = ours.call(target, method, object, more)?;
    let result = ours.wait(&question)?;
    Ok(serde_json::from_str(result["body"].as_str().ok_or("no result")?)?)
}

/// The proxy that came, with all its handles but one dropped.
fn borrowed(ours: &mut Ours) -> Outcome<Proxy> {
    let mut proxies = ours.taken.drain(..).map(|received| match received {
        Received::Proxy { proxy, .. } => Ok(proxy),
        Received::Home(_) => Err("it is one of our own"),
    });
    let first = proxies.next().ok_or("nothing was lent")??;
    for again in proxies {
        ensure(again? == first, "one object, two proxies")?;
    }
    Ok(first)
}
