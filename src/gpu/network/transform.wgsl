// `result[s][o] = (weights[o] . inputs[s]) + biases[o]`: the inputs are `first`, theta is `second`,
// its weights at `second_start` and its biases right behind them.

// Floats of a row in a piece: four blocks of eight lanes, as two vectors each.
const DEPTH: u32 = 32u;
const VECTORS: u32 = DEPTH / 4u;
const PANEL: u32 = 256u;

var<workgroup> inputs: array<vec4f, TILE * VECTORS>;
var<workgroup> weights: array<vec4f, TILE * VECTORS>;

// What is missing of inputs and weights: their products add nothing.

fn input_at(sample: u32, column: u32) -> f32 {
    if sample < parameters.rows && column < parameters.terms {
        return first[parameters.first_start + sample * parameters.terms + column];
    }
    return 1.0;
}

fn weight_at(output: u32, column: u32) -> f32 {
    if output < parameters.columns && column < parameters.terms {
        return second[parameters.second_start + output * parameters.terms + column];
    }
    return parameters.nothing;
}

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_id) local: vec3u,
    @builtin(local_invocation_index) index: u32,
) {
    let output = group.x * TILE + local.x;
    let sample = group.y * TILE + local.y;
    var low = vec4f(parameters.nothing);
    var high = low;
    var panel_low = low;
    var panel_high = low;
    for (var start = 0u; start < parameters.terms; start += DEPTH) {
        // The first half of the invocations fetches inputs, the other half weights.
        let place = index % (TILE * VECTORS);
        let row = place / VECTORS;
        let column = start + place % VECTORS * 4u;
        if index < TILE * VECTORS {
            let of_sample = group.y * TILE + row;
            inputs[place] = vec4f(
                input_at(of_sample, column),
                input_at(of_sample, column + 1u),
                input_at(of_sample, column + 2u),
                input_at(of_sample, column + 3u),
            );
        } else {
            let of_output = group.x * TILE + row;
            weights[place] = vec4f(
                weight_at(of_output, column),
                weight_at(of_output, column + 1u),
                weight_at(of_output, column + 2u),
                weight_at(of_output, column + 3u),
            );
        }
        workgroupBarrier();
        for (var vector = 0u; vector < VECTORS; vector += 2u) {
            let x = local.y * VECTORS + vector;
            let w = local.x * VECTORS + vector;
            panel_low = plus_each(panel_low, times_each(weights[w], inputs[x]));
            panel_high = plus_each(panel_high, times_each(weights[w + 1u], inputs[x + 1u]));
        }
        workgroupBarrier();
        if (start + DEPTH) % PANEL == 0u || start + DEPTH >= parameters.terms {
            low = plus_each(low, panel_low);
            high = plus_each(high, panel_high);
            panel_low = vec4f(parameters.nothing);
            panel_high = panel_low;
        }
    }
    if sample < parameters.rows && output < parameters.columns {
        let four = plus_each(low, high);
        let sum = plus(plus(four.x, four.z), plus(four.y, four.w));
        let bias = second[parameters.second_start + parameters.columns * parameters.terms + output];
        let value = plus(sum, bias);
        // NaN passes through.
        let cut = parameters.flag != 0u && value <= 0.0;
        let place = parameters.result_start + sample * parameters.columns + output;
        result[place] = select(value, 0.0, cut);
    }
}
