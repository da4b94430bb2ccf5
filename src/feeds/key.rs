//! The key that recognises a post at the next visit: our own digest, never the publisher's text.
