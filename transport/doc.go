// Package transport carries frames and feedback between nodes: Connect RPC over HTTP/1.1 keep-alive (h2c is accepted
// too), protobuf, on one port; unary, but for the stream of answers.
//
//	Client ──Push(frames)──▶ auth.Gate ──▶ server ──▶ Node    the answer brings one feedback for each frame
//	       ──Open, Close──▶                                   once a run
//
// A refusal is an answer. Errors are for what is invalid, unknown or out of reach; they keep their meaning (the
// pipeline's exported errors) across the wire. Everything that is read is validated before it is used.
//
// Package auth asks for certificates or a key, and bounds what a peer may have open and in memory here; package link
// puts all that a node sends on an emulated link.
//
// The package carries out no policy: what is retried, counted or closed is decided by its callers.
package transport

//go:generate npx --yes @bufbuild/buf@1.75.0 generate

// Port is where a node listens, and where it is called if an address names no port.
const Port = "12345"
