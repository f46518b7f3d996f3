//! The reader and the evaluator against LiteRT's outputs, and against files that are damaged.

mod damaged;
mod litert;
