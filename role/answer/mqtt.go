package answer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/eclipse/paho.golang/packets"
	"github.com/rs/zerolog"

	"tandem/pipeline"
)

// publisher sends each answer as JSON to an MQTT broker, at least once (QoS 1, MQTT 5), and in the order in which they come.
//
//	Put ──▶ [ in flight: bounded ] ──▶ broker
//	                ▲       │
//	                │       └─ acknowledged; or refused, and lost
//	                └───────── the connection is lost: all are sent again on the next one
//
// While the broker is away, or as much is in flight as may be, Put waits, and answers wait before it.
type publisher struct {
	broker Broker
	client string // its name there
	log    zerolog.Logger

	messages chan *message
	open     atomic.Int64  // messages that were put, and are not settled
	settled  chan struct{} // holds one when open has become 0
	moved    atomic.Int64
	stop     context.CancelFunc
	done     chan struct{}

	inFlight []*message // the oldest first
	sent     int        // of these, on this connection
	trusted  bool       // the broker has taken the newest message that it has answered on this connection
	bytes    int        // of these

	mu    sync.Mutex
	away  error // why the broker is, as far as is known
	lost  missing
	again int64 // messages that were sent again since the last Flush
}

// message is one that the broker has not acknowledged.
type message struct {
	payload []byte
	tries   int
	answer  chan packets.ControlPacket // to the last try
}

// What may be in flight, and how often a message is sent: one on which a broker breaks must not keep back the others.
const (
	maxInFlight      = 64
	maxInFlightBytes = 1 << 20
	maxTries         = 5
)

// publish begins to connect to a broker. A name is another one's on no broker.
func publish(to Broker, name string, log zerolog.Logger) *publisher {
	ctx, stop := context.WithCancel(context.Background())
	p := &publisher{
		broker: to, client: name, log: log,
		messages: make(chan *message), settled: make(chan struct{}, 1), stop: stop, done: make(chan struct{}),
	}
	go p.own(ctx) // Close waits for its end
	return p
}

func (p *publisher) Begin(pipeline.Run) error { return nil } // each message says what its outputs are
func (p *publisher) Progress() (int64, error) { return p.moved.Load(), p.absence() }

// Put waits until all are in flight.
func (p *publisher) Put(ctx context.Context, answers []*Answer) {
	for _, a := range answers {
		payload, err := json.Marshal(a)
		if err != nil {
			p.lose(1, err)
			continue
		}
		p.open.Add(1)
		select {
		case p.messages <- &message{payload: payload}:
		case <-ctx.Done():
			p.settle(p.missed())
		}
	}
}

// Flush waits until the broker has acknowledged all.
func (p *publisher) Flush(ctx context.Context) (int64, error) {
	for p.open.Load() > 0 && ctx.Err() == nil {
		select {
		case <-p.settled:
		case <-ctx.Done():
		}
	}
	if open := p.open.Load(); open > 0 {
		p.lose(open, p.missed())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.again > 0 {
		p.log.Info().Int64("answers", p.again).Msg("sent again: the broker may have some of them twice")
	}
	p.again = 0
	return p.lost.take()
}

// missed is why messages are not acknowledged.
func (p *publisher) missed() error {
	return cmp.Or(p.absence(), errors.New("the broker has not acknowledged them in time"))
}

// absence is why the broker is away; nil: it is there, or only just being called.
func (p *publisher) absence() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away == nil {
		return nil
	}
	return fmt.Errorf("the broker is away: %w", p.away)
}

func (p *publisher) lose(answers int64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost.add(answers, err)
}

// settle ends the way of a message: it was acknowledged, or is lost.
func (p *publisher) settle(err error) {
	if err != nil {
		p.lose(1, err)
	}
	p.moved.Add(1)
	if p.open.Add(-1) == 0 {
		select {
		case p.settled <- struct{}{}:
		default:
		}
	}
}

// Close leaves the broker.
func (p *publisher) Close() error {
	p.stop()
	<-p.done
	return nil
}

// own keeps a connection to the broker, and sends over it.
func (p *publisher) own(ctx context.Context) {
	defer close(p.done)
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = 250*time.Millisecond, 10*time.Second
	for since := time.Now(); ; {
		c, err := p.broker.connect(ctx, p.client)
		if err == nil {
			p.present(since)
			since = time.Now()
			err = p.serve(ctx, c)
			if time.Since(since) > brokerAlive { // else it may come and go
				pauses.Reset()
			}
			since = time.Now()
		}
		if ctx.Err() != nil {
			return
		}
		p.absent(err)
		select {
		case <-time.After(pauses.NextBackOff()):
		case <-ctx.Done():
			return
		}
	}
}

// present takes note that the broker answers.
func (p *publisher) present(since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away != nil {
		p.log.Info().Stringer("broker", p.broker).Stringer("after", time.Since(since).Round(time.Second/10)).Msg("the broker answers again")
	}
	p.away = nil
}

// absent takes note that it does not, and logs each reason once.
func (p *publisher) absent(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away == nil || p.away.Error() != why.Error() {
		p.log.Warn().Stringer("broker", p.broker).Err(why).Msg("the broker is away: answers wait for it")
	}
	p.away = why
}

// serve sends messages until the connection is lost, and says why it was. Until the broker has taken one, it has one at a time: it
// may be the very one that the connection broke on before.
func (p *publisher) serve(ctx context.Context, c *connection) error {
	for p.sent, p.trusted = 0, false; ; {
		for p.sent < len(p.inFlight) && (p.sent == 0 || p.trusted) {
			if p.send(ctx, c) != nil {
				return c.leave()
			}
		}
		var messages chan *message
		if len(p.inFlight) < maxInFlight && p.bytes < maxInFlightBytes {
			messages = p.messages
		}
		var answer chan packets.ControlPacket
		if p.sent > 0 {
			answer = p.inFlight[0].answer
		}
		select {
		case m := <-messages:
			p.inFlight, p.bytes = append(p.inFlight, m), p.bytes+len(m.payload)
		case a := <-answer: // the broker acknowledges in the order of sending
			err := refusal(a)
			p.sent, p.trusted = p.sent-1, err == nil
			p.remove(0, err)
		case <-c.Done():
			return c.leave()
		case <-ctx.Done():
			return c.leave()
		}
	}
}

// send sends the next message in flight.
func (p *publisher) send(ctx context.Context, c *connection) error {
	m := p.inFlight[p.sent]
	if m.tries == maxTries {
		p.remove(p.sent, errBreaks)
		return nil
	}
	if m.tries++; m.tries > 1 {
		p.mu.Lock()
		p.again++
		p.mu.Unlock()
	}
	err := c.send(ctx, p.broker.Topic, m)
	if errors.Is(err, errNotFor) {
		p.remove(p.sent, err)
		return nil
	}
	p.sent++
	return err
}

var errBreaks = fmt.Errorf("the connection broke %d times when it was sent", maxTries)

// refusal is the broker's reason for not taking a message; nil: it has it.
func refusal(answer packets.ControlPacket) error {
	ack, is := answer.Content.(*packets.Puback)
	switch {
	case !is:
		return errors.New("the broker has not acknowledged it")
	case ack.ReasonCode >= 0x80:
		return fmt.Errorf("the broker refuses it (reason %#x): %s", ack.ReasonCode, ack.Reason())
	}
	return nil
}

// remove takes a message out of those in flight; nil: the broker has it.
func (p *publisher) remove(i int, err error) {
	p.bytes -= len(p.inFlight[i].payload)
	p.inFlight = slices.Delete(p.inFlight, i, i+1)
	p.settle(err)
}
