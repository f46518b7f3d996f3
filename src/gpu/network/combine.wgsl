// `result[r][c] = sum over t of factor(r, t) * rows[t][c]`, one addition after the other: the
// factors are `first`, the rows `second`. With the flag, it is what goes back through the rectifier
// whose output the result was.

var<workgroup> factors: array<f32, TILE * TILE>;
var<workgroup> rows: array<f32, TILE * TILE>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let column = group.x * TILE + local.x;
    let row = group.y * TILE + local.y;
    let place = local.y * TILE + local.x;
    var sum = parameters.nothing;
    for (var start = 0u; start < parameters.terms; start += TILE) {
        let across = start + local.x;
        if row < parameters.rows && across < parameters.terms {
            let at = row * parameters.target_stride + across * parameters.term_stride;
            factors[place] = first[parameters.first_start + at];
        }
        let down = start + local.y;
        if column < parameters.columns && down < parameters.terms {
            rows[place] = second[parameters.second_start + down * parameters.columns + column];
        }
        workgroupBarrier();
        for (var term = 0u; term < min(TILE, parameters.terms - start); term += 1u) {
            let product = times(factors[local.y * TILE + term], rows[term * TILE + local.x]);
            sum = plus(sum, product);
        }
        workgroupBarrier();
    }
    if row < parameters.rows && column < parameters.columns {
        let at = parameters.result_start + row * parameters.columns + column;
        let passes = parameters.flag == 0u || result[at] > 0.0;
        result[at] = select(0.0, sum, passes);
    }
}
