//go:build slow

package monitor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tandem/pipeline"
	"tandem/role"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/role/report"
)

const live = `document.getElementById("link").dataset.link === "live"`

// The page shows each state that the end node can be in.
func TestPageStates(t *testing.T) {
	one := func(s float64) []object { return sceneNodes(1, false, "balance", s) }
	open := func() object {
		return sceneRun(sceneStart.Add(-240*time.Second).Format("20060102-150405-")+"OPENED", "balance", 1)
	}
	scenes := []struct {
		name  string
		build func() (history, sample object)
		wants []string
	}{
		{"none", func() (object, object) {
			return object{"samples": []object{}, "runs": []object{}}, sceneSample(sceneStart, nil, one(0)[3:], 0)
		}, []string{"No run is open", "./tandem --role client --next", "No run has been closed yet"}},
		{"running", func() (object, object) { return sceneHistory(open(), one, nil) },
			[]string{"balance", "18,000 frames", "finishing", "fast.kitchen.example.net:12345", "in the last 2 s"}},
		{"three-slow", func() (object, object) {
			return sceneHistory(open(), func(s float64) []object { return sceneNodes(3, false, "balance", s) }, sceneReports()[:1])
		}, []string{"192.168.178.42:12345", "throttled"}},
		{"eight-slow", func() (object, object) {
			return sceneHistory(open(), func(s float64) []object { return sceneNodes(8, false, "balance", s) }, sceneReports()[:1])
		}, []string{"8 nodes", "1 throttled, all emulating pi3", "fullest of 8 slow"}},
		{"four-slow", func() (object, object) {
			return sceneHistory(open(), func(s float64) []object { return sceneNodes(4, false, "balance", s) }, sceneReports()[:1])
		}, []string{"192.168.178.43:12345", "slow 4"}},
		{"forty-slow", func() (object, object) {
			return sceneHistory(open(), func(s float64) []object {
				nodes := sceneNodes(40, false, "balance", s)
				nodes[3]["throttled"] = false
				return nodes
			}, sceneReports()[:1])
		}, []string{"40 nodes", "all emulating pi3", "fullest of 40 slow"}},
		{"unlike", func() (object, object) { return sceneHistory(nil, one, sceneUnlike()) },
			[]string{"auto: tasks", "wifi link", "one every 20 ms", "all, told apart (18)", "All: cut at 1, 100 frames, 1 slow node"}},
		{"simulated", func() (object, object) { return sceneHistory(nil, one, sceneSimulated()) },
			[]string{"auto: tasks", "measured (14)", "simulated (14)", "all, told apart (28)"}},
		{"chain", func() (object, object) {
			run := open()
			run["cuts"] = []int{1, 2, 3}
			return sceneHistory(run, func(s float64) []object { return sceneNodes(3, true, "balance", s) }, nil)
		}, []string{"cut at 1, 2, 3"}},
		{"replicate", func() (object, object) {
			run := open()
			run["strategy"] = "replicate"
			return sceneHistory(run, one, nil)
		}, []string{"replicate"}},
		{"sweep", func() (object, object) { return sceneHistory(nil, one, sceneReports()) },
			[]string{"14 since this node was started", "auto: tasks", "J/frame"}},
		{"silent", func() (object, object) {
			return sceneHistory(open(), func(s float64) []object {
				nodes := one(s)
				nodes[1]["state"] = "hop down"
				nodes[2]["staleness_s"] = 74.2
				return nodes
			}, nil)
		}, []string{"silent 1:14", "hop down"}},
		{"down", func() (object, object) {
			history, sample := sceneHistory(open(), func(s float64) []object { return sceneNodes(2, false, "balance", s) }, nil)
			sceneDown(sample, "192.168.178.41:12345", "192.168.178.99:12345") // one of them has never been there
			return history, sample
		}, []string{"slow (192.168.178.41:12345), slow (192.168.178.99:12345) do not answer", "down\n\n192.168.178.99:12345"}},
		{"versions", func() (object, object) {
			return sceneHistory(open(), func(s float64) []object {
				nodes := one(s)
				for _, n := range nodes {
					n["version"] = "v1.4.0"
				}
				nodes[1]["version"] = "v1.3.9"
				delete(nodes[2], "version")
				return nodes
			}, nil)
		}, []string{"The versions differ: v1.4.0 on client, end (", "; v1.3.9 on fast (", "; an older one on slow (", "Install the same one everywhere."}},
		{"four-of-forty-down", func() (object, object) {
			history, sample := sceneHistory(open(), func(s float64) []object { return sceneNodes(40, false, "balance", s) }, nil)
			sceneDown(sample, "192.168.178.45:12345", "192.168.178.50:12345", "192.168.178.51:12345", "192.168.178.52:12345")
			return history, sample
		}, []string{"and 1 more do not answer", "4 down"}},
	}
	browser := startBrowser(t)
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			p := openTab(t, browser, newScene(t, s.build).URL+"/")
			p.until(t, live)
			for _, want := range s.wants {
				p.shows(t, want)
			}
			evaluate[any](t, p, `document.querySelector("#span [value='5']").click()`)
			p.shoot(t, s.name)
			p.innocent(t)
		})
	}
}

