// The sum of a segment and a term a workgroup: the lanes of its panels in the order of the panels,
// then the lanes pairwise.

@group(0) @binding(0) var<storage, read> partials: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

// The lanes of 256 panels.
var<workgroup> panels: array<f32, 2048>;
var<workgroup> lanes: array<f32, 8>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
    let begin = group.x * 2048u;
    let count = min(parameters.length - begin, 2048u);
    for (var index = local; index < count; index += 256u) {
        panels[index] = partials[group.y * parameters.length + begin + index];
    }
    workgroupBarrier();
    if local < 8u {
        var lane = parameters.nothing;
        for (var index = local; index < count; index += 8u) {
            lane = plus(lane, panels[index]);
        }
        lanes[local] = lane;
    }
    workgroupBarrier();
    if local == 0u {
        let first = plus(plus(lanes[0], lanes[4]), plus(lanes[2], lanes[6]));
        let second = plus(plus(lanes[1], lanes[5]), plus(lanes[3], lanes[7]));
        sums[group.y * parameters.stride + parameters.first + group.x] = plus(first, second);
    }
}
