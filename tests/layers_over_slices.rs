//! Layers whose shape is the lengths of their slices.

use rolling_ball::Error;
use rolling_ball::kernels::Active;
use rolling_ball::nn::{dense, relu};

#[test]
fn parameters_of_another_shape_are_refused_and_nothing_is_written() {
    let mut output = [7.0; 2];
    for length in [0, 1, 5, 6, 7, 9] {
        let parameters = vec![1.0; length];
        let refused = |result: Result<(), Error>| matches!(result, Err(Error::Length { .. }));
        assert!(refused(dense::forward::<Active>(&parameters, &[1.0; 3], &mut output)), "{length}");
        let mut gradient = [7.0; 9];
        let gradient = &mut gradient[..length];
        assert!(refused(dense::backward::<Active>(&[1.0; 3], &[1.0; 2], gradient)), "{length}");
        let mut input = [7.0; 3];
        assert!(
            refused(dense::backward_input::<Active>(&parameters, &mut input, &[1.0; 2])),
            "{length}"
        );
        assert_eq!((output, input), ([7.0; 2], [7.0; 3]));
        assert!(gradient.iter().all(|element| *element == 7.0));
    }
    assert!(relu::forward(&[1.0; 3], &mut output).is_err());
    assert!(relu::backward_through(&mut output, &[1.0; 3]).is_err());
    assert_eq!(output, [7.0; 2]);
}

#[test]
fn a_dense_layer_without_inputs_is_refused() {
    let mut output = [7.0; 2];
    let error = Error::Length { what: "layer input", expected: 1, actual: 0 };
    assert_eq!(dense::forward::<Active>(&[0.5, -1.0], &[], &mut output), Err(error));
    assert_eq!(output, [7.0; 2]);
}
