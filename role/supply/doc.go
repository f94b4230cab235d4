// Package supply brings networks to nodes that have no file of them: the chunks of a node's own layers, from the neighbour
// that has the file, or a whole file from a web server. Both end up in a cache folder of bounded size.
//
//	              Open                     lacks the network
//	fast ───────────────────────▶ slow ─────────────────────────▶ fast
//	     Supply: manifest                  the chunks that describe the network
//	     ───────────────────────▶      ─────────────────────────▶
//	     Supply: these chunks              those with the weights of its layers
//	     ───────────────────────▶      ─────────────────────────▶   … until none is wanted
//	     Open
//	     ───────────────────────▶ runs
//
// The run's digest is that of the manifest, and the manifest has the digest of each chunk (see model.Manifest). So what a
// neighbour sends can't be wrong unnoticed, a transfer that broke goes on where it was, and a node that was started again has
// what it had.
//
//	cache.go     the folder: what is in it, and what has to go
//	held.go      the chunks of one network
//	take.go      a node that lacks a network
//	give.go      one that has it
//	download.go  a file from a web server
package supply
