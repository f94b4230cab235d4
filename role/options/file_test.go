package options

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func settingsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tandem.env")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Flags have more weight than the environment, and that more than the settings file.
func TestSettingsFile(t *testing.T) {
	path := settingsFile(t, "# of slow\n\nTANDEM_ROLE=slow\nTANDEM_NEXT=a,b\nTANDEM_END=\"end:1\" # the results\nTANDEM_QUEUE=3\nTANDEM_BATCH=2\nTANDEM_MAX_AGE=1s\n")
	o, err := Given{"config": {path}, "queue": {"5"}}.Options([]string{"TANDEM_BATCH=4", "HOME=/root"})
	if err != nil {
		t.Fatal(err)
	}
	if o.Role != Slow || len(o.Next) != 2 || o.End != "end:1" || o.Queue != 5 || o.Batch != 4 || o.MaxAge != time.Second {
		t.Errorf("%+v", o)
	}
	if o, err = (Given{}).Options([]string{"TANDEM_CONFIG=" + path}); err != nil || o.Queue != 3 {
		t.Errorf("%d, %v", o.Queue, err)
	}
}

// What is wrong in a settings file is said with its line, all of it at once.
func TestSettingsFileRefused(t *testing.T) {
	for text, says := range map[string]string{
		"TANDEM_ROLE=end\nTANDEM_QEUE=3\n":                     "line 2: TANDEM_QEUE is no setting",
		"TANDEM_ROLE=slow\nTANDEM_NEXT=x\n\nTANDEM_QUEUE=many": `line 4: --queue "many": use a whole number`,
		"TANDEM_ROLE=end\nTANDEM_QUEUE=3":                      "line 2: --queue means nothing for the end node",
		"TANDEM_ROLE=end\nwhat is this":                        "line 2: ",
		"QUEUE=3":                                              "line 1: QUEUE is no setting: they begin with TANDEM_",
		"TANDEM_ROLE=left":                                     `line 1: --role "left"`,
	} {
		path := settingsFile(t, text)
		_, err := Given{"config": {path}}.Options(nil)
		if err == nil || !strings.Contains(err.Error(), path+" "+says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := (Given{"config": {"/no/such/file"}}).Options(nil); err == nil || !strings.Contains(err.Error(), "--config") {
		t.Error(err)
	}
}

// A service of systemd's waits for its neighbours as long as it takes, unless it is told otherwise.
func TestWaitForever(t *testing.T) {
	given := Given{"role": {"slow"}, "next": {"end"}}
	for _, c := range []struct {
		wait, socket string
		want         time.Duration
	}{{"", "", 5 * time.Second}, {"", "/run/x", Forever}, {"3s", "/run/x", 3 * time.Second}, {"forever", "", Forever}} {
		g := Given{"role": given["role"], "next": given["next"]}
		if c.wait != "" {
			g["wait"] = []string{c.wait}
		}
		o, err := g.Options([]string{"NOTIFY_SOCKET=" + c.socket})
		if err != nil || o.Wait != c.want {
			t.Errorf("%+v: %s, %v", c, o.Wait, err)
		}
	}
	if o, err := (Given{}).Options([]string{"NOTIFY_SOCKET=/run/x"}); err != nil || o.Wait != 5*time.Second {
		t.Errorf("without a role: %s, %v", o.Wait, err)
	}
}

func FuzzSettingsFile(f *testing.F) {
	f.Add([]byte("TANDEM_ROLE=end\n# x\nTANDEM_KEY=\"a\\nb\" # c\n"))
	f.Add([]byte("\"=\\\n=\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		vars, err := parseFile("x", text)
		for _, v := range vars {
			if err == nil && !strings.HasPrefix(v.Name, prefix) {
				t.Errorf("%q gave %+v", text, v)
			}
		}
	})
}
