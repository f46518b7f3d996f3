//! What the tools of this repository share. It is published nowhere, and promises nothing.

pub mod data;
pub mod document;
pub mod markdown;
pub mod optimizers;
pub mod pretrain;
pub mod progress;
pub mod setup;
pub mod statistics;
pub mod style;
pub mod table;
pub mod timing;
pub mod workspace;
