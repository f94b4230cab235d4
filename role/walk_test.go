//go:build slow

package role_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A newcomer types what the READMEs have, from top to bottom, and it works. Hosts are addresses of the loopback interface
// here, and the user's own network is one of the repository's.
func TestNewcomerFollowsTheREADMEs(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	w := walk{ctx: ctx, folder: t.TempDir(), net: fmt.Sprintf("127.%d.%d.", 1+rand.IntN(250), 1+rand.IntN(250))}
	w.program = filepath.Join(w.folder, "tandem")
	w.must(t, w.command("go", "build", "-o", w.program, "."))
	w.prepare(t)
	all := files(t, "README.md")
	for title, text := range map[string]string{
		"Four terminals": all["../README.md"], "Four Pis": all["../README.md"], "Your own network": all["../README.md"], "Several slow nodes": all["../role/README.md"],
	} {
		t.Run(title, func(t *testing.T) {
			for block := range strings.SplitSeq(section(t, text, title), "\n\n") {
				if strings.HasPrefix(strings.TrimPrefix(block, "\n"), "    ") {
					w.play(t, block)
				}
			}
		})
	}
}

type walk struct {
	ctx                  context.Context
	folder, net, program string
}

// command runs in the repository's folder, as what a newcomer types does.
func (w walk) command(name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(w.ctx, name, args...)
	c.Dir = root
	return c
}

func (w walk) must(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	said, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", c.Args, err, said)
	}
	return string(said)
}

// prepare makes what a user brings: pictures and names of classes.
func (w walk) prepare(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(w.folder, "photos"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"photos/1.png": picture.Bytes(), "classes.txt": []byte("zero\none\n")} {
		if err := os.WriteFile(filepath.Join(w.folder, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

var prompted = regexp.MustCompile(`^(\w+)\$ +tandem (.*)$`)

// play types the lines of a block that start the program: nodes, which stay up until all is played, and what ends by
// itself. Nodes that the text has named elsewhere are added.
func (w walk) play(t *testing.T, block string) {
	var nodes []*exec.Cmd
	defer func() {
		for _, n := range nodes {
			_ = n.Process.Signal(syscall.SIGTERM) // waiting tells whether it ended well
		}
		for _, n := range nodes {
			if err := n.Wait(); err != nil {
				t.Errorf("%q: %v\n%s", n.Args, err, n.Stderr)
			}
		}
	}()
	fast := strings.Contains(block, "--role fast")
	if fast && !strings.Contains(block, "--role end") {
		block = "    end$ tandem --role end\n" + block
	}
	if fast && !strings.Contains(block, "--role client") {
		block += "\n    client$ tandem --role client --next fast"
	}
	for line := range strings.Lines(block) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "  #")
		host, flags := "", ""
		if p := prompted.FindStringSubmatch(line); p != nil && fast {
			host, flags = p[1], p[2]
		} else if rest, is := strings.CutPrefix(line, "./tandem "); is {
			flags = rest
		} else {
			continue
		}
		c := w.command(w.program, w.adapt(host, flags)...)
		if !strings.Contains(flags, "--role") || strings.Contains(flags, "--role client") {
			if said := w.must(t, c); !strings.Contains(said, "coverage") && !strings.Contains(said, "can be cut") {
				t.Errorf("%s says %s", line, said)
			}
			continue
		}
		c.Stderr = new(bytes.Buffer)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, c)
	}
}

// adapt puts what is here in the place of what the text has.
func (w walk) adapt(host, flags string) (args []string) {
	if host != "" && !strings.Contains(flags, "--role client") {
		flags += " --listen " + host
	}
	if strings.Contains(flags, "--next") {
		flags += " --wait 1m"
	}
	hosts := map[string]string{"end": "5", "slow": "4", "fast": "3", "slow1": "6", "slow2": "7", "mid": "8", "last": "9"}
	here := map[string]string{
		"net.onnx": "model/testdata/digits_cnn.onnx", "photos/": filepath.Join(w.folder, "photos"), "imagenet": "mean=0.5,std=0.5",
		"results.jsonl": filepath.Join(w.folder, "results.jsonl"), "classes.txt": filepath.Join(w.folder, "classes.txt"),
		"9": "3", "21": "7", "26": "3", "1000": "100", // cuts of a network that is smaller, and frames
	}
	last := ""
	for _, arg := range strings.Fields(flags) {
		switch own, is := here[arg]; {
		case is:
			arg = own
		case strings.HasPrefix(arg, "127.0.0."):
			arg = w.net + strings.TrimPrefix(arg, "127.0.0.")
		case hosts[arg] != "" && last != "--role":
			arg = w.net + hosts[arg]
		}
		args, last = append(args, arg), arg
	}
	return args
}
