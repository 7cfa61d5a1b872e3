//! What tests of several crates share: facts in few words, and small trees.

pub mod infrastructure;
pub mod mariadb;
pub mod pipelines;
pub mod postgres;
pub mod servers;
pub mod storage;
pub mod tree;
