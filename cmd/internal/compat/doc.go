// Package compat holds the comparison of jetkit with jetson-containers' own
// resolver: its tests compare packages, names and chains, and docs/compat.md
// lists what differs and why.
package compat
