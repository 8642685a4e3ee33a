//! By which structure to find the levels of a book: the ladder of bits that the pallet has, beside two simpler ones.
//!
//! - *ladder*: three levels of 256-bit nodes, and each level under a key of its own;
//! - *list*: each level under a key of its own, linked to the next better and the next worse one, searched from the best;
//! - *vector*: all levels in one item, sorted.
//!
//! In books of so many resting orders, each at a price of its own, a price is added, the best one asked for, and the added
//! one removed: near the best price, where most orders come, and anywhere, where anybody may place one. Told are entries
//! read and written, their bytes, and the time over a trie in memory; *root* is the time to write the added price into the
//! trie. Queues of orders are the same in all three, and left out. Run with
//! `cargo bench --package pallet-order-book --bench structures`.

use codec::{Decode, Encode};
use heliograph_fuzz::Rng;
use pallet_order_book::{
	ladder::{self, Bits, Node, Nodes, Tick, Way, TICKS},
	Level,
};
use sp_io::TestExternalities;
use std::{
	cell::Cell,
	collections::BTreeSet,
	time::{Duration, Instant},
};

thread_local! {
	/// Reads, writes, and bytes of both.
	static COST: Cell<[u64; 3]> = const { Cell::new([0; 3]) };
}

fn account(kind: usize, bytes: usize) {
	let mut cost = COST.get();
	cost[kind] += 1;
	cost[2] += bytes as u64;
	COST.set(cost);
}

fn read<T: Decode>(key: &[u8]) -> Option<T> {
	let bytes = sp_io::storage::get(key);
	account(0, bytes.as_ref().map_or(0, |bytes| bytes.len()));
	bytes.map(|bytes| T::decode(&mut &bytes[..]).expect("it was encoded so"))
}

fn write(key: &[u8], value: &impl Encode) {
	let bytes = value.encode();
	account(1, bytes.len());
	sp_io::storage::set(key, &bytes);
}

fn clear(key: &[u8]) {
	account(1, 0);
	sp_io::storage::clear(key);
}

const LEVEL: Level = Level { head: 1, tail: 1, energy: 1_000_000, orders: 1 };

/// A way to keep the prices of sellers: the lowest is the best.
trait Structure {
	const NAME: &'static str;
	/// A book with these prices, from the lowest on.
	fn build(ticks: &[Tick]);
	fn insert(tick: Tick);
	fn best() -> Option<Tick>;
	fn remove(tick: Tick);
}

fn level_key(tick: Tick) -> Vec<u8> {
	(b'l', tick).encode()
}

struct Ladder;

impl Nodes for Ladder {
	fn read(&self, node: Node) -> Bits {
		read(&(b'n', node.depth, node.index).encode()).unwrap_or_default()
	}

	fn write(&mut self, node: Node, bits: Bits) {
		let key = (b'n', node.depth, node.index).encode();
		if bits.is_empty() {
			clear(&key);
		} else {
			write(&key, &bits);
		}
	}
}

impl Structure for Ladder {
	const NAME: &'static str = "ladder";

	fn build(ticks: &[Tick]) {
		ticks.iter().for_each(|tick| Self::insert(*tick));
	}

	fn insert(tick: Tick) {
		assert_eq!(read::<Level>(&level_key(tick)), None);
		write(&level_key(tick), &LEVEL);
		ladder::insert(&mut Ladder, tick);
	}

	fn best() -> Option<Tick> {
		let tick = ladder::first(&Ladder, Way::Up)?;
		read::<Level>(&level_key(tick)).map(|_| tick)
	}

	fn remove(tick: Tick) {
		clear(&level_key(tick));
		ladder::remove(&mut Ladder, tick);
	}
}

/// A level with the prices before and after it.
#[derive(Encode, Decode)]
struct Link {
	level: Level,
	better: Option<Tick>,
	worse: Option<Tick>,
}

struct List;

impl List {
	fn link(tick: Tick) -> Link {
		read(&level_key(tick)).expect("it is in the list")
	}

	/// Makes two prices neighbours; the best one has none before it, and the worst none after it.
	fn join(better: Option<Tick>, worse: Option<Tick>) {
		match better {
			Some(tick) => write(&level_key(tick), &Link { worse, ..Self::link(tick) }),
			None => write(b"best", &worse),
		}
		if let Some(tick) = worse {
			write(&level_key(tick), &Link { better, ..Self::link(tick) });
		}
	}
}

impl Structure for List {
	const NAME: &'static str = "list";

	fn build(ticks: &[Tick]) {
		write(b"best", &ticks.first().copied());
		for (at, tick) in ticks.iter().enumerate() {
			let better = at.checked_sub(1).map(|before| ticks[before]);
			let worse = ticks.get(at + 1).copied();
			write(&level_key(*tick), &Link { level: LEVEL, better, worse });
		}
	}

	fn insert(tick: Tick) {
		let mut better = None;
		let mut worse = Self::first();
		while let Some(other) = worse.filter(|other| *other < tick) {
			better = Some(other);
			worse = Self::link(other).worse;
		}
		write(&level_key(tick), &Link { level: LEVEL, better, worse });
		if let Some(other) = worse {
			write(&level_key(other), &Link { better: Some(tick), ..Self::link(other) });
		}
		match better {
			Some(other) => {
				write(&level_key(other), &Link { worse: Some(tick), ..Self::link(other) })
			}
			None => write(b"best", &Some(tick)),
		}
	}

