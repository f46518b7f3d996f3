//! Layers whose shape is the lengths of their slices.

use rolling_ball::Error;
use rolling_ball::kernels::Active;
use rolling_ball::nn::activation::{self, Rectifier};
use rolling_ball::nn::{Gradient, dense};

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn parameters_of_another_shape_are_refused_and_nothing_is_written() {
    let refused = |result: Result<(), Error>| matches!(result, Err(Error::Length { .. }));
    let (x, slopes) = ([1.0; 3], [1.0; 2]);
    for (weights, biases) in [(0, 2), (5, 2), (7, 2), (6, 1), (6, 3), (0, 0)] {
        let (mut weights, mut biases) = (vec![7.0; weights], vec![7.0; biases]);
        let (mut output, mut input) = ([7.0; 2], [7.0; 3]);
        assert!(refused(dense::forward::<Active>(1, &weights, &biases, &x, &mut output)));
        if weights.len() != 6 {
            assert!(refused(dense::backward_input::<Active>(1, &weights, &mut input, &slopes)));
        }
        assert_eq!((output, input), ([7.0; 2], [7.0; 3]));
        // Gradients that are not wanted are empty.
        if !matches!((weights.len(), biases.len()), (0 | 6, 0 | 2)) {
            let [weights_gradient, biases_gradient] =
                [&mut weights, &mut biases].map(|values| Gradient { values, add: false });
            let result =
                dense::backward::<Active>(1, &x, &slopes, weights_gradient, biases_gradient);
            assert!(refused(result), "{} {}", weights.len(), biases.len());
            assert!(weights.iter().chain(&biases).all(|element| *element == 7.0));
        }
    }
    let mut output = [7.0; 2];
    assert!(activation::forward::<Rectifier>(&x, &mut output).is_err());
    assert!(activation::backward::<Rectifier>(&mut output, &x).is_err());
    assert_eq!(output, [7.0; 2]);
}

#[test]
fn a_dense_layer_without_inputs_is_refused() {
    let mut output = [7.0; 2];
    let error = Error::Length { what: "layer input", expected: 1, actual: 0 };
    assert_eq!(dense::forward::<Active>(1, &[], &[0.5, -1.0], &[], &mut output), Err(error));
    assert_eq!(output, [7.0; 2]);
}
