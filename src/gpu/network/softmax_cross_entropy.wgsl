// Of each sample, whose class is in `second`: its part of the mean loss, behind all outputs, and,
// with the flag, the gradient over its outputs.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let sample = invocation.x;
    if sample >= parameters.rows {
        return;
    }
    let start = sample * parameters.columns;
    let wanted = u32(second[parameters.second_start + sample]);
    var largest = result[start];
    for (var output = 1u; output < parameters.columns; output += 1u) {
        let logit = result[start + output];
        largest = select(largest, logit, logit > largest);
    }
    let along = minus(result[start + wanted], largest);
    var sum = 0.0;
    for (var output = 0u; output < parameters.columns; output += 1u) {
        let power = exponential(minus(result[start + output], largest));
        sum = plus(sum, power);
        result[start + output] = power;
    }
    if parameters.flag != 0u {
        let factor = rounded(parameters.weight / sum);
        for (var output = 0u; output < parameters.columns; output += 1u) {
            let probability = times(result[start + output], factor);
            let certain = select(0.0, parameters.weight, output == wanted);
            result[start + output] = minus(probability, certain);
        }
    }
    let loss = minus(logarithm(sum), along);
    result[parameters.result_start + sample] = times(parameters.weight, loss);
}
