//! What every picture of a counterexample says of it in words.

use crate::catalogue;
use crate::counterexample::{Counterexample, StepRecord};
use crate::mutation::Mutation;
use crate::rule::Rule;
use crate::world::StepKind;
use captp_wire::sums::Rules;

/// The mutation, if the catalogue knows it.
pub(super) fn mutation(counterexample: &Counterexample) -> Option<&'static Mutation> {
    let known = counterexample.mutation.as_deref().and_then(catalogue::mutation);
    known.map(|(_, mutation)| mutation)
}

/// The system's name for people; its identifier if the catalogue does not know it.
pub(super) fn system(counterexample: &Counterexample) -> &str {
    let known = catalogue::system(&counterexample.system);
    known.map_or(&counterexample.system, |system| system.title)
}

/// Who did it, what was bent, or else the system.
pub(super) fn name(counterexample: &Counterexample) -> &str {
    let Counterexample { peer, mutation, .. } = counterexample;
    peer.as_deref().or(mutation.as_deref()).unwrap_or_else(|| system(counterexample))
}

/// Where it happened: in a world of the model, or in an implementation that was driven.
pub(super) fn place(counterexample: &Counterexample) -> String {
    match counterexample.peer {
        None => format!("In the world {}.", counterexample.sizes),
        Some(_) if Rules::of(&counterexample.system).is_err() => {
            format!("There are no counts: {} counts no mentions.", system(counterexample))
        }
        Some(_) => "The counts are what the wire says that they should be.".to_owned(),
    }
}

/// What is violated, and when.
pub(super) fn heading(counterexample: &Counterexample) -> String {
    let steps = counterexample.steps.len();
    let after = if steps == 1 { "one step".to_owned() } else { format!("{steps} steps") };
    let (name, property) = (name(counterexample), counterexample.property);
    format!("{name}: {property} is violated after {after}")
}

/// What was bent, and what that stands for.
pub(super) fn about(counterexample: &Counterexample) -> Vec<String> {
    let Some(mutation) = mutation(counterexample) else { return Vec::new() };
    vec![format!("{}: {}.", bent(mutation.rule), mutation.title), stands_for(mutation)]
}

/// What the rule that is bent says.
pub(super) fn rule(counterexample: &Counterexample) -> Option<String> {
    match mutation(counterexample)?.rule {
        Rule::Canary => None,
        Rule::Own(rule) => Some(format!("The rule says: {rule}.")),
        rule => Some(format!("{} says: {}.", rule.name(), rule.text())),
    }
}

fn stands_for(mutation: &Mutation) -> String {
    let text = mutation.stands_for;
    match mutation.defect {
        None => format!("It stands for {text}."),
        Some(defect) => format!("It is {}, {}: {text}.", defect.id, defect.mark.name()),
    }
}

fn bent(rule: Rule) -> String {
    match rule {
        Rule::Canary => "Every rule is bent".to_owned(),
        Rule::Own(_) => "Bent is a rule of its own".to_owned(),
        rule => format!("Bent is {}", rule.name()),
    }
}

/// What happens in a step, where who acts and what is read are drawn beside it.
pub(super) fn deed(step: &StepRecord) -> String {
    let deed = step.deed.strip_prefix("'s ").unwrap_or(&step.deed);
    let deed = deed.replace("serves the notification of", "notification of");
    match (&step.read, &step.lost) {
        (Some(message), _) if step.kind == StepKind::BeginRead => {
            format!("begins to read #{}", message.number)
        }
        (Some(message), _) if step.kind == StepKind::Refuse => {
            format!("does not implement #{}", message.number)
        }
        (Some(message), _) => format!("reads #{}", message.number),
        (None, Some(message)) => format!("may have lost #{}", message.number),
        (None, None) if step.kind == StepKind::Fail => "breaks the protocol".to_owned(),
        (None, None) => deed,
    }
}
