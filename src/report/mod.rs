//! How does a reader see it? Tables, comma-separated values, JSON and pictures of what the other rooms found.

pub mod diagram;
pub mod picture;
pub mod table;
