// Exponential and logarithm by the operations of the crate libm's, in their order, so that they
// give its bits: those of FreeBSD's e_expf.c and e_logf.c, after which that crate goes.

fn infinite_or_nan(number: f32) -> bool {
    return (bitcast<u32>(number) & 0x7f800000u) == 0x7f800000u;
}

fn power_of_2(k: i32) -> f32 {
    return bitcast<f32>(u32(k + 127) << 23u);
}

fn exponential(number: f32) -> f32 {
    if number < -104.0 {
        return 0.0;
    }
    if infinite_or_nan(number) || number > 88.72283 {
        return number * bitcast<f32>(0x7f800000u + parameters.unchanged);
    }
    // number = k ln 2 + high - low
    let half = select(0.5, -0.5, number < 0.0);
    let k = i32(plus(times(1.442695, number), half));
    let high = minus(number, times(f32(k), 0.69314575));
    let low = times(f32(k), 1.4286068e-6);
    let rest = minus(high, low);
    let square = squared(rest);
    let polynomial = times(square, plus(0.16666625, times(square, -0.0027667333)));
    let even = minus(rest, polynomial);
    let quotient = rounded(times(rest, even) / minus(2.0, even));
    let fraction = plus(1.0, plus(minus(quotient, low), high));
    // Two powers of 2, since one may be too small for a normal number, or too large.
    let first = k >> 1u;
    let raised = times(times(fraction, power_of_2(first)), power_of_2(k - first));
    return select(raised, plus(1.0, number), abs(number) <= 0.00012207031);
}

// Of a normal number.
fn logarithm(number: f32) -> f32 {
    if infinite_or_nan(number) {
        return number;
    }
    // number = 2^k (1 + f), between the root of a half and that of 2
    let bits = bitcast<u32>(number) + (0x3f800000u - 0x3f3504f3u);
    let k = f32(i32(bits >> 23u) - 127);
    let f = minus(bitcast<f32>((bits & 0x007fffffu) + 0x3f3504f3u), 1.0);
    let s = rounded(f / plus(2.0, f));
    let z = squared(s);
    let w = squared(z);
    let even = times(w, plus(0.40000972, times(w, 0.24279079)));
    let odd = times(z, plus(0.6666666, times(w, 0.28498787)));
    let half = times(times(0.5, f), f);
    let series = times(s, plus(half, plus(odd, even)));
    let tail = minus(plus(series, times(k, 9.058001e-6)), half);
    return plus(plus(tail, f), times(k, 0.6931381));
}
