package options

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The log says who speaks, as JSON or for people, from the level on that was asked for, and colours nothing that no
// terminal shows.
func TestLog(t *testing.T) {
	var to bytes.Buffer
	o := Default(Slow)
	o.Stderr, o.LogFormat, o.LogLevel = &to, "json", "warn"
	log := o.Logger()
	log.Info().Msg("quiet")
	log.Warn().Msg("loud")
	var line struct{ Level, Role, Message, Time string }
	if err := json.Unmarshal(to.Bytes(), &line); err != nil || line.Level != "warn" || line.Role != "slow" || line.Message != "loud" || line.Time == "" {
		t.Errorf("%s, %v", to.String(), err)
	}
	to.Reset()
	o = Default(Local)
	o.Stderr = &to
	log = o.Logger()
	log.Warn().Msg("loud")
	if text := to.String(); !strings.HasSuffix(text, "WRN loud\n") || strings.Contains(text, "\x1b") {
		t.Errorf("%q", text)
	}
}

func TestFileIsNoTerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if Terminal(file) || Terminal(new(bytes.Buffer)) {
		t.Error("a person is taken to read it")
	}
}
