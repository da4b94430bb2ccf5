//! A feed document on this machine's disk.

use std::path::Path;

use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use super::Fetched;
use super::error::{FetchError, Size};
use crate::model::source::Validators;

/// Reads a file, unless it is the same as last time. The made-up `ETag` is a digest of what it holds.
///
/// # Errors
/// When it cannot be read, is no ordinary file, or is too large.
pub async fn read(path: &Path, validators: &Validators, limit: u64) -> Result<Fetched, FetchError> {
    let fault = |detail: String| FetchError::File { path: path.to_owned(), detail };
    // Asked before opening: opening a pipe waits for a writer.
    let about = tokio::fs::metadata(path).await.map_err(|error| fault(error.to_string()))?;
    if !about.is_file() {
        return Err(fault("it is not a file".to_owned()));
    }
    let file = tokio::fs::File::open(path).await.map_err(|error| fault(error.to_string()))?;
    let mut body = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut body).await.map_err(|error| fault(error.to_string()))?;
    if body.len() as u64 > limit {
        return Err(FetchError::TooLarge { host: path.display().to_string(), what: Size::File, limit });
    }
    let digest: String = Sha256::digest(&body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = Some(format!("\"sha256-{digest}-{}\"", body.len()));
    if etag == validators.etag {
        return Ok(Fetched::NotModified { validators: None, hint: None, moved: None });
    }
    Ok(Fetched::News {
        body: body.into(),
        content_type: None,
        url: None,
        validators: Validators { etag, last_modified: None },
        hint: None,
        moved: None,
        hub: None,
    })
}
