// Package serve is an inference server with the Open Inference Protocol (KServe v2) over REST: other programs ask, and get the
// network's outputs.
//
//	program ──POST infer──▶ Server ──a frame for each row──▶ Line ──▶ neighbours
//	        ◀──outputs─────        ◀──answers, or why there is none──  Told ◀── end
//
//	server.go    the paths of the protocol, and the answer to each request
//	protocol.go  its messages
//	request.go   a request becomes rows: the values of each tensor are looked at here
//	response.go  answers become a response
//	numbers.go   values as the protocol's datatypes have them, in JSON and in binary
//	line.go      frames that wait for their answers, each known by its id
//	send.go      how they go to the neighbours: what is refused goes again for a while
//
// Nothing hangs: each request is answered within its time, whatever dies. Nothing grows: requests, frames and bytes are
// bounded.
package serve
