//! Who measures, how much, and what it is paid with.

use super::{
	parameters,
	tokens::{account_of, KwhPool, ISSUANCE_PALLET_ID, KWH, MINERS_PALLET_ID},
	treasury_account, EnsureAdmission, EnsureIssuance, EnsureTechnicalDao,
};
use crate::{
	weights, AccountId, Assets, Balances, Metering, Miners, Nfts, Runtime, RuntimeHoldReason,
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
	type IssuanceOrigin = EnsureIssuance;
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
	use alloc::vec::Vec;
	use codec::Encode;
	use heliograph_primitives::{
		keys::MeterKey,
		miner::{MeterDirectory, MeterId, MinerId, MinerKind},
	};
	use pallet_miners::Meters;

	const NAMEPLATE: u32 = 5_000;

	/// Registers whom the benchmarks of issuance pay.
	pub struct Register;
	impl pallet_issuance::BenchmarkHelper<AccountId> for Register {
		fn register(owner: &AccountId, meters: u32) -> (MinerId, Vec<MeterId>) {
			let node_owner = AccountId::new([0xee; 32]);
			let key = |who: &AccountId, number: u32| {
				MeterKey::Ed25519(sp_io::hashing::blake2_256(&(who, number).encode()))
			};
			let register =
				|who: &AccountId| Miners::register_for_benchmark(who, who, key(who, 0), NAMEPLATE);
			// A benchmark that cannot be set up must not be measured.
			let storage = Meters::<Runtime>::get(register(&node_owner)).expect("registered").miner;
			pallet_miners::Miners::<Runtime>::mutate(storage, |miner| {
				miner.as_mut().expect("registered").kind = MinerKind::Storage;
			});
			// With as many meters as a miner can have, of which only the first is written out.
			let first = register(owner);
			let mut info = Meters::<Runtime>::get(first).expect("registered");
			info.node = Some(storage);
			let all = (first..first + meters).collect::<Vec<_>>();
			for meter in &all {
				info.key = key(owner, meter - first);
				Meters::<Runtime>::insert(meter, info);
			}
			(info.miner, all)
		}
	}
}
