use serde::Serialize;

/// Writes a request behind what the buffer holds.
///
/// The writer is a `Vec` and not one of the buffers of the `bytes` crate: serde_json writes in small pieces, and those
/// take a sixth longer there.
pub(crate) fn write(request: &impl Serialize, buffer: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(buffer, request)
}
