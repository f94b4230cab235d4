package answer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"
	"github.com/eclipse/paho.golang/paho/session"
	"github.com/eclipse/paho.golang/paho/session/state"
)

// Broker is where answers are published: a topic of an MQTT broker.
type Broker struct {
	Address        string // host:port
	TLS            bool
	User, Password string // of the broker; empty: none is asked for
	Topic          string
}

var errBroker = errors.New("use mqtt://HOST/TOPIC or mqtts://HOST/TOPIC, as in mqtt://user:password@broker:1883/tandem/door")

// ParseBroker reads mqtt://user:password@host:port/topic; mqtts is over TLS.
func ParseBroker(s string) (Broker, error) {
	u, err := url.Parse(s)
	if err != nil { // it may have the password
		return Broker{}, errBroker
	}
	port, known := map[string]string{"mqtt": "1883", "mqtts": "8883"}[u.Scheme]
	b := Broker{TLS: u.Scheme == "mqtts", User: u.User.Username(), Topic: strings.TrimPrefix(u.Path, "/")}
	b.Password, _ = u.User.Password()
	if u.Port() != "" {
		port = u.Port()
	}
	b.Address = net.JoinHostPort(u.Hostname(), port)
	switch {
	case !known || u.Hostname() == "" || b.Topic == "" || u.RawQuery != "":
		return Broker{}, errBroker
	case strings.ContainsAny(b.Topic, "+\x00") || strings.Contains(s, "#") || strings.HasPrefix(b.Topic, "$"):
		return Broker{}, fmt.Errorf("%w: a topic has no +, no # and no $ at its beginning", errBroker)
	case len(b.Topic) > 1<<10:
		return Broker{}, errors.New("the topic is too long")
	}
	return b, nil
}

// String is for people: it has no password.
func (b Broker) String() string {
	if b == (Broker{}) {
		return ""
	}
	scheme := "mqtt"
	if b.TLS {
		scheme = "mqtts"
	}
	return scheme + "://" + b.Address + "/" + b.Topic
}

// How long a broker may take: to be reached, to answer, to show a sign of life.
const (
	brokerDial  = 5 * time.Second
	brokerAlive = 10 * time.Second
)

// connection is one to the broker.
type connection struct {
	*paho.Client
	conn    net.Conn
	session *acknowledged
	most    int // bytes of a message that the broker takes
	why     chan error
}

// acknowledged is a session of which the sender of a message hears the broker's answer to it.
type acknowledged struct {
	*state.State
	answer chan packets.ControlPacket // to the message that is sent next
}

func (a *acknowledged) AddToSession(ctx context.Context, p session.Packet, _ chan<- packets.ControlPacket) error {
	return a.State.AddToSession(ctx, p, a.answer)
}

// connect makes a connection, on which the broker calls this client so.
func (b Broker) connect(ctx context.Context, name string) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, brokerDial)
	defer cancel()
	conn, err := b.dial(ctx)
	if err != nil {
		return nil, err
	}
	c := &connection{conn: conn, session: &acknowledged{State: state.NewInMemory()}, why: make(chan error, 1)}
	ended := func(err error) {
		select {
		case c.why <- err:
		default:
		}
	}
	c.Client = paho.NewClient(paho.ClientConfig{
		ClientID: name, Conn: conn, Session: c.session, PacketTimeout: brokerAlive,
		OnClientError: ended,
		OnServerDisconnect: func(d *paho.Disconnect) {
			ended(fmt.Errorf("the broker has ended the connection: %s", (&packets.Disconnect{ReasonCode: d.ReasonCode}).Reason()))
		},
	})
	hello := &paho.Connect{
		ClientID: name, CleanStart: true, KeepAlive: uint16(brokerAlive / time.Second),
		Username: b.User, UsernameFlag: b.User != "",
		Password: []byte(b.Password), PasswordFlag: b.Password != "",
	}
	answer, err := c.Connect(ctx, hello)
	switch {
	case err != nil && answer != nil:
		return nil, fmt.Errorf("the broker refuses the connection: %s", (&packets.Connack{ReasonCode: answer.ReasonCode}).Reason())
	case err != nil:
		return nil, err
	}
	if answer.Properties != nil && answer.Properties.MaximumPacketSize != nil {
		c.most = int(*answer.Properties.MaximumPacketSize)
	}
	return c, nil
}

func (b Broker) dial(ctx context.Context) (net.Conn, error) {
	if !b.TLS {
		return new(net.Dialer).DialContext(ctx, "tcp", b.Address)
	}
	conn, err := new(tls.Dialer).DialContext(ctx, "tcp", b.Address)
	if err != nil {
		return nil, err
	}
	return packets.NewThreadSafeConn(conn), nil
}

// errNotFor says that a message is none for this broker.
var errNotFor = errors.New("it can't be sent")

// send sends a message. The error is errNotFor, or the connection is lost.
func (c *connection) send(ctx context.Context, topic string, m *message) error {
	const beside = 64 // bytes, and the topic
	if size := len(m.payload) + len(topic) + beside; c.most > 0 && size > c.most {
		return fmt.Errorf("%w: it has %d bytes, and the broker takes %d", errNotFor, size, c.most)
	}
	m.answer = make(chan packets.ControlPacket, 1)
	c.session.answer = m.answer
	_, err := c.PublishWithOptions(ctx, &paho.Publish{
		QoS: 1, Topic: topic, Payload: m.payload, Properties: &paho.PublishProperties{ContentType: "application/json"},
	}, paho.PublishOptions{Method: paho.PublishMethod_AsyncSend})
	if errors.Is(err, paho.ErrInvalidArguments) { // such as QoS 1 where the broker knows none
		err = fmt.Errorf("%w: %w", errNotFor, err)
	}
	return err
}

// leave ends the connection, and says why it was lost before.
func (c *connection) leave() error {
	_ = c.conn.SetDeadline(time.Now().Add(time.Second)) // a broker that hangs is not waited for
	_ = c.Disconnect(&paho.Disconnect{})
	select {
	case err := <-c.why:
		return err
	case <-time.After(100 * time.Millisecond): // it is said behind the end
		return errors.New("the connection is lost")
	}
}
