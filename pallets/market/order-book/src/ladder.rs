//! The ladder: which prices have orders, in an order that can be walked from either end.
//!
//! A tree of bits with 256 branches and three levels over all 2^24 ticks, so that a tick is three bytes, one for each
//! level. A bit of the lowest level stands for a tick, a bit above for a node that is not empty. To find the best tick
//! reads three nodes; to add or remove one writes at most three, and one where neighbours are there. None of it depends
//! on how many ticks are there, or who put them there.

use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The number of a price: the price divided by the size of a tick.
pub type Tick = u32;

/// Ticks are below this.
pub const TICKS: Tick = 1 << 24;

/// How many nodes there are from the root to a tick.
pub const DEPTHS: u8 = 3;

/// Which way a ladder is walked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
	/// From the lowest tick to the highest.
	Up,
	/// From the highest tick to the lowest.
	Down,
}

/// 256 bits: one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Bits([u64; 4]);

impl Bits {
	/// Where a bit stands: the number of its word, and its mask in it.
	const fn place(slot: u8) -> (usize, u64) {
		((slot >> 6) as usize, 1 << (slot & 63))
	}

	/// Whether no bit is set.
	pub fn is_empty(&self) -> bool {
		self.0 == [0; 4]
	}

	/// Whether this bit is set.
	pub fn has(&self, slot: u8) -> bool {
		let (word, mask) = Self::place(slot);
		self.0[word] & mask != 0
	}

	/// Sets a bit.
	pub fn set(&mut self, slot: u8) {
		let (word, mask) = Self::place(slot);
		self.0[word] |= mask;
	}

	/// Clears a bit.
	pub fn clear(&mut self, slot: u8) {
		let (word, mask) = Self::place(slot);
		self.0[word] &= !mask;
	}

	/// All bits that are set, lowest first.
	pub fn slots(self) -> impl Iterator<Item = u8> {
		core::iter::successors(self.first(Way::Up), move |slot| self.after(*slot, Way::Up))
	}

	/// The first bit that is set, going `way`.
	pub fn first(&self, way: Way) -> Option<u8> {
		match way {
			Way::Up => (0u8..4)
				.find(|word| self.0[usize::from(*word)] != 0)
				.map(|word| (word << 6) | self.0[usize::from(word)].trailing_zeros() as u8),
			Way::Down => (0u8..4)
				.rev()
				.find(|word| self.0[usize::from(*word)] != 0)
				.map(|word| (word << 6) | (63 - self.0[usize::from(word)].leading_zeros()) as u8),
		}
	}

	/// The first bit that is set beyond `slot`, going `way`.
	pub fn after(&self, slot: u8, way: Way) -> Option<u8> {
		let (own, mask) = Self::place(slot);
		// The bits of its own word that lie below it.
		let below = mask - 1;
		let mut beyond = *self;
		for (word, bits) in beyond.0.iter_mut().enumerate() {
			*bits &= match way {
				Way::Up if word < own => 0,
				Way::Up if word == own => !(below | mask),
				Way::Down if word > own => 0,
				Way::Down if word == own => below,
				_ => u64::MAX,
			};
		}
		beyond.first(way)
	}
}

/// Names a node: how many nodes are above it, and its number among those of its depth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Node {
	/// 0 is the root, 2 the lowest.
	pub depth: u8,
	/// The bytes of the tick that lead to it.
	pub index: u32,
}

impl Node {
	/// The root.
	pub const ROOT: Self = Self { depth: 0, index: 0 };

	/// The node at `depth` on the way to a tick, and the bit in it that the way goes through.
	const fn towards(tick: Tick, depth: u8) -> (Self, u8) {
		let below = (DEPTHS - 1 - depth) as u32 * 8;
		(Self { depth, index: (tick >> below) >> 8 }, ((tick >> below) & 0xff) as u8)
	}
}

/// Where the nodes of a ladder are kept. A node that is not there is empty.
pub trait Nodes {
	/// A node.
	fn read(&self, node: Node) -> Bits;
	/// Replaces a node. One that is empty need not be kept.
	fn write(&mut self, node: Node, bits: Bits);
}

/// Adds a tick, which must be below [`TICKS`].
pub fn insert(nodes: &mut impl Nodes, tick: Tick) {
	for depth in (0..DEPTHS).rev() {
		let (node, slot) = Node::towards(tick, depth);
		let mut bits = nodes.read(node);
		let was_empty = bits.is_empty();
		bits.set(slot);
		nodes.write(node, bits);
		// The nodes above know of one that was not empty.
		if !was_empty {
			break;
		}
	}
}

/// Removes a tick, which must be below [`TICKS`].
pub fn remove(nodes: &mut impl Nodes, tick: Tick) {
	for depth in (0..DEPTHS).rev() {
		let (node, slot) = Node::towards(tick, depth);
		let mut bits = nodes.read(node);
		bits.clear(slot);
		nodes.write(node, bits);
		// The nodes above go on knowing of one that is not empty.
		if !bits.is_empty() {
			break;
		}
	}
}

/// The first tick, going `way`: the lowest or the highest.
pub fn first(nodes: &impl Nodes, way: Way) -> Option<Tick> {
	first_under(nodes, Node::ROOT, way)
}

/// The first tick beyond `tick`, going `way`, whether or not `tick` itself is there.
pub fn after(nodes: &impl Nodes, tick: Tick, way: Way) -> Option<Tick> {
	(0..DEPTHS).rev().find_map(|depth| {
		let (node, slot) = Node::towards(tick, depth);
		let next = nodes.read(node).after(slot, way)?;
		first_under(nodes, child(node, next), way)
	})
}

/// The node, or below the lowest depth the tick, that a bit of a node stands for.
pub const fn child(node: Node, slot: u8) -> Node {
	Node { depth: node.depth + 1, index: (node.index << 8) | slot as u32 }
}

/// The first tick under a node.
fn first_under(nodes: &impl Nodes, mut node: Node, way: Way) -> Option<Tick> {
	while node.depth < DEPTHS {
		let slot = nodes.read(node).first(way)?;
		node = child(node, slot);
	}
	Some(node.index)
}
