//! The ladder does what a sorted set does, at a cost that does not depend on what is in it.

use crate::ladder::{self, Bits, Node, Nodes, Tick, Way, TICKS};
use core::cell::Cell;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Nodes in memory, which count what is read and written.
#[derive(Default)]
struct Memory {
	nodes: BTreeMap<Node, Bits>,
	reads: Cell<u32>,
	writes: u32,
}

impl Nodes for Memory {
	fn read(&self, node: Node) -> Bits {
		self.reads.set(self.reads.get() + 1);
		self.nodes.get(&node).copied().unwrap_or_default()
	}

	fn write(&mut self, node: Node, bits: Bits) {
		self.writes += 1;
		if bits.is_empty() {
			self.nodes.remove(&node);
		} else {
			self.nodes.insert(node, bits);
		}
	}
}

impl Memory {
	/// What was read and written since it was last asked.
	fn cost(&mut self) -> (u32, u32) {
		(self.reads.take(), core::mem::take(&mut self.writes))
	}
}

/// Ticks that share nodes, and ticks that do not.
fn tick() -> impl Strategy<Value = Tick> {
	prop_oneof![
		Just(0),
		Just(TICKS - 1),
		0..TICKS,
		0..300u32,
		(0..256u32).prop_map(|byte| byte << 8),
		(0..256u32).prop_map(|byte| byte << 16),
		(0x0123_4500..0x0123_4700u32).prop_map(|tick| tick % TICKS),
	]
}

#[test]
fn empty_ladder_has_no_tick() {
	let nodes = Memory::default();
	for way in [Way::Up, Way::Down] {
		assert_eq!(ladder::first(&nodes, way), None);
		assert_eq!(ladder::after(&nodes, 5, way), None);
	}
}

#[test]
fn nothing_is_kept_when_the_last_tick_is_gone() {
	let mut nodes = Memory::default();
	for tick in [0, 1, 255, 256, 65_535, 65_536, TICKS - 1] {
		ladder::insert(&mut nodes, tick);
	}
	for tick in [256, 0, TICKS - 1, 255, 65_536, 1, 65_535] {
		ladder::remove(&mut nodes, tick);
	}
	assert!(nodes.nodes.is_empty());
}

#[test]
fn bits_are_walked_both_ways() {
	let mut bits = Bits::default();
	let set = [0, 1, 63, 64, 127, 128, 200, 255u8];
	for slot in set {
		bits.set(slot);
		assert!(bits.has(slot));
	}
	assert_eq!(bits.slots().collect::<Vec<_>>(), set);
	for slot in 0..=255u8 {
		let above = set.into_iter().find(|other| *other > slot);
		let below = set.into_iter().rev().find(|other| *other < slot);
		assert_eq!((bits.after(slot, Way::Up), bits.after(slot, Way::Down)), (above, below));
	}
	for slot in set {
		bits.clear(slot);
		assert!(!bits.has(slot));
	}
	assert!(bits.is_empty());
}

proptest! {
	#[test]
	fn ladder_does_what_a_sorted_set_does(
		steps in prop::collection::vec((tick(), prop::bool::ANY), 1..200),
		asked in prop::collection::vec(tick(), 20),
	) {
		let mut nodes = Memory::default();
		let mut set = BTreeSet::new();
		for (tick, add) in steps {
			if add {
				ladder::insert(&mut nodes, tick);
				set.insert(tick);
			} else if set.remove(&tick) {
				ladder::remove(&mut nodes, tick);
			}
			prop_assert_eq!(ladder::first(&nodes, Way::Up), set.first().copied());
			prop_assert_eq!(ladder::first(&nodes, Way::Down), set.last().copied());
		}
		for tick in asked {
			let above = set.range(tick + 1..).next().copied();
			let below = set.range(..tick).next_back().copied();
			prop_assert_eq!(ladder::after(&nodes, tick, Way::Up), above);
			prop_assert_eq!(ladder::after(&nodes, tick, Way::Down), below);
		}
		let first = ladder::first(&nodes, Way::Up);
		let walked = core::iter::successors(first, |tick| ladder::after(&nodes, *tick, Way::Up));
		prop_assert!(walked.eq(set.iter().copied()));
		for tick in &set {
			ladder::remove(&mut nodes, *tick);
		}
		prop_assert!(nodes.nodes.is_empty());
	}

	#[test]
	fn no_step_touches_more_than_three_nodes(
		ticks in prop::collection::btree_set(tick(), 1..200),
		tick in tick(),
	) {
		let mut nodes = Memory::default();
		for other in ticks.iter().filter(|other| **other != tick) {
			ladder::insert(&mut nodes, *other);
		}
		nodes.cost();
		ladder::insert(&mut nodes, tick);
		let (reads, writes) = nodes.cost();
		prop_assert!(reads <= 3 && writes <= 3);
		for way in [Way::Up, Way::Down] {
			ladder::first(&nodes, way);
			prop_assert_eq!(nodes.cost(), (3, 0));
			// Up to the root and down again.
			ladder::after(&nodes, tick, way);
			prop_assert!(nodes.cost().0 <= 5);
		}
		ladder::remove(&mut nodes, tick);
		let (reads, writes) = nodes.cost();
		prop_assert!(reads <= 3 && writes <= 3);
	}
}
