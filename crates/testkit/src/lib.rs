//! What tests of several crates share: facts in few words.

pub mod pipelines;
