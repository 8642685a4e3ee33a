//! What people do with their accounts: batches, shared accounts, delegates.

use crate::{
	Balance, Balances, OriginCaller, Runtime, RuntimeCall, RuntimeEvent, System, MILLI_DECA,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	parameter_types,
	traits::{ConstU32, InstanceFilter},
};
use scale_info::TypeInfo;
use sp_runtime::traits::BlakeTwo256;

impl pallet_utility::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

/// What storing a thing of `bytes` bytes costs as a deposit.
const fn deposit(bytes: Balance) -> Balance {
	100 * MILLI_DECA + bytes * MILLI_DECA
}

parameter_types! {
	pub const MultisigDepositBase: Balance = deposit(88);
	pub const MultisigDepositFactor: Balance = 32 * MILLI_DECA;
	pub const ProxyDepositBase: Balance = deposit(8);
	pub const ProxyDepositFactor: Balance = 33 * MILLI_DECA;
	pub const AnnouncementDepositBase: Balance = deposit(8);
	pub const AnnouncementDepositFactor: Balance = 66 * MILLI_DECA;
}

impl pallet_multisig::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type DepositBase = MultisigDepositBase;
	type DepositFactor = MultisigDepositFactor;
	type MaxSignatories = ConstU32<100>;
	type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
	type BlockNumberProvider = System;
}

/// What a delegate may do.
#[derive(
	Copy,
	Clone,
	Eq,
	PartialEq,
	Ord,
	PartialOrd,
	Encode,
	Decode,
	DecodeWithMemTracking,
	Debug,
	Default,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum ProxyType {
	/// Everything.
	#[default]
	#[codec(index = 0)]
	Any,
	/// Everything that moves no balance, no token and no certificate, uses none up, and trades none.
	#[codec(index = 1)]
	NonTransfer,
	/// Propose and vote.
	#[codec(index = 2)]
	Governance,
	/// Register and run the owner's systems, ask for payment and certificates, collect rewards, and settle what was traded.
	#[codec(index = 3)]
	Miner,
}

/// What gives a certificate away, uses it up, or pays for one.
fn moves_certificates(call: &RuntimeCall) -> bool {
	use pallet_rec::Call;
	matches!(
		call,
		RuntimeCall::Rec(
			Call::transfer { .. }
				| Call::retire { .. }
				| Call::liquidise { .. }
				| Call::retire_fungible { .. }
				| Call::solidify { .. }
				| Call::retire_as_carbon { .. }
				| Call::offer { .. }
				| Call::buy { .. }
				| Call::request_storage { .. }
		)
	)
}

/// What pays into a pool of rewards, or for units of a plant.
fn moves_rewards(call: &RuntimeCall) -> bool {
	use pallet_rewards::Call;
	matches!(
		call,
		RuntimeCall::Rewards(Call::fund { .. } | Call::buy_units { .. } | Call::rebind { .. })
	)
}

/// What trades, or gives something as a security.
fn trades(call: &RuntimeCall) -> bool {
	use pallet_lots::Call as Lots;
	use pallet_order_book::Call as Book;
	use pallet_slot_auction::Call as Slots;
	use pallet_storage_nodes::Call as Nodes;
	match call {
		RuntimeCall::OrderBook(call) => {
			matches!(call, Book::place_order { .. } | Book::amend_order { .. })
		}
		RuntimeCall::SlotAuction(call) => matches!(call, Slots::place { .. }),
		RuntimeCall::Lots(call) => matches!(call, Lots::list { .. } | Lots::bid { .. }),
		RuntimeCall::StorageNodes(call) => matches!(
			call,
			Nodes::register_node { .. }
				| Nodes::top_up_bond { .. }
				| Nodes::request_withdrawal { .. }
				| Nodes::accept_withdrawal { .. }
				| Nodes::cover { .. }
		),
		_ => false,
	}
}

