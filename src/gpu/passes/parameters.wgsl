// What a pass is told.

struct Parameters {
    unchanged: u32,
    nothing: f32,
    // Elements of the chunk, or partial sums of a term.
    length: u32,
    // Workgroups in a row of the dispatch.
    columns: u32,
    // From a term's sums to those of the next term.
    stride: u32,
    // Where the sums of this chunk begin.
    first: u32,
    settings: vec4f,
    more: vec4f,
}
