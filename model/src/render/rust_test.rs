//! A counterexample as a Rust test: the schedule that breaks the bent protocol, run by the tables
//! of `captp-gc`. It depends on nothing else, and so outlives the model.

mod frame;
mod read;
mod run;
mod script;
mod vat;

use crate::catalogue;
use crate::counterexample::{Counterexample, StepRecord};
use crate::names::VatId;
use crate::rule::Rule;
use crate::world::{StepKind, Table};
use run::Run;
use script::plain;

/// A complete Rust source file with one test, for the `tests` of a package that depends on
/// `captp-gc`.
///
/// # Errors
/// One sentence that says why there is no such test.
pub fn rust_test(counterexample: &Counterexample) -> Result<String, String> {
    check(counterexample)?;
    let mut run = Run::new(counterexample);
    let mut before = &counterexample.initial;
    for step in &counterexample.steps {
        run.step(before, step)?;
        before = &step.after;
    }
    run.finish()?;
    let name = match &counterexample.mutation {
        Some(mutation) => format!("the_tables_survive_{}", identifier(mutation)),
        None => format!("the_tables_survive_a_schedule_of_{}", identifier(&counterexample.system)),
    };
    Ok(frame::file(&run.followed(), &name, &story(counterexample), run.script()))
}

/// Whether these tables can run it.
fn check(counterexample: &Counterexample) -> Result<(), String> {
    let system = plain(&counterexample.system);
    if system != "e-captp" {
        let title = catalogue::system(&system).map_or(system.as_str(), |system| system.title);
        return Err(format!(
            "there is no test of {title}: the tables of captp-gc are those of E's CapTP, and go by \
             no other rules"
        ));
    }
    let tables_are = "the tables of captp-gc are those of two vats, for exports and imports";
    if counterexample.sizes.vats != 2 {
        return Err(format!("{tables_are}; this counterexample has a third vat"));
    }
    if counterexample.sizes.promises > 0 {
        return Err(format!("{tables_are}; this counterexample has promises"));
    }
    match counterexample.steps.iter().find(|step| !is_known(step)) {
        None => Ok(()),
        Some(step) => Err(format!(
            "{tables_are}; they have no counterpart of step {}, {}",
            step.number,
            plain(&step.text)
        )),
    }
}

fn is_known(step: &StepRecord) -> bool {
    use StepKind::{BeginSend, Call, Clear, Cut, Deliver, Drop, Fail, Notify, Send, SendFails};
    let kinds = [Send, Call, BeginSend, SendFails, Drop, Clear, Notify, Deliver, Cut, Fail];
    let proxies = step.references.iter().filter_map(|reference| reference.proxy);
    let exports = proxies.chain(step.place).all(|place| place.table == Table::Exports);
    kinds.contains(&step.kind) && exports && step.actor != VatId::C
}

/// What the test is about, paragraph by paragraph.
fn story(counterexample: &Counterexample) -> Vec<String> {
    let property = counterexample.property;
    let finding = plain(&counterexample.finding);
    let mut story = vec![format!("{property} {}: {finding}.", property.title())];
    let Some(id) = &counterexample.mutation else { return story };
    let known = catalogue::mutation(id).map(|(_, mutation)| mutation);
    story.push(match known {
        None => format!("That is what a bent protocol made of this schedule ({}).", plain(id)),
        Some(mutation) => {
            let bent = match mutation.rule {
                Rule::Canary => "every rule is bent".to_owned(),
                Rule::Own(_) => "a rule of its own is bent".to_owned(),
                rule => format!("{} is bent", rule.name()),
            };
            format!(
                "That is what becomes of this schedule where {bent} ({}: {}). It stands for {}.",
                mutation.id, mutation.title, mutation.stands_for
            )
        }
    });
    story.push("Here no rule is bent.".to_owned());
    story
}

/// `name` as the end of an identifier.
fn identifier(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
}
