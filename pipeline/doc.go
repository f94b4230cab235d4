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
// The queue's entry (admission control) is the only place at which a frame may be lost on a healthy network: a hop that is
// behind makes the loop wait, the queue fill and the entry refuse. This is backpressure, and there is no other buffer that
// grows: what waits is bounded in frames and in bytes. What the entry refuses or drops is load that is shed, each frame
// answered and counted.
//
// Next nodes may join and leave while frames pass (joining.go); the strategy sees what is there now.
//
// The package knows no wire and no tensor: Executor and Sender are what it needs of them.
package pipeline