// What has become of every frame of the last run stands below its ledgers, and whose ledger lacks is marked.
func TestPageSaysWhereFramesWereLastSeen(t *testing.T) {
	p := openTab(t, startBrowser(t), newScene(t, func() (object, object) {
		reports := sceneReports()
		last := reports[len(reports)-1]
		last["missing"] = []object{{"role": "slow", "address": "192.168.178.41:12345"}}
		last["last_seen"] = []object{
			{"role": "end", "address": "end:12345", "cause": "forgotten", "frames": "0-3"},
			{"role": "slow", "address": "192.168.178.41:12345", "cause": "died", "frames": "12-15,18"},
			{"role": "slow", "address": "192.168.178.40:12345", "cause": "gone", "frames": "7"},
			{"role": "", "address": "", "cause": "unaccounted", "frames": "77"},
		}
		return sceneHistory(nil, func(s float64) []object { return sceneNodes(1, false, "balance", s) }, reports)
	}).URL+"/")
	p.until(t, live)
	evaluate[bool](t, p, `document.getElementById("ledger").open = true`)
	p.until(t, `document.querySelectorAll("#ledger li").length === 4`)
	want := []string{"Frames 0-3: forgotten by end (end:12345)", "Frames 12-15, 18: died with slow (192.168.178.41:12345)",
		"Frame 7: refused, dropped, expired or lost on slow (192.168.178.40:12345)", "Frame 77: unaccounted for, as no node tells of them"}
	if got := strings.Split(p.text(t, "#ledger ul"), "\n"); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if cards := evaluate[[]string](t, p, `[...document.querySelectorAll(".node.slow")].map(x => x.querySelector(".state").textContent + " " + x.querySelector(".address").textContent)`); !slices.Equal(cards, []string{" 192.168.178.40:12345", "no ledger 192.168.178.41:12345"}) {
		t.Errorf("%q", cards)
	}
	p.shoot(t, "last-seen")
	p.innocent(t)
}

// Everything that the pointer does, keys do: they move the cursor through the charts, choose the minutes and sort.
func TestPageByKeyboard(t *testing.T) {
	p := openTab(t, startBrowser(t), newScene(t, func() (object, object) {
		return sceneHistory(sceneRun(sceneStart.Add(-240*time.Second).Format("20060102-150405-")+"OPENED", "balance", 1),
			func(s float64) []object { return sceneNodes(1, false, "balance", s) }, sceneReports())
	}).URL+"/")
	p.until(t, live)
	p.until(t, `document.querySelector("#charts .line[d]") !== null`)
	press := func(element, key string) {
		t.Helper()
		p.do(t, chromedp.Focus(element), chromedp.KeyEvent(key))
	}
	press("#charts .plot", kb.ArrowLeft)
	p.do(t, chromedp.KeyEvent(kb.ArrowLeft))
	p.until(t, `document.getElementById("cursor").textContent.startsWith("2 s ago, ")`)
	p.until(t, `document.querySelector("#charts .plot").ariaValueText.startsWith("2 seconds ago: of the frames sent 9")`)
	p.until(t, `document.querySelectorAll(".hair[visibility=visible]").length === 5`)
	p.shoot(t, "cursor")
	p.do(t, chromedp.KeyEvent(kb.Escape))
	p.until(t, `document.getElementById("cursor").textContent.startsWith("now, ")`)

	press("#span input", kb.ArrowRight)
	p.until(t, `[...document.querySelectorAll("#charts text")].some(x => x.textContent === "−5 min")`)

	press("#runs th:nth-child(4) button", kb.Enter)
	p.until(t, `document.querySelector("#runs th:nth-child(4)").ariaSort === "descending" && document.querySelector("#runs td:nth-child(4)").textContent === "100.0"`)
	p.do(t, chromedp.KeyEvent(kb.Enter)) // the head has kept the focus
	p.until(t, `document.querySelector("#runs th:nth-child(4)").ariaSort === "ascending" && document.querySelector("#runs td:nth-child(4)").textContent === "71.0"`)
	p.innocent(t)
}

