//! Counts in equal bins.

/// How many samples fell into each of a row of equal bins, and how many beside them.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    edges: Vec<f64>,
    counts: Vec<u64>,
    below: u64,
    above: u64,
    not_finite: u64,
}

impl Histogram {
    /// `bins` empty bins between `lower` and `upper`; `None` unless both are finite, in order, and `bins` is above zero.
    pub fn new(lower: f64, upper: f64, bins: usize) -> Option<Histogram> {
        let width = upper - lower;
        if !(width > 0.0 && width.is_finite()) || bins == 0 {
            return None;
        }
        let edges =
            (0..=bins).map(|k| if k == bins { upper } else { lower + width * (k as f64 / bins as f64) }).collect();
        Some(Histogram { edges, counts: vec![0; bins], below: 0, above: 0, not_finite: 0 })
    }

    /// Counts one sample. Bins own their left edge; the last one owns both.
    pub fn add(&mut self, x: f64) {
        let (lower, upper) = (self.edges[0], self.edges[self.counts.len()]);
        if !x.is_finite() {
            self.not_finite += 1;
        } else if x < lower {
            self.below += 1;
        } else if x > upper {
            self.above += 1;
        } else {
            let bin = self.edges.partition_point(|e| *e <= x).clamp(1, self.counts.len()) - 1;
            self.counts[bin] += 1;
        }
    }

    /// The `bins + 1` edges.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The count of each bin.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Samples `(below, above)` the bins.
    pub fn outside(&self) -> (u64, u64) {
        (self.below, self.above)
    }

    /// Samples that were NaN or infinite.
    pub fn not_finite(&self) -> u64 {
        self.not_finite
    }

    /// Every sample offered.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.below + self.above + self.not_finite
    }

    /// The share of all samples in each bin; NaN when there are none.
    pub fn shares(&self) -> Vec<f64> {
        let total = self.total() as f64;
        self.counts.iter().map(|c| *c as f64 / total).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn every_sample_is_counted_once() {
        let mut histogram = Histogram::new(0.0, 1.0, 10).expect("valid");
        for x in [0.0, 0.05, 0.1, 0.999, 1.0, -1e-300, 1.0 + 1e-15, f64::NAN, f64::INFINITY] {
            histogram.add(x);
        }
        assert_eq!(histogram.counts(), [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!((histogram.outside(), histogram.not_finite(), histogram.total()), ((1, 1), 2, 9));
        assert_eq!(histogram.shares()[0], 2.0 / 9.0);
        for bad in [(1.0, 1.0, 3), (0.0, f64::NAN, 3), (0.0, 1.0, 0), (-f64::MAX, f64::MAX, 2)] {
            assert_eq!(Histogram::new(bad.0, bad.1, bad.2), None);
        }
    }
}
