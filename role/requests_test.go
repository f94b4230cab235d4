package role

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"

	"google.golang.org/protobuf/proto"

	"tandem/transport/wire"
)

// randomRequest makes a request that is well formed, or nearly, or not at all.
func randomRequest(random *rand.Rand) []byte {
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	noise := func(n int) []byte {
		b := make([]byte, random.IntN(n))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	if random.IntN(10) == 0 {
		return append([]byte(pick("", "\x16\x03\x01", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\n", "POST ")), noise(2000)...)
	}
	body := randomBody(random)
	switch random.IntN(6) {
	case 0:
		body = noise(3000)
	case 1: // cut short
		body = body[:random.IntN(len(body)+1)]
	case 2: // a few bytes are others
		for range random.IntN(4) + 1 {
			if len(body) > 0 {
				body[random.IntN(len(body))] = byte(random.Uint32())
			}
		}
	}
	encoding := pick("application/proto", "application/proto", "application/json", "application/grpc", "application/x", "")
	if encoding == "application/grpc" {
		body = append(binary.BigEndian.AppendUint32([]byte{byte(random.IntN(2))}, uint32(len(body)+random.IntN(3)-1)), body...)
	}
	length := len(body)
	if random.IntN(10) == 0 {
		length = random.IntN(1 << 30)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s /tandem.v1.Node/%s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n%s", pick("POST", "POST", "POST", "GET", "PUT"),
		pick("Open", "Push", "Push", "Push", "Close", "..", strings.Repeat("x", 5000)), encoding,
		pick("", "", "", "Content-Encoding: gzip\r\n", "Connect-Timeout-Ms: 99999999999\r\n", "Expect: 100-continue\r\n", "X: "+strings.Repeat("y", 20_000)+"\r\n"))
	if random.IntN(10) == 0 {
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", length, body)
	} else {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", length, body)
	}
	return b.Bytes()
}

// randomBody makes a message that decodes, with values that may mean nothing.
func randomBody(random *rand.Rand) []byte {
	number := func() int32 {
		return []int32{-1, 0, 1, 2, 64, 1 << 30, -1 << 31, int32(random.Uint32())}[random.IntN(8)]
	}
	name := func() string {
		return []string{"", "r", "client-1", strings.Repeat("z", 5000), "\x1b[2J", "127.0.0.1:1"}[random.IntN(6)]
	}
	var m proto.Message
	switch random.IntN(4) {
	case 0:
		m = &wire.OpenRequest{From: name(), Address: name(), Layer: number(), Run: &wire.Run{
			Id: name(), Strategy: name(), Tasks: number(), Frames: random.Uint64(), IntervalNs: int64(random.Uint64()), Digest: "another", Cuts: []int32{number(), number()},
		}}
	case 1:
		m = &wire.CloseRequest{Run: name(), From: name(), Notes: []string{name()}, Reason: wire.Reason(random.IntN(3)), Nodes: [][]*wire.Ledger{
			nil, {}, {{}}, {{Role: name(), Gone: []uint64{random.Uint64(), 3}}}, {{Role: "x", Received: -1, States: map[string]float64{"x": 1}}},
		}[random.IntN(5)]}
	default:
		push := &wire.PushRequest{Run: name(), From: name(), Kept: random.IntN(2) == 0}
		for range random.IntN(20) {
			label := number()
			push.Frames = append(push.Frames, &wire.Frame{
				Id: random.Uint64(), Next: number(), Shape: []int32{number(), number()}, Data: make([]byte, random.IntN(1000)),
				AgeNs: int64(random.Uint64()), Label: &label, FinishedByRole: name(), FinishedByAddress: name(),
			})
		}
		m = push
	}
	b, err := proto.Marshal(m)
	if err != nil {
		panic(err) // there is nothing in it that can't be encoded
	}
	return b
}
