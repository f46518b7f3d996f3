#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rolling_ball_fuzz::fleet::run(data);
});