	fn best() -> Option<Tick> {
		let tick = Self::first()?;
		Self::link(tick);
		Some(tick)
	}

	fn remove(tick: Tick) {
		let Link { better, worse, .. } = Self::link(tick);
		clear(&level_key(tick));
		Self::join(better, worse);
	}
}

impl List {
	fn first() -> Option<Tick> {
		read::<Option<Tick>>(b"best").flatten()
	}
}

struct Vector;

impl Vector {
	fn all() -> Vec<(Tick, Level)> {
		read(b"all").unwrap_or_default()
	}
}

impl Structure for Vector {
	const NAME: &'static str = "vector";

	fn build(ticks: &[Tick]) {
		write(b"all", &ticks.iter().map(|tick| (*tick, LEVEL)).collect::<Vec<_>>());
	}

	fn insert(tick: Tick) {
		let mut all = Self::all();
		let at = all.partition_point(|(other, _)| *other < tick);
		all.insert(at, (tick, LEVEL));
		write(b"all", &all);
	}

	fn best() -> Option<Tick> {
		Self::all().first().map(|(tick, _)| *tick)
	}

	fn remove(tick: Tick) {
		let mut all = Self::all();
		let at = all.partition_point(|(other, _)| *other < tick);
		assert_eq!(all.remove(at).0, tick);
		write(b"all", &all);
	}
}

/// The middle one, in us.
fn median(times: &mut [Duration]) -> f64 {
	times.sort();
	times[times.len() / 2].as_secs_f64() * 1e6
}

#[derive(Default)]
struct Sum {
	times: Vec<Duration>,
	cost: [u64; 3],
}

impl Sum {
	fn measure<R>(&mut self, act: impl FnOnce() -> R) -> R {
		COST.set([0; 3]);
		let started = Instant::now();
		let result = act();
		self.times.push(started.elapsed());
		let cost = COST.get();
		(0..3).for_each(|kind| self.cost[kind] += cost[kind]);
		result
	}

	fn tell(&mut self) -> String {
		let [reads, writes, bytes] = self.cost.map(|sum| sum as f64 / self.times.len() as f64);
		format!("{reads:>8.1} {writes:>6.1} {bytes:>10.0} {:>10.1}", median(&mut self.times))
	}
}

/// What it takes to add a price, to find the best, and to remove the added one, each told; returns the time of adding.
fn run<S: Structure>(ticks: &BTreeSet<Tick>, new: &[Tick], place: &str) -> f64 {
	let mut ext = TestExternalities::default();
	ext.execute_with(|| S::build(&ticks.iter().copied().collect::<Vec<_>>()));
	ext.commit_all().expect("nothing is open");
	let (mut insert, mut best, mut remove) = (Sum::default(), Sum::default(), Sum::default());
	let mut roots = vec![];
	for tick in new {
		ext.execute_with(|| insert.measure(|| S::insert(*tick)));
		let started = Instant::now();
		ext.commit_all().expect("nothing is open");
		roots.push(started.elapsed());
		let expected = ticks.first().copied().min(Some(*tick));
		assert_eq!(ext.execute_with(|| best.measure(S::best)), expected);
		ext.execute_with(|| remove.measure(|| S::remove(*tick)));
		ext.commit_all().expect("nothing is open");
	}
	let root = median(&mut roots);
	let (orders, name) = (ticks.len(), S::NAME);
	println!("{orders:>7} {place:<9} {name:<7} insert {} {root:>10.1}", insert.tell());
	println!("{:>25} best   {}", "", best.tell());
	println!("{:>25} remove {}", "", remove.tell());
	median(&mut insert.times) + root
}

fn main() {
	// `cargo test` runs benches too, to see that they work: one price in a small book is enough for that.
	let full = std::env::args().any(|arg| arg == "--bench");
	let (sizes, samples): (&[usize], usize) =
		if full { (&[100, 10_000, 100_000], 15) } else { (&[100], 1) };
	println!("{samples} prices each; means of what is read and written, medians of times\n");
	println!(
		"{:>7} {:<9} {:<7} {:<6} {:>8} {:>6} {:>10} {:>10} {:>10}",
		"orders", "where", "", "", "reads", "writes", "bytes", "us", "us (root)"
	);
	let mut rng = Rng::new(20_260_930);
	for size in sizes {
		let mut ticks = BTreeSet::new();
		while ticks.len() < *size {
			ticks.insert(rng.below(TICKS.into()) as Tick);
		}
		// Near: below the tenth best price.
		let near = *ticks.iter().nth(10).expect("there are more than ten");
		for (place, below) in [("near best", near), ("anywhere", TICKS)] {
			let mut new = BTreeSet::new();
			while new.len() < samples {
				let tick = rng.below(below.into()) as Tick;
				if !ticks.contains(&tick) {
					new.insert(tick);
				}
			}
			let new = new.into_iter().collect::<Vec<_>>();
			let ladder = run::<Ladder>(&ticks, &new, place);
			let list = run::<List>(&ticks, &new, place);
			let vector = run::<Vector>(&ticks, &new, place);
			println!(
				"{:>25} to add a price with its root, beside the ladder: list x {:.1}, vector x {:.1}\n",
				"",
				list / ladder,
				vector / ladder
			);
		}
	}
}
