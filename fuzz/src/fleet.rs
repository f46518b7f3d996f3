//! A device and a gateway that are told anything: neither panics, rounds only grow, what is asked
//! twice is answered alike, whatever fails a device goes through the next round with the right
//! bits, and a gateway takes finite values only.

use crate::input::Input;
use crate::nor_flash::{Damage, NorFlashModel};
use crate::trace::tell;
use rolling_ball_fleet::{
    Answer, Begin, Device, DeviceConfig, Encoding, Frame, Gateway, Heard, Hello, Metrics, Refusal,
    Request, RoundId, Stage, Status, checksum,
};

const N: usize = 40;
const MODEL: u32 = 7;
const BLOCK: usize = 256;
const FLEET: u32 = Device::bytes(BLOCK, N) as u32;
const BEHIND: u32 = FLEET + BLOCK as u32;

type Flash = NorFlashModel<4, BLOCK>;

/// Makes the calls that the bytes say; how many there were.
pub fn run(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    if input.flag() { device(&mut input) } else { gateway(&mut input) }
}

struct Board {
    flash: Flash,
    device: Device,
    theta: [f32; N],
}

impl Board {
    fn boot(mut flash: Flash) -> Self {
        flash.reboot();
        let config = DeviceConfig {
            model: MODEL,
            parameters: N as u32,
            samples: 3,
            range: 0..FLEET,
            checkpoints: FLEET..BEHIND,
        };
        match Device::new(&mut flash, config) {
            Ok(device) => Self { flash, device, theta: [f32::NAN; N] },
            Err(error) => panic!("the flash fits: {error}"),
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut answer = Vec::new();
        for byte in bytes {
            let sent = self.device.hear(*byte, &mut self.flash, &self.theta);
            answer.extend(sent.unwrap_or_default());
        }
        answer
    }

    /// Where a round is to be trained, adds this to its theta.
    fn train(&mut self, change: f32) {
        let Some(round) = self.device.round().filter(|_| self.device.stage() == Stage::Training)
        else {
            return;
        };
        let (id, expected) = (round.id, round.theta);
        if self.device.start(&mut self.flash, &mut self.theta).is_err() {
            return;
        }
        assert_eq!(checksum(&self.theta), expected, "the theta of the round");
        assert!(self.theta.iter().all(|value| value.is_finite()));
        self.theta.iter_mut().for_each(|value| *value += change);
        if self.device.trained(id, &self.theta, Metrics::default()).is_err() {
            self.device.give_up(id);
        }
    }

    /// A round that nobody disturbs.
    fn round(&mut self, id: RoundId) -> [f32; N] {
        let start = theta(5);
        let mut update = [0.0; N];
        let begin = begin(id);
        let Ok(mut gateway) = Gateway::new(begin, &start, &mut update) else {
            panic!("the round makes sense")
        };
        for _ in 0..100 {
            let answer = self.hear(gateway.request());
            self.train(0.25);
            for byte in answer {
                match gateway.hear(byte) {
                    Ok(Heard::Update) => gateway.end(),
                    Ok(Heard::End) => return update,
                    Ok(_) => {}
                    Err(error) => panic!("round {id:?}: {error}"),
                }
            }
        }
        panic!("round {id:?} has no end")
    }
}

fn begin(id: RoundId) -> Begin {
    let (model, parameters) = (MODEL, N as u32);
    Begin { id, model, parameters, steps: 1, radius: 1.0, learning_rate: 1.0, ..Begin::default() }
}

/// Some theta.
fn theta(which: u8) -> [f32; N] {
    std::array::from_fn(|index| f32::from(which) + index as f32 / 8.0)
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn number(input: &mut Input) -> u32 {
    match input.byte() {
        0..=99 => 32 * u32::from(input.byte() % 4),
        100..=199 => input.byte().into(),
        200..=220 => N as u32,
        _ => input.word(),
    }
}

fn some_id(input: &mut Input) -> RoundId {
    let byte = input.byte();
    RoundId { federation: (byte & 3).into(), round: (byte >> 2 & 7).into() }
}

fn device(input: &mut Input) -> u64 {
    let mut board = Board::boot(Flash::holding(vec![0x55; BEHIND as usize + BLOCK]));
    let (mut calls, mut newest) = (0, RoundId::default());
    while !input.ended() {
        calls += 1;
        let kind = input.byte();
        let id = some_id(input);
        match kind {
            0..=19 => {
                let sent: Vec<u8> = (0..input.byte()).map(|_| input.byte()).collect();
                tell(format_args!("bytes {sent:?}"));
                board.hear(&sent);
            }
            20..=39 => {
                let (at, damage) = (input.byte(), input.byte());
                let damage = match damage {
                    0..=63 => Damage::Untouched,
                    64..=127 => Damage::Half,
                    seed => Damage::Noise(seed),
                };
                tell(format_args!("the power fails after {at} operations: {damage:?}"));
                let at = board.flash.operations + usize::from(at);
                board.flash.power_cut = Some((at, damage));
            }
            40..=59 => {
                tell(format_args!("boot"));
                board = Board::boot(board.flash);
            }
            60..=109 => {
                let change = input.finite();
                tell(format_args!("train by {change}"));
                board.train(change);
            }
            110..=149 => {
                let start = theta(input.byte() % 2);
                tell(format_args!("the theta of {id:?}"));
                for (index, values) in start.chunks(32).enumerate() {
                    let (offset, values) = (32 * index as u32, bytes(values));
                    ask(&mut board, Request::Theta { id, offset, values: &values });
                }
            }
            150..=189 => {
                let request = Request::Begin(Begin {
                    theta: checksum(&theta(input.byte() % 2)),
                    encoding: if input.flag() { Encoding::Int8 } else { Encoding::F32 },
                    steps: u16::from(input.byte() % 8),
                    radius: input.setting(),
                    ..begin(id)
                });
                ask_twice(&mut board, request);
            }
            190..=199 => {
                let values: Vec<u8> = (0..input.byte() % 129).map(|_| input.byte()).collect();
                let offset = number(input);
                ask_twice(&mut board, Request::Theta { id, offset, values: &values });
            }
            200..=229 => {
                let offset = number(input);
                ask_twice(&mut board, Request::Update { id, offset });
            }
            _ => {
                let known = checksum(&board.theta);
                let theta = if input.flag() { known } else { number(input) };
                ask_twice(&mut board, Request::Done { id, theta });
            }
        }
        let status = status(&mut board);
        assert!(status >= newest, "{status:?} after {newest:?}");
        newest = status;
    }
    let mut board = Board::boot(board.flash);
    assert!(status(&mut board) >= newest, "a round was forgotten: {newest:?}");
    // The first may have what an earlier update has left.
    let [_, second] = [8, 9].map(|round| board.round(RoundId { federation: 9, round }));
    let start = theta(5);
    assert_eq!(second, start.map(|value| (value + 0.25) - value));
    assert!(board.flash.bytes[BEHIND as usize..].iter().all(|byte| *byte == 0x55));
    calls
}

/// Asks after the end of whatever was sent before.
fn ask(board: &mut Board, request: Request) -> Vec<u8> {
    board.hear(&[0]);
    let mut frame = Frame::new();
    let Some(sent) = request.frame(&mut frame) else { panic!("it fits a frame") };
    board.hear(sent)
}

fn ask_twice(board: &mut Board, request: Request) {
    tell(format_args!("{request:?}"));
    let first = ask(board, request);
    // A flash that fails may fail once more, or not.
    if board.flash.power_cut.is_none() {
        assert_eq!(first, ask(board, request), "{request:?} twice");
    }
}

/// The round that the device is in.
fn status(board: &mut Board) -> RoundId {
    let answer = ask(board, Request::Hello);
    let mut frame = Frame::new();
    for byte in answer {
        if let Some(content) = frame.push(byte) {
            match Answer::read(content) {
                Some(Answer::Hello(hello)) => return hello.id,
                other => panic!("a hello is answered with {other:?}"),
            }
        }
    }
    panic!("a hello is not answered")
}

fn gateway(input: &mut Input) -> u64 {
    let (start, mut update) = (theta(1), [f32::NAN; N]);
    let id = RoundId { federation: 1, round: 1 };
    let encoding = if input.flag() { Encoding::Int8 } else { Encoding::F32 };
    let Ok(mut gateway) = Gateway::new(Begin { encoding, ..begin(id) }, &start, &mut update) else {
        panic!("the round makes sense")
    };
    let mut calls = 0;
    let (mut whole, mut failed) = (false, false);
    while !input.ended() && !failed {
        calls += 1;
        let values: Vec<u8> = match input.byte() {
            0..=99 => bytes(&[input.float(); 32]),
            100..=149 => bytes(&[input.float(); 8]),
            150..=199 => vec![input.byte(); N],
            _ => (0..input.byte() % 129).map(|_| input.byte()).collect(),
        };
        let theirs = if input.byte() < 230 { id } else { some_id(input) };
        let answer = match input.byte() {
            0..=49 => Answer::Hello(Hello {
                version: if input.byte() < 240 { 1 } else { 2 },
                model: if input.byte() < 240 { MODEL } else { 0 },
                parameters: N as u32,
                ..Hello::default()
            }),
            50..=149 => Answer::Status(Status {
                id: theirs,
                stage: Stage::of(input.byte() % 6).unwrap_or_default(),
                have: number(input),
                refusal: Refusal::of(input.byte()).unwrap_or_default(),
                metrics: Metrics {
                    theta: u32::from(input.byte() % 2),
                    kept: input.float(),
                    ..Metrics::default()
                },
            }),
            _ => Answer::Update {
                id: theirs,
                offset: number(input),
                encoding: if input.byte() < 230 { encoding } else { Encoding::F32 },
                scale: input.float(),
                values: &values,
            },
        };
        tell(format_args!("{answer:?}"));
        let mut frame = Frame::new();
        gateway.request();
        for byte in answer.frame(&mut frame).unwrap_or_default() {
            match gateway.hear(*byte) {
                Ok(Heard::Update) => whole = true,
                // The update is fetched anew.
                Ok(Heard::Answer | Heard::Busy) => whole = false,
                Ok(Heard::Nothing | Heard::End) => {}
                Err(error) => {
                    tell(format_args!("{error}"));
                    failed = true;
                }
            }
        }
    }
    let (_, fetched) = gateway.progress();
    let fetched = if failed { &[] } else { &update[..fetched as usize] };
    assert!(fetched.iter().all(|value| value.is_finite()), "{fetched:?}");
    assert!(!whole || failed || fetched.len() == N);
    calls
}