// startNodes plays end, two slow nodes and fast over loopback until the test ends.
func startNodes(t *testing.T) (fast, end string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var playing sync.WaitGroup
	t.Cleanup(func() {
		stop()
		playing.Wait()
	})
	start := func(r options.Role, end string, next ...string) string {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		free.Close() // the node takes its port
		o := options.Default(r)
		o.Listen, o.Next, o.End, o.Queue, o.Wait, o.Model = free.Addr().String(), next, end, 3, 5*time.Minute, "../../model/testdata/digits_mlp.onnx"
		o.Emulate = device.Emulation{Name: "test", Head: device.Always(time.Millisecond), Tail: device.Always(30 * time.Millisecond)}
		o.Stdout, o.Stderr = io.Discard, io.Discard
		playing.Go(func() {
			if err := role.Run(ctx, o); err != nil {
				t.Error(err)
			}
		})
		for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
			r, err := http.Get("http://" + o.Listen + "/readyz")
			if err == nil {
				r.Body.Close()
				if r.StatusCode == http.StatusOK {
					return o.Listen
				}
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s is not ready: %v", o.Role, err)
			}
		}
	}
	end = start(options.End, "")
	return start(options.Fast, end, start(options.Slow, "", end), start(options.Slow, "", end)), end
}

// During runs over real TCP the numbers move, and afterwards they are the report's. Two runs that differ are a sweep.
func TestPageOfRuns(t *testing.T) {
	browser := startBrowser(t)
	fast, end := startNodes(t)
	p := openTab(t, browser, "http://"+end+"/")
	p.until(t, live)
	p.until(t, `document.getElementById("strategy").textContent === "No run is open"`)

	for i, tasks := range []int{2, 20} {
		ctx, stop := context.WithCancel(t.Context())
		var r pipeline.Report
		var failed error
		var running sync.WaitGroup
		running.Go(func() {
			var printed bytes.Buffer
			c := options.Default(options.Client)
			c.Next, c.Strategy, c.Tasks, c.Interval, c.Frames = []string{fast}, "alternate", tasks, 10*time.Millisecond, 0
			c.Report.Format, c.Stdout, c.Stderr = report.JSON, &printed, io.Discard
			failed = errors.Join(role.Run(ctx, c), json.Unmarshal(printed.Bytes(), &r))
		})
		p.until(t, fmt.Sprintf(`document.getElementById("strategy").textContent === "alternate, %d tasks"`, tasks))
		const sent = `document.getElementById("delivered").textContent.replace(/^.* of ([0-9,]+) sent$/, "$1").replaceAll(",", "")`
		p.until(t, sent+" > 0")
		p.until(t, fmt.Sprintf("%s > %s", sent, evaluate[string](t, p, sent)))
		for _, role := range []string{"client", "fast", "slow", "end"} { // all have news of a rate
			p.until(t, fmt.Sprintf(`[...document.querySelectorAll(".node.%s")].every(x => x.dataset.state !== "place" && x.querySelector(".rates b").textContent > 0)`, role))
		}
		if i == 1 {
			p.until(t, `[...document.querySelectorAll("#charts .line, #charts path.area")].every(x => x.getAttribute("d"))`)
			p.shoot(t, "live")
		}
		stop()
		running.Wait()
		if failed != nil {
			t.Fatal(failed)
		}
		p.until(t, fmt.Sprintf(`document.querySelectorAll("#runs tbody tr").length === %d`, i+1))
		row := evaluate[[]string](t, p, `[...document.querySelector("#runs tbody tr").cells].map(x => x.textContent)`)[1:8]
		refused := int64(0)
		for _, n := range r.Nodes {
			refused += n.Refused
		}
		want := []string{"alternate", fmt.Sprint(tasks), fmt.Sprintf("%.1f", r.Coverage), fmt.Sprintf("%.2f", r.Rate),
			fmt.Sprintf("%.0f", r.Latency.P50), fmt.Sprintf("%.0f", r.Latency.P99), fmt.Sprint(refused)}
		if !slices.Equal(row, want) {
			t.Errorf("the table has %v, the report %v", row, want)
		}
		p.until(t, `document.getElementById("strategy").textContent === "No run is open"`)
		if sent, want := p.text(t, ".node.client dd"), fmt.Sprint(r.Frames); strings.ReplaceAll(sent, ",", "") != want {
			t.Errorf("the client has sent %s, and not %s", sent, want)
		}
		if shown, want := p.text(t, "#delivered"), fmt.Sprintf("%d of %d sent", r.Delivered, r.Frames); strings.ReplaceAll(shown, ",", "") != want {
			t.Errorf("%q, and not %q", shown, want)
		}
	}

	p.until(t, `document.querySelector("#parameter").selectedOptions[0]?.textContent === "auto: tasks"`)
	p.until(t, `document.querySelectorAll(".sweep .plot .mark").length === 4`)
	p.do(t, chromedp.Click("#parameter"), chromedp.SendKeys("#parameter", "frames\r"))
	p.until(t, `[...document.querySelectorAll(".sweep .plot text")].some(x => x.textContent === "frames")`)
	p.shoot(t, "after")
	p.innocent(t)
}

