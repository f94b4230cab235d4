package role

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tandem/pipeline"
	"tandem/role/options"
)

// The wire example of transport/README.md does what the text says, and does it again the second time.
func TestWireExample(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	readme, err := os.ReadFile("../transport/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "```sh\n")
	script, _, _ := strings.Cut(text, "```")
	c := quick()
	c.Model = options.Default(options.Fast).Model
	nodes := startQuick(t, c)
	script = strings.Replace(script, "fast=127.0.0.3:12345", "fast="+nodes.fast.address, 1)
	for range 2 {
		out, err := exec.CommandContext(t.Context(), "bash", "-c", script).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		var answer struct{ Report pipeline.Report }
		_ = json.Unmarshal([]byte(lines[len(lines)-1]), &answer) // int64 are texts in it
		if len(lines) != 3 || !strings.Contains(lines[0], `"strategy":"baseline"`) || !strings.Contains(lines[1], `"accepted":true`) || answer.Report.Coverage != 100 {
			t.Errorf("%s", out)
		}
	}
}
