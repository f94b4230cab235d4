// Package pipeline is what happens to a frame on one node: a bounded queue, a stage loop that runs layers and asks the
// strategy where the frame goes next, hops to the neighbours, and a ledger that counts every frame.
//
//	                     ┌──────────────── Stage ─────────────────┐
//	          full:      │                                        │
//	          refused    │            strategy                    │
//	             ▲       │          Next │ ▲ Observe              │
//	             │       │               ▼ │                      │
//	frames ──▶ Queue ────┼──▶ stage loop ──┬──▶ Hop "next" ───────┼──▶ slow   (forwarded)
//	             (bounded)    Executor     │      │ feedback      │
//	                     │       ▲         │      │               │
//	                     │       └─────────┼──────┘               │
//	                     │                 └──▶ Hop "end" ────────┼──▶ end    (finished)
//	                     └────────────────────────────────────────┘
//
// The queue's entry is the only door through which a frame may be lost on a healthy network: a hop that is behind makes
// the loop wait, the queue fill and the entry refuse. There is no other buffer that grows.
//
// The package knows no wire and no tensor: Executor and Sender are what it needs of them.
package pipeline
