//! How a claim was held against a witness, and how it ended.

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The distance is within the limit.
    Pass,
    /// It is not.
    Fail,
    /// A witness could not be heard.
    Undecided,
    /// The theory does not claim to hold here.
    OutsideRegime,
    /// The claim says nothing about this model.
    NotApplicable,
}

impl Verdict {
    /// The name it is reported by.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Undecided => "undecided",
            Verdict::OutsideRegime => "outside-regime",
            Verdict::NotApplicable => "not-applicable",
        }
    }
}

/// One claim, held against a witness.
#[derive(Clone, Debug)]
pub struct Check {
    /// What is claimed.
    pub claim: &'static str,
    /// What the theory expects.
    pub expected: Option<f64>,
    /// What the witness says.
    pub observed: Option<f64>,
    /// How far apart they are.
    pub distance: Option<f64>,
    /// How far apart they may be.
    pub limit: Option<f64>,
    /// The verdict.
    pub verdict: Verdict,
    /// One line: what the limit is made of, or why there is no verdict.
    pub reason: String,
}

/// All checks of one model.
#[derive(Clone, Debug)]
pub struct Report {
    /// Name of the model.
    pub model: String,
    /// Every claim.
    pub checks: Vec<Check>,
}

impl Report {
    /// The verdict of the whole: fails if one check fails, undecided if one is, passes otherwise.
    pub fn verdict(&self) -> Verdict {
        let any = |v: Verdict| self.checks.iter().any(|c| c.verdict == v);
        if any(Verdict::Fail) {
            Verdict::Fail
        } else if any(Verdict::Undecided) || !any(Verdict::Pass) {
            Verdict::Undecided
        } else {
            Verdict::Pass
        }
    }
}

/// A comparison of two numbers: passes within the limit, fails beyond, and is undecided where the distance is no number.
pub(super) fn compared(claim: &'static str, expected: f64, observed: f64, limit: f64, reason: String) -> Check {
    let distance = (observed - expected).abs();
    let verdict = if distance <= limit { Verdict::Pass } else { Verdict::Fail };
    Check {
        claim,
        expected: Some(expected),
        observed: Some(observed),
        distance: Some(distance),
        limit: Some(limit),
        verdict: if distance.is_finite() && limit.is_finite() { verdict } else { Verdict::Undecided },
        reason,
    }
}

/// A check without numbers.
pub(super) fn without(claim: &'static str, verdict: Verdict, reason: impl Into<String>) -> Check {
    Check { claim, expected: None, observed: None, distance: None, limit: None, verdict, reason: reason.into() }
}
