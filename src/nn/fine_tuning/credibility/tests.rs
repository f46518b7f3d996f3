//! What is believed of labels.

use super::*;

fn sample(probabilities: [f32; PARTS.len()]) -> Credibility {
    Credibility { probabilities, ..Credibility::NEW }
}

#[test]
fn a_label_is_credible_and_counts_once_until_it_is_judged() {
    assert_eq!((Credibility::NEW.label(), Credibility::NEW.weight()), (1.0, 1.0));
}

#[test]
fn a_label_that_no_network_finds_likely_is_not_credible() {
    let mut samples = [sample([0.9; 5]), sample([0.01; 5]), sample([0.8; 5])];
    judge(&mut samples, 10, 0.0);
    let [first, second, third] = samples.map(|sample| sample.label());
    assert!(first > 0.95 && third > 0.9 && second < 0.3, "{samples:?}");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_move_that_makes_held_out_labels_likelier_is_kept() {
    let mut samples = [sample([0.1, 0.3, 0.6, 0.8, 0.9]); 20];
    let (evidence, wrong) = judge(&mut samples, 10, 0.0);
    assert!(evidence.kept(wrong) > 0.9);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_move_that_makes_them_less_likely_is_refused() {
    let mut samples = [sample([0.9, 0.8, 0.6, 0.3, 0.1]); 20];
    let (evidence, wrong) = judge(&mut samples, 10, 0.0);
    assert_eq!(evidence.kept(wrong), 0.0);
}

#[test]
fn without_evidence_a_shorter_move_is_likelier() {
    let posterior = Evidence::default().posterior();
    assert!(posterior.is_sorted_by(|nearer, farther| nearer > farther), "{posterior:?}");
    assert!((posterior.iter().sum::<f32>() - 1.0).abs() < 1e-6);
}

#[test]
fn samples_that_are_alone_count_as_they_are_told() {
    let bad = Credibility { alone: true, ..sample([0.95, 0.2, 0.1, 0.05, 0.0]) };
    let mut samples = [[sample([0.1, 0.3, 0.6, 0.8, 0.9]); 5], [bad; 5]];
    let mut kept = |alone| {
        let (evidence, _) = judge(samples.as_flattened_mut(), 10, alone);
        evidence.kept(0.0)
    };
    assert!(kept(1.0) < kept(0.5) && kept(0.5) < kept(0.0));
}

#[test]
fn less_is_kept_where_more_labels_are_wrong() {
    let mut samples = [sample([0.1, 0.3, 0.6, 0.8, 0.9]); 20];
    let (evidence, _) = judge(&mut samples, 10, 0.0);
    assert!(evidence.kept(0.4) < evidence.kept(0.1));
}

#[test]
fn probabilities_of_0_and_1_leave_everything_finite() {
    let mut samples = [sample([0.0; 5]), sample([1.0; 5])];
    let (evidence, wrong) = judge(&mut samples, 2, 1.0);
    assert!(evidence.posterior().iter().all(|part| part.is_finite()));
    assert!(wrong.is_finite() && samples.iter().all(Credibility::is_judged));
}
