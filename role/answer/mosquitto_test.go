//go:build slow

package answer

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// mosquitto is a real broker.
type mosquitto struct {
	t      *testing.T
	config string
	port   string
	cmd    *exec.Cmd
}

// newMosquitto starts one that keeps on its disk who has subscribed, and what subscribers have not had: at once, so that one
// that is killed knows it.
func newMosquitto(t *testing.T, more ...string) *mosquitto {
	t.Helper()
	for _, name := range []string{"mosquitto", "mosquitto_sub"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("this needs a broker: apt-get install mosquitto mosquitto-clients, with /usr/sbin in PATH")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	lines := append([]string{
		"listener " + port + " 127.0.0.1", "user root", "allow_anonymous true", "max_queued_messages 100000",
		"persistence true", "persistence_location " + t.TempDir() + "/", "autosave_on_changes true", "autosave_interval 1",
	}, more...)
	m := &mosquitto{t: t, config: file(t, "mosquitto.conf", strings.Join(lines, "\n")+"\n"), port: port}
	m.start()
	t.Cleanup(func() { m.stop(syscall.SIGKILL) })
	return m
}

func (m *mosquitto) start() {
	m.t.Helper()
	m.cmd = exec.Command("mosquitto", "-c", m.config)
	m.cmd.Stderr = new(bytes.Buffer)
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", "127.0.0.1:"+m.port)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			m.t.Fatalf("mosquitto does not listen: %v %s", err, m.cmd.Stderr)
		}
	}
}

func (m *mosquitto) stop(how os.Signal) {
	_ = m.cmd.Process.Signal(how)
	_ = m.cmd.Wait()
}

// restart stops the broker, and starts it again after a while.
func (m *mosquitto) restart(how os.Signal, away time.Duration) {
	m.t.Helper()
	m.stop(how)
	time.Sleep(away)
	m.start()
}

func (m *mosquitto) broker() Broker {
	return Broker{Address: "127.0.0.1:" + m.port, Topic: "tandem/door"}
}

// watcher is a subscriber that misses nothing.
type watcher struct {
	mu   sync.Mutex
	seen map[uint64]int // how often it has had each answer
}

func (m *mosquitto) watch() *watcher {
	m.t.Helper()
	w := &watcher{seen: map[uint64]int{}}
	cmd := exec.Command("stdbuf", "-oL", "mosquitto_sub", "-p", m.port, "-t", "tandem/#", "-q", "1", "-V", "5", "-i", "watcher", "-c", "-x", "3600", "-d")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		m.t.Fatal(err)
	}
	subscribed := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "Subscribed ") && subscribed != nil {
				close(subscribed)
				subscribed = nil
			}
			var a Answer
			if json.Unmarshal(lines.Bytes(), &a) == nil {
				w.mu.Lock()
				w.seen[a.ID]++
				w.mu.Unlock()
			}
		}
	})
	wait := subscribed
	m.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		reading.Wait()
		_ = cmd.Wait()
	})
	select {
	case <-wait:
	case <-time.After(patience):
		m.t.Fatal("mosquitto_sub has not subscribed")
	}
	return w
}

// missing waits until the watcher has all of n answers, and returns those that it does not get, and how many it has twice.
func (w *watcher) missing(n uint64) (absent []uint64, twice int) {
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		absent, twice = nil, 0
		w.mu.Lock()
		for id := range n {
			switch had := w.seen[id]; {
			case had == 0:
				absent = append(absent, id)
			case had > 1:
				twice += had - 1
			}
		}
		w.mu.Unlock()
		if absent == nil || time.Now().After(deadline) {
			return absent, twice
		}
	}
}

