"""What a payment should come to, worked out in whole numbers from the rules as they are documented: an independent second
implementation, that shares nothing with the chain's.

DECA in base units of 10^-12, KWH in base units of 1 mWh, LP tokens in base units.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

MWH_PER_KWH = 1_000_000
PARTS = 1_000_000
# Of the first liquidity of a pool, so many LP tokens belong to nobody.
LOCKED_LP = 100
# 0.3 %: what a swap leaves to those who hold LP tokens.
SWAP_FEE = 3_000


@dataclass(frozen=True)
class Parameters:
    """The governed numbers. Shares in parts per million."""

    deca_per_kwh: int
    miner_share: int
    node_share: int
    max_pool_deviation: int

    @classmethod
    def of(cls, ledger: dict) -> "Parameters":
        return cls(*(int(ledger["parameters"][name]) for name in ("deca_per_kwh", "miner_share", "node_share", "max_pool_deviation")))


@dataclass(frozen=True)
class Pool:
    """A pool of DECA and KWH."""

    deca: int
    kwh: int
    lp: int

    @classmethod
    def of(cls, ledger: dict) -> "Pool":
        return cls(*(int(ledger["pool"][name]) for name in ("deca", "kwh", "lp_supply")))

    def take(self, deca: int, kwh: int) -> tuple[int, int, int]:
        """What it takes of both in its own ratio, and the LP tokens that it gives."""
        if not self.deca or not self.kwh:
            return deca, kwh, isqrt(deca * kwh) - LOCKED_LP
        fitting = deca * self.kwh // self.deca
        if fitting <= kwh:
            kwh = fitting
        else:
            deca = kwh * self.deca // self.kwh
        return deca, kwh, min(deca * self.lp // self.deca, kwh * self.lp // self.kwh)

    def worth(self, lp: int) -> tuple[int, int]:
        """DECA and KWH that so many LP tokens can be turned into."""
        return lp * self.deca // self.lp, lp * self.kwh // self.lp

    @staticmethod
    def swap(amount: int, reserve_in: int, reserve_out: int) -> int:
        """What comes out for an amount that goes in: the product of the reserves stays, of all but the fee."""
        without_fee = amount * (PARTS - SWAP_FEE)
        return without_fee * reserve_out // (reserve_in * PARTS + without_fee)

    def is_near(self, parameters: Parameters) -> bool:
        """Whether its price lies within the allowed deviation of the governed one."""
        if not self.deca or not self.kwh:
            return True
        off = abs(self.deca * MWH_PER_KWH - parameters.deca_per_kwh * self.kwh)
        return off * PARTS <= parameters.max_pool_deviation * parameters.deca_per_kwh * self.kwh


@dataclass(frozen=True)
class Settlement:
    """Who gets what: (DECA, KWH, LP)."""

    energy: int
    payment: int
    miner: tuple[int, int, int]
    node: tuple[int, int, int]
    treasury: tuple[int, int, int]
    pool: tuple[int, int, int]


def settle(energy: int, parameters: Parameters, pool: Pool | None) -> Settlement:
    """The payment for `energy` mWh that a storage node received; into the pool, unless that is none."""
    miner, node = parameters.miner_share, parameters.node_share
    payment = energy * parameters.deca_per_kwh // MWH_PER_KWH

    def shared(amount: int) -> tuple[int, int, int]:
        parts = amount * miner // PARTS, amount * node // PARTS
        return *parts, amount - sum(parts)

    def between(amount: int) -> tuple[int, int, int]:
        """Between miner and node alone."""
        parts = amount * miner // (miner + node), amount * node // (miner + node)
        return *parts, amount - sum(parts)

    deca, kwh = shared(payment), shared(energy)
    if pool is None:
        return Settlement(energy, payment, *((d, k, 0) for d, k in zip(deca, kwh)), (0, 0, 0))
    offered = deca[0] + deca[1], kwh[0] + kwh[1]
    taken = pool.take(*offered)
    rest = [between(offered[0] - taken[0]), between(offered[1] - taken[1])]
    lp = between(taken[2])
    return Settlement(
        energy,
        payment,
        (rest[0][0], rest[1][0], lp[0]),
        (rest[0][1], rest[1][1], lp[1]),
        (deca[2] + rest[0][2], kwh[2] + rest[1][2], lp[2]),
        taken,
    )


def moved(around: dict, name: str) -> dict[str, int]:
    """What an account gained in a block, by kind."""
    before, after = around["before"]["purses"][name], around["after"]["purses"][name]
    return {kind: int(after[kind]) - int(before[kind]) for kind in before}


def total(purse: dict) -> int:
    """Free and held DECA."""
    return int(purse["deca"]) + int(purse["held"])
