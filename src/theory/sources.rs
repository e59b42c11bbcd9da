//! Whose mathematics is it? References, written once and named by key.

use crate::model::{Model, Noise};

/// A published source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The key it is cited by.
    pub key: &'static str,
    /// The BibTeX entry.
    pub bibtex: &'static str,
    /// What of it is used here.
    pub used_for: &'static str,
}

static YANG: Source = Source {
    key: "yang-tang-tu-2023",
    bibtex: "@article{yang-tang-tu-2023,
  author  = {Yang, Ning and Tang, Chao and Tu, Yuhai},
  title   = {Stochastic gradient descent introduces an effective landscape-dependent regularization favoring flat solutions},
  journal = {Physical Review Letters},
  volume  = {130},
  pages   = {237101},
  year    = {2023},
  eprint  = {2206.01246},
  archivePrefix = {arXiv}
}",
    used_for: "the valley model, its adiabatic law and the effective loss",
};

static LIU: Source = Source {
    key: "liu-ziyin-ueda-2021",
    bibtex: "@inproceedings{liu-ziyin-ueda-2021,
  author    = {Liu, Kangqiao and Ziyin, Liu and Ueda, Masahito},
  title     = {Noise and Fluctuation of Finite Learning Rate Stochastic Gradient Descent},
  booktitle = {International Conference on Machine Learning},
  year      = {2021},
  eprint    = {2012.03636},
  archivePrefix = {arXiv}
}",
    used_for: "stationary variance of SGD at a finite learning rate, with and without momentum",
};

static DPSGD: Source = Source {
    key: "dpsgd-2021",
    bibtex: "@misc{dpsgd-2021,
  author = {Zhang, Wei and Liu, Mingrui and Feng, Yu and Cui, Xiaodong and Kingsbury, Brian and Tu, Yuhai},
  title  = {Loss Landscape Dependent Self-Adjusting Learning Rates in Decentralized Stochastic Gradient Descent},
  year   = {2021},
  eprint = {2112.01433},
  archivePrefix = {arXiv}
}",
    used_for: "the steps of decentralised learners",
};

static WU: Source = Source {
    key: "wu-ma-e-2018",
    bibtex: "@inproceedings{wu-ma-e-2018,
  author    = {Wu, Lei and Ma, Chao and E, Weinan},
  title     = {How SGD Selects the Global Minima in Over-parameterized Learning: A Dynamical Stability Perspective},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2018}
}",
    used_for: "mean-square stability under noise of the curvature",
};

static MA: Source = Source {
    key: "ma-ying-2021",
    bibtex: "@inproceedings{ma-ying-2021,
  author    = {Ma, Chao and Ying, Lexing},
  title     = {On Linear Stability of SGD and Input-Smoothness of Neural Networks},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2021},
  eprint    = {2105.13462},
  archivePrefix = {arXiv}
}",
    used_for: "the operator that carries the second moments of one step to the next",
};

static MULAYOFF: Source = Source {
    key: "mulayoff-michaeli-2023",
    bibtex: "@misc{mulayoff-michaeli-2023,
  author = {Mulayoff, Rotem and Michaeli, Tomer},
  title  = {Exact Mean Square Linear Stability Analysis for SGD},
  year   = {2023},
  eprint = {2306.07850},
  archivePrefix = {arXiv}
}",
    used_for: "the largest learning rate of mean-square stability in closed form",
};

static GURBUZBALABAN: Source = Source {
    key: "gurbuzbalaban-2021",
    bibtex: "@inproceedings{gurbuzbalaban-2021,
  author    = {G{\\\"u}rb{\\\"u}zbalaban, Mert and {\\c{S}}im{\\c{s}}ekli, Umut and Zhu, Lingjiong},
  title     = {The Heavy-Tail Phenomenon in SGD},
  booktitle = {International Conference on Machine Learning},
  year      = {2021},
  eprint    = {2006.04740},
  archivePrefix = {arXiv}
}",
    used_for: "the tail index under multiplicative noise",
};

static COHEN: Source = Source {
    key: "cohen-2021",
    bibtex: "@inproceedings{cohen-2021,
  author    = {Cohen, Jeremy and Kaur, Simran and Li, Yuanzhi and Kolter, J. Zico and Talwalkar, Ameet},
  title     = {Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability},
  booktitle = {International Conference on Learning Representations},
  year      = {2021},
  eprint    = {2103.00065},
  archivePrefix = {arXiv}
}",
    used_for: "the edge of stability, with and without momentum",
};

static DAMIAN: Source = Source {
    key: "damian-ma-lee-2021",
    bibtex: "@inproceedings{damian-ma-lee-2021,
  author    = {Damian, Alex and Ma, Tengyu and Lee, Jason D.},
  title     = {Label Noise SGD Provably Prefers Flat Global Minimizers},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2021},
  eprint    = {2106.06530},
  archivePrefix = {arXiv}
}",
    used_for: "the regulariser of label noise, whose variance is proportional to the curvature",
};

/// Every source of the crate.
pub fn all_sources() -> Vec<&'static Source> {
    vec![&YANG, &LIU, &WU, &MA, &MULAYOFF, &GURBUZBALABAN, &COHEN, &DPSGD, &DAMIAN]
}

/// The sources behind what is computed for `model`, the most important first. First corrections and the law at a finite
/// learning rate were derived for this crate; what they build on is named.
pub fn sources(model: &Model) -> Vec<&'static Source> {
    let mut used = vec![&YANG];
    if let Noise::Sgd(sgd) = model.noise() {
        used.push(&LIU);
        used.push(&COHEN);
        if sgd.curvature_noise > 0.0 {
            used.extend([&WU, &MA, &MULAYOFF, &GURBUZBALABAN]);
        }
        if sgd.learners.is_some() {
            used.push(&DPSGD);
        }
        if sgd.variance.iter().any(|variance| variance.contains(model.coordinate())) {
            used.push(&DAMIAN);
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::all_sources;

    #[test]
    fn keys_are_unique_and_open_their_entries() {
        let all = all_sources();
        for (k, source) in all.iter().enumerate() {
            assert!(source.bibtex.contains(&format!("{{{},", source.key)), "{}", source.key);
            assert!(all[..k].iter().all(|other| other.key != source.key));
            assert_eq!(source.bibtex.matches('{').count(), source.bibtex.matches('}').count(), "{}", source.key);
        }
    }
}
