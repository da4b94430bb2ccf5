//! Posts of the past, piece by piece: from the memory of a running claimwatch, or from a file of JSON lines.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Exit;
use super::archive::{PostLine, open, unreadable};
use super::output::Answer;
use crate::model::post::Post;
use crate::rules::bulk::next_line;
use crate::store::Store;
use crate::store::editors::Decided;

/// Posts that are held at once.
pub(super) const PIECE: u32 = 4096;

/// Longest line of a file of posts.
const LONGEST_LINE_BYTES: u64 = 16 << 20;

/// Bad lines that are told one by one.
const MOST_TOLD: usize = 5;

/// A post and what was decided about it when it came, if that is known.
pub(super) struct PastPost {
    /// The post.
    pub post: Post,
    /// The decisions of that day; `None` where there were none to make.
    pub decided: Option<Vec<Decided>>,
}

/// Where they come from, and how far they have been read.
pub(super) enum Past<'s> {
    /// The memory.
    Memory {
        /// The store.
        store: &'s Store,
        /// From when on.
        since: Timestamp,
        /// The last row that was read.
        after: i64,
    },
    /// A file.
    File {
        /// Its lines.
        lines: Box<dyn BufRead + Send>,
        /// Its name.
        path: PathBuf,
        /// Lines read.
        line: usize,
        /// Lines that are no posts.
        bad: Vec<String>,
        /// How many.
        bad_count: usize,
    },
}

impl<'s> Past<'s> {
    /// The posts that the memory holds from `since` on.
    pub(super) fn of_memory(store: &'s Store, since: Timestamp) -> Self {
        Self::Memory { store, since, after: 0 }
    }

    /// The posts of a file of JSON lines, perhaps packed; `-` is standard input.
    ///
    /// # Errors
    /// The answer to give when it cannot be opened.
    pub(super) fn of_file(path: &Path) -> Result<Self, Answer> {
        let lines = open(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self::File { lines, path: path.to_owned(), line: 0, bad: Vec::new(), bad_count: 0 })
    }

    /// How many there are, if that is known beforehand.
    ///
    /// # Errors
    /// The answer to give when the memory cannot be read.
    pub(super) async fn total(&self) -> Result<Option<u64>, Answer> {
        match self {
            Self::Memory { store, since, .. } => {
                store.count_posts(*since).await.map(Some).map_err(|error| Answer::trouble(format!("{error}\n"), Exit::World))
            }
            Self::File { .. } => Ok(None),
        }
    }

    /// The next few; none when all were given.
    ///
    /// # Errors
    /// The answer to give when they cannot be read.
    pub(super) async fn next(&mut self) -> Result<Vec<PastPost>, Answer> {
        match self {
            Self::Memory { store, since, after } => {
                let read = store.posts_after(*after, *since, PIECE).await;
                let read = read.map_err(|error| Answer::trouble(format!("{error}\n"), Exit::World))?;
                *after = read.last().map_or(*after, |last| last.row);
                Ok(read.into_iter().map(|one| PastPost { post: one.post, decided: one.decided }).collect())
            }
            Self::File { lines, path, line, bad, bad_count } => {
                let mut posts = Vec::new();
                let mut bytes = Vec::new();
                while posts.len() < PIECE as usize {
                    let whole = match next_line(lines, &mut bytes, LONGEST_LINE_BYTES) {
                        Ok(Some(whole)) => whole,
                        Ok(None) => break,
                        Err(error) => return Err(unreadable(path, &error)),
                    };
                    *line += 1;
                    if whole && bytes.trim_ascii().is_empty() {
                        continue;
                    }
                    let read = if whole { PostLine::read(&bytes) } else { Err("longer than 16 MiB".to_owned()) };
                    match read {
                        Ok(post) => {
                            let (id, mut post) = post.into_post();
                            post.key.0 = id;
                            posts.push(PastPost { post, decided: None });
                        }
                        Err(why) => {
                            *bad_count += 1;
                            if bad.len() < MOST_TOLD {
                                bad.push(format!("{}:{line}: {why}", path.display()));
                            }
                        }
                    }
                }
                Ok(posts)
            }
        }
    }

    /// What a person should know about lines that were left out.
    pub(super) fn complaints(&self) -> String {
        let Self::File { bad, bad_count, .. } = self else { return String::new() };
        if *bad_count == 0 {
            return String::new();
        }
        let lines = if *bad_count == 1 { "1 line was" } else { &format!("{bad_count} lines were") };
        format!("{}\n{lines} left out.\n", bad.join("\n"))
    }
}

/// Does `work` for all of `items`, on as many threads as the machine has cores; the answers come in the order of the items.
pub(super) fn on_all_cores<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    on_all_cores_with(items, || (), |(), item| work(item))
}

/// The same with a memory that each thread uses again from item to item.
pub(super) fn on_all_cores_with<T: Sync, M, R: Send>(
    items: &[T],
    memory: impl Fn() -> M + Sync,
    work: impl Fn(&mut M, &T) -> R + Sync,
) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(threads).max(64);
    let (memory, work) = (&memory, &work);
    let one = move |part: &[T]| {
        let mut memory = memory();
        part.iter().map(|item| work(&mut memory, item)).collect::<Vec<R>>()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = items.chunks(share).map(|part| scope.spawn(move || one(part))).collect();
        let mut all = Vec::with_capacity(items.len());
        for part in parts {
            match part.join() {
                Ok(done) => all.extend(done),
                // What broke in a thread of ours breaks here too.
                Err(fault) => std::panic::resume_unwind(fault),
            }
        }
        all
    })
}
