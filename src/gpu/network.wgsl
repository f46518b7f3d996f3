// The products of dense layers, and softmax cross-entropy, in the order of the numeric contract.

struct Call {
    // Of the result: how many rows (samples, or targets), and how long one is.
    rows: u32,
    columns: u32,
    // What is added up for each of its elements.
    terms: u32,
    // Where what is multiplied begins, and the result.
    first_start: u32,
    second_start: u32,
    result_start: u32,
    // Of the factors of `combine`: from one target to the next, and from one term to the next.
    target_stride: u32,
    term_stride: u32,
    // Whether the result goes through a rectifier, forward or backward; whether the loss is to leave its gradient.
    flag: u32,
    // Of a sample in the mean.
    weight: f32,
}

@group(0) @binding(0) var<uniform> call: Call;
@group(0) @binding(1) var<storage, read> first: array<f32>;
@group(0) @binding(2) var<storage, read> second: array<f32>;
@group(0) @binding(3) var<storage, read_write> result: array<f32>;

// A workgroup makes a square of the result, from pieces of what is multiplied.
const TILE: u32 = 16u;
const INVOCATIONS: u32 = TILE * TILE;
// Floats of a row in a piece: four blocks of eight lanes.
const DEPTH: u32 = 32u;
const PANEL: u32 = 256u;

var<workgroup> rows_piece: array<f32, TILE * DEPTH>;
var<workgroup> columns_piece: array<f32, TILE * DEPTH>;

// What a lane starts from, -0.0: to add to it changes no number.
fn nothing() -> f32 {
    return bitcast<f32>(0x80000000u);
}

// `result[s][o] = (weights[o] . inputs[s]) + biases[o]`: theta is `second`, its weights at `second_start`, its biases right
// behind them.
@compute @workgroup_size(16, 16)
fn transform(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_id) local: vec3u,
    @builtin(local_invocation_index) index: u32,
) {
    let output = group.x * TILE + local.x;
    let sample = group.y * TILE + local.y;
    let width = call.terms;
    var segment = array(vec4f(nothing()), vec4f(nothing()));
    var panel = segment;
    for (var start = 0u; start < width; start += DEPTH) {
        for (var place = index; place < TILE * DEPTH; place += INVOCATIONS) {
            let column = start + place % DEPTH;
            let row = place / DEPTH;
            // Their product adds nothing.
            rows_piece[place] = 1.0;
            columns_piece[place] = nothing();
            if column < width {
                if group.y * TILE + row < call.rows {
                    let of_sample = group.y * TILE + row;
                    rows_piece[place] = first[call.first_start + of_sample * width + column];
                }
                if group.x * TILE + row < call.columns {
                    let of_output = group.x * TILE + row;
                    columns_piece[place] = second[call.second_start + of_output * width + column];
                }
            }
        }
        workgroupBarrier();
        for (var block = 0u; block < DEPTH; block += 8u) {
            let x = local.y * DEPTH + block;
            let w = local.x * DEPTH + block;
            panel[0] += four_of_columns(w) * four_of_rows(x);
            panel[1] += four_of_columns(w + 4u) * four_of_rows(x + 4u);
        }
        workgroupBarrier();
        if (start + DEPTH) % PANEL == 0u || start + DEPTH >= width {
            segment[0] += panel[0];
            segment[1] += panel[1];
            panel = array(vec4f(nothing()), vec4f(nothing()));
        }
    }
    if sample < call.rows && output < call.columns {
        let four = segment[0] + segment[1];
        let two = four.xy + four.zw;
        let value = (two.x + two.y) + second[call.second_start + call.columns * width + output];
        // NaN passes through.
        let rectified = call.flag != 0u && value <= 0.0;
        result[call.result_start + sample * call.columns + output] = select(value, 0.0, rectified);
    }
}

fn four_of_rows(place: u32) -> vec4f {
    return vec4f(
        rows_piece[place],
        rows_piece[place + 1u],
        rows_piece[place + 2u],
        rows_piece[place + 3u],
    );
}

fn four_of_columns(place: u32) -> vec4f {
    return vec4f(
        columns_piece[place],
        columns_piece[place + 1u],
        columns_piece[place + 2u],
        columns_piece[place + 3u],
    );
}

// `result[r][c] = sum over t of factor(r, t) * rows[t][c]`, one addition after the other: the factors are `first`, the rows
// `second`. With the flag, it is what goes back through the rectifier whose output the result was.
@compute @workgroup_size(16, 16)
fn combine(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_id) local: vec3u,
) {
    let column = group.x * TILE + local.x;
    let row = group.y * TILE + local.y;
    let place = local.y * TILE + local.x;
    var sum = nothing();
    for (var start = 0u; start < call.terms; start += TILE) {
        let factor_term = start + local.x;
        if row < call.rows && factor_term < call.terms {
            let at = row * call.target_stride + factor_term * call.term_stride;
            rows_piece[place] = first[call.first_start + at];
        }
        let row_term = start + local.y;
        if column < call.columns && row_term < call.terms {
            columns_piece[place] = second[call.second_start + row_term * call.columns + column];
        }
        workgroupBarrier();
        for (var term = 0u; term < min(TILE, call.terms - start); term += 1u) {
            sum += rows_piece[local.y * TILE + term] * columns_piece[term * TILE + local.x];
        }
        workgroupBarrier();
    }
    if row < call.rows && column < call.columns {
        let at = call.result_start + row * call.columns + column;
        let passes = call.flag == 0u || result[at] > 0.0;
        result[at] = select(0.0, sum, passes);
    }
}

// Of each sample, whose class is in `second`: its part of the mean loss behind all outputs, and, with the flag, the
// gradient over its outputs. `first` is not used.
@compute @workgroup_size(64)
fn softmax_cross_entropy(@builtin(global_invocation_id) invocation: vec3u) {
    let sample = invocation.x;
    if sample >= call.rows {
        return;
    }
    let start = sample * call.columns;
    let wanted = u32(second[call.second_start + sample]);
    var largest = result[start];
    for (var class = 1u; class < call.columns; class += 1u) {
        let logit = result[start + class];
        largest = select(largest, logit, logit > largest);
    }
    let along = result[start + wanted] - largest;
    var sum = 0.0;
    for (var class = 0u; class < call.columns; class += 1u) {
        sum += exp(result[start + class] - largest);
    }
    if call.flag != 0u {
        let factor = call.weight / sum;
        for (var class = 0u; class < call.columns; class += 1u) {
            let probability = exp(result[start + class] - largest) * factor;
            let certain = select(0.0, call.weight, class == wanted);
            result[start + class] = probability - certain;
        }
    }
    result[call.result_start + sample] = call.weight * (log(sum) - along);
}

// The parts of the mean loss, in the order of the samples, into the place behind them.
@compute @workgroup_size(1)
fn add_up() {
    var sum = 0.0;
    for (var sample = 0u; sample < call.rows; sample += 1u) {
        sum += result[call.result_start + sample];
    }
    result[call.result_start + call.rows] = sum;
}
