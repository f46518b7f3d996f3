// A pass with sums: a lane of a panel an invocation, so that eight neighbours read eight elements
// that follow one another.

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
    let place = (group.y * parameters.columns + group.x) * 256u + local;
    if place >= parameters.stride {
        return;
    }
    let panel = place / 8u * 256u;
    let end = min(panel + 256u, parameters.length);
    var lanes = vec4f(parameters.nothing);
    for (var index = panel + place % 8u; index < end; index += 8u) {
        lanes = plus_each(lanes, visit(index));
    }
    keep(place, lanes);
}
