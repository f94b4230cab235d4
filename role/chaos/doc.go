// Package chaos breaks a pipeline of real processes on purpose, and checks that every frame is accounted for all the
// same. It has nothing but tests:
//
//	schedule_test.go  what goes wrong and when: pure, and the same for the same seed
//	fault_test.go     does it, and undoes it
//	network_test.go   a network namespace for each node, or loopback addresses where these are not permitted
//	site_test.go      the processes
//	chaos_test.go     runs under a schedule, and what must hold after each
//	soak_test.go      very many frames, and what the nodes need at the beginning and at the end
//
// go test runs a few seconds of it over loopback. `just chaos` and `just soak` run the long forms.
package chaos
