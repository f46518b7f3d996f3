//! What the figures say of the paper's claim.

use super::Rolled;
use super::outcome::{Figure, MOVE, Outcome};
use crate::report::Part;
use std::iter::once;

/// How a figure goes with a growing radius.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trend {
    /// It is smaller at every larger radius.
    Always,
    /// It is smaller at the largest radius than at the smallest one.
    Overall,
    Not,
}

impl Trend {
    fn of(values: &[f64]) -> Self {
        let overall = values.first().zip(values.last()).is_some_and(|(first, last)| last < first);
        match values.windows(2).all(|pair| pair[1] < pair[0]) {
            _ if !overall => Self::Not,
            true => Self::Always,
            false => Self::Overall,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Always => "yes",
            Self::Overall => "from the smallest to the largest, not at every one",
            Self::Not => "no",
        }
    }
}

/// What a larger radius might bring, as a figure that is then smaller.
const CLAIMS: [(&str, Figure); 5] = [
    ("fewer basins", Outcome::count),
    ("fewer basins of at least 0.1 %", |outcome| outcome.large() as f64),
    ("lower ends", |outcome| outcome.mean_loss),
    ("shorter boundaries", Outcome::boundary),
    ("starts that say less of their ends", |outcome| outcome.basins.dependence()),
];

fn trend(outcomes: &[Outcome], figure: Figure) -> Trend {
    Trend::of(&outcomes.iter().map(figure).collect::<Vec<_>>())
}

/// Which claims hold of which ball.
pub fn table(rolled: &[Rolled]) -> Part {
    let balls = rolled.iter().map(|rolled| rolled.ball.name.to_owned());
    let header = once("with every larger radius".to_owned()).chain(balls).collect();
    let rows = CLAIMS.map(|(claim, figure)| {
        let words = rolled.iter().map(|rolled| trend(&rolled.outcomes, figure).words().to_owned());
        once(claim.to_owned()).chain(words).collect()
    });
    Part::Table { header, rows: rows.into() }
}

/// Which halves of the claim a ball shows.
fn halves(outcomes: &[Outcome]) -> &'static str {
    let falls = |figure: Figure| trend(outcomes, figure) != Trend::Not;
    match (falls(Outcome::count), falls(Outcome::boundary)) {
        (true, true) => "both halves",
        (true, false) => "the first half, not the second",
        (false, true) => "the second half, not the first",
        (false, false) => "neither half",
    }
}

/// The claim in words.
pub fn text(rolled: &[Rolled; 3]) -> String {
    let [lagged, losses_only, exact] = rolled.each_ref().map(|rolled| &*rolled.outcomes);
    format!(
        "The claim that a larger ball does not see the wells has two halves: fewer basins, and \
         shorter boundaries between them, which leave fewer starts from which a small move leads \
         elsewhere. From the smallest radius to the largest, the exact ball shows **{}**; the \
         optimizer that follows one contact shows **{}**, the one that needs losses only \
         **{}**.{}{}",
        halves(exact),
        halves(lagged),
        halves(losses_only),
        dust(lagged),
        lower(lagged, exact)
    )
}

/// Below this dependence most of a boundary is dust: a neighbour's end is nearer to a draw from all
/// ends than to the start's own.
const DUST: f64 = 0.5;

/// At which radii a basin is no place any more.
fn dust(lagged: &[Outcome]) -> String {
    let dusty = lagged
        .iter()
        .filter(|outcome| outcome.basins.apart() > 0.0 && outcome.basins.dependence() < DUST);
    let radii: Vec<String> = dusty.map(|outcome| outcome.radius.to_string()).collect();
    let moved = lagged.iter().filter_map(|outcome| outcome.moved).fold(0.0, f64::max);
    if radii.is_empty() {
        return String::new();
    }
    format!(
        " With radii of {} its basins are no regions but dust (dependence below {DUST}): in which \
         of them a ball ends is mostly chance. Moving every start by {:e} changes up to {:.1} % of \
         its ends.",
        radii.join(", "),
        MOVE,
        100.0 * moved
    )
}

/// Losses that are clearly different, in depths of a well.
const CLEAR: f64 = 0.1;

/// At which radii the balls that follow one contact end lower than the exact ones.
fn lower(lagged: &[Outcome], exact: &[Outcome]) -> String {
    let pairs = lagged.iter().zip(exact);
    let lower = pairs.filter(|(lagged, exact)| lagged.mean_loss < exact.mean_loss - CLEAR);
    let radii: Vec<String> = lower.map(|(lagged, _)| lagged.radius.to_string()).collect();
    if radii.is_empty() {
        return " Nowhere are its ends clearly lower in the mean than the exact ball's.".to_owned();
    }
    format!(
        " In the mean its ends are lower than those of the exact ball, which does not shrink, with \
         radii of {}.",
        radii.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_rises_once_does_not_fall_with_every_radius() {
        assert_eq!(Trend::of(&[3.0, 2.0, 1.0]), Trend::Always);
        assert_eq!(Trend::of(&[3.0, 1.0, 2.0]), Trend::Overall);
        assert_eq!(Trend::of(&[2.0, 1.0, 2.0]), Trend::Not);
        assert_eq!(Trend::of(&[1.0]), Trend::Not);
    }
}
