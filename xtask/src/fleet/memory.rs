//! The memory of a process and of all that it has started.

use super::processes::tree;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Watches a tree of processes until it is dropped.
pub struct Watch {
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

/// Begins to watch.
pub fn watch(process: u32, interval: Duration) -> Watch {
    let watch = Watch { most: Arc::default(), over: Arc::default() };
    let (most, over) = (Arc::clone(&watch.most), Arc::clone(&watch.over));
    thread::spawn(move || {
        while !over.load(Ordering::Relaxed) {
            most.fetch_max(of_tree(process), Ordering::Relaxed);
            thread::sleep(interval);
        }
    });
    watch
}

impl Watch {
    /// The most bytes that all of them had together. A page that several share is divided among
    /// them.
    pub fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// The bytes of a process and its descendants; 0 where the system does not tell.
fn of_tree(root: u32) -> u64 {
    tree(root).into_iter().filter_map(share).sum()
}

fn share(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = text.lines().find(|line| line.starts_with("Pss:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory() {
        if cfg!(target_os = "linux") {
            assert!(of_tree(std::process::id()) > 1 << 16);
        }
    }
}
