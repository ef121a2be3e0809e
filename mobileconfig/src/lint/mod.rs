//! stub
/// stub
pub fn lint() {}
