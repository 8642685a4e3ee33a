//! Certificates of energy, the pool of them behind REC, and carbon.

use super::{
	energy::{CurrentInterval, MaxReasonLength, TreasuryVault},
	governance::{EnsureIssuance, EnsureRevocation},
	parameters::{self, EnsureNumbers},
	tokens::{CO2, REC, REC_PALLET_ID, RETIREMENTS},
};
use crate::{weights, Assets, Balances, Metering, Miners, Nfts, Runtime, RuntimeHoldReason};
use frame_support::{parameter_types, traits::ConstU32, PalletId};
use heliograph_primitives::units::INTERVALS_PER_DAY;

parameter_types! {
	pub const RecPalletId: PalletId = REC_PALLET_ID;
}

impl pallet_rec::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Assets = Assets;
	type RecId = ConstU32<REC>;
	type Co2Id = ConstU32<CO2>;
	type Miners = Miners;
	type Energy = Metering;
	type Tokens = Nfts;
	type RetirementCollection = ConstU32<RETIREMENTS>;
	type IssuanceOrigin = EnsureIssuance;
	type RevocationOrigin = EnsureRevocation;
	type EmissionOrigin = EnsureNumbers;
	type CurrentInterval = CurrentInterval;
	type RequestDeposit = parameters::rec::RequestDeposit;
	type CertificationFee = parameters::rec::CertificationFee;
	type SolidifyFee = parameters::rec::SolidifyFee;
	type RevocationWindow = parameters::rec::RevocationWindow;
	type Validity = parameters::rec::Validity;
	type EditWindow = ConstU32<{ 3 * INTERVALS_PER_DAY }>;
	type Treasury = TreasuryVault;
	type PalletId = RecPalletId;
	type MaxBatch = ConstU32<32>;
	type MaxParts = ConstU32<16>;
	type MaxReasonLength = MaxReasonLength;
	type WeightInfo = weights::pallet_rec::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = benchmark_helpers::Register;
}

#[cfg(feature = "runtime-benchmarks")]
mod benchmark_helpers {
	use super::*;
	use crate::AccountId;
	use codec::Encode;
	use heliograph_primitives::{
		keys::MeterKey,
		miner::{Flow, MeterDirectory, MeterId, MinerId, MinerKind, Source},
		units::Watts,
	};

	const NAMEPLATE: Watts = 5_000;

	fn key(owner: &AccountId, meter: MeterId) -> MeterKey {
		MeterKey::Ed25519(sp_io::hashing::blake2_256(&(owner, meter).encode()))
	}

	/// A miner of `kind` with a meter of `flow`.
	fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
		let next = pallet_miners::NextMeterId::<Runtime>::get();
		let meter = Miners::register_for_benchmark(owner, owner, key(owner, next), NAMEPLATE);
		// A benchmark that cannot be set up must not be measured.
		let miner = pallet_miners::Meters::<Runtime>::mutate(meter, |info| {
			let info = info.as_mut().expect("registered");
			info.flow = flow;
			info.miner
		});
		pallet_miners::Miners::<Runtime>::mutate(miner, |miner| {
			let miner = miner.as_mut().expect("registered");
			miner.kind = kind;
			miner.profile.source = Source::Solar;
		});
		(miner, meter)
	}

	/// Registers whose energy the benchmarks certify.
	pub struct Register;
	impl pallet_rec::BenchmarkHelper<AccountId> for Register {
		fn register(owner: &AccountId) -> (MinerId, MeterId) {
			register(owner, MinerKind::Standard, Flow::Generation)
		}

		fn register_storage(owner: &AccountId) -> (MinerId, MeterId, MeterId) {
			let (miner, discharge) = register(owner, MinerKind::Storage, Flow::Discharge);
			// The miner has numbers for as many meters as there can be; only the first is written out.
			let charge = discharge + 1;
			let mut info = pallet_miners::Meters::<Runtime>::get(discharge).expect("registered");
			info.flow = Flow::Charge;
			info.key = key(owner, charge);
			pallet_miners::Meters::<Runtime>::insert(charge, info);
			(miner, discharge, charge)
		}
	}
}
