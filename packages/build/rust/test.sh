#!/usr/bin/env bash
# Compiles and tests a small crate with Cargo, without a network.
set -euo pipefail

rustc --version
cargo --version
work=$(mktemp -d)
export CARGO_HOME=$work/cargo
mkdir -p "$work/hello/src"
cd "$work/hello"
cat >Cargo.toml <<'TOML'
[package]
name = "hello"
version = "0.1.0"
edition = "2018"
TOML
cat >src/main.rs <<'RUST'
fn triangle(n: u64) -> u64 {
    (1..=n).sum()
}

fn main() {
    println!("{}", triangle(1000));
}

#[test]
fn adds() {
    assert_eq!(triangle(4), 10);
}
RUST
cargo test --offline
test "$(cargo run --offline --quiet)" = 500500
