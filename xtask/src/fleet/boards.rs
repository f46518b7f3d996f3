//! Emulated boards and rehearsed devices in one federation, whose power and whose server fail.

use super::Fleet;
use super::flower::SuperLink;
use super::relay::{Fault, Relay};
use super::run::{Comparison, Report, Run};
use crate::device::qemu::MPS2_AN386;
use crate::device::serial::Board;
use crate::rounds::{firmware, write_samples};
use anyhow::{Context, Result, ensure};
use rolling_ball::nn::QuantizedSamples;
use std::fs;
use std::path::Path;
use workbench::progress;
use workbench::setup;
use workbench::table::{grouped, markdown};

/// Boards of the federation; all other devices are rehearsed.
const BOARDS: u32 = 4;
/// What happens to the first of them.
const FAULTS: [Fault; 2] = [Fault::Save, Fault::Upload(2)];
/// The round in which the server is killed.
const KILLED: u32 = 3;

/// Federates, and compares.
pub fn measure(fleet: &Fleet, rounds: u32, install: bool) -> Result<String> {
    ensure!(
        fleet.spoken,
        "the firmware of the boards is for the spoken digits: name them with --fsdd DIR, or run \
         the other parts with --only"
    );
    setup::rust_targets(&[MPS2_AN386.target])?;
    setup::debian_package("qemu-system-arm", "qemu-system-arm", install)?;
    let elf = progress::during("building the boards' firmware", firmware)?;
    let first = fleet.devices - BOARDS;
    let folder = fleet.environment.folder().join("boards");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot empty target/fleet/boards")?;
    }
    let mut relays = Vec::new();
    for (place, number) in (0..).zip(first..fleet.devices) {
        let own = folder.join(number.to_string());
        let board = Board::new(&elf, &own)?;
        samples(fleet, number, &own)?;
        relays.push(Relay::start(board, FAULTS.get(place).copied())?);
    }
    let addresses: Vec<String> = relays.iter().map(Relay::address).collect();
    let run = fleet.run("boards")?.with("rounds", rounds).with("boards", addresses.join(","));
    // One node is the gateway to all boards.
    let nodes = first as usize + 1;
    federate(fleet, &run.with("minimum-nodes", nodes), nodes, rounds, relays)
}

fn federate(
    fleet: &Fleet,
    run: &Run,
    nodes: usize,
    rounds: u32,
    relays: Vec<Relay>,
) -> Result<String> {
    let bar = progress::bar("boards and rehearsed devices", "rounds");
    bar.set_length(rounds.into());
    let killed = format!("[ROUND {KILLED}/{rounds}]");
    let mut its_round = false;
    let stopped = SuperLink::start(&fleet.environment)?.run(run, nodes, |line| {
        if line.contains("[ROUND ") {
            bar.inc(1);
        }
        its_round |= line.contains(&killed);
        its_round && line.contains("configure_train")
    })?;
    ensure!(stopped.is_none(), "the server was not killed: it ended before");
    bar.set_position((KILLED - 1).into());
    let before = run.report(&fleet.environment)?;
    ensure!(before.round == KILLED - 1, "the server had saved {} rounds", before.round);
    let course = SuperLink::start(&fleet.environment)?.run(run, nodes, |line| {
        if line.contains("[ROUND ") {
            bar.inc(1);
        }
        false
    })?;
    bar.finish_and_clear();
    ensure!(course.is_some(), "the second server did not end");
    let mut cuts = 0;
    for relay in relays {
        cuts += relay.stop()?;
    }
    ensure!(cuts == FAULTS.len() as u32, "the power was cut {cuts} times");
    let report = run.report(&fleet.environment)?;
    let rehearsed = progress::during("the same without a fault", || {
        let run = fleet.run("boards-rehearsed")?.with("rounds", rounds);
        run.rehearse(&fleet.environment)
    })?;
    told(fleet, rounds, &report, &rehearsed)
}

