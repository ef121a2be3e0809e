//! Binding by difference: an edge that is there already, or gone already, is as good as changed.

use super::{Outcome, observed::bound};
use crate::{Bindable, Error, JumpCloud, ObjectType, Operation};

/// Adds or removes the edge to a device group.
///
/// JumpCloud may answer 409 to adding what is there and 404 to removing what is not; neither is confirmed for policies
/// and software, so the edges are read again before that is believed.
pub(super) async fn change(
    client: &JumpCloud,
    from: &Bindable,
    op: Operation,
    group_id: &str,
) -> Result<Outcome, Error> {
    let kind = ObjectType::SystemGroup;
    let mut repeated = false;
    loop {
        let Err(error) = client.associate(from, op, &kind, group_id).await else {
            return Ok(Outcome::Done);
        };
        let said_so = match op {
            Operation::Add => error.is_conflict(),
            Operation::Remove => error.is_not_found(),
        };
        if !said_so && !error.is_ambiguous() {
            return Err(error);
        }
        if converged(client, from, op, group_id).await? {
            return Ok(if said_so {
                Outcome::AlreadyThere
            } else {
                Outcome::Done
            });
        }
        if said_so || repeated {
            return Err(error);
        }
        repeated = true;
    }
}

/// Whether the edges are as wanted, now or after a moment.
async fn converged(
    client: &JumpCloud,
    from: &Bindable,
    op: Operation,
    group_id: &str,
) -> Result<bool, Error> {
    let wanted = op == Operation::Add;
    let kind = ObjectType::SystemGroup;
    if bound(client, from, &kind).await?.contains(group_id) == wanted {
        return Ok(true);
    }
    tokio::time::sleep(client.settle()).await;
    Ok(bound(client, from, &kind).await?.contains(group_id) == wanted)
}
