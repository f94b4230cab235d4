package role

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/cenkalti/backoff/v5"

	"tandem/role/discover"
	"tandem/role/follow"
	"tandem/role/options"
)

// How a node is found by others, and finds the neighbours that no flag names.

// announce joins those on the network that announce themselves, and announces this node where others can reach it. In a network
// that is none of the machine's there is nobody to find.
func (c *setup) announce(at net.Addr, own discover.Node) {
	if c.network != nil || !(c.Announce && discover.Announces(at)) && !c.seeks() {
		return
	}
	own.Role, own.Version, own.Pipeline = c.Role, c.Version, c.Pipeline
	own.Host, _ = os.Hostname() // without one it has its name
	var err error
	if c.Announce && discover.Announces(at) {
		if c.found, err = discover.Join(&own, at.(*net.TCPAddr).Port); err == nil {
			return
		}
		c.Log.Warn().Err(err).Msg("others do not find this node: name it in their --next and --end")
	}
	if c.found, err = discover.Join(nil, 0); err != nil {
		c.Log.Warn().Err(err).Msg("this node finds no others")
	}
}

// seeks reports whether a neighbour is to be found.
func (c *setup) seeks() bool {
	return c.Role != options.End && len(c.Next) == 0 || c.Role == options.Fast && c.End == ""
}

// seek finds the one neighbour that no flag names, for --wait: end for the nodes that compute, fast for the client.
func (c *setup) seek(ctx context.Context) (err error) {
	switch want := (discover.Want{Role: options.End, Pipeline: c.Pipeline}); {
	case c.Role == options.Client && len(c.Next) == 0:
		want.Role, want.Whatever = options.Fast, true
		c.Next, err = c.find(ctx, want, "--next")
	case c.Role == options.Slow && len(c.Next) == 0:
		c.Next, err = c.find(ctx, want, "--next")
	case c.Role == options.Fast && c.End == "":
		var end []string
		if end, err = c.find(ctx, want, "--end"); err == nil {
			c.End = end[0]
		}
	}
	return err
}

func (c *setup) find(ctx context.Context, want discover.Want, flag string) ([]string, error) {
	if c.found == nil {
		return nil, fmt.Errorf("%s is missing, and no node can be found here: name it, as in %s %s:12345", flag, flag, string(want.Role))
	}
	var node discover.Node
	err := c.await(ctx, func(ctx context.Context) error {
		nodes, err := c.found.Look(ctx)
		if err == nil {
			node, err = want.One(nodes)
		}
		if errors.Is(err, discover.ErrSeveral) { // waiting would not mend it
			err = backoff.Permanent(err)
		}
		return err
	})
	if errors.Is(err, discover.ErrNobody) {
		err = fmt.Errorf("%w: start it, name it in %s, or wait longer with --wait", err, flag)
	}
	if err != nil {
		return nil, err
	}
	c.Log.Info().Str("node", node.Name).Str("host", node.Host).Str("pipeline", node.Pipeline).Msg("found the " + string(want.Role) + " node")
	return []string{node.Address}, nil
}

// lookAgain is how often a node that has found others looks for more.
const lookAgain = 5 * time.Second

// discovered are the slow nodes that announce themselves with the same model, for a fast node.
func (c *setup) discovered(digest string) *follow.Set {
	want := discover.Want{Role: options.Slow, Pipeline: c.Pipeline, Digest: digest}
	return &follow.Set{Name: "the slow nodes that announce themselves", Every: lookAgain, Log: c.Log, Look: func(ctx context.Context) (addresses []string, err error) {
		nodes, err := c.found.Look(ctx)
		if err == nil {
			nodes, err = want.Fit(nodes)
		}
		for _, n := range nodes {
			addresses = append(addresses, n.Address)
		}
		return addresses, err
	}}
}
