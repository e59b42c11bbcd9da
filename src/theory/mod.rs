//! What does the mathematics predict?
