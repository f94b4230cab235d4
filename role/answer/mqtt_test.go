package answer

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/eclipse/paho.golang/packets"
	"github.com/rs/zerolog"
)

// fakeBroker takes messages, and does with each what it is told to.
type fakeBroker struct {
	net.Listener
	greet func(*packets.Connack)                             // changes what clients are greeted with; nil: they are welcome
	take  func(id uint64, before int) (code byte, keep bool) // what a message is answered with, and whether the connection is kept

	mu   sync.Mutex
	seen []uint64 // ids of answers, in order
	all  []*packets.Publish
	conn sync.WaitGroup
}

func (b *fakeBroker) start(t *testing.T) Broker {
	t.Helper()
	var err error
	if b.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	b.conn.Go(func() {
		for {
			c, err := b.Accept()
			if err != nil {
				return
			}
			b.conn.Go(func() { b.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = b.Close()
		b.conn.Wait()
	})
	to, err := ParseBroker("mqtt://user:p%40ss@" + b.Addr().String() + "/tandem/door")
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func (b *fakeBroker) serve(c net.Conn) {
	defer c.Close()
	for {
		p, err := packets.ReadPacket(c)
		if err != nil {
			return
		}
		var answer *packets.ControlPacket
		switch content := p.Content.(type) {
		case *packets.Connect:
			answer = packets.NewControlPacket(packets.CONNACK)
			if ack := answer.Content.(*packets.Connack); content.Username != "user" || string(content.Password) != "p@ss" {
				ack.ReasonCode = packets.ConnackBadUsernameOrPassword
			} else if b.greet != nil {
				b.greet(ack)
			}
		case *packets.Pingreq:
			answer = packets.NewControlPacket(packets.PINGRESP)
		case *packets.Publish:
			code, keep := b.publish(content)
			if !keep {
				return
			}
			answer = packets.NewControlPacket(packets.PUBACK)
			ack := answer.Content.(*packets.Puback)
			ack.PacketID, ack.ReasonCode = content.PacketID, code
		default:
			return
		}
		if _, err := answer.WriteTo(c); err != nil {
			return
		}
	}
}

func (b *fakeBroker) publish(p *packets.Publish) (code byte, keep bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var a Answer
	_ = json.Unmarshal(p.Payload, &a)
	b.all = append(b.all, p)
	keep = true
	if b.take != nil {
		code, keep = b.take(a.ID, len(b.all)-1)
	}
	if keep && code < 0x80 {
		b.seen = append(b.seen, a.ID)
	}
	return code, keep
}

// has are the ids of the answers that the broker has acknowledged, in their order, and the messages.
func (b *fakeBroker) has() ([]uint64, []*packets.Publish) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.seen), b.all
}

// said are answers with the ids from 0 to n.
func said(n uint64) (answers []*Answer) {
	for id := range n {
		answers = append(answers, &Answer{Run: "r", ID: id})
	}
	return answers
}

// ids are the numbers from 0 to n without some.
func ids(n uint64, without ...uint64) (all []uint64) {
	for id := range n {
		if !slices.Contains(without, id) {
			all = append(all, id)
		}
	}
	return all
}

// The broker gets each answer once, in order, as JSON on the topic that was asked for.
func TestPublish(t *testing.T) {
	b := &fakeBroker{}
	p := publish(b.start(t), "tandem-test", zerolog.Nop())
	put(t, p, said(200)...)
	flush(t, p)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	seen, all := b.has()
	if !slices.Equal(seen, ids(200)) {
		t.Errorf("the broker has %v", seen)
	}
	if m := all[0]; m.Topic != "tandem/door" || m.QoS != 1 || m.Retain || m.Properties.ContentType != "application/json" ||
		string(m.Payload) != `{"run":"r","id":0,"class":0,"score":0,"age_ms":0,"node":"","address":""}` {
		t.Errorf("%v: %s", m, m.Payload)
	}
}

// What was in flight when the connection broke is sent again, in order.
func TestPublishAgain(t *testing.T) {
	broken := 0
	b := &fakeBroker{take: func(id uint64, _ int) (byte, bool) {
		if id == 90 && broken < 2 {
			broken++
			return 0, false
		}
		return 0, true
	}}
	p := publish(b.start(t), "tandem-test", zerolog.Nop())
	put(t, p, said(200)...)
	flush(t, p)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	seen, _ := b.has()
	slices.Sort(seen) // those whose acknowledgement was lost are there twice
	if got := slices.Compact(seen); !slices.Equal(got, ids(200)) {
		t.Errorf("the broker has %v", got)
	}
}

// What the broker refuses, or breaks on, is lost and counted, and keeps back no other.
func TestMessagesThatAreRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		broker *fakeBroker
		lost   []uint64
		says   string
	}{
		{"no right", &fakeBroker{take: func(id uint64, _ int) (byte, bool) {
			if id%5 == 3 {
				return packets.PubackNotAuthorized, true
			}
			return 0, true
		}}, []uint64{3, 8, 13, 18}, "the broker refuses it (reason 0x87): "},
		{"too large", &fakeBroker{greet: func(c *packets.Connack) {
			most := uint32(1000)
			c.Properties = &packets.Properties{MaximumPacketSize: &most}
		}}, []uint64{7}, "bytes, and the broker takes 1000"},
		{"it breaks", &fakeBroker{take: func(id uint64, _ int) (byte, bool) { return 0, id != 7 }}, []uint64{7}, "the connection broke 5 times when it was sent"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // it takes some connections
			p := publish(test.broker.start(t), "tandem-test", zerolog.Nop())
			answers := said(20)
			answers[7].Name = strings.Repeat("x", 2000)
			put(t, p, answers...)
			lost, err := p.Flush(t.Context())
			if lost != int64(len(test.lost)) || err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%d are lost: %v", lost, err)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			seen, _ := test.broker.has()
			slices.Sort(seen)
			if got := slices.Compact(seen); !slices.Equal(got, ids(20, test.lost...)) {
				t.Errorf("the broker has %v", got)
			}
		})
	}
}

// The broker of whom the password is wrong is away, and the log says why, without the password.
func TestWrongPassword(t *testing.T) {
	b := &fakeBroker{}
	to := b.start(t)
	to.Password = "wrong"
	var log strings.Builder
	p := publish(to, "tandem-test", zerolog.New(zerolog.SyncWriter(&log)))
	for {
		if _, hindered := p.Progress(); hindered != nil {
			if !strings.Contains(hindered.Error(), "the broker refuses the connection: ") {
				t.Error(hindered)
			}
			break
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if text := log.String(); !strings.Contains(text, to.Address) || strings.Contains(text, "wrong") {
		t.Error(text)
	}
}

func TestParseBroker(t *testing.T) {
	for text, want := range map[string]Broker{
		"mqtt://broker/door":                       {Address: "broker:1883", Topic: "door"},
		"mqtts://u:p%25@[::1]:1/a/b c":             {Address: "[::1]:1", TLS: true, User: "u", Password: "p%", Topic: "a/b c"},
		"mqtts://broker.example.org/tandem/%C3%BC": {Address: "broker.example.org:8883", TLS: true, Topic: "tandem/ü"},
	} {
		b, err := ParseBroker(text)
		if b != want || err != nil {
			t.Errorf("%s: %+v, %v", text, b, err)
		}
		if shown := fmt.Sprint(b); strings.Contains(shown, "p%") || !strings.Contains(shown, b.Address) {
			t.Errorf("%s is shown as %s", text, shown)
		}
	}
	if _, err := ParseBroker("mqtt://user:secret@bro ker/x"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}
