//! The bytes against those of others, addresses, and the connection against a peer that does as a test
//! says. What bytes of nobody's making do to the reader is in a test program of its own, which counts
//! the memory.

mod addresses;
mod bytes;
mod fake;
mod listener;
mod outside;
mod real;
mod talk;
