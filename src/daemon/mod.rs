//! Start, stop, reload: the long-running service.
