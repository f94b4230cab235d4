package supply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"

	"tandem/model"
	"tandem/pipeline"
	"tandem/transport"
)

// Receiver is a neighbour that lacks a network.
type Receiver interface {
	Address() string
	Supply(context.Context, transport.Supplying) (transport.Supplied, error)
	Room(bytes int) int
}

// giveTime bounds what one opening of a run spends on it: the caller further up waits for an answer. What has come by then
// stays, so the next opening goes on there.
const giveTime = 40 * time.Second

// Give brings a neighbour what it lacks of a run's network. The error is pipeline.ErrBusy where that takes longer.
func Give(ctx context.Context, to Receiver, net *model.Network, run pipeline.Run, from string, layer int, log zerolog.Logger) error {
	m, has := net.Manifest()
	if !has {
		return fmt.Errorf("%w: %s is made from a seed, and is on every node: give the same --seed", pipeline.ErrInvalidRun, net.Name())
	}
	room := to.Room(model.ChunkBytes)
	if room == 0 {
		return fmt.Errorf("%w: --max-body has no room for the %d bytes of a chunk of the network: raise it to 64KiB on every node", pipeline.ErrInvalidRun, model.ChunkBytes)
	}
	run.Model, run.Digest = net.Name(), net.Digest()
	s := transport.Supplying{Run: run, From: from, Layer: layer, Manifest: m.Bytes(), Opening: net.Opening()}
	began, bytes := time.Now(), len(s.Manifest)
	for {
		answer, err := to.Supply(ctx, s)
		if err != nil {
			return err
		}
		if len(answer.Wanted) == 0 {
			log.Info().Str("neighbour", to.Address()).Str("network", net.Name()).Str("bytes", humanize.IBytes(uint64(bytes))).
				Stringer("took", time.Since(began).Round(time.Millisecond)).Msg("a neighbour lacked the network, and has its layers now")
			return nil
		}
		if time.Since(began) > giveTime || ctx.Err() != nil {
			return fmt.Errorf("%w: %s is being given its layers of %s: %s have come, and %s are to come", pipeline.ErrBusy,
				to.Address(), net.Name(), humanize.IBytes(uint64(bytes)), humanize.IBytes(uint64(answer.Left)))
		}
		s.Manifest, s.Chunks = nil, s.Chunks[:0]
		for _, i := range answer.Wanted[:min(len(answer.Wanted), room)] {
			data, err := net.Chunk(i)
			if errors.Is(err, ErrMissing) { // this node was given its own layers, and these are not among them
				return fmt.Errorf("%w %s: %s needs layers of it that this node has not itself: give one of them the file", pipeline.ErrNoNetwork, net.Name(), to.Address())
			}
			if err != nil {
				return err
			}
			s.Chunks = append(s.Chunks, transport.Chunk{Index: i, Data: data})
			bytes += len(data)
		}
	}
}
