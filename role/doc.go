// Package role is the life of the four programs: listen, build, run, drain, stop.
//
//	client.go  feeds frames on a fixed beat, opens and closes the run, prints the report
//	service.go feeds the rows of requests instead, and answers them
//	worker.go  fast and slow: a model, and the way to the nodes below
//	stage.go   their part in one run: a pipeline.Stage between a server and the edges to the neighbours below
//	end.go     records results and makes the report
//	server.go  a node that listens, and node.go its life; session.go is one run on it, show.go what is shown of it
//	members.go the next nodes that come and go, and found.go those that announce themselves
//	answers.go how answers, and word of frames that have none, come to those who wait for them
//	local.go   all four in one process over loopback
//
// fast, slow and end are nodes (node.go): they stay up and serve one run after another. A run is held open on a node by
// edges, one from each neighbour above that has opened it. When the last edge is closed, or has been silent for too
// long, the node drains, closes its own edges to the nodes below, and passes the report back up:
//
//	client ══edge══▶ fast ══edge══▶ slow ══edge══▶ end        Open and Close go down,
//	                   ╚════════════edge════════════╝         the report comes back up
//
// A run of replicate adds an edge from client to slow. As edges never form a circle, closing can't deadlock.
//
// What the programs are made of has rooms beside them, which know neither this package nor, but for options and answer, each other:
//
//	options   every setting, with its default
//	input     where frames come from
//	report    reports, results and traces, and how they are printed
//	monitor   status, metrics, events, history and the page
//	answer    answers, and who has subscribed to them
//	serve     the inference server: requests, and the frames that wait for answers
//	edge      a run held open on a neighbour below
//	plan      what layers take on the nodes, and which node should take which
//	recut     a run that is cut anew while frames pass
//	follow, discover, resolve, mdns   which nodes there are, and where
//	target    a neighbour below: whether it is there, and is the right one
//	agree     what a run and a node agree on
//	device    the machine: its energy and condition, and the emulation of another one
//	inspect, cert, plot   commands of their own
//	chaos     tests with real processes, and the fault harness
package role
