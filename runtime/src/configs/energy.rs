//! Who measures, how much, and what it is paid with.

use super::{
	parameters::{self, EnsureNumbers},
	tokens::{account_of, KwhPool, ISSUANCE_PALLET_ID, KWH, MINERS_PALLET_ID},
	treasury_account, EnsureAdmission, EnsureIssuance, EnsureTechnicalDao,
};
use crate::{
	weights, AccountId, Assets, Balances, Metering, Miners, Nfts, Runtime, RuntimeHoldReason,
	StorageNodes,
};
use frame_support::{
	parameter_types,
	traits::{ConstU32, Get},
	PalletId,
};
use heliograph_primitives::units::Interval;

parameter_types! {
	pub TreasuryVault: AccountId = treasury_account();
	pub CollectionOwner: AccountId = account_of(MINERS_PALLET_ID);
	pub const IssuancePalletId: PalletId = ISSUANCE_PALLET_ID;
}

/// Most bytes of a reason that the DAO gives.
pub type MaxReasonLength = ConstU32<256>;

impl pallet_miners::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Tokens = Nfts;
	type CollectionOwner = CollectionOwner;
	type SlashDestination = TreasuryVault;
	type AdmissionOrigin = EnsureAdmission;
	type ApplicationDeposit = parameters::miners::ApplicationDeposit;
	type MeterDeposit = parameters::miners::MeterDeposit;
	type MaxMeters = ConstU32<32>;
	type MaxOperators = ConstU32<8>;
	type MaxReasonLength = MaxReasonLength;
	type WeightInfo = weights::pallet_miners::WeightInfo<Runtime>;
}

impl pallet_metering::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Miners = Miners;
	type Bonds = Miners;
	type ChallengeOrigin = EnsureTechnicalDao;
	type ChallengeBond = parameters::metering::ChallengeBond;
	type ChallengeTimeout = parameters::metering::ChallengeTimeout;
	type SlashDestination = TreasuryVault;
	type MaxBatch = ConstU32<512>;
	type FeelessReadingsPerBlock = parameters::metering::FeelessReadingsPerBlock;
	type WeightInfo = weights::pallet_metering::WeightInfo<Runtime>;
}

/// The interval that runs.
pub struct CurrentInterval;
impl Get<Interval> for CurrentInterval {
	fn get() -> Interval {
		Metering::current_interval()
	}
}

impl pallet_issuance::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Assets = Assets;
	type KwhId = ConstU32<KWH>;
	type Pool = KwhPool;
	type Miners = Miners;
	type Energy = Metering;
	type WorkShares = ();
	type CurrentInterval = CurrentInterval;
	type Receipts = StorageNodes;
	type IssuanceOrigin = EnsureIssuance;
	type GridMeterOrigin = EnsureNumbers;
	type DecaPerKwh = parameters::issuance::DecaPerKwh;
	type MinerShare = parameters::issuance::MinerShare;
	type NodeShare = parameters::issuance::NodeShare;
	type MaxPoolDeviation = parameters::issuance::MaxPoolDeviation;
	type RequestDeposit = parameters::issuance::RequestDeposit;
	type Treasury = TreasuryVault;
	type PalletId = IssuancePalletId;
	type MaxMeters = ConstU32<32>;
	type MaxBatch = ConstU32<32>;
	type MaxReasonLength = MaxReasonLength;
	type WeightInfo = weights::pallet_issuance::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = benchmark_helpers::Register;
}

#[cfg(feature = "runtime-benchmarks")]
mod benchmark_helpers {
	use super::*;
	use crate::{configs::benchmark_helpers::Register as Batteries, RuntimeOrigin};
	use alloc::vec::Vec;
	use codec::Encode;
	use heliograph_primitives::{
		claim::EnergyClaims,
		keys::MeterKey,
		miner::{Flow, MeterDirectory, MeterId, MinerId, MinerKind},
	};
	use pallet_miners::Meters;
	use pallet_storage_nodes::{BenchmarkHelper, NodeMeters, Nodes, Receipts};

	const NAMEPLATE: u32 = 5_000;

	/// Registers whom the benchmarks of issuance pay.
	pub struct Register;
	impl pallet_issuance::BenchmarkHelper<AccountId> for Register {
		fn register(owner: &AccountId, meters: u32, sends: bool) -> (MinerId, Vec<MeterId>) {
			let node = battery();
			let key = |number: u32| {
				MeterKey::Ed25519(sp_io::hashing::blake2_256(&(owner, number).encode()))
			};
			// With as many meters as a miner can have, of which only the first is written out.
			let first = Miners::register_for_benchmark(owner, owner, key(0), NAMEPLATE);
			// A benchmark that cannot be set up must not be measured.
			let mut info = Meters::<Runtime>::get(first).expect("registered");
			info.node = sends.then_some(node);
			let all = (first..first + meters).collect::<Vec<_>>();
			for meter in &all {
				info.key = key(meter - first);
				Meters::<Runtime>::insert(meter, info);
			}
			(info.miner, all)
		}

		fn receive(meter: MeterId, energy: u128, received: u128) {
			StorageNodes::receive_for_benchmark(meter, energy, received);
			// A node like the one that is there, for this meter alone, and its charge meter: both by a number that nothing
			// else has.
			let number = u32::MAX - meter;
			let mut node = Nodes::<Runtime>::iter_values().next().expect("one was registered");
			node.meters.charge = number;
			Nodes::<Runtime>::insert(number, node);
			Metering::mature_for_benchmark(number, 1);
			Receipts::<Runtime>::mutate(meter, |receipt| {
				receipt.as_mut().expect("it was just given").node = number;
			});
		}
	}

	/// A battery that is a node, and whose meters have reported.
	fn battery() -> MinerId {
		let owner = AccountId::new([0xee; 32]);
		let (node, charge) = <Batteries as BenchmarkHelper<AccountId>>::register(
			&owner,
			MinerKind::Storage,
			Flow::Charge,
		);
		let discharge = <Batteries as BenchmarkHelper<AccountId>>::add_meter(node, Flow::Discharge);
		for meter in [charge, discharge] {
			Metering::mature_for_benchmark(meter, 1);
		}
		let meters = NodeMeters { charge, discharge, loss: None };
		StorageNodes::register_node(RuntimeOrigin::signed(owner), node, meters, 1)
			.expect("its owner can pay the bond");
		node
	}
}
