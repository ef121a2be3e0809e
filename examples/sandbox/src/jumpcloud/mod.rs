//! The embedded JumpCloud: console API v1 and v2, Directory Insights, and the MDM channel to the Macs.
//!
//! Everything it knows is a [`State`]; an answer is a pure function of that state and one [`Call`]. Requests are
//! read as plain JSON values, never with a type of a client crate, so that the sandbox cannot agree with a client's
//! mistake. What the vendor's behaviour is known to be (bare arrays, shallow lists, `GET /applemdms/{id}` always
//! 404, totals on a few routes only) is reproduced; what is *not* publicly confirmed is said at the place:
//!
//! | choice | where |
//! |---|---|
//! | a policy name that is taken answers 409 | `policies` |
//! | `PUT /policies/{id}` without `values` empties them | `policies` |
//! | adding an existing association 409, removing a missing one 404, as for group members | `graph` |
//! | a `limit` above the maximum is cut to it | `query` |
//! | error `code` is the gRPC code | `call` |
//! | software state is `INSTALLED` | [`mdm`] |
//! | an uploaded package is `PENDING` and then `VALIDATING` for one look each | `software` |
//! | an organisation that the key does not reach answers 403 | [`State::refuse_everything`] |
//! | a bearer token works together with `x-org-id` | `service_account` |

mod apple_mdm;
mod call;
mod events;
mod graph;
mod groups;
mod insights;
mod listener;
pub mod mdm;
mod object_id;
mod organizations;
mod policies;
mod policy_groups;
mod query;
mod results;
mod routes;
mod seed;
mod service_account;
mod software;
mod state;
mod systems;
mod templates;

pub use call::{Answer, Call};
pub(crate) use listener::{refuse, router};
pub use organizations::{Others, answer_among};
pub use routes::answer;
pub use state::State;
