// The parts of the mean loss, in the order of the samples, into the place behind them.

@compute @workgroup_size(1)
fn main() {
    var sum = 0.0;
    for (var sample = 0u; sample < parameters.rows; sample += 1u) {
        sum = plus(sum, result[parameters.result_start + sample]);
    }
    result[parameters.result_start + parameters.rows] = sum;
}
