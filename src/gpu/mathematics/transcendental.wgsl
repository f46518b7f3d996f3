// Exponential and logarithm by the operations of the crate libm's, in their order, so that they give its bits: those of
// FreeBSD's e_expf.c and e_logf.c, after which that crate goes. A result below the normal numbers is 0 here.

fn infinite_or_nan(number: f32) -> bool {
    return (bitcast<u32>(number) & 0x7f800000u) == 0x7f800000u;
}

fn exponential(number: f32) -> f32 {
    if number < -87.33654 {
        return 0.0;
    }
    if infinite_or_nan(number) || number > 88.72283 {
        return number * bitcast<f32>(0x7f800000u + parameters.unchanged);
    }
    let size = abs(number);
    if size <= 0.00012207031 {
        return plus(1.0, number);
    }
    // number = k ln 2 + high - low
    var k = 0;
    var high = number;
    var low = 0.0;
    var rest = number;
    if size > 0.34657359 {
        let half = select(0.5, -0.5, number < 0.0);
        k = i32(plus(times(1.442695, number), half));
        if size <= 1.0397208 {
            k = select(1, -1, number < 0.0);
        }
        high = minus(number, times(f32(k), 0.69314575));
        low = times(f32(k), 1.4286068e-6);
        rest = minus(high, low);
    }
    let square = squared(rest);
    let polynomial = times(square, plus(0.16666625, times(square, -0.0027667333)));
    let c = minus(rest, polynomial);
    let quotient = rounded(times(rest, c) / minus(2.0, c));
    let power = plus(1.0, plus(minus(quotient, low), high));
    return bitcast<f32>(bitcast<u32>(power) + (bitcast<u32>(k) << 23u));
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
