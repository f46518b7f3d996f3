//! The functions of the suite, by what they are like.

use std::ops::RangeInclusive;

/// A group of functions, as Hansen et al. (2009) name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Separable,
    Moderate,
    IllConditioned,
    MultiModal,
    WeakStructure,
}

impl Group {
    pub const ALL: [Self; 5] = [
        Self::Separable,
        Self::Moderate,
        Self::IllConditioned,
        Self::MultiModal,
        Self::WeakStructure,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Separable => "separable",
            Self::Moderate => "moderate",
            Self::IllConditioned => "ill-conditioned",
            Self::MultiModal => "multi-modal",
            Self::WeakStructure => "weak structure",
        }
    }

    /// Its functions, by their numbers in the suite.
    pub fn functions(self) -> RangeInclusive<u32> {
        match self {
            Self::Separable => 1..=5,
            Self::Moderate => 6..=9,
            Self::IllConditioned => 10..=14,
            Self::MultiModal => 15..=19,
            Self::WeakStructure => 20..=24,
        }
    }

    /// With the numbers of its functions.
    pub fn title(self) -> String {
        let functions = self.functions();
        format!("{}, {} to {}", self.name(), functions.start(), functions.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_suite_is_in_one_group() {
        let functions: Vec<u32> = Group::ALL.into_iter().flat_map(Group::functions).collect();
        assert_eq!(functions, (1..=24).collect::<Vec<_>>());
    }
}
