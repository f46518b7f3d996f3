//! The store of samples against a list that does the same in the obvious way.

use crate::input::Input;
use crate::trace::tell;
use rolling_ball::nn::{SampleStore, Samples};

const WIDTH: usize = 2;
const CAPACITY: usize = 5;

/// Makes the calls that the bytes say; how many there were.
pub fn run(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    let mut store = SampleStore::<WIDTH, CAPACITY>::new();
    let mut list: Vec<([u8; WIDTH], u8)> = Vec::new();
    let mut calls = 0;
    while !input.ended() {
        calls += 1;
        let byte = input.byte();
        if byte > 250 {
            tell(format_args!("clear"));
            store.clear();
            list.clear();
        } else {
            let (values, class) = ([byte, input.byte()], byte % 4);
            let dropped = store.push(&values, class);
            tell(format_args!("push({values:?}, {class}): {dropped:?}"));
            list.push((values, class));
            let expected = (list.len() > CAPACITY).then(|| {
                let count = |class| list.iter().filter(|(_, other)| *other == class).count();
                let most = list.iter().map(|(_, class)| count(*class)).max();
                // The oldest of a largest class; the new one is the last to go.
                let oldest = list.iter().position(|(_, class)| Some(count(*class)) == most);
                list.remove(oldest.unwrap_or_default()).1
            });
            assert_eq!(dropped, expected, "the class that made room");
        }
        assert_eq!(store.len(), list.len());
        assert_eq!(store.is_empty(), list.is_empty());
        let samples = store.samples(1.0, 0.0);
        for (index, (values, class)) in list.iter().enumerate() {
            let Some(sample) = samples.get(index) else { panic!("sample {index} is gone") };
            assert_eq!((sample.input.values, sample.target), (&values[..], usize::from(*class)));
        }
        assert!(samples.get(list.len()).is_none());
    }
    calls
}
