//! What the paper says that its ball does, one by one, beside what is seen here.

use super::findings::{At, Findings, differences};
use super::measures::{
    ACCURACY, BITS, INPUT_NOISE, Kind, LARGEST_EIGENVALUE, MEASURES, TRACE, WEIGHT_NOISE,
};
use super::methods::{
    CENTRES_AS_AT_0, CLIPPED, CONTACTS_AS_AT_0, DEFAULT_BALL, ENTROPY_SGD, LARGE_CENTRE,
    NEAREST_POINT, NO_RADIUS, PROJECTION, SAM, SGD, SHRINKING_AS_AT_0, index,
};
use super::tables::{SIGNIFICANT, chance_in_words, difference_in_words};
use crate::report::Part;
use crate::statistics::{holm, mean, paired_test};

/// Something that the paper says, and by what it is judged.
pub struct Claim {
    says: &'static str,
    place: usize,
    at: At,
    /// The forms of the ball that the claim is about.
    balls: &'static [&'static str],
    others: &'static [&'static str],
}

/// The forms for which the paper's claims are tried: the paper's own, the same step solved, the one
/// that this library ships, and the largest one.
const BALLS: [&str; 4] = [PROJECTION, NEAREST_POINT, DEFAULT_BALL, LARGE_CENTRE];
/// The second bounds its steps, as the ball does with arc length.
const POINTS: [&str; 2] = [SGD, CLIPPED];
const FLAT_SEEKERS: [&str; 2] = [SAM, ENTROPY_SGD];

const fn of_the_paper(
    says: &'static str,
    place: usize,
    at: At,
    others: &'static [&'static str],
) -> Claim {
    Claim { says, place, at, balls: &BALLS, others }
}

/// What the paper says.
pub const PAPERS: [Claim; 7] = [
    of_the_paper(
        "flatter minima than SGD's, at equal training loss",
        LARGEST_EIGENVALUE,
        At::Loss,
        &POINTS,
    ),
    of_the_paper(
        "flatter minima than SAM's and Entropy-SGD's, at equal training loss",
        LARGEST_EIGENVALUE,
        At::Loss,
        &FLAT_SEEKERS,
    ),
    of_the_paper("better generalisation than SGD's, at equal cost", ACCURACY, At::Cost, &POINTS),
    of_the_paper(
        "better generalisation than SAM's and Entropy-SGD's, at equal cost",
        ACCURACY,
        At::Cost,
        &FLAT_SEEKERS,
    ),
    of_the_paper(
        "more robust to noise in the data than SGD, at equal cost",
        INPUT_NOISE[1],
        At::Cost,
        &POINTS,
    ),
    of_the_paper(
        "more robust to noise in the weights than SGD, at equal cost",
        WEIGHT_NOISE[1],
        At::Cost,
        &POINTS,
    ),
    of_the_paper(
        "more robust to weights of three bits than SGD, at equal cost",
        BITS[2],
        At::Cost,
        &POINTS,
    ),
];

const WITH_A_RADIUS: [&str; 4] =
    [CONTACTS_AS_AT_0[1], CENTRES_AS_AT_0[1], CENTRES_AS_AT_0[2], SHRINKING_AS_AT_0];

const fn of_the_radius(says: &'static str, place: usize, at: At) -> Claim {
    Claim { says, place, at, balls: &WITH_A_RADIUS, others: &[NO_RADIUS] }
}

/// What would follow if it were the radius that helps.
pub const OF_THE_RADIUS: [Claim; 8] = [
    of_the_radius("flatter, at equal training loss", LARGEST_EIGENVALUE, At::Loss),
    of_the_radius("a smaller trace, at equal training loss", TRACE, At::Loss),
    of_the_radius("better generalisation, at equal cost", ACCURACY, At::Cost),
    of_the_radius("more robust to noise in the data, at equal cost", INPUT_NOISE[1], At::Cost),
    of_the_radius("more robust to noise in the weights, at equal cost", WEIGHT_NOISE[1], At::Cost),
    of_the_radius("more robust to weights of three bits, at equal cost", BITS[2], At::Cost),
    Claim {
        says: "the centre is flatter than the contact, at equal training loss",
        place: LARGEST_EIGENVALUE,
        at: At::Loss,
        balls: &[CENTRES_AS_AT_0[1]],
        others: &[CONTACTS_AS_AT_0[1]],
    },
    Claim {
        says: "the centre generalises better than the contact, at equal cost",
        place: ACCURACY,
        at: At::Cost,
        balls: &[CENTRES_AS_AT_0[1]],
        others: &[CONTACTS_AS_AT_0[1]],
    },
];