// When the stream breaks, the page says so, keeps what it knows, and goes on when the node is back.
func TestPageReconnects(t *testing.T) {
	s := newScene(t, func() (object, object) {
		return sceneHistory(sceneRun(sceneStart.Add(-240*time.Second).Format("20060102-150405-")+"OPENED", "balance", 1),
			func(s float64) []object { return sceneNodes(1, false, "balance", s) }, sceneReports())
	})
	p := openTab(t, startBrowser(t), s.URL+"/")
	p.until(t, `document.getElementById("rate").textContent === "32.7"`)
	s.cut()
	p.until(t, `document.getElementById("link").dataset.link === "broken"`)
	p.until(t, `document.getElementById("said").textContent.includes("trying again")`)
	if rate := p.text(t, "#rate"); rate != "32.7" {
		t.Errorf("the rate is %q", rate)
	}
	p.shoot(t, "broken")
	s.mend()
	p.until(t, live)
	p.until(t, `document.getElementById("said").textContent === "connected again"`)
	p.innocent(t, "Failed to load resource", "ERR_") // of the stream that was cut
}

// The page asks for everything beside itself, so it works below another address, and with a password.
func TestPageBehindAProxy(t *testing.T) {
	s := newScene(t, func() (object, object) {
		return sceneHistory(nil, func(s float64) []object { return sceneNodes(1, false, "balance", s) }, sceneReports())
	})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="tandem"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		http.StripPrefix("/pipelines/1", s.Config.Handler).ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	p := openTab(t, startBrowser(t), strings.Replace(proxy.URL, "http://", "http://me:secret@", 1)+"/pipelines/1/")
	p.until(t, live)
	if csv := evaluate[string](t, p, `document.getElementById("csv").href`); !strings.HasSuffix(csv, "/pipelines/1/runs.csv") {
		t.Error(csv)
	}
	p.innocent(t)
}

// Whatever names and notes come in from the wire, they are shown as text.
func TestPageEscapes(t *testing.T) {
	const evil = `<img src=x onerror="document.title='evil'"><script>document.title='evil'</script>`
	s := newScene(t, func() (object, object) {
		reports := sceneReports()
		for _, r := range reports {
			r["strategy"], r["run"], r["notes"], r["model"] = evil, evil+r["run"].(string), []string{evil}, evil
		}
		history, sample := sceneHistory(sceneRun(evil, evil, 1), func(s float64) []object {
			nodes := sceneNodes(2, false, "balance", s)
			for _, n := range nodes {
				n["address"], n["device"], n["state"], n["emulate"], n["decisions"] = evil, evil, evil, evil, object{evil: 1}
			}
			return nodes
		}, reports)
		sample["status"].(object)["version"] = evil
		return history, sample
	})
	p := openTab(t, startBrowser(t), s.URL+"/")
	p.until(t, live)
	evaluate[bool](t, p, `document.getElementById("ledger").open = true`)
	p.until(t, `document.querySelector("#ledger table") !== null`)
	if n := evaluate[int](t, p, `document.querySelectorAll("img, body script").length`); n != 0 {
		t.Errorf("%d elements came from data", n)
	}
	if !strings.Contains(p.text(t, "#strategy"), evil) {
		t.Error("the name is not shown as it is")
	}
	p.innocent(t)
}
