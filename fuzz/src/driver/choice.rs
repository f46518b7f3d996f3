//! Chooses the inputs that are committed: few that do much.

use super::inputs::{Inputs, folder};
use super::panics::run;
use crate::Target;
use crate::trace::kept;
use anyhow::{Context, Result, bail};
use std::collections::HashSet;

/// How many inputs are tried.
const TRIED: u32 = 100_000;

/// Two words that follow each other in what an input tells of its calls and of their answers.
type Feature = [String; 2];

/// An input, and what it does.
type Candidate = (Vec<u8>, HashSet<Feature>);

/// Replaces the committed inputs of a target by so many, each of which does something that those
/// before it do not; returns how many different things they do.
pub fn choose(target: Target, seed: u64, count: usize) -> Result<usize> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut seen = HashSet::new();
    let mut input = Vec::new();
    let (mut pool, mut tried) = (Vec::new(), 0);
    while tried < TRIED {
        // The inputs that follow are changes of those that did something new so far.
        let mut inputs =
            Inputs::new(u128::from(seed) << 32 | u128::from(tried), &pool, target.longest);
        let mut found = Vec::new();
        for _ in 0..TRIED / 20 {
            inputs.next(&mut input);
            tried += 1;
            let (ended, lines) = kept(|| run(&target, &input));
            if let Err(panic) = ended {
                bail!("{}: {input:02x?} fails: {}", target.name, panic.message);
            }
            let features = features(&lines);
            if features.iter().any(|feature| !seen.contains(feature)) {
                seen.extend(features.iter().cloned());
                found.push(input.clone());
                candidates.push((input.clone(), features));
            }
        }
        pool.append(&mut found);
    }
    let (chosen, done) = fewest(candidates, count);
    let folder = folder().join("seeds").join(target.name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)
        .and_then(|()| {
            let files = chosen.iter().enumerate();
            files.into_iter().try_for_each(|(index, input)| {
                std::fs::write(folder.join(format!("{index:02}")), input)
            })
        })
        .with_context(|| format!("cannot write {}", folder.display()))?;
    Ok(done)
}

fn features(lines: &str) -> HashSet<Feature> {
    let words = |line: &str| -> Vec<String> {
        let words = line.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 1);
        words.map(ToOwned::to_owned).collect()
    };
    let pairs = |words: Vec<String>| -> Vec<Feature> {
        words
            .windows(2)
            .filter_map(|pair| Some([pair.first()?.clone(), pair.last()?.clone()]))
            .collect()
    };
    lines.lines().flat_map(|line| pairs(words(line))).collect()
}

/// At most so many of the inputs: always the one next that adds the most, and the shortest of
/// those. Returns how much they do together as well.
fn fewest(mut candidates: Vec<Candidate>, count: usize) -> (Vec<Vec<u8>>, usize) {
    let (mut chosen, mut done) = (Vec::new(), HashSet::new());
    while chosen.len() < count {
        let adds = |(input, features): &Candidate| {
            (features.difference(&done).count(), std::cmp::Reverse(input.len()))
        };
        let Some(best) = (0..candidates.len()).max_by_key(|index| adds(&candidates[*index])) else {
            break;
        };
        if adds(&candidates[best]).0 == 0 {
            break;
        }
        let (input, features) = candidates.swap_remove(best);
        done.extend(features);
        chosen.push(input);
    }
    (chosen, done.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_make_no_feature_and_the_words_around_them_do() {
        let features = features("tell_loss(1.5e0): Ok(Gradient)\nabandon\n");
        let pair = |one: &str, other: &str| [one.to_owned(), other.to_owned()];
        let expected = [pair("tell", "loss"), pair("loss", "Ok"), pair("Ok", "Gradient")];
        assert_eq!(features, HashSet::from(expected));
    }

    #[test]
    fn an_input_that_adds_nothing_is_not_chosen() {
        let does = |words: &str| features(words);
        let candidates = vec![
            (vec![1], does("aa bb")),
            (vec![2], does("aa bb cc dd")),
            (vec![3], does("ee ff")),
        ];
        let (chosen, done) = fewest(candidates, 8);
        assert_eq!((chosen, done), (vec![vec![2], vec![3]], 4));
    }
}
