//! The tracks of the public referenda: who decides what by which majority, in how much time.

use super::origins::{hours, Origin};
use crate::{Balance, BlockNumber, RuntimeOrigin, DECA};
use alloc::borrow::Cow;
use frame_support::traits::OriginTrait;
use pallet_referenda::{Curve, Track, TrackInfo};
use sp_runtime::{str_array, FixedI64};

/// The number of a track.
pub type TrackId = u16;

/// A track as it is written here: periods in hours of governance.
struct Spec {
	id: TrackId,
	name: &'static str,
	max_deciding: u32,
	decision_deposit: Balance,
	/// How long it is public before votes are counted.
	prepare: u32,
	/// How long the votes have to reach the majority.
	decision: u32,
	/// How long they have to hold it.
	confirm: u32,
	/// How long it then waits at least before it is carried out.
	enactment: u32,
	/// The share of votes, weighted by conviction, that must be in favour.
	min_approval: Curve,
	/// The share of all DECA that must have voted in favour. Never falls to zero: a chain whose holders do not turn out
	/// must not be for the taking.
	min_support: Curve,
}

const DAY: u32 = 24;

const fn percent(x: u128) -> FixedI64 {
	FixedI64::from_rational(x, 100)
}

/// From `ceil` per cent at the beginning, straight down to `floor` per cent at the end.
const fn falling(ceil: u128, floor: u128) -> Curve {
	Curve::make_linear(1, 1, percent(floor), percent(ceil))
}

/// From all at the beginning steeply down to four fifths after a seventh of the time, and to a half at the end.
const SUPERMAJORITY: Curve = Curve::make_reciprocal(1, 7, percent(80), percent(50), percent(100));

const TRACKS: [Spec; 8] = [
	Spec {
		id: 0,
		name: "root",
		max_deciding: 1,
		decision_deposit: 10_000 * DECA,
		prepare: 2,
		decision: 14 * DAY,
		confirm: DAY,
		enactment: DAY,
		min_approval: SUPERMAJORITY,
		min_support: falling(50, 5),
	},
	Spec {
		id: 1,
		name: "whitelisted_caller",
		max_deciding: 20,
		decision_deposit: 1_000 * DECA,
		prepare: 1,
		decision: 14 * DAY,
		confirm: 1,
		enactment: 1,
		min_approval: SUPERMAJORITY,
		min_support: falling(20, 2),
	},
	Spec {
		id: 10,
		name: "treasurer",
		max_deciding: 10,
		decision_deposit: 1_000 * DECA,
		prepare: 2,
		decision: 14 * DAY,
		confirm: 2 * DAY,
		enactment: DAY,
		min_approval: SUPERMAJORITY,
		min_support: falling(50, 2),
	},
	Spec {
		id: 20,
		name: "miner_admission",
		max_deciding: 50,
		decision_deposit: 100 * DECA,
		prepare: 1,
		decision: 7 * DAY,
		confirm: DAY / 2,
		enactment: 1,
		min_approval: falling(100, 50),
		min_support: falling(25, 1),
	},
	Spec {
		id: 21,
		name: "minting",
		max_deciding: 50,
		decision_deposit: 100 * DECA,
		prepare: 2,
		decision: 7 * DAY,
		confirm: DAY,
		enactment: 1,
		min_approval: falling(100, 50),
		min_support: falling(25, 1),
	},
	Spec {
		id: 30,
		name: "parameters",
		max_deciding: 10,
		decision_deposit: 1_000 * DECA,
		prepare: 2,
		decision: 14 * DAY,
		confirm: DAY,
		enactment: DAY,
		min_approval: SUPERMAJORITY,
		min_support: falling(50, 2),
	},
	Spec {
		id: 40,
		name: "referendum_canceller",
		max_deciding: 50,
		decision_deposit: 1_000 * DECA,
		prepare: 2,
		decision: 7 * DAY,
		confirm: 3,
		enactment: 1,
		min_approval: falling(100, 50),
		min_support: falling(25, 1),
	},
	Spec {
		id: 41,
		name: "referendum_killer",
		max_deciding: 50,
		decision_deposit: 5_000 * DECA,
		prepare: 2,
		decision: 7 * DAY,
		confirm: 3,
		enactment: 1,
		min_approval: falling(100, 50),
		min_support: falling(25, 1),
	},
];

impl Spec {
	fn info(&self) -> TrackInfo<Balance, BlockNumber> {
		TrackInfo {
			name: str_array(self.name),
			max_deciding: self.max_deciding,
			decision_deposit: self.decision_deposit,
			prepare_period: hours(self.prepare),
			decision_period: hours(self.decision),
			confirm_period: hours(self.confirm),
			min_enactment_period: hours(self.enactment),
			min_approval: self.min_approval.clone(),
			min_support: self.min_support.clone(),
		}
	}
}

/// The tracks, with the periods of the chain that asks.
pub struct Tracks;

impl pallet_referenda::TracksInfo<Balance, BlockNumber> for Tracks {
	type Id = TrackId;
	type RuntimeOrigin = <RuntimeOrigin as OriginTrait>::PalletsOrigin;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<Self::Id, Balance, BlockNumber>>> {
		TRACKS.iter().map(|spec| Cow::Owned(Track { id: spec.id, info: spec.info() }))
	}

	fn track_for(origin: &Self::RuntimeOrigin) -> Result<Self::Id, ()> {
		use crate::OriginCaller;
		match origin {
			OriginCaller::system(frame_system::RawOrigin::Root) => Ok(0),
			OriginCaller::Origins(origin) => Ok(match origin {
				Origin::WhitelistedCaller => 1,
				Origin::Treasurer => 10,
				Origin::MinerAdmission => 20,
				Origin::Minting => 21,
				Origin::Parameters => 30,
				Origin::ReferendumCanceller => 40,
				Origin::ReferendumKiller => 41,
			}),
			_ => Err(()),
		}
	}

	fn info(id: Self::Id) -> Option<Cow<'static, TrackInfo<Balance, BlockNumber>>> {
		TRACKS.iter().find(|spec| spec.id == id).map(|spec| Cow::Owned(spec.info()))
	}
}