// counts are what a log says of answers that were sent again.
func counts(t *testing.T, log string) (again int) {
	t.Helper()
	for line := range strings.Lines(log) {
		var l struct {
			Answers int
			Message string
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(l.Message, "sent again") {
			again += l.Answers
		}
	}
	return again
}

// lockedLog is a log that may be read.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// published are sinks that publish to a broker.
func published(t *testing.T, to Broker) (*Fan, Sinks, *lockedLog) {
	t.Helper()
	fan, log := NewFan(), new(lockedLog)
	sinks, err := Open(Wanted{Publish: to, Name: "tandem-test", Log: zerolog.New(log)}, fan)
	if err != nil {
		t.Fatal(err)
	}
	return fan, sinks, log
}

// Every answer reaches a real broker through a restart that takes 3 s, and what it has twice is counted.
func TestBrokerIsRestarted(t *testing.T) {
	for name, how := range map[string]os.Signal{"politely": syscall.SIGTERM, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMosquitto(t)
			w := m.watch()
			fan, sinks, log := published(t, m.broker())
			var restarted sync.WaitGroup
			const rate, n = 33, 33 * 9
			for id := range uint64(n) {
				if id == 3*rate {
					restarted.Go(func() { m.restart(how, 3*time.Second) })
				}
				a := &Answer{Run: "r", ID: id}
				fan.Publish(Event{Run: "r", Answer: a})
				time.Sleep(time.Second / rate)
			}
			restarted.Wait()
			if errs := flushed(t, sinks); len(errs) > 0 {
				t.Error(errs)
			}
			absent, twice := w.missing(n)
			again := counts(t, log.String())
			if len(absent) > 0 && how != syscall.SIGKILL || len(absent) > 1 { // a broker that is killed may forget what it had acknowledged
				t.Errorf("the subscriber lacks %v", absent)
			}
			const window = 20 // of mosquitto: what a subscriber has not acknowledged, it gets again from there
			if twice > again+window {
				t.Errorf("it has %d twice, and %d were said to be sent again", twice, again)
			}
			t.Logf("%d answers: %d are absent, %d there twice, %d sent again", n, len(absent), twice, again)
			if err := sinks.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A broker that hangs, with its connections open, costs nothing but time.
func TestBrokerHangs(t *testing.T) {
	t.Parallel()
	m := newMosquitto(t)
	w := m.watch()
	fan, sinks, log := published(t, m.broker())
	const n = 2000
	for id := range uint64(n) {
		if id == n/2 {
			if err := m.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
		fan.Publish(Event{Run: "r", Answer: &Answer{Run: "r", ID: id, Name: strings.Repeat("x", 1000)}})
	}
	if errs := sinks.Flush(); len(errs) != 1 || !errors.Is(errs[0], errLate) {
		t.Errorf("while it hangs: %v", errs)
	}
	time.Sleep(3 * brokerAlive) // the connection is given up
	if err := m.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if errs := flushed(t, sinks); len(errs) > 0 {
		t.Error(errs)
	}
	absent, twice := w.missing(n)
	if again := counts(t, log.String()); len(absent) > 0 || twice > again {
		t.Errorf("the subscriber lacks %v, and has %d twice of %d", absent, twice, again)
	}
	if err := sinks.Close(); err != nil {
		t.Error(err)
	}
}

// What mosquitto does not take is counted, and the rest arrives.
func TestBrokerRefuses(t *testing.T) {
	rules := file(t, "rules", "topic readwrite other/#\ntopic read tandem/#\n")
	for _, test := range []struct {
		setting string
		lost    int
		says    string
	}{
		{"max_packet_size 1000", 1, "and the broker takes 1000"},
		{"message_size_limit 1000", 1, ""},
		{"acl_file " + rules, 10, "the broker refuses it (reason 0x87): "},
	} {
		m := newMosquitto(t, test.setting)
		w := m.watch()
		fan, sinks, log := published(t, m.broker())
		answers := said(10)
		answers[4].Name = strings.Repeat("x", 2000)
		for _, a := range answers {
			fan.Publish(Event{Run: "r", Answer: a})
		}
		errs := flushed(t, sinks)
		says := "--publish: 10 answers are missing, the first because "
		if test.lost == 1 {
			says = "--publish: an answer is missing, because "
		}
		if len(errs) == 0 {
			t.Errorf("%s: nothing is missing\n%s", test.setting, log)
		}
		if test.lost == 1 {
			if absent, _ := w.missing(4); len(absent) > 0 {
				t.Errorf("%s: the subscriber lacks %v", test.setting, absent)
			}
		}
		if err := sinks.Close(); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v\n%s", test.setting, err, log)
		}
		t.Log(test.setting, errs)
	}
}

// Where no broker ever answers, a run and the end of the process wait for a moment, and all is counted. (How long that is, is
// tested in fake time.)
func TestNoBroker(t *testing.T) {
	t.Parallel()
	fan, sinks, log := published(t, Broker{Address: "127.0.0.1:1", Topic: "x"})
	const n = 6000
	for id := range uint64(n) {
		fan.Publish(Event{Run: "r", Answer: &Answer{Run: "r", ID: id}})
	}
	for i := range 2 {
		if errs := sinks.Flush(); len(errs) != 1 || !errors.Is(errs[0], errLate) || !strings.Contains(errs[0].Error(), "refused") {
			t.Errorf("run %d: %v", i, errs)
		}
	}
	err := sinks.Close()
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint("--publish: ", n, " answers are missing")) {
		t.Errorf("at the end: %v\n%s", err, log)
	}
}

// A broker with a password and TLS.
func TestBrokerOverTLS(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert := write("cert.pem", "CERTIFICATE", der)
	t.Setenv("SSL_CERT_FILE", cert)
	passwords := filepath.Join(dir, "passwords")
	if out, err := exec.Command("mosquitto_passwd", "-b", "-c", passwords, "user", "p@ss").CombinedOutput(); err != nil {
		t.Skipf("this needs mosquitto_passwd: apt-get install mosquitto: %v %s", err, out)
	}
	m := newMosquitto(t, "allow_anonymous false", "password_file "+passwords, "certfile "+cert, "keyfile "+write("key.pem", "EC PRIVATE KEY", secret))
	for password, says := range map[string]string{"p%40ss": "", "wrong": "the broker refuses the connection: "} {
		to, err := ParseBroker("mqtts://user:" + password + "@127.0.0.1:" + m.port + "/tandem/door")
		if err != nil {
			t.Fatal(err)
		}
		fan, sinks, log := published(t, to)
		fan.Publish(Event{Run: "r", Answer: &Answer{Run: "r"}})
		var errs []error
		if says == "" {
			errs = flushed(t, sinks)
		} else {
			for deadline := time.Now().Add(patience); !strings.Contains(fmt.Sprint(errs), says) && time.Now().Before(deadline); {
				errs = sinks.Flush() // the broker may be slow to say so
			}
		}
		if (len(errs) == 0) != (says == "") || len(errs) > 0 && !strings.Contains(errs[0].Error(), says) {
			t.Errorf("%s: %v, want %q\n%s", password, errs, says, log)
		}
		if err := sinks.Close(); (err == nil) != (says == "") {
			t.Errorf("%s: at the end: %v", password, err)
		}
	}
}
