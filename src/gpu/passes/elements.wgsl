// A pass without sums: an element an invocation.

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
    let index = (group.y * parameters.columns + group.x) * 256u + local;
    if index < parameters.length {
        _ = visit(index);
    }
}
