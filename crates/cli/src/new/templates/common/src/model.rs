//! The network: its types and numbers, as build.rs imports them from the model's file.

include!(concat!(env!("OUT_DIR"), "/model.rs"));
