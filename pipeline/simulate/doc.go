// Package simulate plays a run in virtual time: a discrete-event simulation of whole pipelines. The stations, which admit, decide
// and count, are those of package pipeline, and so are the strategies behind them, the measures of the way to a neighbour
// and the report. Only what is a goroutine there is a state machine here:
//
//	             arrivals          events, by time                  pipeline.Station
//	Plan ──▶ client ──▶ edge ──▶ ┌───────────────┐ ──▶ node: loop ──▶ Admit, Take, Decide, Ran, Answered …
//	                      ▲      │ heap ▸ ▸ ▸ ▸  │       │
//	                      │      └───────────────┘       └──▶ hop ──▶ edge ──▶ next node, or end
//	                      └── lines: when do which bytes arrive?                      │
//	                                                                   pipeline.Recorder ──▶ Report
//
// There is one goroutine, no clock and no sleep. A run of the same plan has the same report.
package simulate
