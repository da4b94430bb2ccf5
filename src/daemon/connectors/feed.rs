//! A feed, on the web or on this machine's disk: one document, read whole.

use tokio::task::spawn_blocking;

use crate::daemon::condition;
use crate::daemon::gathered::{Asking, Batch, Gathered};
use crate::daemon::trouble::Trouble;
use crate::feeds::error::ReadError;
use crate::feeds::key::Policy;
use crate::feeds::{clean, syndication, websub};
use crate::fetch::Fetched;
use crate::model::source::{Source, SourceState, Validators};

/// Reads the document, unless it is as it was.
pub async fn gather(asking: &Asking<'_>, source: &Source, state: &SourceState) -> Result<Gathered, Trouble> {
    let now = asking.now;
    let (asked, validators) = condition::to_ask(source, state);
    let (body, content_type, url, validators, hint, moved, said) = match asking.fetcher.fetch(&asked, &validators).await? {
        Fetched::NotModified { validators, hint, moved } => {
            return Ok(Gathered::Unchanged { validators, hint, moved: moved.map(|moved| *moved) });
        }
        Fetched::News { body, content_type, url, validators, hint, moved, hub } => {
            (body, content_type, url, validators, hint, moved, hub)
        }
    };
    let name = source.name.clone();
    let policy = state.condition.key_policy.as_deref().and_then(Policy::remembered);
    // Off the async threads: a feed may take seconds to read. A panic in the reader ends here, as a failed visit.
    let read = spawn_blocking(move || {
        let document = syndication::read(&body, content_type.as_deref(), url.as_ref())?;
        let (ttl, cut_short) = (document.ttl, document.cut_short);
        let hub = websub::offered(said.as_deref(), document.hub.as_ref(), url.as_ref());
        let (posts, policy) = clean::clean_as_before(document.posts, &name, now, policy);
        let key_policy = policy.map(Policy::name);
        let batch = Batch { posts, title: document.title, url, repaired: document.repaired, key_policy, hub, ..Batch::default() };
        Ok::<_, ReadError>((batch, ttl, cut_short))
    });
    let (batch, ttl, cut_short) = read.await.unwrap_or(Err(ReadError::Panicked))?;
    // Half a document must be asked for again: with its validators the server would say "nothing new" for the other half.
    let validators = if cut_short { Validators::default() } else { validators };
    Ok(Gathered::Batch(Box::new(Batch { hint: hint.max(ttl), validators, moved: moved.map(|moved| *moved), ..batch })))
}
