//go:build slow

package monitor_test

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	emulating "github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// startBrowser starts Debian's chromium, and skips the test where there is none. It ends with the test. The rules say which
// names are which addresses for it.
func startBrowser(t *testing.T, rules ...string) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium: apt-get install chromium")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithAllocatorOptions(chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.WSURLReadTimeout(5*time.Minute), // a busy machine is slow to start it
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", strings.Join(rules, ","))))
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// tab is a page in the browser. It notes what ours should never do.
type tab struct {
	context.Context
	host string

	mu       sync.Mutex
	wrongs   []string
	requests int
}

// openTab opens a page, and closes it when the test ends.
func openTab(t *testing.T, browser context.Context, address string) *tab {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &tab{host: u.Host}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(p.listen))
	t.Cleanup(cancel)
	p.Context = ctx
	must(t)(chromedp.Call(p, log.Enable, cdp.Empty{}))
	must(t)(chromedp.Call(p, network.Enable, network.EnableParams{}))
	p.do(t, chromedp.Navigate(address))
	return p
}

func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests++
		if u, err := url.Parse(e.Request.URL); err != nil || u.Host != p.host && u.Scheme != "data" {
			p.wrongs = append(p.wrongs, "request to "+e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		p.wrongs = append(p.wrongs, fmt.Sprintf("exception: %s %v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		p.wrongs = append(p.wrongs, fmt.Sprintf("console: %v", e.Args))
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			p.wrongs = append(p.wrongs, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

// innocent fails where the page has done what it should not, but for what is expected.
func (p *tab) innocent(t *testing.T, expected ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.wrongs {
		if !slices.ContainsFunc(expected, func(e string) bool { return strings.Contains(w, e) }) {
			t.Error(w)
		}
	}
	if p.requests == 0 {
		t.Error("no request was seen")
	}
}

func (p *tab) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(p, actions...); err != nil {
		t.Fatal(err)
	}
}

// must ends the test at an error.
func must(t *testing.T) func(_ any, err error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// evaluate returns what an expression, or its promise, becomes in the page.
func evaluate[T any](t *testing.T, p *tab, expression string) T {
	t.Helper()
	v, err := chromedp.Run(p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// text is what an element shows.
func (p *tab) text(t *testing.T, selector string) string {
	t.Helper()
	return evaluate[string](t, p, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

// until waits until an expression is true in the page.
func (p *tab) until(t *testing.T, expression string) {
	t.Helper()
	if _, err := chromedp.Run(p, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(3*time.Minute), chromedp.WithPollingInterval(50*time.Millisecond))); err != nil {
		t.Fatalf("%s: %v; the page says:\n%s", expression, err, p.text(t, "body"))
	}
}

// shows waits until the page says a text.
func (p *tab) shows(t *testing.T, text string) {
	t.Helper()
	p.until(t, fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// settle waits until all has been drawn at its size.
func (p *tab) settle(t *testing.T) {
	t.Helper()
	evaluate[bool](t, p, "new Promise(done => { let n = 4; const next = () => n-- ? requestAnimationFrame(next) : done(true); next(); })")
}

// shoot looks whether the page fits, on a desk and in a hand, and takes pictures of it, light and dark, where
// go test -artifacts keeps them.
func (p *tab) shoot(t *testing.T, name string) {
	t.Helper()
	for _, width := range []int64{360, 390, 1280} {
		p.do(t, chromedp.EmulateViewport(width, 900))
		for _, scheme := range []string{"light", "dark"} {
			must(t)(chromedp.Call(p, emulating.SetEmulatedMedia, emulating.SetEmulatedMediaParams{Features: []*emulating.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
			p.settle(t)
			if wide := evaluate[int64](t, p, "document.documentElement.scrollWidth"); wide > width {
				t.Errorf("%s: the page is %d pixels wide where there are %d", name, wide, width)
			}
			if out := evaluate[[]string](t, p, sticksOut); len(out) > 0 {
				t.Errorf("%s, %d pixels: %q stick out of their boxes", name, width, out)
			}
			if width == 390 || flag.Lookup("test.artifacts").Value.String() != "true" { // that it fits is enough
				break
			}
			png, err := chromedp.Run(p, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.WriteFile(filepath.Join(t.ArtifactDir(), fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), png, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// sticksOut are the elements and texts that reach beyond the box they are in: a section or a node. What is scrolled may.
const sticksOut = `[...document.querySelectorAll("section *")].filter(e => {
	if (!e.getClientRects().length || e.closest(".unseen, .scroll table, pre, option")) return false;
	const box = e.parentElement.closest(".node, section").getBoundingClientRect(), at = e.getBoundingClientRect();
	return at.width > 0 && !e.closest(".arrows, .plot path") && (at.right > box.right + 0.5 || at.left < box.left - 0.5);
}).map(e => e.tagName + "." + (e.className.baseVal ?? e.className) + " " + e.textContent.slice(0, 60))`
