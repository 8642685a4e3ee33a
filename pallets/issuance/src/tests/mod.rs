//! What people see, told by what they do.

mod approvals;
mod fuzz;
mod payouts;
mod policy;
mod received;
mod requests;
mod sums;
mod tokens;
