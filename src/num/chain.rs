//! Stationary law of a Markov chain, without a subtraction.
//!
//! States are eliminated from the last to the first (Grassmann, Taksar and Heyman 1985): only sums, products and quotients of
//! positive numbers occur, so every probability has small relative error however rare the state is, and none is negative.
//! Transitions reach `band` states far; the elimination stays inside the band.

/// Transitions between numbered states: rates per unit of time, or probabilities of a step. What stays is not asked for.
#[derive(Clone, Debug)]
pub struct Chain {
    states: usize,
    band: usize,
    /// Row `i`: the transitions from `i` to `i − band … i + band`.
    rates: Vec<f64>,
}

impl Chain {
    /// `states` states whose transitions reach at most `band` numbers far.
    pub fn new(states: usize, band: usize) -> Chain {
        let band = band.min(states.saturating_sub(1));
        Chain { states, band, rates: vec![0.0; states * (2 * band + 1)] }
    }

    /// Adds to the transition from one state to another; one that reaches beyond the band makes the law `None`.
    pub fn add(&mut self, from: usize, to: usize, rate: f64) {
        let place = (to + self.band).checked_sub(from).filter(|place| *place <= 2 * self.band);
        let width = 2 * self.band + 1;
        match place {
            Some(place) if from < self.states => self.rates[from * width + place] += rate,
            // NaN is found by the elimination.
            _ => self.rates.iter_mut().take(1).for_each(|first| *first = f64::NAN),
        }
    }

    /// The stationary probabilities, which sum to 1; `None` where the chain falls apart or a transition is no number.
    ///
    /// Accuracy: relative, state by state, about the number of states times the rounding unit. Probabilities beyond the
    /// range of numbers are 0.
    pub fn stationary(mut self) -> Option<Vec<f64>> {
        let (n, band, width) = (self.states, self.band, 2 * self.band + 1);
        if n == 0 || self.rates.iter().any(|rate| !(*rate >= 0.0 && rate.is_finite())) {
            return None;
        }
        for last in (1..n).rev() {
            let first = last.saturating_sub(band);
            let (above, row) = self.rates.split_at_mut(last * width);
            // From the last state to those before it.
            let row = &row[first + band - last..band];
            let out: f64 = row.iter().sum();
            if !(out > 0.0 && out.is_finite()) {
                return None;
            }
            for i in first..last {
                let own = &mut above[i * width..(i + 1) * width];
                let into = &mut own[last + band - i];
                *into /= out;
                let share = *into;
                if share > 0.0 {
                    // Whoever went to the last state goes on where that goes; the diagonal gathers what is never read.
                    own[first + band - i..last + band - i].iter_mut().zip(row).for_each(|(r, next)| *r += share * next);
                }
            }
        }
        let mut law = vec![0.0; n];
        law[0] = 1.0;
        let mut largest = 1.0_f64;
        for state in 1..n {
            let first = state.saturating_sub(band);
            let value: f64 = (first..state).map(|i| law[i] * self.rates[i * width + state + band - i]).sum();
            law[state] = value;
            largest = largest.max(value);
            // Long before numbers end, all are made smaller.
            if largest > 1e150 {
                law[..=state].iter_mut().for_each(|p| *p /= largest);
                largest = 1.0;
            }
        }
        let sum: f64 = law.iter().copied().collect::<super::sum::Sum>().value();
        if !(sum > 0.0 && sum.is_finite()) {
            return None;
        }
        law.iter_mut().for_each(|p| *p /= sum);
        Some(law)
    }
}

#[cfg(test)]
mod tests {
    use super::Chain;

    /// Rates `u` up and `d` down: `p_i ∝ (u/d)^i`, to the last digits over 200 decades.
    #[test]
    fn birth_and_death_is_geometric_however_rare() {
        for (up, down) in [(1e-3, 1.0), (3.0, 1e-2)] {
            let mut chain = Chain::new(70, 3);
            for i in 0..69 {
                chain.add(i, i + 1, up);
                chain.add(i + 1, i, down);
            }
            let law = chain.stationary().expect("connected");
            for i in 0..69 {
                assert!((law[i + 1] / law[i] / (up / down) - 1.0).abs() < 1e-13, "{i}");
            }
            assert!((law.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn a_full_chain_balances() {
        let n = 12;
        let rate = |i: usize, j: usize| 0.1 + ((7 * i + 3 * j + i * j) % 11) as f64;
        let mut chain = Chain::new(n, n);
        (0..n).for_each(|i| (0..n).filter(|j| *j != i).for_each(|j| chain.add(i, j, rate(i, j))));
        let law = chain.stationary().expect("connected");
        for i in 0..n {
            let others = (0..n).filter(|j| *j != i);
            let (gain, loss) = others.fold((0.0, 0.0), |(g, l), j| (g + law[j] * rate(j, i), l + law[i] * rate(i, j)));
            assert!((gain / loss - 1.0).abs() < 1e-13, "{i}");
        }
    }

    #[test]
    fn a_chain_that_falls_apart_or_has_no_numbers_is_refused() {
        let mut chain = Chain::new(4, 1);
        [(0, 1), (1, 0), (2, 3), (3, 2)].into_iter().for_each(|(i, j)| chain.add(i, j, 1.0));
        assert_eq!(chain.clone().stationary(), None);
        chain.add(1, 2, f64::NAN);
        assert_eq!(chain.stationary(), None);
        let mut far = Chain::new(4, 1);
        far.add(0, 3, 1.0);
        assert_eq!(far.stationary(), None);
        assert_eq!(Chain::new(1, 5).stationary(), Some(vec![1.0]));
    }
}
