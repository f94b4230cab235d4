package transport

import (
	"context"
	"time"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// Supplying brings a node chunks of the files of a run's network.
type Supplying struct {
	Run      pipeline.Run
	From     string // the caller
	Layer    int    // as in Opening
	Manifest []byte // what is in the files; in the first call
	Opening  []int  // the chunks that it takes to read the network's description
	Chunks   []Chunk
}

// Supplied is the answer.
type Supplied struct {
	Wanted []int // the chunks that the node wants next; none: it has all that it needs
	Left   int64 // bytes that it lacks, these among them
}

// Fetched is what a node has of a network's files.
type Fetched struct {
	Manifest []byte
	Opening  []int
	Chunks   []Chunk
}

// Chunk is a piece of a network's files.
type Chunk struct {
	Index int
	Data  []byte
}

// MaxChunks is how many chunks a call may bring.
var MaxChunks = most((*wire.SupplyRequest)(nil), "chunks")

// chunkTime is how long a node may work on the chunks of a call: it reads a network's description, and writes to a card. A
// transfer is many calls, so what counts is its progress, and not how long it takes.
const chunkTime = 30 * time.Second

// Supply brings the node chunks, and learns which it wants next.
func (c *Client) Supply(ctx context.Context, s Supplying) (Supplied, error) {
	ctx, cancel := context.WithTimeout(ctx, chunkTime+SendTime(len(s.Manifest)+chunkBytes(s.Chunks)))
	defer cancel()
	m, err := c.node.Supply(ctx, &wire.SupplyRequest{
		Run: runToWire(s.Run), From: s.From, Layer: int32(s.Layer), Manifest: s.Manifest, Opening: ints[int32](s.Opening), Chunks: chunksToWire(s.Chunks),
	})
	if err := c.checked(m, err); err != nil {
		return Supplied{}, err
	}
	return Supplied{Wanted: ints[int](m.GetWanted()), Left: m.GetLeft()}, nil
}

// Fetch asks the node for chunks of the network of that digest; without any, for its manifest.
func (c *Client) Fetch(ctx context.Context, digest string, chunks []int) (Fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, chunkTime+SendTime(c.limits.MaxBody))
	defer cancel()
	m, err := c.node.Fetch(ctx, &wire.FetchRequest{Digest: digest, Chunks: ints[int32](chunks)})
	if err := c.checked(m, err); err != nil {
		return Fetched{}, err
	}
	return Fetched{Manifest: m.GetManifest(), Opening: ints[int](m.GetOpening()), Chunks: chunksFromWire(m.GetChunks())}, nil
}

// Room is how many chunks of so many bytes fit into a message; 0: none does.
func (c *Client) Room(bytes int) int { return min(MaxChunks, c.limits.MaxBody/2/bytes) }

func (h handler) Supply(ctx context.Context, m *wire.SupplyRequest) (*wire.SupplyResponse, error) {
	s := Supplying{
		Run: runFromWire(m.GetRun()), From: m.GetFrom(), Layer: int(m.GetLayer()), Manifest: m.GetManifest(),
		Opening: ints[int](m.GetOpening()), Chunks: chunksFromWire(m.GetChunks()),
	}
	if err := validRun(s.Run); err != nil {
		return nil, err
	}
	supplied, err := h.node.Supply(ctx, s)
	if err != nil {
		return nil, err
	}
	return &wire.SupplyResponse{Wanted: ints[int32](supplied.Wanted), Left: supplied.Left}, nil
}

func (h handler) Fetch(ctx context.Context, m *wire.FetchRequest) (*wire.FetchResponse, error) {
	f, err := h.node.Fetch(ctx, m.GetDigest(), ints[int](m.GetChunks()))
	if err != nil {
		return nil, err
	}
	return &wire.FetchResponse{Manifest: f.Manifest, Opening: ints[int32](f.Opening), Chunks: chunksToWire(f.Chunks)}, nil
}

func chunksToWire(chunks []Chunk) (all []*wire.Chunk) {
	for _, c := range chunks {
		all = append(all, &wire.Chunk{Index: int32(c.Index), Data: c.Data})
	}
	return all
}

func chunksFromWire(chunks []*wire.Chunk) (all []Chunk) {
	for _, c := range chunks {
		all = append(all, Chunk{int(c.GetIndex()), c.GetData()})
	}
	return all
}

func chunkBytes(chunks []Chunk) (sum int) {
	for _, c := range chunks {
		sum += len(c.Data)
	}
	return sum
}