/// What settles trade by what was measured. Anyone may; who has a part in it gets what is its own.
fn settles_trade(call: &RuntimeCall) -> bool {
	use pallet_lots::Call as Lots;
	use pallet_order_book::Call as Book;
	use pallet_slot_auction::Call as Slots;
	use pallet_storage_nodes::Call as Nodes;
	match call {
		RuntimeCall::OrderBook(call) => matches!(call, Book::prune { .. } | Book::reclaim { .. }),
		RuntimeCall::SlotAuction(call) => {
			matches!(call, Slots::clear { .. } | Slots::collect { .. } | Slots::settle { .. })
		}
		RuntimeCall::Lots(call) => {
			matches!(call, Lots::close_auction { .. } | Lots::draw { .. } | Lots::expire { .. })
		}
		RuntimeCall::StorageNodes(call) => matches!(
			call,
			Nodes::account { .. } | Nodes::account_meter { .. } | Nodes::settle_withdrawal { .. }
		),
		_ => false,
	}
}

/// What the operator of a system needs for its certificates. They go to the owner.
fn asks_for_certificates(call: &pallet_rec::Call<Runtime>) -> bool {
	use pallet_rec::Call;
	matches!(call, Call::request { .. } | Call::update { .. } | Call::cancel { .. })
}

/// What the operator of a system needs for its rewards. They go to the owner. Selling a plant's units is not among it: the
/// price is the owner's to choose.
fn runs_for_rewards(call: &pallet_rewards::Call<Runtime>) -> bool {
	use pallet_rewards::Call;
	matches!(
		call,
		Call::enroll { .. }
			| Call::leave { .. }
			| Call::record { .. }
			| Call::claim { .. }
			| Call::set_selling { .. }
			| Call::delist { .. }
			| Call::advance_plants { .. }
			| Call::claim_plant { .. }
			| Call::claim_units { .. }
	)
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		match self {
			Self::Any => true,
			Self::NonTransfer => {
				!matches!(
					call,
					RuntimeCall::Balances(..)
						| RuntimeCall::Assets(..)
						| RuntimeCall::PoolAssets(..)
						| RuntimeCall::AssetConversion(..)
						| RuntimeCall::AssetRewards(..)
						| RuntimeCall::Issuance(pallet_issuance::Call::burn { .. })
				) && !moves_certificates(call)
					&& !moves_rewards(call)
					&& !trades(call)
			}
			Self::Governance => matches!(
				call,
				RuntimeCall::TechnicalCommittee(..)
					| RuntimeCall::Preimage(..)
					| RuntimeCall::Referenda(..)
					| RuntimeCall::ConvictionVoting(..)
					| RuntimeCall::Whitelist(..)
					| RuntimeCall::Utility(..)
			),
			Self::Miner => match call {
				RuntimeCall::Issuance(call) => !matches!(call, pallet_issuance::Call::burn { .. }),
				RuntimeCall::Rec(call) => asks_for_certificates(call),
				RuntimeCall::Rewards(call) => runs_for_rewards(call),
				RuntimeCall::Miners(..) | RuntimeCall::Metering(..) | RuntimeCall::Utility(..) => {
					true
				}
				call => settles_trade(call),
			},
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		match (self, other) {
			(Self::Any, _) => true,
			(_, Self::Any) => false,
			(Self::NonTransfer, _) => true,
			(mine, theirs) => mine == theirs,
		}
	}
}

impl pallet_proxy::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type ProxyType = ProxyType;
	type ProxyDepositBase = ProxyDepositBase;
	type ProxyDepositFactor = ProxyDepositFactor;
	type MaxProxies = ConstU32<32>;
	type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
	type MaxPending = ConstU32<32>;
	type CallHasher = BlakeTwo256;
	type AnnouncementDepositBase = AnnouncementDepositBase;
	type AnnouncementDepositFactor = AnnouncementDepositFactor;
	type BlockNumberProvider = System;
}
