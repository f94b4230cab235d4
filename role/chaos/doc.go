// Package chaos runs tandem as its users do, as real processes, and breaks them on purpose: every frame is accounted for
// all the same. It has nothing but tests, of which all but the first file's stand under the build tag slow:
//
//	schedule_test.go     what goes wrong and when: pure, and the same for the same seed
//	process_test.go      a process: started, read, killed
//	site_test.go         the processes of a pipeline, and what holds for every report
//	network_test.go      a network namespace for each node, or loopback addresses where these are not permitted
//	runs_test.go         nothing goes wrong: results are right with every strategy, and in a chain
//	newcomer_test.go     what the READMEs have, typed from top to bottom
//	leave_test.go        somebody leaves, politely or not, or comes when nobody is expected
//	restart_test.go      slow nodes are restarted politely: what that costs
//	credentials_test.go  certificates and keys, and their change
//	names_test.go        slow nodes that a name in DNS stands for
//	found_test.go        nodes that announce themselves, with avahi and without
//	machine_test.go      a computer with systemd and a disk of its own, whose power can be cut
//	power_test.go        what tandem install has made comes back
//	fault_test.go        does what a schedule says, and undoes it
//	chaos_test.go        runs under a schedule, and what must hold after each
//	soak_test.go         very many frames, and what the nodes need at the beginning and at the end
//
// `go test -tags slow` runs a minute of it over loopback. `just chaos` and `just soak` run the long forms.
package chaos
