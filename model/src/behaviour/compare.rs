//! What the model has written, held against a line of a trace.

use super::miss::Miss;
use crate::world::Body;
use captp_wire::line::{Kind, Message, Ref};
use smallvec::SmallVec;

/// What several messages of the model's say together, as a line of this kind.
pub(super) fn combined<B: Body>(said: &Message, bodies: &[B]) -> Result<Message, Miss> {
    let mut all = Message { kind: said.kind, question: said.question, ..Message::default() };
    let mut params: SmallVec<[bool; 1]> = SmallVec::new();
    for body in bodies {
        let line = body.line().ok_or(Miss::Beyond("something that a trace has no words for"))?;
        all.refs.extend(line.refs);
        all.releases.extend(line.releases);
        all.promise = all.promise.or(line.promise);
        all.release_results |= line.release_results;
        if line.kind == Kind::Return {
            params.push(line.release_params);
        }
    }
    all.release_params = !params.is_empty() && params.iter().all(|released| *released);
    all.target.clone_from(&said.target);
    all.no_finish = said.no_finish;
    Ok(all)
}

/// Whether a line of a trace says what the model says.
pub(super) fn agree(said: &Message, model: &Message) -> bool {
    said.kind == model.kind
        && said.refs.len() == model.refs.len()
        && said.refs.iter().zip(&model.refs).all(|(said, model)| fits(said, model))
        && said.releases == model.releases
        && said.promise == model.promise
        && said.release_params == model.release_params
        && said.release_results == model.release_results
}

/// Whether a reference of a trace is the model's. What one of them does not say cannot differ.
pub(super) fn fits(said: &Ref, model: &Ref) -> bool {
    match (said, model) {
        (Ref::Mention(said), Ref::Mention(model)) => {
            let agree = said.again.zip(model.again).is_none_or(|(said, model)| said == model);
            said.at == model.at && said.promise == model.promise && agree
        }
        _ => said == model,
    }
}
