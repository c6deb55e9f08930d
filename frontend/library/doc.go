// Package library holds what is true of all packages of the built-in library at once: its
// tests resolve and compile each of them for every generation of Jetsons and for PCs, look for
// what the linters find, compare what is compiled with golden files, and make docs/library.md
// and the pages in docs/library.
package library