fn told(fleet: &Fleet, rounds: u32, report: &Report, rehearsed: &Report) -> Result<String> {
    let rows = (1..=rounds).map(|round| {
        let of_round: Vec<_> = report.boards.iter().filter(|board| board.round == round).collect();
        let equal = of_round.iter().filter(|board| board.equal).count();
        let sum = |value: fn(&&Comparison) -> u64| of_round.iter().map(value).sum::<u64>();
        let metric = |name: &str| {
            let value = report.history.get(&round).and_then(|told| told.get(name));
            value.copied().unwrap_or_default()
        };
        let a_board = |bytes: u64| grouped(bytes / of_round.len().max(1) as u64);
        vec![
            round.to_string(),
            format!("{:.0}", metric("devices")),
            format!("{equal} of {}", of_round.len()),
            sum(|board| board.attempts.into()).to_string(),
            a_board(sum(|board| board.sent)),
            a_board(sum(|board| board.received)),
            super::per_cent(metric("held-out")),
        ]
    });
    let columns = [
        "round",
        "devices",
        "boards with the rehearsal's bits",
        "connections to boards",
        "bytes down, a board",
        "bytes up, a board",
        "held-out, %",
    ];
    let table = markdown(columns.map(str::to_owned).to_vec(), rows);
    let wrong = report.boards.iter().filter(|board| !board.equal).count();
    ensure!(wrong == 0, "{wrong} updates of boards are not their rehearsals':\n{table}");
    for round in 1..=rounds {
        let updates = report.boards.iter().filter(|board| board.round == round).count();
        let (boards, again) = (BOARDS as usize, round == KILLED);
        // More of them would mean that two servers were there at once.
        ensure!(
            updates == boards || again && (boards..=2 * boards).contains(&updates),
            "{updates} updates of boards were compared in round {round}:\n{table}"
        );
    }
    ensure!(
        report.hash == rehearsed.hash,
        "the shared parameters are {:08x}, and without a fault {:08x}:\n{table}",
        report.hash,
        rehearsed.hash
    );
    Ok(format!(
        "`cargo xtask fleet --only boards --rounds {rounds}`. {} rehearsed devices and {BOARDS} \
         emulated Cortex-M4F boards, which one gateway drives over their serial ports, on {}. \
         The first board loses its power in a save in its first round, the second one in the \
         upload of round 2, and the server is killed, with everything that it has started, when it \
         has begun round {KILLED}, and is started again. After each round a board's change and all \
         that it tells are compared with those of its rehearsal; in round {KILLED} those that both \
         servers have asked for count twice.\n\n{table}\n\nAfter the last round the shared \
         parameters are {:08x}, as \
         they are in a rehearsal of all {} devices in one process, without a fault: nothing was \
         lost.",
        fleet.devices - BOARDS,
        fleet.digits,
        report.hash,
        fleet.devices,
    ))
}

/// Writes what a board learns from.
fn samples(fleet: &Fleet, device: u32, folder: &Path) -> Result<()> {
    let program = "import sys\n\
                   from rolling_ball_fleet.partition import Partition\n\
                   samples = Partition(sys.argv[1], int(sys.argv[2])).device(int(sys.argv[3]))\n\
                   samples.x.tofile(sys.argv[4] + '/x.bin')\n\
                   samples.y.tofile(sys.argv[4] + '/y.bin')\n";
    let (devices, device) = (fleet.devices.to_string(), device.to_string());
    let arguments = [
        Path::new("-c"),
        Path::new(program),
        &fleet.model.data,
        Path::new(&devices),
        Path::new(&device),
        folder,
    ];
    fleet.environment.python(&arguments, "the samples of a board")?;
    let (inputs, labels) = (fs::read(folder.join("x.bin"))?, fs::read(folder.join("y.bin"))?);
    let width = inputs.len() / labels.len().max(1);
    let (scale, offset) = (fleet.model.scale, fleet.model.offset);
    let samples = QuantizedSamples { inputs: &inputs, labels: &labels, width, scale, offset };
    write_samples(&folder.join("samples.image"), samples)
}