/// The ball beside one of the others.
struct Comparison {
    other: &'static str,
    differences: Vec<f64>,
    /// With Holm's correction over all comparisons of the table.
    chance: f64,
}

/// A claim is reproduced beside those that the ball is ahead of by more than chance.
fn verdict(comparisons: &[Comparison]) -> String {
    let by_more_than_chance = |sign: f64| -> Vec<&str> {
        let certain = comparisons.iter().filter(|comparison| {
            let mean = mean(comparison.differences.iter().copied());
            comparison.chance < SIGNIFICANT && sign * mean > 0.0
        });
        certain.map(|comparison| comparison.other).collect()
    };
    let (ahead, behind) = (by_more_than_chance(1.0), by_more_than_chance(-1.0));
    let reproduced = if ahead.is_empty() {
        "not reproduced".to_owned()
    } else if ahead.len() == comparisons.len() {
        "**reproduced**".to_owned()
    } else {
        format!("only beside {}", ahead.join(" and "))
    };
    if behind.is_empty() {
        reproduced
    } else {
        format!("{reproduced}; behind {}", behind.join(" and "))
    }
}

/// Every claim for every form of the ball.
pub fn claims(findings: &[Findings], claims: &'static [Claim]) -> Part {
    let mut lines = Vec::new();
    for claim in claims {
        for ball in claim.balls {
            let compare = |other: &&'static str| {
                let methods = [index(ball)?, index(other)?];
                let differences = differences(findings, claim.at, claim.place, methods);
                let chance = paired_test(&differences);
                Some(Comparison { other, differences, chance })
            };
            lines.push((claim, *ball, claim.others.iter().filter_map(compare).collect::<Vec<_>>()));
        }
    }
    let comparisons = || lines.iter().flat_map(|(.., comparisons)| comparisons);
    let corrected = holm(&comparisons().map(|comparison| comparison.chance).collect::<Vec<_>>());
    let mut corrected = corrected.into_iter();
    for (.., comparisons) in &mut lines {
        for comparison in comparisons {
            comparison.chance = corrected.next().unwrap_or(1.0);
        }
    }
    let mut told = "";
    let mut row = |(claim, ball, comparisons): &(&'static Claim, &str, Vec<Comparison>)| {
        let kind = MEASURES[claim.place].kind;
        let against = |comparison: &Comparison| {
            let mean = mean(comparison.differences.iter().copied());
            let (difference, chance) =
                (difference_in_words(kind, mean), chance_in_words(comparison.chance));
            let pairs = comparison.differences.len();
            format!("{}: {difference} ({chance}, {pairs} pairs)", comparison.other)
        };
        // A claim of several forms is told once.
        let says = if told == claim.says { "" } else { claim.says };
        told = claim.says;
        vec![
            says.to_owned(),
            (*ball).to_owned(),
            comparisons.iter().map(against).collect::<Vec<_>>().join("; "),
            verdict(comparisons),
        ]
    };
    let header = ["claim", "form of the ball", "beside", "here"];
    Part::Table {
        header: header.map(str::to_owned).into(),
        rows: lines.iter().map(&mut row).collect(),
    }
}

/// What a claim's figures are.
pub fn words() -> String {
    let curvatures = MEASURES.iter().filter(|measure| measure.kind == Kind::Curvature);
    let names: Vec<&str> = curvatures.map(|measure| measure.name).collect();
    format!(
        "What the paper says of its ball, in its title and abstract, or what would follow from it. \
         Differences are means over all data sets and seeds: in points of accuracy, or as a factor \
         of the curvature ({}), which is below 1 where the ball is flatter. The chance p is the \
         paired test's with Holm's correction over this whole table. A claim is reproduced beside \
         those that the ball is ahead of with p below {SIGNIFICANT}.",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_claim_is_of_methods_that_are_run() {
        for claim in PAPERS.iter().chain(&OF_THE_RADIUS) {
            for name in claim.balls.iter().chain(claim.others) {
                assert!(index(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn a_claim_is_reproduced_beside_those_that_the_ball_is_ahead_of_by_more_than_chance() {
        let beside =
            |other, difference, chance| Comparison { other, differences: vec![difference], chance };
        let [ahead, level, behind] = [("A", 1.0, 0.01), ("B", 1.0, 0.06), ("C", -1.0, 0.01)]
            .map(|(a, b, c)| beside(a, b, c));
        assert_eq!(verdict(std::slice::from_ref(&ahead)), "**reproduced**");
        assert_eq!(verdict(std::slice::from_ref(&level)), "not reproduced");
        let both = [ahead, level];
        assert_eq!(verdict(&both), "only beside A");
        assert_eq!(verdict(&[behind]), "not reproduced; behind C");
    }
}
