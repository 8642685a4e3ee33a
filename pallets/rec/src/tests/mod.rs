//! What people see, told by what they do.

mod certificates;
mod fuzz;
mod invariants;
mod pool;
mod ranges;
mod registry;
mod requests;
mod retirements;
mod revocation;
mod storage;
