//! Hash-consing: equal terms are one allocation, so that equality is a pointer comparison and repeated differentiation
//! stays small.

use super::{Expr, Node, Term};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// Terms alive, by the hash of their node; swept of dead ones as it doubles.
#[derive(Default)]
struct Pool {
    terms: HashMap<u64, Vec<Weak<Term>>>,
    inserted: usize,
    sweep_at: usize,
}

/// The one term with this node.
pub(super) fn intern(node: Node) -> Expr {
    static POOL: OnceLock<Mutex<Pool>> = OnceLock::new();
    let mut hasher = DefaultHasher::new();
    node.hash(&mut hasher);
    let key = hasher.finish();
    let mut pool = POOL.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let found =
        pool.terms.get(&key).and_then(|bucket| bucket.iter().filter_map(Weak::upgrade).find(|term| term.node == node));
    if let Some(term) = found {
        return Expr(term);
    }
    let depth = 1 + node.parts().map(Expr::depth).max().unwrap_or(0);
    let term = Arc::new(Term { node, depth });
    let bucket = pool.terms.entry(key).or_default();
    // A term that is made and dropped again and again leaves one grave, not one for each time.
    bucket.retain(|weak| weak.strong_count() > 0);
    bucket.push(Arc::downgrade(&term));
    pool.inserted += 1;
    if pool.inserted >= pool.sweep_at.max(4096) {
        pool.terms.retain(|_, bucket| {
            bucket.retain(|weak| weak.strong_count() > 0);
            !bucket.is_empty()
        });
        pool.inserted = pool.terms.len();
        pool.sweep_at = 2 * pool.inserted;
    }
    Expr(term)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_terms_are_one_allocation_also_across_threads() {
        let build =
            || (0..200).fold(Expr::symbol("x"), |e, i| (&e + Expr::integer(i)).call(crate::expr::Function::Sin));
        let here = build();
        let there = std::thread::spawn(build).join().expect("thread ends");
        assert_eq!(here, there);
    }
}
